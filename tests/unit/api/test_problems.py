"""Whatever goes wrong is a problem document that says what to do next."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from producers.api import problems
from producers.api.failures import TRANSLATION
from shared.errors import UpstreamAway
from tests.unit.api.fakes import MemoryLive, MemoryShelf

pytestmark = pytest.mark.anyio

ADMIN = {"Authorization": "Bearer let-me-in"}


def check(answer: httpx.Response, status: int, slug: str) -> dict[str, object]:
    """Check all that is true of every problem document, and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    document: dict[str, object] = answer.json()
    assert document["type"] == f"urn:millrace:problem:{slug}"
    assert document["status"] == status
    assert document["instance"] == answer.request.url.path
    assert document["request_id"] == answer.headers["x-request-id"]
    for said in ("title", "detail", "next"):
        assert document[said], said
    return document


async def test_an_unknown_page(client: httpx.AsyncClient) -> None:
    check(await client.get("/nowhere"), 404, "no-such-page")


async def test_a_method_that_a_page_does_not_know(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/series/1")
    check(answer, 405, "wrong-method")
    assert answer.headers["allow"] == "GET"


async def test_the_database_away_says_when_to_come_back_and_nothing_about_its_address(
    client: httpx.AsyncClient, shelf: MemoryShelf
) -> None:
    shelf.away = True
    for path in ("/series/1", "/ready", "/v1/dead-letters", "/v1/messages/1"):
        answer = await client.get(path, headers=ADMIN)
        check(answer, 503, "database-away")
        assert int(answer.headers["retry-after"]) > 0
        assert "db.internal" not in answer.text


async def test_the_process_is_alive_without_a_database(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


async def test_an_error_nobody_expected_is_500_and_shows_nothing_of_itself(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("secret inside")

    answer = await client.get("/broken")
    check(answer, 500, "internal")
    assert "secret" not in answer.text


async def test_a_payload_that_does_not_fit_names_its_fields(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/messages/scrape.series.save", headers=ADMIN, json={"tvdb_id": "x", "mistake": 1})
    document = check(answer, 422, "contract-violation")
    assert document["errors"] == [
        {"field": "body.tvdb_id", "problem": "Input should be a valid integer"},
        {"field": "body.mistake", "problem": "Extra inputs are not permitted"},
    ]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
async def test_a_body_that_is_no_object_does_not_fit_either(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/v1/messages/scrape.series.save", headers=ADMIN, content=body)
    check(answer, 422, "contract-violation")


async def test_an_unknown_kind(client: httpx.AsyncClient) -> None:
    document = check(await client.post("/v1/messages/scrape.nothing", headers=ADMIN, json={}), 404, "unknown-kind")
    assert "scrape.nothing" in str(document["detail"])


async def test_a_version_that_no_release_knows(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/messages/scrape.series.save?schema=9", headers=ADMIN, json={"tvdb_id": 1})
    check(answer, 422, "contract-violation")


async def test_a_body_too_large(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/messages/scrape.series.save", headers=ADMIN, content=b" " * (1024 * 1024 + 1))
    check(answer, 413, "too-large")


@pytest.mark.parametrize(
    ("query", "headers", "field"),
    [
        ("priority=10", {}, "query.priority"),
        ("delay=-1", {}, "query.delay"),
        ("expires=0", {}, "query.expires"),
        ("delay=60&expires=30", {}, "query.expires"),
        ("message_id=a b", {}, "query.message_id"),
        ("message_id=a", {"Idempotency-Key": "b"}, "query.message_id"),
        ("", {"Idempotency-Key": "a b"}, "header.idempotency-key"),
        ("delay=nan", {}, "query.delay"),
    ],
)
async def test_terms_that_make_no_sense_name_the_parameter(
    client: httpx.AsyncClient, query: str, headers: dict[str, str], field: str
) -> None:
    answer = await client.post(
        f"/v1/messages/scrape.series.save?{query}", headers={**ADMIN, **headers}, json={"tvdb_id": 1}
    )
    document = check(answer, 422, "invalid-request")
    assert [error["field"] for error in document["errors"]] == [field]  # type: ignore[attr-defined]


async def test_thetvdb_away_is_a_problem_of_its_own(client: httpx.AsyncClient, live: MemoryLive) -> None:
    live.entities["series:1"] = UpstreamAway("tvdb", "answered 500")
    check(await client.get("/series/1"), 503, "upstream-away")


def test_every_sort_of_problem_has_a_name_of_its_own() -> None:
    slugs = [sort.slug for sort in problems.SORTS]
    assert len(slugs) == len(set(slugs)) > 15


def test_every_translation_is_for_an_exception() -> None:
    assert all(issubclass(kind, Exception) for kind in TRANSLATION)
