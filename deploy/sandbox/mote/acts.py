"""Invented evenings at an aquarium, with the oddities of The Events Calendar's texts."""

from __future__ import annotations

from datetime import time

from deploy.sandbox.programme import Act

EVERY, AHEAD = 2, 150
"""Days between two evenings, and days for which they are announced: 75, on three pages of thirty."""

SITE = "Bay &amp; Reef Aquarium"
PLACE = {
    "venue": "Bay &#038; Reef Aquarium",
    "address": "1 Harbor Way",
    "city": "Sarasota",
    "state": "FL",
    "zip": "34236",
    "country": "United States",
}


def _act(slug: str, title: str, hour: int | None, *, minutes: int = 90, days: int = 1, **details: str) -> Act:
    return Act(slug, title, None if hour is None else time(hour), minutes, days, details)


ACTS = (
    _act(
        "sharks-after-dark",
        "Sharks After Dark",
        19,
        categories="Adults|Aquarium",
        cost="$15 &#8211; $25",
        amounts="15 25",
    ),
    _act("tots-at-the-tank", "Tots at the Tank &amp; Story Time", 10, categories="Families", cost="Free", image="none"),
    _act("turtle-walk", "Turtle Walk &#8211; Sunrise", 6, categories="Conservation", place="none"),
    _act("coral-week", "Coral Week", None, days=7, categories="Science|Conservation"),
    _act("night-dive", "Night Dive: What Glows?", 21, minutes=240, categories="Adults", cost="$42.50", amounts="42.50"),
    _act("members", "Members&#8217; Morning", 8, categories="Members", cost="Free for members"),
    _act("beach-clean-up", "Beach Clean-Up", None, categories="Conservation &amp; Volunteers", place="none"),
)
