"""What the console's pages show, and what its buttons do."""

from __future__ import annotations

import asyncio
import html
import re
from typing import Final

import httpx
import pytest

from shared.accounts import sessions
from shared.accounts.roles import Role
from tests.integration.accounts.conftest import NAMES, World
from tests.integration.console.conftest import MARKUP, SCHEDULE, signed_in

pytestmark = pytest.mark.anyio


def enter(browser: httpx.AsyncClient, world: World, role: Role) -> None:
    browser.cookies = httpx.Cookies(signed_in(world, role))


async def press(browser: httpx.AsyncClient, page: str, action: str) -> httpx.Response:
    """Send the form of a page that has this action, as it stands there."""
    text = (await browser.get(page)).raise_for_status().text
    form = re.search(rf'<form method="post" action="{re.escape(action)}">(.*?)</form>', text, re.DOTALL)
    assert form is not None, f"{page} has no button for {action}"
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[1]))
    return await browser.post(action, data=fields)


@pytest.fixture
async def operator(browser: httpx.AsyncClient, world: World) -> httpx.AsyncClient:
    enter(browser, world, "operator")
    return browser


async def test_the_overview_answers_and_says_so_when_the_broker_is_away(operator: httpx.AsyncClient) -> None:
    answer = await operator.get("/console/")
    assert answer.status_code == 200
    assert "RABBITMQ_MANAGEMENT_URL is not set" in answer.text
    assert "Nothing is known of the pools" in answer.text
    assert "<dt>database" in answer.text


async def test_the_overview_says_what_needs_a_look(
    operator: httpx.AsyncClient, world: World, letters: list[int]
) -> None:
    world.sql("INSERT INTO upstreams (name, open_until, pauses) VALUES ('tmdb', now() + interval '90 seconds', 6)")
    text = (await operator.get("/console/")).text
    assert f"{len(letters)} dead letters are open" in text
    assert '<a href="/console/dead-letters">ledger</a>' in text
    assert "tmdb" in text


async def test_letters_are_listed_the_newest_first_page_by_page(
    operator: httpx.AsyncClient, letters: list[int]
) -> None:
    seen: list[int] = []
    where = "/console/dead-letters"
    for _ in range(3):
        text = (await operator.get(where)).text
        seen += map(int, re.findall(r'href="/console/dead-letters/(\d+)"', text))
        following = re.search(r'rel="next" href="([^"]+)"', text)
        if following is None:
            break
        where = html.unescape(following[1])
    assert seen == letters[::-1]


FOUND: Final = (
    ({"queue": "person"}, 10),
    ({"queue": "content", "reason": "invalid"}, 10),
    ({"kind": "scrape.person.save", "reason": "rejected"}, 5),
    ({"state": "resolved"}, 0),
    ({"state": "all", "reason": "invalid"}, 15),
    ({"kind": " \0 "}, 25),
    ({"kind": "'; DROP TABLE"}, 0),
)


@pytest.mark.usefixtures("letters")
async def test_letters_are_found_by_what_they_are(operator: httpx.AsyncClient) -> None:
    for query, expected in FOUND:
        text = (await operator.get("/console/dead-letters", params=query)).text
        assert text.count('<th scope="row">') == expected, query
        assert ("No dead letter" in text) == (expected == 0), query


async def test_a_letter_is_shown_whole_and_what_a_stranger_wrote_is_no_markup(
    operator: httpx.AsyncClient, letters: list[int]
) -> None:
    text = (await operator.get(f"/console/dead-letters/{letters[-1]}")).text
    assert MARKUP not in text
    assert text.count(html.escape(MARKUP)) >= 3  # error, body and header
    for part in ("UpstreamRefused", "Traceback (most recent call last)", "&#34;tvdb_id&#34;: 29", "m/29", "x-own"):
        assert part in text, part


async def test_a_letter_is_replayed_once_however_often_the_button_is_pressed(
    operator: httpx.AsyncClient, world: World, letters: list[int]
) -> None:
    page = f"/console/dead-letters/{letters[0]}"
    text = (await operator.get(page)).text
    proof = re.search(r'name="proof" value="([^"]+)"', text)
    assert proof is not None
    data = {"proof": proof[1]}
    answers = await asyncio.gather(*(operator.post(f"{page}/replay", data=data) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert [row["message_id"] for row in world.sql("SELECT message_id FROM outbox")] == ["m/0"]
    assert world.sql("SELECT actor, action FROM dead_letter_actions") == [
        {"actor": NAMES["operator"], "action": "replay"}
    ]
    after = (await operator.get(f"{page}?note=replayed")).text
    assert "On its way back to the queue that failed" in after
    assert "replaying" in after
    assert f"{page}/replay" not in after


async def test_a_viewer_sees_no_button_that_would_be_refused(
    browser: httpx.AsyncClient, world: World, letters: list[int]
) -> None:
    enter(browser, world, "viewer")
    text = (await browser.get(f"/console/dead-letters/{letters[0]}")).text
    assert text.count("<form") == 1  # to sign out
    assert "needs the role operator" in text
    assert (await browser.get("/console/schedules")).text.count("<form") == 1


@pytest.mark.usefixtures("schedules")
async def test_a_schedule_is_run_now_by_an_operator(operator: httpx.AsyncClient, world: World) -> None:
    answer = await press(operator, "/console/schedules", f"/console/schedules/{SCHEDULE}/run-now")
    led = await operator.get(answer.headers["location"])
    assert "Asked for." in led.text
    assert "pending" in led.text
    (asked,) = world.sql("SELECT routing_key FROM outbox")
    assert asked["routing_key"] == SCHEDULE
    assert f"/console/schedules/{SCHEDULE}/disable" not in (await operator.get("/console/schedules")).text


@pytest.mark.usefixtures("schedules")
async def test_a_schedule_is_disabled_and_enabled_by_an_admin(browser: httpx.AsyncClient, world: World) -> None:
    enter(browser, world, "admin")
    for verb, enabled in (("disable", False), ("enable", True)):
        answer = await press(browser, "/console/schedules", f"/console/schedules/{SCHEDULE}/{verb}")
        assert answer.headers["location"] == f"/console/schedules?note={verb}d#{SCHEDULE}"
        (row,) = world.sql("SELECT enabled, changed_by FROM schedules WHERE name = %s", SCHEDULE)
        assert row == {"enabled": enabled, "changed_by": NAMES["admin"]}


async def test_upstreams_in_trouble_come_first(operator: httpx.AsyncClient, world: World) -> None:
    world.sql("INSERT INTO upstreams (name, day, used) VALUES ('brickset', '2026-11-22', 1234)")
    world.sql(
        "INSERT INTO upstreams (name, failures, pauses, open_until)"
        " VALUES ('tmdb', 12, 2, now() + interval '90 seconds')"
    )
    world.sql("INSERT INTO upstreams (name, silent_until) VALUES ('ebay', now() + interval '10 minutes')")
    text = (await operator.get("/console/upstreams")).text
    assert re.findall(r'<th scope="row">(\w+)</th>', text) == ["tmdb", "ebay", "brickset"]
    assert re.search(r"for another (89|90) s; opened 2 times", text)
    assert "for another 10 min" in text
    assert "1\N{NARROW NO-BREAK SPACE}234" in text


async def test_a_message_is_found_by_its_id_and_leads_to_its_letter(
    operator: httpx.AsyncClient, world: World, letters: list[int]
) -> None:
    world.sql(
        """INSERT INTO sync_log (message_id, kind, queue, correlation_id, published_at, started_at, status, attempts)
           VALUES ('m/0', 'scrape.person.save', 'person', 'root', now(), now(), 'failed', %s::jsonb)""",
        '[{"attempt": 0, "started_at": "2026-11-22T10:00:00+00:00", "ended_at": "2026-11-22T10:00:01+00:00",'
        ' "outcome": "dead", "error": "UpstreamRefused", "message": "<b>", "traceback": "Traceback"}]',
    )
    text = (await operator.get("/console/messages", params={"id": " m/0 "})).text
    assert f'href="/console/dead-letters/{letters[0]}"' in text
    assert "/console/messages?id=root" in text
    assert "&lt;b&gt;" in text
    unknown = await operator.get("/console/messages", params={"id": "<i>none\0"})
    assert unknown.status_code == 200
    assert "<i>" not in unknown.text


NOT_THERE: Final = (
    ("/nowhere", 404),
    ("/dead-letters/999", 404),
    ("/dead-letters/x", 422),
    ("/dead-letters?cursor=x", 422),
    ("/dead-letters?state=x", 422),
    ("/static/../app.py", 404),
    ("/static/nothing.js", 404),
)


async def test_what_is_not_there_is_a_page_that_says_so(operator: httpx.AsyncClient) -> None:
    for path, status in NOT_THERE:
        answer = await operator.get(f"/console{path}")
        assert answer.status_code == status, path
        assert answer.headers["content-type"].startswith("text/html")
        assert "<h1>" in answer.text


async def test_without_a_database_the_console_says_so(operator: httpx.AsyncClient, world: World) -> None:
    world.sql("ALTER TABLE sessions RENAME TO elsewhere")
    answer = await operator.get("/console/")
    assert answer.status_code == 503
    assert "<h1>" in answer.text


async def test_the_short_address_leads_to_the_console(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/console")).headers["location"] == "/console/"
    assert sessions.COOKIE not in browser.cookies
