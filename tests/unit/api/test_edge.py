"""The edge around every request: its id and its measure."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from producers.api.edge import Edge
from tests.unit.api.fakes import MemoryShelf, copy_of

pytestmark = pytest.mark.anyio


def counted(route: str, status: str, method: str = "GET") -> float:
    labels = {"method": method, "route": route, "status": status}
    return REGISTRY.get_sample_value("millrace_http_requests_total", labels) or 0.0


async def test_every_answer_has_the_id_of_its_request(client: httpx.AsyncClient) -> None:
    first, second = await client.get("/health"), await client.get("/health")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_a_request_keeps_the_id_that_it_came_with(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health", headers={"X-Request-ID": "abc-123"})
    assert answer.headers["x-request-id"] == "abc-123"


async def test_no_browser_guesses_what_an_answer_is(client: httpx.AsyncClient) -> None:
    for path in ("/health", "/metrics", "/docs", "/nowhere", "/v1/me"):
        assert (await client.get(path)).headers["x-content-type-options"] == "nosniff"


async def test_what_was_given_to_somebody_with_a_role_is_kept_by_no_cache(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/v1/contracts")
    assert "no-store" not in answer.headers.get("cache-control", "")
    answer = await client.post("/v1/messages/no.such.kind", json={}, headers={"Authorization": "Bearer let-me-in"})
    assert answer.headers["cache-control"] == "no-store"


async def test_only_over_https_are_browsers_told_to_come_by_nothing_else(app: FastAPI) -> None:
    transport = httpx.ASGITransport(app)
    for scheme, told in (("https", "max-age=31536000"), ("http", None)):
        async with httpx.AsyncClient(transport=transport, base_url=f"{scheme}://test") as client:
            assert (await client.get("/health")).headers.get("strict-transport-security") == told


@pytest.mark.parametrize("bad", ["", "a" * 101, "a b", 'a"b', "{}"])
async def test_an_id_that_would_spoil_a_log_line_is_replaced(client: httpx.AsyncClient, bad: str) -> None:
    answer = await client.get("/health", headers={"X-Request-ID": bad})
    assert answer.headers["x-request-id"] != bad
    assert len(answer.headers["x-request-id"]) == 36


async def test_requests_are_counted_by_the_template_of_their_route(
    client: httpx.AsyncClient, shelf: MemoryShelf
) -> None:
    shelf.copies["series:4711"] = copy_of("x")
    before = counted("/series/{tvdb_id}", "200"), counted("unmatched", "404", "any")
    await client.get("/series/4711")
    await client.get("/4711")
    assert counted("/series/{tvdb_id}", "200") == before[0] + 1
    assert counted("unmatched", "404", "any") == before[1] + 1
    text = (await client.get("/metrics")).text
    assert "millrace_http_seconds_bucket" in text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert not any("4711" in value for sample in samples for value in sample.labels.values()), "no ids in labels"


async def test_a_method_that_somebody_made_up_is_counted_as_another(client: httpx.AsyncClient) -> None:
    before = counted("/health", "405", "other")
    await client.request("BREW", "/health")
    assert counted("/health", "405", "BREW") == 0
    assert counted("/health", "405", "other") == before + 1


async def test_an_answer_that_breaks_off_is_not_mended_with_a_second_one() -> None:
    async def breaks_off(_scope: object, _receive: object, send: object) -> None:
        assert callable(send)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("in the middle")

    sent: list[str] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(str(message["type"]))

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    with pytest.raises(RuntimeError):
        await Edge(breaks_off)(scope, receive, send)  # type: ignore[arg-type]
    assert sent == ["http.response.start"]


async def test_what_can_be_read_has_a_head(client: httpx.AsyncClient, shelf: MemoryShelf) -> None:
    shelf.copies["series:1"] = copy_of("a body")
    whole, head = await client.get("/series/1"), await client.head("/series/1")
    assert (head.status_code, head.content) == (200, b"")
    alike = ("etag", "content-length", "content-type", "x-millrace-source")
    assert [head.headers[name] for name in alike] == [whole.headers[name] for name in alike]
    assert (await client.head("/nowhere")).status_code == 404
