"""Sessions of browsers: what the cookie is, when it ends, and what is kept of it."""

from __future__ import annotations

import hashlib

import httpx
import pytest

from shared.accounts import sessions, users
from shared.accounts.sessions import close_session, forget_sessions, open_session, session_user
from tests.integration.accounts.conftest import Client, World

pytestmark = pytest.mark.anyio


@pytest.fixture
def token(world: World) -> str:
    return str(world.do(open_session, world.people["operator"], "Mozilla/5.0"))


def of(world: World, token: str) -> str | None:
    user = world.do(session_user, token)
    return None if user is None else user.name


def test_a_session_is_of_who_opened_it_until_it_is_closed(world: World, token: str) -> None:
    other = world.do(open_session, world.people["operator"])
    assert of(world, token) == "otto@example.org"
    world.do(close_session, token)
    world.do(close_session, token)
    assert (of(world, token), of(world, other)) == (None, "otto@example.org")


def test_no_other_token_is_of_anybody(world: World, token: str) -> None:
    assert [of(world, wrong) for wrong in ("", "x", "\0", "\ud800", "x" * 10_000, token[:-1])] == [None] * 6


def test_the_database_has_the_digest_alone(world: World, token: str) -> None:
    (row,) = world.sql("SELECT * FROM sessions")
    assert bytes(row["id"]) == hashlib.sha256(token.encode()).digest()
    assert token not in str(row)
    assert row["user_agent"] == "Mozilla/5.0"


def test_what_a_browser_calls_itself_is_cut_and_cleaned(world: World) -> None:
    world.do(open_session, world.people["viewer"], "a\0b" + "c" * 10_000)
    (row,) = world.sql("SELECT user_agent FROM sessions")
    assert row["user_agent"].startswith("abc")
    assert len(row["user_agent"]) < 301


def test_a_session_ends_when_it_is_old(world: World, token: str) -> None:
    world.sql("UPDATE sessions SET expires_at = now()")
    assert of(world, token) is None


def test_a_session_ends_when_it_was_left_idle(world: World, token: str) -> None:
    world.sql("UPDATE sessions SET last_seen_at = now() - %s * interval '1 hour'", sessions.IDLE)
    assert of(world, token) is None


def test_use_keeps_a_session_from_being_idle_but_not_from_growing_old(world: World, token: str) -> None:
    world.sql("UPDATE sessions SET last_seen_at = now() - interval '1 hour'")
    before = world.sql("SELECT expires_at FROM sessions")
    assert of(world, token) is not None
    (row,) = world.sql("SELECT now() - last_seen_at < interval '1 minute' AS fresh, expires_at FROM sessions")
    assert row["fresh"]
    assert [{"expires_at": row["expires_at"]}] == before


@pytest.mark.parametrize("change", ["disable", "remove"])
def test_who_is_disabled_or_removed_has_no_session_any_more(world: World, token: str, change: str) -> None:
    world.do(getattr(users, change), "otto@example.org")
    assert of(world, token) is None
    assert world.sql("SELECT * FROM sessions") == []


def test_another_password_ends_the_sessions_of_that_user_alone(world: World, token: str) -> None:
    other = world.do(open_session, world.people["viewer"])
    world.do(users.set_password, "otto@example.org", "another hash")
    assert (of(world, token), of(world, other)) == (None, "Vera")


def test_what_is_over_is_forgotten_in_slices_and_what_goes_on_stays(world: World, token: str) -> None:
    for _ in range(3):
        world.do(open_session, world.people["viewer"])
    world.sql("UPDATE sessions SET expires_at = now() WHERE user_id = %s", world.people["viewer"].id)
    assert [world.do(forget_sessions, 2) for _ in range(3)] == [2, 1, 0]
    assert of(world, token) is not None


def test_revoked_tokens_are_forgotten_when_they_have_long_expired(world: World) -> None:
    user = world.people["viewer"].id
    world.sql(
        "INSERT INTO revoked_tokens (jti, user_id, expires_at) SELECT 't' || day, %s, now() - day * interval '1 day'"
        " FROM generate_series(-1, 40, 10) AS day",
        user,
    )
    assert [world.do(users.forget_revoked, 20, 1) for _ in range(3)] == [1, 1, 0]
    assert [row["jti"] for row in world.sql("SELECT jti FROM revoked_tokens ORDER BY expires_at")] == [
        "t19",
        "t9",
        "t-1",
    ]


async def test_signing_out_closes_the_session_and_takes_the_cookie_back(
    client: httpx.AsyncClient, world: World
) -> None:
    headers = world.cookie("viewer")
    me = await client.get("/v1/me", headers=headers)
    assert me.json() == {"name": "Vera", "role": "viewer", "via": "session", "expires_at": None}
    answer = await client.post("/v1/sign-out", headers=headers)
    assert answer.status_code == 204
    assert answer.headers["set-cookie"] == "millrace_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict"
    assert (await client.get("/v1/me", headers=headers)).status_code == 401
    assert world.sql("SELECT * FROM sessions") == []


async def test_over_https_only_the_cookie_that_a_browser_guards_counts(token: str, elsewhere: Client) -> None:
    secure = await elsewhere(base_url="https://api")
    assert (await secure.get("/v1/me", headers={"Cookie": f"{sessions.COOKIE}={token}"})).status_code == 401
    good = await secure.get("/v1/me", headers={"Cookie": f"{sessions.SECURE_COOKIE}={token}"})
    assert good.json()["name"] == "otto@example.org"


def test_the_cookie_is_kept_from_scripts_and_other_sites_and_over_https_from_plain_http() -> None:
    assert sessions.set_cookie("t", secure=True) == (
        "__Host-millrace_session=t; Max-Age=43200; Path=/; HttpOnly; SameSite=Strict; Secure"
    )
    assert (
        sessions.set_cookie("t", secure=False) == "millrace_session=t; Max-Age=43200; Path=/; HttpOnly; SameSite=Strict"
    )
