"""What a source says of a venue's evenings, in our own words; readers make these, the store takes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

Status = Literal["scheduled", "cancelled", "postponed"]
"""Whether an evening takes place as far as its source says; a moved one is scheduled, at its new time."""

Availability = Literal["on_sale", "sold_out", "coming_soon", "free"]


@dataclass(frozen=True, slots=True)
class Listing:
    """One evening at a venue.

    `key` names it within its source and stays the same when the evening is moved. Times are aware and in UTC; of an
    all-day listing they are midnights in `time_zone`, and `ends_at` is the first midnight after it. A calendar that
    names only the day of an evening, as Van Wezel's does, makes all-day listings too.
    """

    key: str
    title: str
    starts_at: datetime
    ends_at: datetime | None
    all_day: bool
    time_zone: str
    status: Status = "scheduled"
    venue: str | None = None
    address: str | None = None
    description: str | None = None
    url: str | None = None
    image: str | None = None
    ticket_url: str | None = None
    availability: Availability | None = None
    price_text: str | None = None
    price_low: Decimal | None = None
    price_high: Decimal | None = None
    currency: str | None = None
    organizer: str | None = None
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """An entry of a feed that cannot be read; the others can. `entry` is its UID, address or position."""

    entry: str
    problem: str


@dataclass(frozen=True, slots=True)
class Window:
    """The span of time a reading is about: recurrences are expanded from `since` up to, and without, `until`."""

    since: datetime
    until: datetime
