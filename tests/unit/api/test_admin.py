"""Who may do what, as far as no database is needed to tell; the integration tests go on with users and sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import timedelta
from typing import Final

import httpx
import jwt
import pytest
from fastapi import FastAPI

from shared import clock
from shared.accounts import sessions, tokens
from shared.accounts.roles import ROLES
from shared.settings import Settings
from tests.unit.api.access import GUARDED, NEEDS, PUBLIC, ROUTES, Route, address

pytestmark = pytest.mark.anyio

SECRET: Final = "a-secret-of-more-than-thirty-two-characters"
HOUR: Final = timedelta(hours=1)
EXPIRED: Final = tokens.issue(SECRET, 1, "admin", 1, at=clock.now() - 2 * HOUR, lifetime=HOUR)[0]
OF_ANOTHER: Final = tokens.issue(SECRET[::-1], 1, "admin", 1, at=clock.now(), lifetime=HOUR)[0]
UNSIGNED: Final = jwt.encode({"sub": "1", "gen": 1, "jti": "1", "iat": 1, "exp": 2**40}, "", algorithm="none")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def settings() -> Settings:
    return Settings(MILLRACE_ADMIN_TOKEN="let-me-in", MILLRACE_TOKEN_SECRET=SECRET)


def test_every_route_is_either_public_or_in_the_table_with_its_least_role() -> None:
    assert set(ROUTES) == PUBLIC | NEEDS.keys(), "write into tests/unit/api/access.py who may use a new route"
    assert not PUBLIC & NEEDS.keys()


def test_what_is_public_only_reads_but_for_signing_in() -> None:
    assert {route for route in PUBLIC if route[0] != "GET"} == {("POST", "/v1/sign-in")}


def test_whatever_changes_something_needs_an_operator_at_least_but_for_signing_out() -> None:
    changing = {route for route, role in NEEDS.items() if route[0] != "GET" and role == "viewer"}
    assert changing == {("POST", "/v1/sign-out")}


def test_the_document_says_which_role_each_route_needs(app: FastAPI) -> None:
    told = {}
    for method, path in GUARDED:
        operation = app.openapi()["paths"][path][method.lower()]
        assert {"401", "403"} <= operation["responses"].keys(), path
        (token,), (session,) = (way.values() for way in operation["security"])
        assert token == session
        told[method, path] = max(token, key=ROLES.index)
    assert told == NEEDS


def test_the_document_says_of_no_public_route_that_it_needs_anything(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    assert [route for route in sorted(PUBLIC) if "security" in paths[route[1]][route[0].lower()]] == []


async def answers(
    client: httpx.AsyncClient, headers: Mapping[str, str], of: Iterable[Route] = GUARDED
) -> dict[Route, tuple[int, str]]:
    """Return what each route answers to a request with these headers: the status, and the sort of problem."""
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    told = {}
    for method, path in of:
        answer = await client.request(method, address(path), headers=sent)
        if answer.status_code == 401:
            assert answer.headers["www-authenticate"].startswith("Bearer"), path
        told[method, path] = answer.status_code, answer.json()["type"] if answer.status_code >= 400 else ""
    return told


def all_of_them(status: int, slug: str, of: Iterable[Route] = GUARDED) -> dict[Route, tuple[int, str]]:
    return dict.fromkeys(of, (status, f"urn:millrace:problem:{slug}"))


async def test_without_credentials_nobody_gets_in(client: httpx.AsyncClient) -> None:
    assert await answers(client, {}) == all_of_them(401, "token-missing")


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[1]", b'"x"', b"\0" * (1024 * 1024 + 1)], ids=range(5))
async def test_whoever_may_not_ask_hears_that_and_nothing_of_the_body(client: httpx.AsyncClient, body: bytes) -> None:
    for method, path in GUARDED:
        if method in {"GET", "DELETE"}:
            continue
        for headers, sort in (({}, "token-missing"), (bearer("wrong"), "token-wrong")):
            sent = {"Content-Type": "application/json", **headers}
            answer = await client.request(method, address(path), headers=sent, content=body)
            assert (answer.status_code, answer.json()["type"]) == (401, f"urn:millrace:problem:{sort}"), path


async def test_who_may_ask_hears_what_is_wrong_with_the_body(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json", **bearer("let-me-in")}
    answer = await client.post("/v1/messages/scrape.series.save", headers=headers, content=b"{")
    assert answer.status_code == 422


WRONG = ["wrong", "let-me-i", "let-me-in-too", "\u00e9", "a.b.c", "x" * 5000, OF_ANOTHER, UNSIGNED]


@pytest.mark.parametrize("given", WRONG, ids=range(len(WRONG)))
async def test_with_a_wrong_token_nobody_gets_in(client: httpx.AsyncClient, given: str) -> None:
    assert await answers(client, bearer(given)) == all_of_them(401, "token-wrong")


async def test_with_an_expired_token_nobody_gets_in(client: httpx.AsyncClient) -> None:
    assert await answers(client, bearer(EXPIRED)) == all_of_them(401, "token-expired")


async def test_who_is_refused_is_told_what_was_wrong_in_the_form_of_its_standard(client: httpx.AsyncClient) -> None:
    for given in ("wrong", EXPIRED):
        answer = await client.get("/v1/me", headers=bearer(given))
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("given", ["Basic bGV0LW1lLWlu", "let-me-in"])
async def test_no_other_scheme_gets_in(client: httpx.AsyncClient, given: str) -> None:
    assert await answers(client, {"Authorization": given}) == all_of_them(401, "token-missing")


async def test_the_admin_token_gets_in_everywhere(client: httpx.AsyncClient) -> None:
    told = await answers(client, bearer("let-me-in"))
    assert {route for route, (status, _) in told.items() if status in {401, 403}} == set()


async def test_anybody_may_use_what_is_public(client: httpx.AsyncClient) -> None:
    told = [(await client.request(method, address(path))).status_code for method, path in sorted(PUBLIC)]
    assert not {401, 403} & set(told)


CHANGING: Final = [route for route in GUARDED if route[0] != "GET"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://api"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://elsewhere"},
        {"Origin": "https://api"},
        {"Origin": "null"},
    ],
    ids=str,
)
async def test_a_cookie_alone_changes_nothing_when_another_site_may_have_sent_it(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    sent = {**headers, "Cookie": f"{sessions.COOKIE}=anything"}
    assert await answers(client, sent, CHANGING) == all_of_them(403, "cross-site", CHANGING)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Millrace-Request": "1"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://api"},
        {"X-Millrace-Request": "1", "Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
async def test_our_own_pages_get_as_far_as_the_database(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    sent = {**headers, "Cookie": f"{sessions.COOKIE}=anything"}
    answer = await client.post("/v1/sign-out", headers=sent)
    assert answer.json()["type"] == "urn:millrace:problem:database-away"


async def test_a_token_of_a_user_needs_the_database_and_the_admin_token_does_not(client: httpx.AsyncClient) -> None:
    good, _ = tokens.issue(SECRET, 1, "admin", 1, at=clock.now(), lifetime=HOUR)
    away = await client.get("/v1/me", headers=bearer(good))
    assert (away.status_code, away.json()["type"]) == (503, "urn:millrace:problem:database-away")
    mine = await client.get("/v1/me", headers=bearer("let-me-in"))
    assert mine.json() == {"name": "admin-token", "role": "admin", "via": "admin-token", "expires_at": None}


async def test_the_admin_token_cannot_sign_out(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/sign-out", headers=bearer("let-me-in"))
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:millrace:problem:not-signed-in")


class TestWithoutAnythingConfigured:
    @pytest.fixture(params=[None, ""])
    def settings(self, request: pytest.FixtureRequest) -> Settings:
        return Settings(MILLRACE_ADMIN_TOKEN=request.param)

    @pytest.mark.parametrize("given", ["Bearer ", "Bearer None", f"Bearer {EXPIRED}", None])
    async def test_no_token_gets_in_at_all(self, client: httpx.AsyncClient, given: str | None) -> None:
        headers = {} if given is None else {"Authorization": given}
        assert await answers(client, headers) == all_of_them(403, "admin-disabled")

    async def test_nobody_can_sign_in_and_is_told_why(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/v1/sign-in", json={"name": "anna", "password": "hunter2"})
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:millrace:problem:sign-in-disabled")
        assert "MILLRACE_TOKEN_SECRET" in answer.json()["detail"]
        assert int(answer.headers["retry-after"]) > 0


class TestWithTheAdminTokenAlone:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(MILLRACE_ADMIN_TOKEN="let-me-in")

    @pytest.mark.parametrize("given", [EXPIRED, OF_ANOTHER, UNSIGNED, "wrong"])
    async def test_every_other_token_is_wrong(self, client: httpx.AsyncClient, given: str) -> None:
        answer = await client.get("/v1/me", headers=bearer(given))
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:millrace:problem:token-wrong")


class TestWithTheSecretAlone:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(MILLRACE_TOKEN_SECRET=SECRET)

    @pytest.mark.parametrize("given", ["None", "x", ""])
    async def test_no_admin_token_is_guessed(self, client: httpx.AsyncClient, given: str) -> None:
        answer = await client.get("/v1/me", headers={"Authorization": f"Bearer {given}"})
        assert answer.status_code == 401


HIDDEN = "hunter2-hunter2"


@pytest.mark.parametrize(
    "body",
    [
        {"name": "anna"},
        {"name": 5, "password": HIDDEN},
        {"name": "anna", "password": [HIDDEN]},
        {"name": "anna", "password": HIDDEN, HIDDEN: 1},
        {"name": "", "password": HIDDEN},
        {"name": "anna", "password": HIDDEN * 100},
        {"name": "anna" * 30, "password": HIDDEN},
        [HIDDEN],
        HIDDEN,
    ],
    ids=range(9),
)
async def test_credentials_that_are_none_are_refused_and_never_quoted(client: httpx.AsyncClient, body: object) -> None:
    answer = await client.post("/v1/sign-in", json=body)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:millrace:problem:invalid-request")
    quoted = isinstance(body, dict) and HIDDEN in body  # the name of a field is told
    assert quoted or HIDDEN not in answer.text


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"name": "anna", "password": "hunter2-hunter2"'])
async def test_a_body_that_is_no_json_is_refused_and_never_quoted(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/v1/sign-in", content=body)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:millrace:problem:invalid-request")
    assert "hunter2" not in answer.text


async def test_a_body_without_end_is_read_no_further_than_it_may_be_long(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/sign-in", content=b" " * 20_000)
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:millrace:problem:too-large")


async def test_no_route_reads_on_and_on_before_it_looks_who_asks(client: httpx.AsyncClient) -> None:
    """FastAPI reads a body before it asks for credentials."""
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield b" " * 100_000

    for method, path in [*CHANGING, ("POST", "/v1/sign-in")]:
        taken = 0
        answer = await client.request(method, address(path), content=endless())
        assert answer.status_code in {401, 413}, path
        assert taken <= 11, path
