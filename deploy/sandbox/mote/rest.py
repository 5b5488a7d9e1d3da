"""Records as The Events Calendar's REST interface sends them: `false` and `[]` for what is not there."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from deploy.sandbox.mote.acts import PLACE, SITE
from deploy.sandbox.mote.ics import FIRST_POST, POSTED, description
from deploy.sandbox.programme import ZONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploy.sandbox.programme import Evening

TIME = "%Y-%m-%d %H:%M:%S"
PAST_THE_END = {
    "code": "event-archive-page-not-found",
    "message": "The requested event archive page does not exist.",
    "data": {"status": 404},
}


def archive(evenings: Sequence[Evening], base: str, number: int, size: int, dates: str) -> dict[str, Any] | None:
    """Return a page of the archive, whose links repeat the dates asked for; None past its end."""
    pages = -(-len(evenings) // size)
    if number > max(pages, 1):
        return None
    address = f"{base}wp-json/tribe/events/v1/events/?per_page={size}&{quote(dates, safe='=&')}&status=publish&page="
    shown = evenings[(number - 1) * size : number * size]
    answer: dict[str, Any] = {"events": [_record(one, base) for one in shown], "rest_url": f"{address}{number}"}
    if number < pages:
        answer["next_rest_url"] = f"{address}{number + 1}"
    if number > 1:
        answer["previous_rest_url"] = f"{address}{number - 1}"
    return {**answer, "total": len(evenings), "total_pages": pages}


def _record(evening: Evening, base: str) -> dict[str, Any]:
    told, number = evening.act.details, FIRST_POST + evening.number
    starts, ends = evening.starts, evening.ends
    all_day = evening.act.starts is None
    if all_day:
        ends = datetime.fromtimestamp(ends.timestamp() - 1, ZONE)  # a second before midnight
    return {
        "id": number,
        "global_id": f"{base.split('/')[2]}?id={number}",
        "global_id_lineage": [f"{base.split('/')[2]}?id={number}"],
        "author": "2",
        "status": "publish",
        "date": POSTED.astimezone(ZONE).strftime(TIME),
        "date_utc": POSTED.strftime(TIME),
        "modified": POSTED.astimezone(ZONE).strftime(TIME),
        "modified_utc": POSTED.strftime(TIME),
        "url": f"{base}event/{evening.key}/",
        "rest_url": f"{base}wp-json/tribe/events/v1/events/{number}",
        "title": evening.title,
        "description": "".join(f"<p>{line}</p>\n" for line in description(evening).split("\n")),
        "excerpt": "",
        "slug": evening.key,
        "image": _image(evening, base),
        "all_day": all_day,
        "start_date": starts.strftime(TIME),
        "end_date": ends.strftime(TIME),
        "utc_start_date": starts.astimezone(UTC).strftime(TIME),
        "utc_end_date": ends.astimezone(UTC).strftime(TIME),
        "timezone": ZONE.key,
        "timezone_abbr": starts.strftime("%Z"),
        "cost": told.get("cost", ""),
        "cost_details": {
            "currency_symbol": "$",
            "currency_code": "USD",
            "currency_position": "prefix",
            "values": told["amounts"].split() if "amounts" in told else [],
        },
        "website": "",
        "show_map": False,
        "show_map_link": False,
        "hide_from_listings": False,
        "sticky": False,
        "featured": False,
        "categories": [{"name": name, "slug": name.lower(), "id": 100} for name in told["categories"].split("|")],
        "tags": [],
        "venue": [] if told.get("place") == "none" else {"id": 11, **PLACE},
        "organizer": [{"id": 12, "organizer": unescape(SITE)}],
        "custom_fields": [],
        "is_virtual": False,
        "virtual_url": None,
        "virtual_video_source": "",
    }


def _image(evening: Evening, base: str) -> dict[str, Any] | bool:
    if evening.act.details.get("image") == "none":
        return False
    address = f"{base}wp-content/uploads/{evening.act.slug}.jpg"
    sizes = {"medium": {"width": 300, "height": 200, "mime-type": "image/jpeg", "filesize": 9000, "url": address}}
    return {"url": address, "id": 13, "extension": "jpg", "width": 1200, "height": 800, "filesize": 1, "sizes": sizes}
