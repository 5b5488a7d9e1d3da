#!/bin/sh
# Run once, when the database is made: who owns the tables and may change them, and who works with their rows. Neither is
# a superuser, and what each role may do is in deploy/postgres/roles.sql.
set -eu
psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 \
    --set owner="$(cat /run/secrets/database-owner.password)" \
    --set line="$(cat /run/secrets/database.password)" << 'SQL'
CREATE ROLE millrace_line NOLOGIN;
CREATE ROLE millrace_reader NOLOGIN;
CREATE ROLE millrace_owner LOGIN PASSWORD :'owner';
CREATE ROLE millrace LOGIN PASSWORD :'line' IN ROLE millrace_line;
CREATE DATABASE millrace OWNER millrace_owner;
REVOKE ALL ON DATABASE millrace FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE millrace TO millrace_line;
GRANT CONNECT ON DATABASE millrace TO millrace_reader;
SQL
