"""What the roles of deploy/postgres/roles.sql may do in a database, and what they may not."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from tests.guarded import ROLES_SQL, logins

KEPT_FROM_READERS = {
    *("users", "sessions", "revoked_tokens", "sign_ins", "account_changes"),  # accounts
    *("outbox", "sync_log", "dead_letters", "dead_letter_actions", "accepted_messages"),  # messages and their failures
    *("schedules", "schedule_firings", "backfills", "refreshes", "refresh_asks", "upstreams"),  # what is going on
    *("catalogue_syncs", "price_fetches", "adaptation_readings", "wikidata_redirects"),
    *("discount_tiers", "discount_floor", "discount_changes"),
    "alembic_version",
}
"""Tables that roles.sql leaves out on purpose: a new table belongs here or there."""


@pytest.fixture
def urls(database_url: str) -> Iterator[dict[str, str]]:
    with logins(database_url) as given:
        yield given


def refused(url: str, statement: str) -> bool:
    with psycopg.connect(url) as connection:
        try:
            connection.execute(statement.encode())
        except InsufficientPrivilege:
            return True
        return False


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {name for (name,) in found}


def test_a_reader_reads_the_public_tables_and_no_others(urls: dict[str, str], database_url: str) -> None:
    hidden = {name for name in tables(database_url) if refused(urls["reader"], f"SELECT FROM {name} LIMIT 0")}

    assert hidden == KEPT_FROM_READERS & tables(database_url)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO genres DEFAULT VALUES",
        "UPDATE series SET name = name",
        "DELETE FROM series",
        "CREATE TABLE mine (id int)",
        "SELECT password_hash FROM users",
    ],
)
def test_a_reader_changes_nothing(urls: dict[str, str], statement: str) -> None:
    assert refused(urls["reader"], statement)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "ALTER TABLE series ADD COLUMN mine int",
        "DROP TABLE series",
        "TRUNCATE series",
        "CREATE INDEX mine ON series (name)",
        "UPDATE alembic_version SET version_num = '0001'",
        "CREATE ROLE mine",
        "ALTER ROLE millrace_line SUPERUSER",
        "COPY series TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_the_line_changes_rows_and_nothing_else(urls: dict[str, str], statement: str) -> None:
    assert refused(urls["line"], statement)


def test_the_line_writes_every_table_also_one_of_a_later_migration(urls: dict[str, str], database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE of_later (id int)")

    writable = {name for name in tables(database_url) if not refused(urls["line"], f"DELETE FROM {name} WHERE false")}  # noqa: S608

    assert writable == tables(database_url) - {"alembic_version"}
    assert refused(urls["reader"], "SELECT FROM of_later")


def test_whoever_has_no_role_reads_nothing(urls: dict[str, str], database_url: str) -> None:
    assert all(refused(urls["nobody"], f"SELECT FROM {name} LIMIT 0") for name in tables(database_url))


def test_the_roles_may_be_made_again(urls: dict[str, str], database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(ROLES_SQL.read_bytes())

    assert not refused(urls["reader"], "SELECT FROM series")
