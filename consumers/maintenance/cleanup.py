"""Clean-ups: each message deletes one slice in one short transaction, and asks for the next while there is more."""

from __future__ import annotations

from datetime import datetime, timedelta

from consumers.run import Run
from consumers.task import handles
from shared import clock
from shared.accounts import sessions, users
from shared.contracts import maintenance
from shared.maintenance import retention
from shared.maintenance.retention import SLICE


@handles(maintenance.CLEANUP_SYNC_LOGS)
def cleanup_old_sync_logs(ask: maintenance.CleanupSyncLogs, run: Run) -> None:
    """Delete old rows of the run log, but none whose message could come back."""
    before = _asked_at(run) - timedelta(days=ask.days)
    before = min(before, ask.before or before)
    with run.finish() as effect:
        done = retention.forget_runs(effect.connection, before, ask.block)
        if done.block is not None:
            effect.ask(maintenance.CleanupSyncLogs(days=ask.days, before=before, block=done.block))
        effect.result = {"deleted": done.deleted, "before": before.isoformat(), "more": done.block is not None}


@handles(maintenance.CLEANUP_LISTINGS)
def cleanup_old_listings(ask: maintenance.CleanupListings, run: Run) -> None:
    """Delete old price listings; the snapshots made of them stay."""
    day = _asked_at(run).date() - timedelta(days=ask.days_to_keep)
    day = min(day, ask.before or day)
    with run.finish() as effect:
        deleted = retention.forget_listings(effect.connection, day)
        if deleted == SLICE:
            effect.ask(maintenance.CleanupListings(days_to_keep=ask.days_to_keep, before=day))
        effect.result = {"deleted": deleted, "before": day.isoformat(), "more": deleted == SLICE}


@handles(maintenance.CLEANUP_SESSIONS)
def cleanup_expired_sessions(ask: maintenance.CleanupSessions, run: Run) -> None:
    """Delete sessions that are over."""
    with run.finish() as effect:
        deleted = sessions.forget_sessions(effect.connection, SLICE)
        if deleted == SLICE:
            effect.ask(ask)
        effect.result = {"deleted": deleted, "more": deleted == SLICE}


@handles(maintenance.CLEANUP_TOKENS)
def cleanup_expired_tokens(ask: maintenance.CleanupTokens, run: Run) -> None:
    """Forget revoked tokens that expired long ago."""
    with run.finish() as effect:
        deleted = users.forget_revoked(effect.connection, ask.days, SLICE)
        if deleted == SLICE:
            effect.ask(ask)
        effect.result = {"deleted": deleted, "more": deleted == SLICE}


def _asked_at(run: Run) -> datetime:
    """Return when a clean-up was asked for; a publisher whose clock is wrong makes nothing older than it is."""
    return min(run.published_at(), clock.now())
