#!/bin/sh
# Runs the tests that need a broker on RabbitMQ 4 instead of the installed one: all of them, or what is named, such as
# `sh tests/rabbitmq4/run.sh tests/acceptance/test_bundles.py -x`.
#
# The node comes from Debian trixie's package, in a tree of its own: needs root and debootstrap, and half a gigabyte.
# Nothing outside the tree is installed or changed; what is mounted into it is unmounted at the end.
set -eu
cd "$(dirname "$0")/../.."
tree=${MILLRACE_TRIXIE:-$PWD/.millrace/trixie}

[ "$(id -u)" = 0 ] || { echo "needs root, for chroot and mount" >&2; exit 2; }
if [ ! -x "$tree/usr/lib/rabbitmq/bin/rabbitmq-server" ]; then
    command -v debootstrap >/dev/null || { echo "needs debootstrap: apt-get install debootstrap" >&2; exit 2; }
    echo "making a Debian trixie tree with RabbitMQ 4 in $tree, a few minutes"
    mkdir -p "$tree"
    debootstrap --variant=minbase --include=rabbitmq-server trixie "$tree" >"$tree.log"
fi

mounted=""
unmount() { for place in $mounted; do umount "$place" || true; done; rm -rf "$tree.bin"; }
trap unmount EXIT
trap 'exit 130' INT  # a plain sh does not come by EXIT when a signal ends it
trap 'exit 143' TERM HUP
for place in proc dev tmp; do
    mkdir -p "$tree/$place"
    mount --bind "/$place" "$tree/$place"
    mounted="$tree/$place $mounted"
done

mkdir -p "$tree.bin"
for program in rabbitmq-server rabbitmqctl; do
    cat >"$tree.bin/$program" <<SCRIPT
#!/bin/sh
exec chroot "$tree" /usr/lib/rabbitmq/bin/$program "\$@"
SCRIPT
    chmod +x "$tree.bin/$program"
done
chroot "$tree" dpkg-query --show rabbitmq-server
[ $# -gt 0 ] || set -- tests/integration tests/acceptance tests/cluster tests/shape/test_publishing_alone.py
MILLRACE_RABBITMQ_SERVER="$tree.bin/rabbitmq-server" .venv/bin/python -m pytest "$@"
