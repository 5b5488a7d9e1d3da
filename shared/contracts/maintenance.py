"""The words of maintenance: refreshing what is stale, clearing what is over, seeing that all is well."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, Field

from shared.contracts.kind import Kind, Payload

Days = Annotated[int, Field(ge=1, le=3650)]
Slice = Annotated[int, Field(gt=0, le=10_000)]
"""How many are asked for at most; the rest is asked for by the next run."""


class RefreshContent(Payload):
    """Ask for the series and movies that are past their age, stalest first, at priority 1."""

    limit: Slice = 500


class RefreshPeople(Payload):
    """Ask for the people who are past their age, stalest first, at priority 1."""

    limit: Slice = 500


class CleanupSyncLogs(Payload):
    """Delete run-log rows of messages that ended so many days ago, but never one whose dead letter may be replayed.

    `before` and `block` are how one slice tells the next what it is about, and where to go on.
    """

    days: Days = 90
    before: AwareDatetime | None = None
    block: Annotated[int, Field(ge=0, le=4_294_967_295)] = 0


class CleanupListings(Payload):
    """Delete price listings that are older than so many days; the snapshots made of them stay.

    `before` is how one slice tells the next what it is about.
    """

    days_to_keep: Days = 90
    before: date | None = None


class CleanupDiscounts(Payload):
    """End the discounts of batches that have expired."""


class CleanupSessions(Payload):
    """Delete sessions that are over."""


class CleanupTokens(Payload):
    """Forget revoked tokens that expired so many days ago."""

    days: Days = 30


class CheckHealth(Payload):
    """Look at database, broker, outbox, ledger, run log and upstreams, and say what is not well."""


class Watch(Payload):
    """Mark what has been running for longer than anything may: its process died. `older_than` is in seconds."""

    older_than: Annotated[int, Field(ge=1, le=86_400)] = 35 * 60


class HealthBad(Payload):
    """A health check found something bad: what, and in words."""

    items: list[str]
    told: list[str]


REFRESH_CONTENT = Kind(
    "maintenance.refresh.content", RefreshContent, "Ask for stale series and movies.", example={"limit": 500}
)
REFRESH_PEOPLE = Kind("maintenance.refresh.people", RefreshPeople, "Ask for stale people.", example={"limit": 500})
CLEANUP_SYNC_LOGS = Kind(
    "maintenance.cleanup.sync_logs", CleanupSyncLogs, "Delete old rows of the run log.", example={"days": 90}
)
CLEANUP_LISTINGS = Kind(
    "maintenance.cleanup.listings", CleanupListings, "Delete old price listings.", example={"days_to_keep": 90}
)
CLEANUP_DISCOUNTS = Kind(
    "maintenance.cleanup.discounts", CleanupDiscounts, "End discounts of what has expired.", example={}
)
CLEANUP_SESSIONS = Kind("maintenance.cleanup.sessions", CleanupSessions, "Delete sessions that are over.", example={})
CLEANUP_TOKENS = Kind("maintenance.cleanup.tokens", CleanupTokens, "Forget revoked tokens.", example={"days": 30})
CHECK_HEALTH = Kind("maintenance.health", CheckHealth, "Say what is not well.", example={})
WATCH = Kind(
    "maintenance.watchdog",
    Watch,
    "Mark messages whose process died while it worked on them.",
    example={"older_than": 2100},
)
HEALTH_BAD = Kind(
    "facts.health.bad",
    HealthBad,
    "A health check found something bad.",
    example={"items": ["outbox"], "told": ["the longest due message should have been sent 15 minutes ago"]},
)

KINDS = (
    REFRESH_CONTENT,
    REFRESH_PEOPLE,
    CLEANUP_SYNC_LOGS,
    CLEANUP_LISTINGS,
    CLEANUP_DISCOUNTS,
    CLEANUP_SESSIONS,
    CLEANUP_TOKENS,
    CHECK_HEALTH,
    WATCH,
    HEALTH_BAD,
)
