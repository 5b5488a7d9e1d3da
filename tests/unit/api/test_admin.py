"""Who may do what: every route there is, without a token, with a wrong one, and with none configured."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from producers.api.app import create_app
from shared.settings import Settings

pytestmark = pytest.mark.anyio

PUBLIC = {
    ("GET", "/series/{tvdb_id}"),
    ("GET", "/movie/{tvdb_id}"),
    ("GET", "/person/{tvdb_id}"),
    ("GET", "/search"),
    ("GET", "/adaptations"),
    ("GET", "/works/{wikidata_id}"),
    ("GET", "/screen-works/{wikidata_id}"),
    ("GET", "/minifigures"),
    ("GET", "/minifigures/{set_number}"),
    ("GET", "/minifigures/{set_number}/prices"),
    ("GET", "/health"),
    ("GET", "/ready"),
    ("GET", "/metrics"),
    ("GET", "/v1/contracts"),
    ("GET", "/asyncapi.json"),
}
"""All that anybody may do. A route that is not here needs the token, whatever it is."""


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    for path, operations in app.openapi()["paths"].items():
        for method in operations:
            yield method.upper(), path


ROUTES = sorted(routes(create_app(Settings())))
GUARDED = [route for route in ROUTES if route not in PUBLIC]


def address(path: str) -> str:
    """Return a path whose parameters are made up."""
    return re.sub(r"\{[^}]+\}", "1", path)


def test_there_are_public_and_guarded_routes() -> None:
    assert set(ROUTES) >= PUBLIC
    assert len(GUARDED) >= 5
    assert all(method == "GET" for method, _ in PUBLIC)


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_without_a_token_nobody_gets_in(client: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, address(path))
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:millrace:problem:token-missing")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("given", ["Bearer wrong", "Bearer let-me-i", "Bearer let-me-in-too", "Bearer \u00e9"])
@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_with_a_wrong_token_nobody_gets_in(client: httpx.AsyncClient, method: str, path: str, given: str) -> None:
    answer = await client.request(method, address(path), headers=[(b"Authorization", given.encode())])
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:millrace:problem:token-wrong")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("given", ["Basic bGV0LW1lLWlu", "let-me-in"])
@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_no_other_scheme_gets_in(client: httpx.AsyncClient, method: str, path: str, given: str) -> None:
    answer = await client.request(method, address(path), headers={"Authorization": given})
    assert answer.status_code == 401


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_the_token_gets_in(client: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, address(path), headers={"Authorization": "Bearer let-me-in"})
    assert answer.status_code not in {401, 403}


@pytest.mark.parametrize(("method", "path"), sorted(PUBLIC))
async def test_anybody_may_read(client: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, address(path))
    assert answer.status_code not in {401, 403}


class TestWithoutAnyTokenConfigured:
    @pytest.fixture(params=[None, ""])
    def settings(self, request: pytest.FixtureRequest) -> Settings:
        return Settings(MILLRACE_ADMIN_TOKEN=request.param)

    @pytest.mark.parametrize("given", ["Bearer ", "Bearer None", "Bearer x", None])
    @pytest.mark.parametrize(("method", "path"), GUARDED)
    async def test_nobody_gets_in_at_all(
        self, client: httpx.AsyncClient, method: str, path: str, given: str | None
    ) -> None:
        headers = {} if given is None else {"Authorization": given}
        answer = await client.request(method, address(path), headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:millrace:problem:admin-disabled")


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_the_document_says_which_routes_need_the_token(app: FastAPI, method: str, path: str) -> None:
    operation = app.openapi()["paths"][path][method.lower()]
    assert operation["security"] == [{"admin": []}]
    assert {"401", "403"} <= operation["responses"].keys()
