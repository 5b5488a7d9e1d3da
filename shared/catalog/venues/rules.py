"""What the venues domain decides, as pure functions: no session, client, clock or settings inside."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

from shared.catalog.venues.records import Window

BEHIND: Final = timedelta(days=1)
"""How far back listings are read: an evening that is under way may still change."""

AHEAD: Final = timedelta(days=400)
"""How far ahead: a season and the announcement of the next one; a weekly series comes 57 times."""

ENOUGH: Final = 5
"""Upcoming listings that a source must have held before their loss is suspicious; a small house may well be dark."""

LEAST_SHARE: Final = 0.2
"""Share of its upcoming listings that a source may shrink to from one reading to the next and be believed."""

BELIEVED_AFTER: Final = 3
"""Suspicious readings in a row, of which the last is believed: what stays gone is gone."""

REREAD: Final = timedelta(days=1)
"""How long "nothing has changed" is taken for an answer: the window moves on, and our readers improve."""

Judgement = Literal["fine", "suspected", "believed"]


def window(at: datetime) -> Window:
    """Return the span of time that a reading at some moment is about."""
    return Window(at - BEHIND, at + AHEAD)


def judge(held: int, yielded: int, suspicions: int) -> Judgement:
    """Return whether a reading may replace what is stored.

    `held` and `yielded` are upcoming listings, stored and just read; `suspicions` counts the suspicious readings in
    a row before this one. A calendar whose plugin was updated, or whose site is being rebuilt, is often empty for a
    while, and nobody's season is over because of that.
    """
    if held < ENOUGH or yielded >= held * LEAST_SHARE:
        return "fine"
    return "believed" if suspicions + 1 >= BELIEVED_AFTER else "suspected"


def may_be_unchanged(synced_at: datetime | None, now: datetime) -> bool:
    """Return whether a site may be asked if it has changed, instead of being read whole."""
    return synced_at is not None and now - synced_at < REREAD
