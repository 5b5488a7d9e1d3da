"""Every page and form of the console, asked by everybody there is."""

from __future__ import annotations

import re
from typing import Final

import httpx
import pytest
from fastapi import FastAPI

from producers.console.visitors import Visitor
from shared.accounts import sessions, users
from shared.accounts.roles import ROLES, Role, may
from tests.integration.accounts.conftest import HERE, NAMES, PASSWORD, World, reached
from tests.integration.console.conftest import signed_in
from tests.unit.console.access import FORMS, NEEDS, where

pytestmark = pytest.mark.anyio


def proof(cookie: dict[str, str]) -> dict[str, str]:
    return {"proof": Visitor("", "viewer", cookie[sessions.COOKIE]).proof}


async def ask(
    browser: httpx.AsyncClient, method: str, url: str, cookie: dict[str, str], data: dict[str, str] | None = None
) -> httpx.Response:
    browser.cookies = httpx.Cookies(cookie)
    return await browser.request(method, url, data=data)


@pytest.mark.parametrize("sort", ["none", "wrong", "expired", "disabled"])
async def test_who_has_no_session_that_counts_is_led_to_sign_in(
    browser: httpx.AsyncClient, world: World, sort: str
) -> None:
    cookie = {"none": {}, "wrong": {sessions.COOKIE: "made-up"}}.get(sort) or signed_in(world, "admin")
    if sort == "none":
        cookie = {}
    if sort == "expired":
        world.sql("UPDATE sessions SET expires_at = now()")
    if sort == "disabled":
        world.do(users.disable, NAMES["admin"])
    for route in NEEDS:
        data = proof(cookie) if cookie and route[0] == "POST" else None
        answer = await ask(browser, route[0], where(route), cookie, data)
        assert answer.status_code == 303, route
        assert answer.headers["location"].startswith("/console/sign-in"), route


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_may_what_the_table_says(browser: httpx.AsyncClient, world: World, role: Role) -> None:
    refused = set()
    for route in NEEDS:
        # A new one for each: one of these forms signs out.
        cookie = signed_in(world, role)
        answer = await ask(browser, route[0], where(route), cookie, proof(cookie) if route[0] == "POST" else None)
        assert answer.status_code in {200, 303, 403, 404}, (route, answer.text)
        assert "/sign-in?" not in answer.headers.get("location", ""), route
        if answer.status_code == 403:
            assert f"This needs the role {NEEDS[route]}; {NAMES[role]} is {role}." in answer.text
            refused.add(route)
    assert refused == {route for route, least in NEEDS.items() if not may(role, least)}


@pytest.mark.usefixtures("schedules")
@pytest.mark.parametrize("sort", ["no proof", "another session's proof", "an empty one", "from another site"])
async def test_a_form_without_the_proof_of_its_session_changes_nothing(
    browser: httpx.AsyncClient, world: World, letters: list[int], sort: str
) -> None:
    cookie, other = signed_in(world, "admin"), signed_in(world, "admin")
    data = {
        "no proof": {},
        "another session's proof": proof(other),
        "an empty one": {"proof": ""},
        "from another site": proof(cookie),
    }[sort]
    if sort == "from another site":
        browser.headers["Sec-Fetch-Site"] = "cross-site"
    before = world.sql("SELECT (SELECT count(*) FROM outbox) AS asked, (SELECT count(*) FROM sessions) AS sessions")
    for method, path in FORMS:
        url = where((method, path)).replace("dead-letters/1/", f"dead-letters/{letters[0]}/")
        answer = await ask(browser, method, url, cookie, data)
        assert answer.status_code == 403, path
        assert "Nothing shows that one of our own pages sent this form" in answer.text
    after = world.sql("SELECT (SELECT count(*) FROM outbox) AS asked, (SELECT count(*) FROM sessions) AS sessions")
    assert after == before
    assert world.sql("SELECT DISTINCT state FROM dead_letters") == [{"state": "open"}]
    assert world.sql("SELECT count(*) AS n FROM schedules WHERE changed_by IS NOT NULL") == [{"n": 0}]


async def test_a_token_of_the_api_is_no_session(browser: httpx.AsyncClient, world: World) -> None:
    for headers in ({"Authorization": "Bearer let-me-in"}, world.token("admin")):
        assert (await browser.get("/console/", headers=headers)).status_code == 303


async def test_signing_in_begins_a_new_session_and_leads_where_one_wanted_to_go(
    browser: httpx.AsyncClient, world: World
) -> None:
    led = await browser.get("/console/dead-letters?state=all&queue=content")
    door = await browser.get(led.headers["location"])
    assert door.status_code == 200
    action = re.search(r'action="([^"]+)"', door.text)
    assert action is not None
    entered = await browser.post(
        action[1].replace("&amp;", "&"), data={"name": NAMES["operator"], "password": PASSWORD}
    )
    assert entered.status_code == 303
    assert entered.headers["location"] == "/console/dead-letters?state=all&queue=content"
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    inside = await browser.get(entered.headers["location"])
    assert NAMES["operator"] in inside.text
    assert (await browser.get("/console/sign-in")).headers["location"] == "/console/"
    (session,) = world.sql("SELECT user_id FROM sessions")
    assert session["user_id"] == world.people["operator"].id


async def test_over_https_the_cookie_is_of_this_host_and_secure(app: FastAPI, world: World) -> None:  # noqa: ARG001
    async with reached(app, HERE, "https://api") as client:
        client.headers["Origin"] = "https://api"
        entered = await client.post("/console/sign-in", data={"name": NAMES["viewer"], "password": PASSWORD})
        assert entered.headers["set-cookie"].startswith("__Host-millrace_session=")
        assert entered.headers["set-cookie"].endswith("; Secure")
        assert (await client.get("/console/")).status_code == 200


OUTSIDE: Final = ("https://evil.example/", "//evil.example", "/console", "/v1/me", "/console/\\evil", "/console/\nx: y")


async def test_nobody_is_led_out_of_the_console(browser: httpx.AsyncClient, world: World) -> None:
    inside = signed_in(world, "viewer")
    for wanted in OUTSIDE:
        browser.cookies = httpx.Cookies(inside)
        entered = await browser.get("/console/sign-in", params={"next": wanted})
        assert entered.headers["location"] == "/console/", wanted


async def test_a_wrong_password_is_refused_without_saying_what_was_wrong(
    browser: httpx.AsyncClient, world: World
) -> None:
    told = set()
    for name in (NAMES["viewer"], "nobody"):
        answer = await browser.post("/console/sign-in", data={"name": name, "password": "wrong password"})
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        assert "wrong password" not in answer.text
        told.add(answer.text.replace(name, ""))
    assert len(told) == 1
    assert world.sql("SELECT * FROM sessions") == []


async def test_another_site_signs_nobody_in(browser: httpx.AsyncClient, world: World) -> None:
    browser.headers["Sec-Fetch-Site"] = "cross-site"
    answer = await browser.post("/console/sign-in", data={"name": NAMES["viewer"], "password": PASSWORD})
    assert answer.status_code == 403
    assert world.sql("SELECT * FROM sessions") == []


async def test_signing_out_ends_the_session(browser: httpx.AsyncClient, world: World) -> None:
    cookie = signed_in(world, "viewer")
    answer = await ask(browser, "POST", "/console/sign-out", cookie, proof(cookie))
    assert answer.headers["location"] == "/console/sign-in"
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert world.sql("SELECT * FROM sessions") == []


async def test_every_page_forbids_what_it_does_not_need(browser: httpx.AsyncClient, world: World) -> None:
    browser.cookies = httpx.Cookies(signed_in(world, "viewer"))
    for path in ("/", "/dead-letters", "/dead-letters/1", "/nowhere", "/static/console.js", "/sign-in"):
        answer = await browser.get(f"/console{path}")
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';"), path
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] in {"no-store", "no-cache"}
        assert (
            not re.search(r"<script(?! src=\"/console/)|<style|\son\w+=|style=|https?://", answer.text) or ".js" in path
        )
