"""`millrace sources` on a real PostgreSQL, with a small web beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from producers.cli.root import app
from shared import clock
from shared.catalog.venues import rules, store
from tests.integration.venues.conftest import DAY, evening
from tests.integration.venues.web import LocalWeb, a_local_web

NOW = clock.now().replace(microsecond=0)

Run = Callable[..., Result]
Sql = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def web() -> Iterator[LocalWeb]:
    with a_local_web() as served:
        yield served


@pytest.fixture
def run(database_url: str) -> Run:
    def millrace(*words: str, stdin: str | None = None) -> Result:
        environment = {
            "DATABASE_URL": database_url,
            "COLUMNS": "200",
            "MILLRACE_ADMIN_TOKEN": "",
            "MILLRACE_INTERNAL_SITES": "127.0.0.1",
        }
        return CliRunner().invoke(app, ["sources", *words], input=stdin, env=environment, prog_name="millrace")

    return millrace


@pytest.fixture
def sql(database_url: str) -> Sql:
    def rows(statement: str, *values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(database_url, row_factory=dict_row) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    return rows


def asked_for(sql: Sql) -> list[tuple[str, str, dict[str, Any]]]:
    rows = sql("SELECT message_id, routing_key, convert_from(body, 'UTF8') AS body FROM outbox ORDER BY id")
    return [(row["message_id"], row["routing_key"], json.loads(row["body"])) for row in rows]


def calendar(number: int, *more: str) -> bytes:
    entries = [
        f"BEGIN:VEVENT\r\nUID:{day}@hall\r\nDTSTART:{NOW + day * DAY:%Y%m%dT%H%M%SZ}\r\n"
        f"SUMMARY:Evening {day}\r\nLOCATION:Old Hall\r\nEND:VEVENT\r\n"
        for day in range(1, number + 1)
    ]
    text = "".join([*entries, *more])
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//hall//EN\r\n{text}END:VCALENDAR\r\n".encode()


BROKEN = "BEGIN:VEVENT\r\nUID:broken@hall\r\nDTSTART:soon\r\nSUMMARY:Some day\r\nEND:VEVENT\r\n"


def test_a_dry_run_shows_what_a_calendar_gives_and_registers_nothing(run: Run, web: LocalWeb, sql: Sql) -> None:
    web.bodies["/calendar.ics"] = calendar(25, BROKEN)

    shown = run("add", web.url("/calendar.ics"), "--time-zone", "Europe/Vienna", "--dry-run")

    assert shown.exit_code == 0, shown.output
    assert "is a calendar, times without a zone in Europe/Vienna" in shown.stdout
    assert "25 of them upcoming; the soonest 100 would be stored; 1 entries cannot be read" in shown.stdout
    assert "Evening 20" in shown.stdout
    assert "Evening 21" not in shown.stdout
    assert "and 5 more" in shown.stdout
    assert "cannot be read: broken@hall" in shown.stderr
    assert (sql("SELECT id FROM sources"), asked_for(sql)) == ([], [])


def test_the_same_for_programs_is_json_alone(run: Run, web: LocalWeb) -> None:
    web.bodies["/calendar.ics"] = calendar(2, BROKEN)

    told = json.loads(run("add", web.url("/calendar.ics"), "--dry-run", "--json").stdout)

    assert (told["kind"], told["time_zone"]) == ("ical", "UTC")
    preview = told["preview"]
    assert (preview["listings"], preview["upcoming"], preview["broken"]) == (2, 2, 1)
    assert [one["title"] for one in preview["soonest"]] == ["Evening 1", "Evening 2"]


def test_a_source_is_registered_and_asked_for_in_one_step(run: Run, web: LocalWeb, sql: Sql) -> None:
    web.bodies["/calendar.ics"] = calendar(2)
    words = ("add", web.url("/calendar.ics"), "--name", "Old Hall", "--time-zone", "Europe/Vienna", "--limit", "7")

    told = json.loads(run(*words, "--yes", "--json").stdout)

    (source,) = sql("SELECT * FROM sources")
    assert (source["name"], source["kind"], source["time_zone"]) == ("Old Hall", "ical", "Europe/Vienna")
    assert (told["id"], told["registered"]) == (source["id"], True)
    assert asked_for(sql) == [(told["message_id"], "scrape.source.ingest", {"source_id": source["id"], "limit": 7})]


def test_the_same_address_again_says_so_and_changes_nothing(run: Run, web: LocalWeb, sql: Sql) -> None:
    web.bodies["/calendar.ics"] = calendar(2)
    run("add", web.url("/calendar.ics"), "--yes")
    before, asked = sql("SELECT * FROM sources"), len(web.asked)

    again = run("add", f"{web.url('/calendar.ics')}#today", "--name", "Another", "--yes")

    assert again.exit_code == 0
    assert "is registered already: source 1; nothing was changed" in again.stdout
    assert (sql("SELECT * FROM sources"), len(asked_for(sql)), len(web.asked)) == (before, 1, asked)
    told = json.loads(run("add", web.url("/calendar.ics"), "--yes", "--json").stdout)
    assert (told["id"], told["registered"]) == (1, False)


def test_who_is_asked_may_say_no(run: Run, web: LocalWeb, sql: Sql) -> None:
    web.bodies["/calendar.ics"] = calendar(2)

    refused = run("add", web.url("/calendar.ics"), stdin="n\n")

    assert refused.exit_code == 1
    assert "nothing was registered" in refused.stderr
    assert sql("SELECT id FROM sources") == []
    assert run("add", web.url("/calendar.ics"), stdin="y\n").exit_code == 0
    assert len(sql("SELECT id FROM sources")) == 1


def test_of_a_page_that_links_to_a_calendar_the_calendar_is_the_source(run: Run, web: LocalWeb, sql: Sql) -> None:
    page = '<html><body><a href="/gone.ics">old</a> <a href="/calendar.ics">Subscribe</a></body></html>'
    web.bodies |= {"/whats-on": page.encode(), "/calendar.ics": calendar(2)}
    web.kinds["/whats-on"] = "text/html"

    assert run("add", web.url("/whats-on"), "--yes").exit_code == 0

    assert [(one["url"], one["kind"]) for one in sql("SELECT * FROM sources")] == [(web.url("/calendar.ics"), "ical")]


def test_a_page_that_tells_of_its_evenings_is_a_source_itself(run: Run, web: LocalWeb, sql: Sql) -> None:
    event = {"@context": "https://schema.org", "@type": "Event", "name": "Gala", "url": web.url("/gala")}
    event["startDate"] = (NOW + 3 * DAY).isoformat()
    script = f'<script type="application/ld+json">{json.dumps(event)}</script>'
    web.bodies["/whats-on"] = f"<!doctype html><html><head>{script}</head></html>".encode()
    web.kinds["/whats-on"] = "text/html"

    shown = run("add", web.url("/whats-on"), "--yes")

    assert "is a page with listings" in shown.stdout, shown.output
    assert "Gala" in shown.stdout
    assert [one["kind"] for one in sql("SELECT kind FROM sources")] == ["jsonld"]


def test_sites_with_readers_of_their_own_are_not_looked_at(run: Run, web: LocalWeb, sql: Sql) -> None:
    hall = json.loads(run("add", web.url("/vanwezel/events"), "--kind", "vanwezel", "--yes", "--json").stdout)
    aquarium = json.loads(run("add", web.url("/mote"), "--kind", "mote", "--yes", "--json").stdout)

    assert web.asked == []
    assert {one["time_zone"] for one in sql("SELECT time_zone FROM sources")} == {"America/New_York"}
    assert asked_for(sql) == [
        (hall["message_id"], "scrape.venue.vanwezel", {"source_id": hall["id"], "delay": 0.5}),
        (aquarium["message_id"], "scrape.venue.mote", {"source_id": aquarium["id"], "months_ahead": 2}),
    ]
    scheduled = sql("SELECT payload FROM schedules WHERE kind LIKE 'scrape.venue.%%' ORDER BY kind")
    assert [one["payload"]["source_id"] for one in scheduled] == [aquarium["id"], hall["id"]]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("add", "not-an-address", "--yes"), 2, "is no address that begins with https://"),
        (("add", "https://hall.example/", "--time-zone", "Sarasota", "--yes"), 2, "'Sarasota' is no time zone"),
        (("add", "https://hall.example/", "--json"), 2, "--json asks nobody"),
        (("add", "https://hall.example/", "--kind", "rss"), 2, "rss"),
        (("show", "7"), 1, "there is no source 7"),
        (("ingest", "7"), 1, "there is no source 7"),
        (("disable", "7"), 1, "there is no source 7"),
        (("believe", "7"), 1, "there is no source 7"),
        (("set", "7"), 2, "nothing is to be set"),
        (("set", "7", "--name", "x"), 1, "there is no source 7"),
    ],
)
def test_what_cannot_be_done_ends_with_a_cause_and_a_next_step(
    run: Run, words: tuple[str, ...], code: int, said: str
) -> None:
    result = run(*words)

    assert result.exit_code == code, result.output
    assert said in result.stderr


def test_an_address_with_nothing_to_read_is_not_registered(run: Run, web: LocalWeb, sql: Sql) -> None:
    web.bodies["/about"] = b"<html><body>About us</body></html>"
    web.kinds["/about"] = "text/html"
    web.bodies["/robots.txt"] = b"User-agent: *\nDisallow: /private"

    web.bodies["/links"] = b'<html><body><a href="/gone.ics">one</a> <a href="/about" type="x">two</a>'
    web.bodies["/links"] += b'<link rel="alternate" type="text/calendar" href="/about"></body></html>'
    web.kinds["/links"] = "text/html"

    nothing, gone = run("add", web.url("/about"), "--yes"), run("add", web.url("/nowhere"), "--yes")
    dead_links = run("add", web.url("/links"), "--yes")
    private = run("add", web.url("/private/calendar.ics"), "--yes")

    assert (nothing.exit_code, gone.exit_code, private.exit_code) == (1, 1, 1)
    assert "links to no calendar" in nothing.stderr
    assert f"{web.url('/about')} is no calendar; site: {web.url('/gone.ics')} is not there)" in dead_links.stderr
    assert "is not there" in gone.stderr
    assert "robots.txt does not let us read" in private.stderr
    assert sql("SELECT id FROM sources") == []


def test_the_list_and_one_whole_tell_how_sources_are(run: Run, engine: Engine, add_source: Callable[..., int]) -> None:
    good, bad = add_source("Good"), add_source("Bad")
    with engine.begin() as connection:
        found = [evening(0, starts_at=NOW + day * DAY, key=str(day)) for day in range(1, 7)]
        before = NOW - timedelta(hours=1)
        store.ingest(connection, bad, found, before, rules.window(before))
    with engine.begin() as connection:
        store.ingest(connection, bad, [], NOW, rules.window(NOW))

    listed = json.loads(run("list", "--json").stdout)
    assert [(one["id"], one["name"], one["suspected"]) for one in listed] == [(good, "Good", False), (bad, "Bad", True)]
    table = run("list").stdout
    assert "never" in table
    assert "suspected" in table
    whole = json.loads(run("show", str(bad), "--json").stdout)
    assert (whole["listings"], whole["upcoming"], whole["withdrawn"], whole["suspicions"]) == (6, 6, 0, 1)
    assert f"millrace sources believe {bad}" in run("show", str(bad)).stdout


def test_a_suspected_source_can_be_believed_and_only_such_a_one(
    run: Run, engine: Engine, sql: Sql, add_source: Callable[..., int]
) -> None:
    source = add_source()
    assert run("believe", str(source)).exit_code == 1
    sql("UPDATE sources SET suspected_at = now(), suspicions = 1")

    told = json.loads(run("believe", str(source), "--json").stdout)

    assert asked_for(sql) == [(told["message_id"], "scrape.source.ingest", {"source_id": source, "limit": 100})]
    assert sql("SELECT suspicions FROM sources") == [{"suspicions": rules.BELIEVED_AFTER - 1}]
    engine.dispose()


def test_a_source_can_be_changed_disabled_enabled_and_read_now(
    run: Run, sql: Sql, add_source: Callable[..., int]
) -> None:
    source = str(add_source())
    sql("UPDATE sources SET etag = 'old'")

    assert run("set", source, "--name", "New", "--time-zone", "Europe/Vienna").exit_code == 0
    assert run("set", source, "--robots", "ignore", "--reason", "They wrote that we may").exit_code == 0
    (row,) = sql("SELECT name, time_zone, robots, robots_reason, etag FROM sources")
    assert tuple(row.values()) == ("New", "Europe/Vienna", "ignore", "They wrote that we may", None)

    assert run("disable", source).exit_code == 0
    refused = run("ingest", source)
    assert (refused.exit_code, f"millrace sources enable {source}" in refused.stderr) == (1, True)
    assert run("enable", source).exit_code == 0
    assert run("ingest", source, "--limit", "9").exit_code == 0
    assert [body for _, _, body in asked_for(sql)] == [{"source_id": int(source), "limit": 9}]
