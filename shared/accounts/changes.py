"""What was done to accounts, by whom and when: recorded in the transaction that did it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row
from sqlalchemy import Connection

from shared.database.engine import driver

_RECORD: Final = "INSERT INTO account_changes (actor, account, action, detail) VALUES (%s, %s, %s, %s)"

_LATEST: Final = "SELECT at, actor, account, action, detail FROM account_changes ORDER BY id DESC LIMIT %s"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was done to an account."""

    at: datetime
    actor: str
    account: str
    action: str
    detail: str | None


def record(connection: Connection, actor: str, account: str, action: str, detail: str | None = None) -> None:
    """Note a change; `detail` holds nothing of a password."""
    driver(connection).execute(_RECORD, (actor, account, action, detail))


def latest(connection: Connection, limit: int) -> list[Change]:
    """Return the latest changes, the newest first."""
    return driver(connection).cursor(row_factory=class_row(Change)).execute(_LATEST, (limit,)).fetchall()
