"""Invented acts at the hall, among them every odd form that cards of its calendar have been seen in."""

from __future__ import annotations

from datetime import time

from deploy.sandbox.programme import Act

CATEGORIES = {
    1: "Concerts",
    2: "Broadway",
    3: "Comedy",
    4: "Dance",
    5: "Classical",
    7: "Family Fun",
    8: "Community Events",
    9: "Backstage Tours",
}

EVERY, AHEAD = 4, 124
"""Days between two acts, and days for which they are announced: 31 evenings, on four pages."""


def _act(slug: str, title: str, *, days: int = 1, hour: int = 20, **details: str) -> Act:
    return Act(slug, title, time(hour), 150, days, details)


ACTS = (
    _act("tidewater-brass", "Tidewater Brass: A Night of Film Music", classes="concerts"),
    # The title ends in a space, and the slug is not the title.
    _act("lena-marlow", "Lena Marlow & The Night Ferry ", classes="concerts featured", by="Bayfront Presents"),
    _act("golden-hits", "Golden Hits: The Music of the Sixties", classes="golden_hits", tickets="own", hour=14),
    _act("dance-workshop", "FREE Dance Workshop: Salsa", classes="dance", tickets="form", by="Suncoast Ballet"),
    _act("paper-moon", "Paper Moon Over Sarasota", classes="broadway featured", days=3),
    _act("backstage", "BEHIND THE CURTAIN: A Walk Through the Hall", classes="backstage_tours", tickets="office"),
    _act("half-past", "Half Past Nine", classes="comedy", sale="soldout", tagline="Stand-up &amp; Songs"),
    # One span for the first day of a range, and none for a last.
    _act("gulf-winds", "Gulf Winds Youth Orchestra", classes="classical family_fun", form="first alone"),
    _act("lighthouse", "The Lighthouse Keeper", classes="broadway", sale="onsalesoon", days=5),
    _act("rock-and-reef", "Rock &amp; Reef: Songs for the Sea", classes="concerts community_events", sale="cancelled"),
)
