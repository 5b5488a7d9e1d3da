"""The journal proves how many requests came, when, and how many at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

from deploy.sandbox.app import create_app
from deploy.sandbox.journal import Journal
from deploy.sandbox.options import Options

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Sandbox, Time


def test_every_request_is_noted_with_its_answer(sandbox: Sandbox) -> None:
    sandbox.get("/series/81189/extended", meta="translations")
    sandbox.get("/series/1")
    report = sandbox.requests()
    assert report["received"] == 2
    seen = [(one["method"], one["path"], one["query"], one["status"]) for one in report["requests"]]
    assert seen == [
        ("GET", "/tvdb/v4/series/81189/extended", "meta=translations", 200),
        ("GET", "/tvdb/v4/series/1", "", 404),
    ]
    assert report["statuses"] == {"tvdb 200": 1, "tvdb 404": 1}


def test_times_are_noted_on_both_clocks(sandbox: Sandbox, time: Time) -> None:
    time.advance(1.5)
    sandbox.get("/series/81189")
    [entry] = sandbox.requests()["requests"]
    assert entry["at_ms"] == 1500
    assert entry["wall_ms"] == time.now().timestamp() * 1000


def test_the_log_can_be_narrowed_and_emptied(sandbox: Sandbox) -> None:
    for path in ("/series/81189", "/movies/290", "/series/78878"):
        sandbox.get(path)
    assert [one["path"] for one in sandbox.requests(path="*/series/*", limit=1)["requests"]] == [
        "/tvdb/v4/series/78878"
    ]
    assert sandbox.requests(path="*/series/*")["matching"] == 2
    sandbox.client.delete("/control/requests")
    assert (sandbox.requests()["received"], sandbox.requests()["busiest_second"]) == (0, {})


def test_control_and_health_are_not_noted(sandbox: Sandbox) -> None:
    sandbox.client.get("/health")
    sandbox.requests()
    assert sandbox.requests()["received"] == 0


def test_the_busiest_second_is_any_second_not_one_of_the_clock(time: Time) -> None:
    journal = Journal(time.ticks, time.now)
    for gap in (0.0, 0.7, 0.2, 0.2, 0.3, 5.0, 0.1):
        time.advance(gap)
        journal.leave(journal.arrive("tvdb", "GET", "/a", ""), 200)
    assert journal.report()["busiest_second"] == {"tvdb": 4}


def test_requests_exactly_a_second_apart_are_not_in_one_second(time: Time) -> None:
    journal = Journal(time.ticks, time.now)
    for _ in range(5):
        journal.leave(journal.arrive("tvdb", "GET", "/a", ""), 200)
        time.advance(1.0)
    assert journal.report()["busiest_second"] == {"tvdb": 1}


def test_each_upstream_has_its_own_busiest_second(time: Time) -> None:
    journal = Journal(time.ticks, time.now)
    for upstream in ("tvdb", "tmdb", "tvdb"):
        journal.arrive(upstream, "GET", "/a", "")
    assert journal.report()["busiest_second"] == {"tvdb": 2, "tmdb": 1}


def test_the_log_is_bounded_while_the_count_goes_on(time: Time) -> None:
    journal = Journal(time.ticks, time.now, kept=3)
    for number in range(10):
        journal.leave(journal.arrive("tvdb", "GET", f"/{number}", ""), 200)
    report = journal.report()
    assert [entry["path"] for entry in report["requests"]] == ["/7", "/8", "/9"]
    assert report["received"] == 10


def test_requests_one_after_the_other_are_never_two_at_once(sandbox: Sandbox) -> None:
    sandbox.get("/series/81189")
    sandbox.get("/series/81189")
    report = sandbox.requests()
    assert (report["open_at_once"], report["open_at_once_by_path"]) == (1, {})


def test_requests_that_overlap_on_a_path_are_counted(time: Time) -> None:
    async def overlap() -> httpx.Response:
        all_here = asyncio.Barrier(3)

        async def pause(_seconds: float) -> None:
            await asyncio.wait_for(all_here.wait(), timeout=10)

        app = create_app(Options(latency=0.001), clock=time.now, ticks=time.ticks, pause=pause)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox/tvdb/v4") as client:
            paths = ["/series/81189", "/series/81189", "/series/78878"]
            await asyncio.gather(*(client.get(path) for path in paths))
            return await client.get("http://sandbox/control/requests")

    report = asyncio.run(overlap()).json()
    assert report["open_at_once_by_path"] == {"/tvdb/v4/series/81189": 2}
    assert report["open_at_once"] == 2
    assert report["open_now"] == 0


def test_latency_is_added_to_every_answer(time: Time) -> None:
    app = create_app(Options(latency=0.25), clock=time.now, ticks=time.ticks, pause=time.pause)

    async def twice() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as client:
            await client.get("/tvdb/v4/series/81189")
            await client.get("/tvdb/v4/series/78878")

    asyncio.run(twice())
    assert time.pauses == [0.25, 0.25]
