"""Reads the REST answers of The Events Calendar (`/wp-json/tribe/events/v1/events`).

It tells more than the plugin's feeds do (prices, what takes place as text), but a site may have switched it off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from shared.catalog.venues.records import Availability, Broken, Listing
from shared.errors import UnreadableAnswer
from shared.upstreams.fields import LARGEST_AMOUNT, Audit, Fields
from shared.upstreams.ical.zones import zone_named
from shared.upstreams.prose import one_line, prose, status_in_title, web_address

UPSTREAM: Final = "mote"

OBJECTS: Final = ("image", "venue", "cost_details")
LISTS: Final = ("organizer", "categories")
"""Fields whose absence is written `false` or `[]`, whatever they hold otherwise; one object may come in a list."""

IGNORED: Final = frozenset(
    {
        *("author", "status", "date", "date_utc", "modified", "modified_utc", "global_id", "global_id_lineage"),
        *("rest_url", "excerpt", "slug", "start_date_details", "end_date_details", "utc_start_date_details"),
        *("utc_end_date_details", "timezone_abbr", "show_map", "show_map_link", "hide_from_listings", "sticky"),
        *("featured", "tags", "custom_fields", "is_virtual", "virtual_url", "virtual_video_source", "json_ld"),
    }
)


def read_rest(pages: Iterable[dict[str, Any]], zone: str) -> Iterator[Listing | Broken]:
    """Yield every evening of the pages once; `zone` is the site's, for records that name none of IANA's.

    The key is the one that the plugin's feeds yield: the post's id and the host.
    """
    audit = Audit(UPSTREAM)
    seen: set[str] = set()
    for number, page in enumerate(pages):
        for position, record in enumerate(page["events"]):
            path = f"pages[{number}].events[{position}]"
            try:
                read: Listing | Broken = _listing(record, path, audit, ZoneInfo(zone))
            except (UnreadableAnswer, ValueError, OverflowError) as error:
                named = record.get("url") if isinstance(record, dict) else None
                read = Broken(str(named or path), str(error))
            key = read.key if isinstance(read, Listing) else read.entry
            if key not in seen:
                seen.add(key)
                yield read
    audit.report("events")


def _listing(record: Any, path: str, audit: Audit, home: ZoneInfo) -> Listing:
    fields = Fields(_shaped(record), path, audit)
    number, url, title = fields.whole("id", least=1), web_address(fields.text("url")), one_line(fields.text("title"))
    if url is None:
        raise fields.unreadable("url", "is no address of the web")
    zone = zone_named(fields.text_or_none("timezone") or "") or home
    all_day = fields.flag_or_none("all_day") or False
    starts_at, ends_at = _span(fields, zone, all_day=all_day)
    place, (cost, low, high, currency) = _place(fields), _price(fields)
    image = fields.child_or_none("image")
    listing = Listing(
        key=f"{number}@{urlsplit(url).hostname}",
        title=title,
        starts_at=starts_at,
        ends_at=ends_at,
        all_day=all_day,
        time_zone=zone.key,
        status=status_in_title(title),
        venue=place[0],
        address=place[1],
        description=prose(fields.text_or_none("description") or "") or None,
        url=url,
        image=web_address(image.text_or_none("url")) if image else None,
        ticket_url=web_address(fields.text_or_none("website")),
        availability=_free(cost, low, high),
        price_text=cost,
        price_low=low,
        price_high=high,
        currency=currency,
        organizer=_names(fields, "organizer", "organizer"),
        categories=tuple(one_line(each.text("name")) for each in fields.children("categories")),
    )
    fields.finish(IGNORED)
    return listing


def _shaped(record: Any) -> Any:
    """Return a record whose objects are objects or null, and whose lists are lists."""
    if not isinstance(record, dict):
        return record
    objects = {name: record.get(name) or None for name in OBJECTS}
    shaped = {name: one[0] if isinstance(one, list) else one for name, one in objects.items()}
    lists = {name: [one] if isinstance(one := record.get(name) or [], dict) else one for name in LISTS}
    return {**record, **shaped, **lists}


def _span(fields: Fields, zone: ZoneInfo, *, all_day: bool) -> tuple[datetime, datetime | None]:
    first, last = fields.text("start_date"), fields.text_or_none("end_date")
    utc_first, utc_last = fields.text_or_none("utc_start_date"), fields.text_or_none("utc_end_date")
    if all_day:
        # The plugin ends an all-day evening a second before midnight.
        day, end = date.fromisoformat(first[:10]), date.fromisoformat((last or first)[:10])
        return _midnight(day, zone), _midnight(max(day, end) + timedelta(days=1), zone)
    starts = _moment(utc_first, ZoneInfo("UTC")) if utc_first else _moment(first, zone)
    ends = _moment(utc_last, ZoneInfo("UTC")) if utc_last else _moment(last, zone) if last else None
    return starts, ends if ends is not None and ends > starts else None


def _place(fields: Fields) -> tuple[str | None, str | None]:
    venue = fields.child_or_none("venue")
    if venue is None:
        return None, None
    parts = [venue.text_or_none(name) for name in ("address", "city", "state", "zip", "country")]
    address = ", ".join(one_line(part) for part in parts if part)
    return one_line(venue.text_or_none("venue") or "") or None, address or None


def _price(fields: Fields) -> tuple[str | None, Decimal | None, Decimal | None, str | None]:
    """Return the price as it is written, the lowest and the highest amount, and their currency."""
    cost, details = one_line(fields.text_or_none("cost") or "") or None, fields.child_or_none("cost_details")
    if details is None:
        return cost, None, None, None
    amounts = sorted(amount for text in details.texts("values") if (amount := _amount(text)) is not None)
    currency = details.text_or_none("currency_code")
    if not amounts:
        return cost, None, None, None
    return cost, amounts[0], amounts[-1], currency if re.fullmatch("[A-Z]{3}", currency or "") else None


def _amount(text: str) -> Decimal | None:
    try:
        amount = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None  # people write "Free", "donation"
    return amount if amount.is_finite() and 0 <= amount < LARGEST_AMOUNT else None


def _free(cost: str | None, low: Decimal | None, high: Decimal | None) -> Availability | None:
    return "free" if high == low == 0 or (cost or "").lower() == "free" else None


def _names(fields: Fields, name: str, inner: str) -> str | None:
    names = [one_line(text) for each in fields.children(name) if (text := each.text_or_none(inner))]
    return ", ".join(names) or None


def _moment(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
