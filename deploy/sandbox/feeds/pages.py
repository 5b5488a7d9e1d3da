"""Venues' pages with schema.org Events in JSON-LD, in every shape a property may have; one block is no JSON."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from typing import Any

from deploy.sandbox.programme import ZONE


def venue(start: date, address: str) -> str:
    """Return a list of events in several blocks, of which one cannot be read."""
    evenings = [_evening(number, start + timedelta(days=4 * number), address) for number in range(1, 6)]
    organization = {"@context": "https://schema.org", "@type": "Organization", "name": "Warehouse 12"}
    # As on a page that was seen: a quote and a comma too many after the price.
    broken = json.dumps(evenings[4]).replace('"price": "12.00"', '"price": "12.00","')
    blocks = [
        json.dumps(organization),
        json.dumps(evenings[:2]),
        json.dumps({"@context": "https://schema.org", "@graph": [evenings[2], evenings[3]]}),
        broken,
        "null",
    ]
    return _page("Warehouse 12", blocks)


def nothing() -> str:
    """Return a page without any event."""
    return _page("Warehouse 12 is closed", [])


def _evening(number: int, day: date, address: str) -> dict[str, Any]:
    starts = datetime.combine(day, time(20), ZONE)
    event: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "MusicEvent",
        "name": f"Warehouse Session no. {number} &#8211; Loud &amp; Late",
        "url": f"{address}?session={number}",
        "startDate": starts.isoformat(),
        "location": {
            "@type": "Place",
            "name": "Warehouse 12",
            "address": {"@type": "PostalAddress", "streetAddress": "12 Rail Street", "addressLocality": "Sarasota"},
        },
        "offers": {"@type": "Offer", "price": "12.00", "priceCurrency": "USD", "availability": "InStock"},
    }
    variants: dict[int, dict[str, Any]] = {
        1: {"eventStatus": "https://schema.org/EventScheduled", "image": [f"{address}one.jpg"]},
        2: {"@type": ["Event", "MusicEvent"], "eventStatus": "EventCancelled", "location": "Warehouse 12, Sarasota"},
        3: {"startDate": day.isoformat(), "endDate": (day + timedelta(days=1)).isoformat(), "offers": []},
        4: {
            "startDate": starts.replace(tzinfo=None).isoformat(),
            "offers": [{"price": 0, "availability": "https://schema.org/SoldOut"}],
            "performer": "Organization",
            "image": {"@type": "ImageObject", "url": f"{address}four.jpg"},
        },
        5: {},
    }
    return event | variants[number]


def _page(title: str, blocks: list[str]) -> str:
    scripts = "".join(f'<script type="application/ld+json">{block}</script>\n' for block in blocks)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n{scripts}</head>'
        f"<body><h1>{title}</h1></body></html>"
    )
