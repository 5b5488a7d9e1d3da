#!/bin/sh
# Says again what each role may do, as the owner of the tables; after each migration, and harmless at any time.
set -eu
exec psql "$(cat /run/secrets/database-owner.url)" --quiet --set ON_ERROR_STOP=1 --file /roles.sql
