"""Calling backfills off, and letting them go on: the same by HTTP and by command."""

from __future__ import annotations

from sqlalchemy import Connection

from shared import accepted
from shared.broker.wire import Message, compose
from shared.catalog.minifigures import backfills
from shared.contracts.aggregation import BackfillSnapshots
from shared.contracts.kinds import CONTRACTS
from shared.database.engine import driver
from shared.errors import MillraceError


class NoSuchBackfill(MillraceError):
    """No backfill has this id."""

    def __init__(self, backfill: str) -> None:
        self.backfill = backfill
        super().__init__(f"there is no backfill {backfill}")


class NotSo(MillraceError):
    """A backfill is in another state than the one asked for."""

    def __init__(self, backfill: str, state: str) -> None:
        self.backfill = backfill
        self.state = state
        super().__init__(f"backfill {backfill} is {state}")


def cancel(connection: Connection, backfill: str) -> None:
    """Let a backfill end after the day it is at; raises NoSuchBackfill and NotSo."""
    if not backfills.cancel(connection, backfill):
        raise _otherwise(connection, backfill)


def resume(connection: Connection, backfill: str, app_id: str) -> Message:
    """Let a cancelled backfill go on: ask for its next day in the same transaction, under its own correlation id.

    Returns that message; raises NoSuchBackfill and NotSo.
    """
    found = backfills.resume(connection, backfill)
    if found is None:
        raise _otherwise(connection, backfill)
    payload = BackfillSnapshots(start_date=found.next_date, end_date=found.end_date)
    message = compose(CONTRACTS, payload, app_id=app_id, correlation_id=found.id)
    accepted.accept(connection, message)
    return message


def _otherwise(connection: Connection, backfill: str) -> MillraceError:
    row = driver(connection).execute("SELECT state FROM backfills WHERE id = %s", (backfill,)).fetchone()
    return NoSuchBackfill(backfill) if row is None else NotSo(backfill, row[0])
