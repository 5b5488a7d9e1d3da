"""The handlers of venues on a real PostgreSQL, with a web that answers, fails and stays the same as told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from consumers.app import create_app
from deploy.sandbox.app import create_app as create_sandbox
from deploy.sandbox.in_process import InProcess
from shared import clock
from shared.contracts.kinds import CONTRACTS
from shared.contracts.venues import IngestAllSources, IngestSource, ScrapeMote, ScrapeVanWezel
from shared.errors import Permanent, UnreadableAnswer, UpstreamAway, UpstreamRefused
from shared.settings import Settings
from tests.integration import pool as process
from tests.integration.pool import Wired

URL = "https://hall.example/calendar.ics"
ROBOTS = "https://hall.example/robots.txt"
START = clock.now().replace(microsecond=0)
DAY = timedelta(days=1)


@dataclass
class Web:
    """A web of a few addresses, whose bodies have ETags."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        url = str(request.url)
        body = self.bodies.get(url)
        if url in self.status or body is None:
            return httpx.Response(self.status.get(url, 404))
        etag = f'"{hashlib.sha256(body).hexdigest()[:8]}"'
        if request.headers.get("If-None-Match") == etag:
            return httpx.Response(304)
        return httpx.Response(200, content=body, headers={"ETag": etag, "Content-Type": "text/calendar"})


class Pool(process.Pool):
    """A pool process, and what it left behind."""

    def followed(self) -> list[tuple[str, dict[str, Any]]]:
        """Return kinds and payloads of what was asked for or announced so far."""
        rows = self.sql("SELECT routing_key, convert_from(body, 'UTF8') AS body FROM outbox ORDER BY id")
        return [(row["routing_key"], json.loads(row["body"])) for row in rows]

    def listings(self) -> dict[str, bool]:
        """Return the titles of what is stored, and whether each is listed."""
        rows = self.sql("SELECT title, withdrawn_at IS NULL AS listed FROM venue_listings ORDER BY starts_at")
        return {row["title"]: row["listed"] for row in rows}


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def open_pool(database_url: str) -> Iterator[Callable[[httpx.BaseTransport], Pool]]:
    settings = Settings(database_url=SecretStr(database_url))
    app = create_app(settings, CONTRACTS, {"scraping": ("consumers.scraping.venues",)})
    app.loader.import_default_modules()
    opened: list[Wired] = []

    def start(transport: httpx.BaseTransport) -> Pool:
        opened.append(Wired(settings, httpx.Client(transport=transport)))
        return Pool(app, opened[-1], database_url)

    yield start
    for wiring in opened:
        wiring.close()
    app.close()


@pytest.fixture
def pool(open_pool: Callable[[httpx.BaseTransport], Pool], web: Web) -> Pool:
    return open_pool(httpx.MockTransport(web.answer))


def entry(number: int, *, start: str | None = None) -> str:
    when = start or f"{START + number * DAY:%Y%m%dT%H%M%SZ}"
    return f"BEGIN:VEVENT\r\nUID:{number}@hall\r\nDTSTART:{when}\r\nSUMMARY:Evening {number}\r\nEND:VEVENT\r\n"


def feed(*entries: str, end: str = "END:VCALENDAR\r\n") -> bytes:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//hall//EN\r\n{''.join(entries)}{end}".encode()


def season(number: int) -> bytes:
    return feed(*(entry(day) for day in range(1, number + 1)))


def titles(number: int) -> dict[str, bool]:
    return {f"Evening {day}": True for day in range(1, number + 1)}


def test_a_feed_is_stored_and_announced(pool: Pool, web: Web, add_source: Callable[..., int]) -> None:
    source = add_source(url=URL)
    web.bodies[URL] = season(3)

    result = pool.handle(IngestSource(source_id=source))

    assert (result["outcome"], result["added"], result["yielded"]) == ("stored", 3, 3)
    assert pool.listings() == titles(3)
    fact = {"source_id": source, "source": "Old Hall", "added": 3, "changed": 0, "withdrawn": 0}
    assert pool.followed() == [("facts.listings.ingested", fact)]


def test_a_feed_that_has_not_changed_is_not_read_again(pool: Pool, web: Web, add_source: Callable[..., int]) -> None:
    source = add_source(url=URL)
    web.bodies[URL] = season(3)
    pool.handle(IngestSource(source_id=source))
    (before,) = pool.sql("SELECT * FROM sources")
    rows = pool.sql("SELECT *, xmin, ctid FROM venue_listings")

    result = pool.handle(IngestSource(source_id=source))

    assert result == {"source": "Old Hall", "outcome": "unchanged"}
    (after,) = pool.sql("SELECT * FROM sources")
    assert after["checked_at"] > before["checked_at"]
    assert after | {"checked_at": None} == before | {"checked_at": None}
    assert pool.sql("SELECT *, xmin, ctid FROM venue_listings") == rows
    assert len(pool.followed()) == 1


def test_what_a_limit_left_out_comes_in_with_the_next_run_though_the_feed_has_not_changed(
    pool: Pool, web: Web, add_source: Callable[..., int]
) -> None:
    source = add_source(url=URL)
    web.bodies[URL] = season(8)

    assert pool.handle(IngestSource(source_id=source, limit=5))["left_out"] == 3
    assert pool.handle(IngestSource(source_id=source, limit=100))["added"] == 3
    assert pool.handle(IngestSource(source_id=source, limit=5))["outcome"] == "unchanged"


def test_a_feed_is_read_whole_once_a_day_though_it_has_not_changed(
    pool: Pool, web: Web, add_source: Callable[..., int]
) -> None:
    source = add_source(url=URL)
    web.bodies[URL] = season(3)
    pool.handle(IngestSource(source_id=source))
    pool.sql("UPDATE sources SET synced_at = synced_at - interval '25 hours'")

    assert pool.handle(IngestSource(source_id=source))["outcome"] == "stored"


def test_an_empty_calendar_is_suspected_announced_and_believed_in_the_end(
    pool: Pool, web: Web, add_source: Callable[..., int]
) -> None:
    source = add_source(url=URL)
    web.bodies[URL] = season(6)
    pool.handle(IngestSource(source_id=source))
    web.bodies[URL] = feed()

    for _ in range(2):
        assert pool.handle(IngestSource(source_id=source))["outcome"] == "suspected"
        assert pool.listings() == titles(6)
    fact = {"source_id": source, "source": "Old Hall", "yielded": 0, "held": 6}
    assert pool.followed()[1:] == [("facts.source.suspected", fact)] * 2

    assert pool.handle(IngestSource(source_id=source))["withdrawn"] == 6
    assert not any(pool.listings().values())


@pytest.mark.parametrize("body", [b"", b"<html><title>Just a moment...</title></html>", b'{"message": "not found"}'])
def test_what_is_no_calendar_changes_nothing(pool: Pool, web: Web, add_source: Callable[..., int], body: bytes) -> None:
    source = add_source(url=URL)
    web.bodies[URL] = season(3)
    pool.handle(IngestSource(source_id=source))
    web.bodies[URL] = body

    with pytest.raises(UnreadableAnswer):
        pool.handle(IngestSource(source_id=source))

    assert pool.listings() == titles(3)


def test_a_feed_that_breaks_off_withdraws_nothing(pool: Pool, web: Web, add_source: Callable[..., int]) -> None:
    source = add_source(url=URL)
    web.bodies[URL] = season(6)
    pool.handle(IngestSource(source_id=source))
    web.bodies[URL] = feed(entry(1), entry(2), entry(7), end="")

    result = pool.handle(IngestSource(source_id=source))

    assert (result["added"], result["withdrawn"]) == (1, 0)
    assert pool.listings() == titles(7)


def test_an_entry_that_cannot_be_read_leaves_the_others_alone(
    pool: Pool, web: Web, add_source: Callable[..., int]
) -> None:
    source = add_source(url=URL)
    web.bodies[URL] = feed(entry(1), entry(2, start="soon"), entry(3))

    result = pool.handle(IngestSource(source_id=source))

    assert (result["added"], result["broken"]) == (2, 1)
    assert result["problems"][0]["entry"] == "2@hall"


def test_a_page_with_json_ld_is_stored(pool: Pool, web: Web, add_source: Callable[..., int]) -> None:
    source = add_source(url=URL, kind="jsonld")
    event = {
        "@context": "https://schema.org",
        "@type": "MusicEvent",
        "name": "Evening 1",
        "startDate": (START + DAY).isoformat(),
        "url": "https://hall.example/1",
    }
    script = f'<script type="application/ld+json">{json.dumps(event)}</script>'
    web.bodies[URL] = f"<!doctype html><html><head>{script}</head><body></body></html>".encode()

    assert pool.handle(IngestSource(source_id=source))["added"] == 1
    assert pool.listings() == titles(1)


def test_robots_txt_is_obeyed_unless_the_source_says_otherwise(
    pool: Pool, web: Web, add_source: Callable[..., int]
) -> None:
    source = add_source(url=URL)
    web.bodies |= {URL: season(1), ROBOTS: b"User-agent: *\nDisallow: /"}

    with pytest.raises(UpstreamRefused, match="sources set ID --robots ignore"):
        pool.handle(IngestSource(source_id=source))

    pool.sql("UPDATE sources SET robots = 'ignore'")
    assert pool.handle(IngestSource(source_id=source))["added"] == 1


def test_a_site_that_is_away_is_an_error_that_passes(pool: Pool, web: Web, add_source: Callable[..., int]) -> None:
    source = add_source(url=URL)
    web.status[URL] = 503

    with pytest.raises(UpstreamAway):
        pool.handle(IngestSource(source_id=source))


def test_a_source_that_nobody_knows_or_that_another_kind_reads_is_an_error_for_good(
    pool: Pool, add_source: Callable[..., int]
) -> None:
    with pytest.raises(Permanent, match="there is no source 999"):
        pool.handle(IngestSource(source_id=999))

    hall = add_source(kind="vanwezel")
    with pytest.raises(Permanent, match=r"is of kind vanwezel: scrape\.venue\.vanwezel reads it"):
        pool.handle(IngestSource(source_id=hall))
    feed_of_it = add_source("Feed")
    with pytest.raises(Permanent, match=r"is of kind ical: scrape\.source\.ingest reads it"):
        pool.handle(ScrapeVanWezel(source_id=feed_of_it))


def test_a_disabled_source_is_left_alone(pool: Pool, web: Web, add_source: Callable[..., int]) -> None:
    source = add_source(url=URL)
    pool.sql("UPDATE sources SET enabled = false")

    assert pool.handle(IngestSource(source_id=source))["outcome"] == "disabled"
    assert web.asked == []


def test_all_sources_are_those_feeds_and_pages_that_are_enabled(pool: Pool, add_source: Callable[..., int]) -> None:
    add_source("Hall", kind="vanwezel")
    aquarium = add_source("Aquarium", kind="mote")
    page = add_source("Page", kind="jsonld")
    calendar = add_source("Feed")
    disabled, retired = add_source("Disabled"), add_source("Retired")
    child = add_source("Child", parent_id=aquarium)
    pool.sql("UPDATE sources SET enabled = false WHERE id = %s", disabled)
    pool.sql("UPDATE sources SET retired_at = now() WHERE id = %s", retired)

    assert pool.handle(IngestAllSources(limit_per_source=7))["asked"] == 3

    expected = [("scrape.source.ingest", {"source_id": one, "limit": 7}) for one in (page, calendar, child)]
    assert pool.followed() == expected
    pool.sql("UPDATE sources SET enabled = false WHERE id = %s", aquarium)
    assert pool.handle(IngestAllSources())["asked"] == 2, "whoever is disabled takes what it found along"


@pytest.fixture
def sandbox(open_pool: Callable[[httpx.BaseTransport], Pool]) -> Pool:
    """Open a pool whose web is the stand-ins."""
    return open_pool(InProcess(create_sandbox()))


def test_the_van_wezel_is_read_to_its_end_and_twice_changes_nothing(
    open_pool: Callable[[httpx.BaseTransport], Pool], sandbox: Pool, add_source: Callable[..., int]
) -> None:
    source = add_source("Van Wezel", url="http://sandbox/vanwezel/events", kind="vanwezel")

    first = sandbox.handle(ScrapeVanWezel(source_id=source, delay=0))
    rows = sandbox.sql("SELECT *, xmin, ctid FROM venue_listings ORDER BY id")
    # The firewall of the first has had enough of readers who do not pause.
    second = open_pool(InProcess(create_sandbox())).handle(ScrapeVanWezel(source_id=source, delay=0))

    assert first["added"] == first["yielded"] > 9, "more than its first page"
    assert (second["added"], second["changed"], second["withdrawn"]) == (0, 0, 0)
    assert sandbox.sql("SELECT *, xmin, ctid FROM venue_listings ORDER BY id") == rows


def test_motes_feeds_are_registered_once_and_asked_for_each_time(sandbox: Pool, add_source: Callable[..., int]) -> None:
    source = add_source("Mote", url="http://sandbox/mote", kind="mote")

    first = sandbox.handle(ScrapeMote(source_id=source))
    assert first["feeds"] == len(first["asked"]) > 0
    assert sandbox.handle(ScrapeMote(source_id=source)) == first
    feeds = sandbox.sql("SELECT * FROM sources WHERE parent_id = %s", source)
    assert {(one["kind"], one["time_zone"]) for one in feeds} == {("ical", "America/New_York")}
    assert [one["id"] for one in feeds] == first["asked"]
    assert sum(sandbox.handle(IngestSource(source_id=one))["added"] for one in first["asked"]) > 0


def test_a_site_with_neither_feeds_nor_records_is_an_error_that_somebody_sees(
    pool: Pool, web: Web, add_source: Callable[..., int]
) -> None:
    source = add_source("Mote", url="https://mote.example/", kind="mote")
    child = add_source("This month", parent_id=source)

    with pytest.raises(Permanent):
        pool.handle(ScrapeMote(source_id=source))

    assert len(web.asked) > 1
    assert pool.sql("SELECT retired_at FROM sources WHERE id = %s", child) == [{"retired_at": None}]


def test_a_feed_that_is_over_is_retired_and_one_that_comes_back_is_not(
    sandbox: Pool, add_source: Callable[..., int]
) -> None:
    source = add_source("Mote", url="http://sandbox/mote", kind="mote")
    over = add_source("Last month", parent_id=source)
    (found, *_) = sandbox.handle(ScrapeMote(source_id=source))["asked"]
    retired = "SELECT id FROM sources WHERE retired_at IS NOT NULL"
    assert [one["id"] for one in sandbox.sql(retired)] == [over]

    sandbox.sql("UPDATE sources SET retired_at = now() WHERE id = %s", found)
    sandbox.handle(ScrapeMote(source_id=source))
    assert [one["id"] for one in sandbox.sql(retired)] == [over]


def test_where_no_feed_works_the_sites_rest_interface_is_read(
    open_pool: Callable[[httpx.BaseTransport], Pool], add_source: Callable[..., int]
) -> None:
    transport = InProcess(create_sandbox())
    with httpx.Client(transport=transport, base_url="http://sandbox") as client:
        for path in ("/mote/", "/mote/events/*"):
            client.post("/control/faults", json={"path": path, "thin": True})
        planned = client.get("/control/programmes/mote").json()
    source = add_source("Mote", url="http://sandbox/mote", kind="mote")

    first = open_pool(transport).handle(ScrapeMote(source_id=source))
    second = open_pool(transport).handle(ScrapeMote(source_id=source))

    assert first["added"] == len(planned) > 50
    assert (second["added"], second["changed"], second["withdrawn"]) == (0, 0, 0)
