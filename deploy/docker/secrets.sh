#!/bin/sh
# Makes every secret that docker-compose.rabbit.yml names, in .millrace/secrets, and keeps those that are there:
#
#   sh deploy/docker/secrets.sh
#
# To have another one made up, delete its file, and the .url files that hold it, first (deploy/runbook.md, "Rotate
# secrets"). Keys of upstreams are yours to write: .millrace/secrets/upstreams.env, one TVDB_API_KEY=… on each line.
set -eu
cd "$(dirname "$0")/../.."
umask 077
folder=.millrace/secrets
mkdir -p $folder
chmod 700 $folder
cd $folder

# Letters, digits, - and _ only: a password that stands in an address as it is.
random() { head -c "$1" /dev/urandom | base64 | tr -d '\n=' | tr '+/' '-_'; }

# A container runs as somebody else, and sees a file of ours with the mode it has here. What keeps other users of this
# machine away is the folder, which they may not pass.
keep() {
    if [ ! -s "$1" ]; then
        cat > "$1.draft"
        chmod 444 "$1.draft"
        mv -f "$1.draft" "$1"
        printf '  made %s\n' "$folder/$1"
    fi
}
made_up() { random "${2:-24}" | keep "$1"; }

made_up rabbitmq-admin.password
admin=$(cat rabbitmq-admin.password)
printf 'default_user = admin\ndefault_pass = %s\n' "$admin" | keep rabbitmq-admin.conf
printf 'http://admin:%s@rabbitmq:15672' "$admin" | keep rabbitmq-admin.management-url

for role in consumer line listener monitoring operator producer producer-urgent; do
    account=millrace-$role
    made_up $account.password
    password=$(cat $account.password)
    printf 'amqp://%s:%s@rabbitmq:5672/' $account "$password" | keep $account.url
    printf 'http://%s:%s@rabbitmq:15672' $account "$password" | keep $account.management-url
done

made_up postgres.password
made_up database-owner.password
printf 'postgresql://millrace_owner:%s@postgres:5432/millrace' "$(cat database-owner.password)" | keep database-owner.url
made_up database.password
printf 'postgresql://millrace:%s@postgres:5432/millrace' "$(cat database.password)" | keep database.url

made_up admin-token
made_up token-secret 48
printf 'operator:%s' "$(random 24)" | keep flower-basic-auth
made_up grafana.password
