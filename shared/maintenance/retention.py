"""Clean-ups, a bounded slice at a time: what may be forgotten of the run log and of offers, and what never is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection

from shared.accepted import KEPT_DAYS
from shared.catalog.minifigures.snapshots import forget_before
from shared.database.engine import driver

SLICE: Final = 5000
"""Rows that one transaction deletes at most."""

BLOCKS: Final = 1000
"""Blocks of the run log (of 8 KiB) that one transaction looks through at most."""

# The run log has no ordered index by time: it would cost every message something, and this runs once a month. So the
# table itself is walked, a stretch of blocks at a time; whoever deletes from it or adds to it meanwhile is in no way.
#
# The record of a message is what makes its effect happen once. It has to outlive whatever could bring the message
# back: a dead letter that is not resolved, a row of the outbox, the memory of the HTTP API that it has accepted the
# id. And the last run of a schedule is how its operator knows that it ever ran.
_FORGET_RUNS: Final = """
DELETE FROM sync_log WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM sync_log AS run
    WHERE ctid >= %(first)s::tid AND ctid < %(end)s::tid
      AND status IN ('succeeded', 'failed') AND finished_at < %(before)s
      AND NOT EXISTS (
          SELECT FROM dead_letters WHERE dead_letters.message_id = run.message_id AND state <> 'resolved'
      )
      AND NOT EXISTS (SELECT FROM outbox WHERE outbox.message_id = run.message_id)
      AND NOT EXISTS (SELECT FROM accepted_messages WHERE accepted_messages.message_id = run.message_id)
      AND NOT EXISTS (SELECT FROM schedules WHERE last_message_id = run.message_id)
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
))
"""

_BLOCKS: Final = "SELECT pg_relation_size('sync_log') / current_setting('block_size')::integer"

# The API forgets a few each time it accepts one; where it accepts none any more, this does.
_FORGET_ACCEPTED: Final = """
DELETE FROM accepted_messages WHERE message_id IN (
    SELECT message_id FROM accepted_messages WHERE accepted_at < now() - %(days)s * interval '1 day'
    ORDER BY accepted_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
"""

_FORGET_LISTINGS: Final = """
DELETE FROM price_listings WHERE (minifigure_id, observed_on, source, item_id) IN (
    SELECT minifigure_id, observed_on, source, item_id FROM price_listings WHERE observed_on < %(day)s
    ORDER BY observed_on, minifigure_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
"""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a slice of the run log's clean-up did; `block` is where the next one begins, None after the last."""

    deleted: int
    block: int | None


def forget_runs(
    connection: Connection, before: datetime, block: int = 0, limit: int = SLICE, blocks: int = BLOCKS
) -> Forgotten:
    """Delete up to `limit` rows of messages that ended before a time, from a stretch of `blocks` of the run log on."""
    raw = driver(connection)
    if block == 0:
        raw.execute(_FORGET_ACCEPTED, {"days": KEPT_DAYS, "limit": limit})
    values = {"first": f"({block},0)", "end": f"({block + blocks},0)", "before": before, "limit": limit}
    deleted = raw.execute(_FORGET_RUNS, values).rowcount
    if deleted >= limit:
        return Forgotten(deleted, block)
    (total,) = raw.execute(_BLOCKS).fetchone() or (0,)
    following = block + blocks
    return Forgotten(deleted, following if following < total else None)


def forget_listings(connection: Connection, day: date, limit: int = SLICE) -> int:
    """Delete up to `limit` offers of days before `day`, the oldest first; return how many.

    The snapshots of those days are left as they are, by this and by whoever computes snapshots later on.
    """
    forget_before(connection, day)
    return driver(connection).execute(_FORGET_LISTINGS, {"day": day, "limit": limit}).rowcount
