-- Roles with no more than their work needs, in the database that this is run in; may be run any number of times:
--
--     psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f deploy/postgres/roles.sql
--
-- as the owner of the tables (who runs `millrace migrate`), allowed to create roles. It makes no login: whoever is to
-- sign in gets one of their own, with a password, as a member of a role, such as
--
--     CREATE ROLE shop LOGIN IN ROLE millrace_reader;
--
-- millrace_line    pools, relay, scheduler, API, commands: reads and writes rows, and changes no table
-- millrace_reader  others: read the tables that are public, and nothing of accounts, messages and their failures
--
-- Tables of a later migration are the line's as soon as they are made, and a reader's once they are named here.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'millrace_line') THEN
        CREATE ROLE millrace_line NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'millrace_reader') THEN
        CREATE ROLE millrace_reader NOLOGIN;
    END IF;
END
$$;

-- PostgreSQL before 15 let everybody make tables here.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

GRANT USAGE ON SCHEMA public TO millrace_line, millrace_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO millrace_line;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO millrace_line;
-- Which migration the database is at is the owner's to say.
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM millrace_line;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM millrace_reader;
GRANT SELECT ON
    series, seasons, episodes, movies, people, credits, genres, aliases,
    sources, venue_listings,
    works, screen_works, adaptation_edges,
    minifigures, price_listings, price_snapshots, listing_retention,
    products, batches, discounts, price_history,
    site_statistics
TO millrace_reader;
