"""One schema.org Event as a listing."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from shared.catalog.venues.records import Listing, Status
from shared.upstreams.ical.moments import Moment, in_utc, moment_of
from shared.upstreams.jsonld.nodes import Node, Nodes, as_list, last_word, types_of
from shared.upstreams.jsonld.offers import address, tickets_of
from shared.upstreams.prose import one_line, prose, status_in_title

# EventRescheduled and EventMovedOnline take place, at the time and place told.
_STATUSES: Final[dict[str, Status]] = {
    "EventCancelled": "cancelled",
    "EventCanceled": "cancelled",
    "Cancelled": "cancelled",
    "Canceled": "cancelled",
    "EventPostponed": "postponed",
    "Postponed": "postponed",
}
# What The Events Calendar writes for nobody.
_NOBODY: Final = frozenset({"Organization", "Person", "PerformingGroup"})
# Escapes of JSON within JSON.
_ESCAPED: Final = re.compile(r"\\+([nrt'\"])")
_ADDRESS: Final = ("streetAddress", "addressLocality", "addressRegion", "postalCode", "addressCountry")
_DAY: Final = timedelta(days=1)


def listing_of(event: Node, nodes: Nodes, base: str, zone: ZoneInfo) -> Listing:
    """Return an event's listing; raises ValueError, saying what is wrong with it, and OverflowError."""
    title = _line(event.get("name"))
    if title is None:
        raise ValueError("it has no name")
    start, end = times_of(event, zone)
    venue, where = _place(event.get("location"), nodes)
    tickets = tickets_of(event, nodes, base)
    url = address(_text(event.get("url")), base)
    starts_at = in_utc(start, zone)
    return Listing(
        key=_key(event, url, base) or " ".join(filter(None, (title, f"{starts_at:%Y%m%dT%H%MZ}", venue))),
        title=title,
        starts_at=starts_at,
        ends_at=in_utc(end, zone) if end is not None else None,
        all_day=not isinstance(start, datetime),
        time_zone=zone.key,
        status=_status(event.get("eventStatus")) or status_in_title(title),
        venue=venue,
        address=where,
        description=prose(_ESCAPED.sub(_meaning, _text(event.get("description")) or "")) or None,
        url=url,
        image=_image(event.get("image"), nodes, base),
        ticket_url=tickets.url,
        availability=tickets.availability,
        price_text=tickets.price_text,
        price_low=tickets.low,
        price_high=tickets.high,
        currency=tickets.currency,
        organizer=_name(event.get("organizer"), nodes),
        categories=_categories(event),
    )


def times_of(event: Node, zone: ZoneInfo) -> tuple[Moment, Moment | None]:
    """Return start and end, both days for an all-day event, whose end is the day after the last."""
    said = _text(event.get("startDate"))
    if said is None:
        raise ValueError("it has no startDate")
    start = moment_of(said, zone)
    try:
        end = moment_of(_text(event.get("endDate")) or "", zone)
    except ValueError:
        end = None
    if not isinstance(start, datetime):
        last = end.date() if isinstance(end, datetime) else end
        # The last day is one of the days: schema.org's endDate is inclusive.
        return start, max(last or start, start) + _DAY
    if not isinstance(end, datetime):
        return start, _end_of_last_day(start, end, zone)
    opens, closes = start.astimezone(zone), end.astimezone(zone)
    if opens.time() == time() and closes.time() >= time(23, 59) and closes > opens:
        # The Events Calendar's way to write a whole day.
        return opens.date(), closes.date() + _DAY
    return start, end if end > start else None


def _end_of_last_day(start: datetime, last: date | None, zone: ZoneInfo) -> datetime | None:
    """Return the end of something that goes on for days; of an evening, a day says nothing."""
    if last is None or last <= start.astimezone(zone).date() + _DAY:
        return None
    return datetime.combine(last + _DAY, time(), zone)


def _key(event: Node, url: str | None, base: str) -> str | None:
    """Return an event's own address, without what only tells where the reader came from."""
    identity = event.get("@id")
    if url is None and isinstance(identity, str) and not identity.startswith("_:"):
        url = address(identity, base)
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name[:4] != "utm_"]
    fragment = parts.fragment if url.endswith(f"#{parts.fragment}") and event.get("url") is None else ""
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), parts.path, urlencode(query), fragment))


def _status(value: Any) -> Status | None:
    names = [last_word(each) for each in as_list(value) if isinstance(each, str)]
    return next((_STATUSES[name] for name in names if name in _STATUSES), None)


def _place(value: Any, nodes: Nodes) -> tuple[str | None, str | None]:
    """Return the name and address of where an event is; a place one can go to counts before one in the net."""
    places = [nodes.resolved(each) for each in as_list(value)]
    real = [place for place in places if not (isinstance(place, dict) and "VirtualLocation" in types_of(place))]
    if not real:
        return ("Online" if places else None), None
    place = real[0]
    if not isinstance(place, dict):
        return _line(place), None
    return _line(place.get("name")), _address(nodes.resolved(_one(place.get("address"))), nodes)


def _address(value: Any, nodes: Nodes) -> str | None:
    if not isinstance(value, dict):
        return _line(value)
    parts = (_name(value.get(name), nodes) for name in _ADDRESS)
    return ", ".join(filter(None, parts)) or _line(value.get("name"))


def _image(value: Any, nodes: Nodes, base: str) -> str | None:
    for image in (nodes.resolved(each) for each in as_list(value)):
        words = [image.get("url"), image.get("contentUrl"), image.get("@id")] if isinstance(image, dict) else [image]
        for word in words:
            if found := address(_text(word), base):
                return found
    return None


def _name(value: Any, nodes: Nodes) -> str | None:
    """Return the names of whoever stands there."""
    names = []
    for each in (nodes.resolved(one) for one in as_list(value)):
        name = _line(each.get("name") if isinstance(each, dict) else each)
        if name and name not in _NOBODY:
            names.append(name)
    return ", ".join(dict.fromkeys(names)) or None


def _categories(event: Node) -> tuple[str, ...]:
    words = [word for name in ("keywords", "genre") for each in as_list(event.get(name)) for word in _words(each)]
    return tuple(dict.fromkeys(filter(None, words)))


def _words(value: Any) -> list[str]:
    value = value.get("name") if isinstance(value, dict) else value
    return [one_line(word) for word in value.split(",")] if isinstance(value, str) else []


def _line(value: Any) -> str | None:
    text = _text(value)
    return one_line(_ESCAPED.sub(_meaning, text)) or None if text else None


def _text(value: Any) -> str | None:
    """Return a text, also from a list of them or a typed value; anything else says nothing."""
    value = _one(value)
    if isinstance(value, dict):
        value = value.get("@value")
    return value.strip() or None if isinstance(value, str) else None


def _one(value: Any) -> Any:
    return next(iter(value), None) if isinstance(value, list) else value


def _meaning(escape: re.Match[str]) -> str:
    return "\n" if escape[1] in "nr" else escape[1].replace("t", " ")
