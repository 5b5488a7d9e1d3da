"""Recorded pages and answers of venues' sites are read; runs where they are (MILLRACE_SAMPLES, or a sibling)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from structlog.testing import capture_logs

from deploy.sandbox.app import create_app
from deploy.sandbox.in_process import InProcess
from deploy.sandbox.options import Options
from shared.catalog.venues.records import Broken, Listing
from shared.upstreams.ical.index import index_of
from shared.upstreams.mote import read_rest
from shared.upstreams.vanwezel import read_calendar

SIBLING = Path(__file__).parents[3] / "shared" / "upstreams" / "samples"
SAMPLES: Final = Path(os.environ.get("MILLRACE_SAMPLES") or SIBLING)
HALL, PLUGIN = SAMPLES / "vanwezel", SAMPLES / "mote"
ZONE = "America/New_York"
AT = datetime(2026, 10, 1, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not (HALL.is_dir() and PLUGIN.is_dir()), reason="no recorded answers here; MILLRACE_SAMPLES says where"
)


def names(folder: Path, pattern: str) -> list[str]:
    return sorted(path.name for path in folder.glob(pattern)) if folder.is_dir() else []


def listings(found: Iterable[Listing | Broken]) -> list[Listing]:
    found = list(found)
    assert [each for each in found if isinstance(each, Broken)] == []
    return [each for each in found if isinstance(each, Listing)]


def calendar(name: str) -> list[Listing]:
    page = (HALL / name).read_text()
    return listings(read_calendar([page], "https://www.example.test/events", ZONE, AT))


@pytest.mark.parametrize("name", names(HALL, "*.html"))
def test_every_card_of_a_recorded_calendar_is_a_listing(name: str) -> None:
    cards = len(LexborHTMLParser((HALL / name).read_text()).css(".eventItem"))
    found = calendar(name)
    assert len(found) == len({each.key for each in found}) == cards
    for each in found:
        assert each.title == each.title.strip() != ""
        assert each.url is not None
        assert each.url.endswith(f"/events/detail/{each.key}")
        assert each.image is not None
        assert each.image.startswith("https://")
        assert each.availability is not None or each.status != "scheduled"


def test_the_halls_own_page_names_days_and_no_times() -> None:
    for each in calendar("events_page.html"):
        assert each.all_day
        assert each.ends_at is not None
        assert each.starts_at.year in {2026, 2027}


def rest() -> list[dict[str, Any]]:
    return [json.loads((PLUGIN / name).read_text()) for name in names(PLUGIN, "*rest*.json")]


def test_every_record_of_a_recorded_archive_is_a_listing_and_no_field_of_it_is_unknown() -> None:
    for page in rest():
        with capture_logs() as logs:
            found = listings(read_rest([page], ZONE))
        assert len(found) == len(page["events"])
        assert logs == []


def test_the_keys_of_an_archive_are_those_its_exports_would_have() -> None:
    for page in rest():
        ids = [f"{record['id']}@" for record in page["events"]]
        assert all(each.key.startswith(number) for each, number in zip(read(page), ids, strict=True))


def read(page: dict[str, Any]) -> list[Listing]:
    return listings(read_rest([page], ZONE))


@pytest.mark.parametrize("name", names(PLUGIN, "*.ics"))
def test_a_recorded_export_has_one_evening_for_each_post(name: str) -> None:
    body = (PLUGIN / name).read_bytes()
    assert len(index_of(body).groups) == body.count(b"BEGIN:VEVENT")


def test_recordings_are_served_where_the_site_has_them() -> None:
    app = create_app(Options(recordings={"vanwezel": HALL, "mote": PLUGIN}))
    with httpx.Client(transport=InProcess(app), base_url="http://sandbox") as client:
        page = client.get("/vanwezel/events")
        assert page.headers["content-type"].startswith("text/html")
        assert page.content in {(HALL / name).read_bytes() for name in names(HALL, "*.html")}
        export = client.get("/mote/?post_type=tribe_events&ical=1&eventDisplay=list")
        assert export.headers["content-type"].startswith("text/calendar")
        assert client.get("/mote/wp-json/tribe/events/v1/events?page=1").json() in rest()
        assert client.get("/vanwezel/elsewhere").status_code == 404
