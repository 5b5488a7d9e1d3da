"""Every route there is, asked by everybody there is: what the table says is what they may, at once when it changes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shared.accounts import sessions, tokens, users
from shared.accounts.roles import ROLES, Role, may
from tests.integration.accounts.conftest import NAMES, SECRET, World
from tests.unit.api.access import GUARDED, NEEDS, address

pytestmark = pytest.mark.anyio

BY = ("token", "cookie")


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("role", ROLES)
async def test_each_role_may_what_the_table_says_on_every_route(
    client: httpx.AsyncClient, world: World, role: Role, by: str
) -> None:
    refused = {}
    for method, path in GUARDED:
        # A new one for each: one of these routes signs out.
        answer = await client.request(method, address(path), headers=getattr(world, by)(role))
        assert answer.status_code != 401, (method, path, answer.text)
        if answer.status_code == 403:
            assert answer.json()["type"] == "urn:millrace:problem:role-too-low"
            refused[method, path] = NEEDS[method, path]
            assert f"needs the role {NEEDS[method, path]}; {NAMES[role]} is {role}" in answer.json()["detail"]
    assert refused == {route: least for route, least in NEEDS.items() if not may(role, least)}


async def everywhere(client: httpx.AsyncClient, headers: dict[str, str]) -> set[tuple[int, str]]:
    told = set()
    for method, path in GUARDED:
        answer = await client.request(method, address(path), headers=headers)
        told.add((answer.status_code, answer.json()["type"].rpartition(":")[2]))
    return told


def signed_out(world: World, headers: dict[str, str]) -> None:
    world.do(users.revoke, tokens.read([SECRET], headers["Authorization"].removeprefix("Bearer ")))


async def test_a_revoked_token_opens_nothing(client: httpx.AsyncClient, world: World) -> None:
    headers = world.token("admin")
    signed_out(world, headers)
    assert await everywhere(client, headers) == {(401, "token-revoked")}
    assert (await client.get("/v1/me", headers=world.token("admin"))).status_code == 200


async def test_a_closed_session_opens_nothing(client: httpx.AsyncClient, world: World) -> None:
    headers = world.cookie("admin")
    world.do(sessions.close_session, headers["Cookie"].partition("=")[2])
    assert await everywhere(client, headers) == {(401, "session-over")}


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("change", ["disable", "remove", "set_password"])
async def test_who_is_disabled_removed_or_given_another_password_is_out_at_once(
    client: httpx.AsyncClient, world: World, change: str, by: str
) -> None:
    headers: dict[str, str] = getattr(world, by)("admin")
    assert (await client.get("/v1/me", headers=headers)).status_code == 200
    more = ("another hash",) if change == "set_password" else ()
    world.do(getattr(users, change), NAMES["admin"].upper(), *more)
    answer = await client.get("/v1/me", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["type"] in {"urn:millrace:problem:token-revoked", "urn:millrace:problem:session-over"}


@pytest.mark.parametrize("by", BY)
async def test_who_is_enabled_again_has_to_sign_in_again(client: httpx.AsyncClient, world: World, by: str) -> None:
    headers: dict[str, str] = getattr(world, by)("admin")
    world.do(users.disable, "anna")
    world.do(users.enable, "anna")
    assert (await client.get("/v1/me", headers=headers)).status_code == 401


@pytest.mark.parametrize("by", BY)
async def test_a_role_is_what_the_database_says_now_and_not_what_the_token_said(
    client: httpx.AsyncClient, world: World, by: str
) -> None:
    headers: dict[str, str] = getattr(world, by)("admin")
    world.do(users.set_role, "anna", "viewer")
    assert (await client.get("/v1/me", headers=headers)).json()["role"] == "viewer"
    refused = await client.post("/v1/admin/sync-catalog", headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:millrace:problem:role-too-low")
    world.do(users.set_role, "anna", "operator")
    assert (await client.post("/v1/admin/sync-catalog", headers=headers)).status_code == 202


async def test_a_bearer_token_goes_before_a_cookie(client: httpx.AsyncClient, world: World) -> None:
    both = world.cookie("admin") | world.token("viewer")
    assert (await client.get("/v1/me", headers=both)).json()["role"] == "viewer"


async def test_what_is_done_is_recorded_under_the_users_name_whatever_a_header_says(
    client: httpx.AsyncClient, world: World
) -> None:
    body: dict[str, Any] = {"name": "nightly", "kind": "maintenance.health", "crontab": "0 1 * * *"}
    sent = world.token("admin") | {"X-Millrace-Actor": "somebody else"}
    made = await client.post("/v1/schedules", json=body, headers=sent)
    assert made.status_code == 201, made.text
    assert [row["changed_by"] for row in world.sql("SELECT changed_by FROM schedules WHERE name = 'nightly'")] == [
        "anna"
    ]
    sent["Authorization"] = "Bearer let-me-in"
    await client.patch("/v1/schedules/nightly", json={"crontab": "0 2 * * *"}, headers=sent)
    (row,) = world.sql("SELECT changed_by FROM schedules WHERE name = 'nightly'")
    assert row["changed_by"] == "somebody else"


async def test_last_seen_is_written_once_in_some_minutes(client: httpx.AsyncClient, world: World) -> None:
    def seen() -> Any:
        return world.sql("SELECT last_seen_at FROM users WHERE name = 'anna'")[0]["last_seen_at"]

    assert seen() is None
    headers = world.token("admin")
    await client.get("/v1/me", headers=headers)
    first = seen()
    assert first is not None
    await client.get("/v1/me", headers=headers)
    assert seen() == first
    world.sql("UPDATE users SET last_seen_at = now() - interval '6 minutes' WHERE name = 'anna'")
    await client.get("/v1/me", headers=headers)
    assert seen() > first
