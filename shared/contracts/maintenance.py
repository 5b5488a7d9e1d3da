"""The words of maintenance: refreshing what is stale, clearing what is over, seeing that all is well."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

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
    """Delete run-log rows of messages that ended so many days ago, but never one whose dead letter may be replayed."""

    days: Days = 90


class CleanupListings(Payload):
    """Delete price listings that are older than so many days; the snapshots made of them stay."""

    days_to_keep: Days = 90


class CleanupDiscounts(Payload):
    """End the discounts of batches that have expired."""


class CleanupSessions(Payload):
    """Delete sessions that are over."""


class CleanupTokens(Payload):
    """Forget revoked tokens that expired so many days ago."""

    days: Days = 30


class CheckHealth(Payload):
    """Look at database, broker, outbox, ledger, run log and upstreams, and say what is not well."""


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

KINDS = (
    REFRESH_CONTENT,
    REFRESH_PEOPLE,
    CLEANUP_SYNC_LOGS,
    CLEANUP_LISTINGS,
    CLEANUP_DISCOUNTS,
    CLEANUP_SESSIONS,
    CLEANUP_TOKENS,
    CHECK_HEALTH,
)
