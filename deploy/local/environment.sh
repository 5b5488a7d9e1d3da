#!/bin/sh
# Makes .venv from requirements.lock: every wheel checked against its hash, from wherever this machine's pip gets its
# packages. Does nothing when .venv is that already. Needs Python 3.11 or newer, named by $PYTHON or found on the PATH.
set -eu
cd "$(dirname "$0")/../.."

say() { printf '  %s\n' "$*"; }
fail() { printf '  \342\234\227 %s\n' "$@" >&2; exit 1; }

find_python() {
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed, and none was found" \
        "Debian and Ubuntu: apt-get install python3 python3-venv; otherwise name one: make PYTHON=/path/to/python3"
}

# The venv module without ensurepip is Debian's python3 without python3-venv.
need_venv() {
    "$python" -c 'import ensurepip, venv' 2> /dev/null && return
    package=$("$python" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')
    root=
    if [ "$(id -u)" != 0 ]; then root="sudo -n"; fi
    if command -v apt-get > /dev/null && { [ -z "$root" ] || $root true 2> /dev/null; }; then
        say "Python has no venv here: installing $package with apt-get …"
        log=$(mktemp)
        # shellcheck disable=SC2086
        if $root env DEBIAN_FRONTEND=noninteractive sh -c "
            install() { apt-get install -y -q --no-install-recommends $package; }
            install || { apt-get update -q && install; }" > "$log" 2>&1; then rm -f "$log"; return; fi
        tail -n 15 "$log" >&2
        rm -f "$log"
    fi
    fail "Python cannot make virtual environments here; install its venv: apt-get install $package"
}

# What .venv must have been made from: the pins, the project, this script, this Python, and this very place.
wanted() {
    cksum requirements.lock pyproject.toml deploy/local/environment.sh
    "$python" -c 'import sys; print(sys.version, sys.base_prefix)'
    pwd
}

# uv reads no pip.conf. Nothing of this is printed: addresses may hold passwords.
carry_over() {
    config=$(.venv/bin/python -m pip config list 2> /dev/null || true)
    setting() { printf '%s\n' "$config" | sed -n "s/^[^.]*\.$1='\(.*\)'\$/\1/p" | tail -n 1; }
    index=${PIP_INDEX_URL:-$(setting index-url)}
    extra=${PIP_EXTRA_INDEX_URL:-$(setting extra-index-url)}
    links=${PIP_FIND_LINKS:-$(setting find-links)}
    cert=${PIP_CERT:-$(setting cert)}
    hosts=${PIP_TRUSTED_HOST:-$(setting trusted-host)}
    proxy=${PIP_PROXY:-$(setting proxy)}
    if [ -n "$index" ]; then export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"; fi
    if [ -n "$extra" ]; then export UV_INDEX="${UV_INDEX:-$extra}"; fi
    # To pip all indexes are equal; here too, since the hashes say what is ours.
    export UV_INDEX_STRATEGY="${UV_INDEX_STRATEGY:-unsafe-best-match}"
    if [ -n "$links" ]; then export UV_FIND_LINKS="${UV_FIND_LINKS:-$links}"; fi
    if [ -n "$cert" ]; then export SSL_CERT_FILE="${SSL_CERT_FILE:-$cert}"; fi
    if [ -n "$hosts" ]; then export UV_INSECURE_HOST="${UV_INSECURE_HOST:-$hosts}"; fi
    if [ -n "$proxy" ]; then export HTTPS_PROXY="${HTTPS_PROXY:-$proxy}"; fi
}

# Quiet up to errors: pip repeats a warning about its own configuration for every package.
pip() { .venv/bin/python -m pip install -qq --require-hashes "$@"; }
uv() { .venv/bin/uv --no-config pip install --quiet --python .venv/bin/python "$@" >> .venv/uv.log 2>&1; }

# uv is ten times faster than pip; pip, which this machine is set up for, installs it and stands in for it.
install() {
    awk '/^uv==/ { on = 1 } on { print } on && !/\\$/ { exit }' requirements.lock > .venv/uv.lock
    pip --no-deps -r .venv/uv.lock
    wheels="--require-hashes --compile-bytecode -r requirements.lock"
    # shellcheck disable=SC2086 - with uv's own certificates first, then with this machine's, as pip does
    if ! (carry_over && { uv $wheels || uv --system-certs $wheels; }); then
        say "uv could not do it (.venv/uv.log says why); pip tries, which takes longer"
        pip -r requirements.lock
    fi
    # The project itself, so that .venv/bin/millrace is there; its build backend is in the lock already.
    uv --no-deps --no-build-isolation --offline -e . ||
        .venv/bin/python -m pip install -qq --no-deps --no-build-isolation --no-index -e .
}

python=$(find_python)
stamp=.venv/made-from
if [ -x .venv/bin/python ] && [ "$(cat $stamp 2> /dev/null)" = "$(wanted)" ]; then exit; fi

# One at a time: whoever comes second waits here, and finds the work done.
if [ -z "${MILLRACE_ENVIRONMENT_LOCKED:-}" ]; then
    export MILLRACE_ENVIRONMENT_LOCKED=1
    mkdir -p .millrace
    exec "$python" -c '
import fcntl, os, sys
lock = open(".millrace/environment.lock", "w")
fcntl.flock(lock, fcntl.LOCK_EX)
os.set_inheritable(lock.fileno(), True)
os.execvp("sh", ["sh", *sys.argv[1:]])' deploy/local/environment.sh
fi

need_venv
begun=$(date +%s)
export PIP_DISABLE_PIP_VERSION_CHECK=1
unset PYTHONDONTWRITEBYTECODE PYTHONHOME
say "environment: .venv with $($python --version), everything in requirements.lock checked by its hash …"
rm -f $stamp
if ! .venv/bin/python -m pip --version > /dev/null 2>&1 || [ "$("$python" -c 'import sys; print(sys.version)')" != \
    "$(.venv/bin/python -c 'import sys; print(sys.version)')" ]; then
    "$python" -m venv --clear .venv
fi
install
wanted > $stamp
printf '  \342\234\223 environment %s s\n' "$(($(date +%s) - begun))"
