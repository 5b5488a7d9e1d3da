#!/bin/sh
# Run once, when the database is made: an account that owns its own database and is no superuser.
set -eu
psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 \
    --set password="$(cat /run/secrets/database_password)" << 'SQL'
CREATE ROLE millrace LOGIN PASSWORD :'password';
CREATE DATABASE millrace OWNER millrace;
REVOKE ALL ON DATABASE millrace FROM PUBLIC;
SQL
