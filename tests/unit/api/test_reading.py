"""The catalogue's routes: status, headers and body of every way to be answered."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from producers.api.answers import Hit
from producers.api.live import Document, Hits
from producers.api.screen import tags
from shared import clock
from shared.errors import UpstreamAway, UpstreamGone
from tests.unit.api.fakes import MemoryLive, MemoryShelf, copy_of

pytestmark = pytest.mark.anyio


async def test_a_stored_copy_says_where_it_is_from_and_how_old_it_is(
    client: httpx.AsyncClient, shelf: MemoryShelf
) -> None:
    shelf.copies["series:1"] = copy_of('{"tvdb_id": 1}', days=2)
    answer = await client.get("/series/1")
    assert answer.status_code == 200
    assert answer.json() == {"tvdb_id": 1}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-millrace-source"] == "database"
    assert abs(int(answer.headers["age"]) - 2 * 86400) < 10
    wanted = (clock.now() - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    assert answer.headers["x-millrace-synced-at"].startswith(wanted)
    assert answer.headers["x-millrace-synced-at"].endswith("Z")
    assert answer.headers["cache-control"] == "no-cache"
    assert not {"warning", "x-millrace-stale"} & answer.headers.keys()


async def test_a_live_answer_has_no_etag(client: httpx.AsyncClient, live: MemoryLive) -> None:
    live.entities["movie:2"] = Document(b'{"tvdb_id": 2}')
    answer = await client.get("/movie/2")
    assert (answer.status_code, answer.json()) == (200, {"tvdb_id": 2})
    assert answer.headers["x-millrace-source"] == "tvdb"
    assert answer.headers["age"] == "0"
    assert "etag" not in answer.headers


async def test_a_stale_copy_says_so(client: httpx.AsyncClient, shelf: MemoryShelf, live: MemoryLive) -> None:
    shelf.copies["person:3"] = copy_of('{"tvdb_id": 3}', days=15)
    live.entities["person:3"] = UpstreamAway("tvdb", "answered 503")
    answer = await client.get("/person/3")
    assert (answer.status_code, answer.json()) == (200, {"tvdb_id": 3})
    assert answer.headers["x-millrace-source"] == "database"
    assert answer.headers["x-millrace-stale"] == "true"
    assert answer.headers["x-millrace-stale-reason"] == "upstream-away"
    assert answer.headers["warning"] == '110 millrace "Response is Stale"'


async def test_who_has_the_version_gets_304_without_a_body(client: httpx.AsyncClient, shelf: MemoryShelf) -> None:
    shelf.copies["series:1"] = copy_of("one")
    first = await client.get("/series/1")
    for condition in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
        again = await client.get("/series/1", headers={"If-None-Match": condition})
        assert (again.status_code, again.content) == (304, b""), condition
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["x-millrace-source"] == "database"
    shelf.copies["series:1"] = copy_of("two")
    changed = await client.get("/series/1", headers={"If-None-Match": first.headers["etag"]})
    assert (changed.status_code, changed.text) == (200, "two")


@pytest.mark.parametrize(
    ("header", "versions"),
    [
        (None, []),
        ('"a"', ["a"]),
        ('W/"a", "b"', ["a", "b"]),
        ("*", ["*"]),
        ('"a,b"', ["a,b"]),
        ("nonsense", []),
        ('"*"', ["*"]),
    ],
)
def test_if_none_match_is_read_as_http_has_it(header: str | None, versions: list[str]) -> None:
    assert list(tags(header)) == versions


async def test_what_thetvdb_does_not_have_is_404(client: httpx.AsyncClient, live: MemoryLive) -> None:
    live.entities["series:9"] = UpstreamGone("tvdb", "series 9")
    answer = await client.get("/series/9")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:millrace:problem:no-such-entity"


async def test_what_thetvdb_had_once_is_410(client: httpx.AsyncClient, shelf: MemoryShelf) -> None:
    shelf.copies["series:9"] = copy_of("x", days=1, gone=True)
    answer = await client.get("/series/9")
    assert answer.status_code == 410
    assert answer.json()["type"] == "urn:millrace:problem:entity-gone"


async def test_nothing_stored_and_thetvdb_away_is_503_with_the_seconds_to_wait(
    client: httpx.AsyncClient, live: MemoryLive
) -> None:
    live.entities["series:9"] = UpstreamAway("tvdb", "answered 503", retry_after=33.4)
    answer = await client.get("/series/9")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "33"
    assert answer.json()["type"] == "urn:millrace:problem:upstream-away"
    assert "answered 503" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/series/0", "/series/-1", "/movie/2147483648", "/person/abc"])
async def test_an_id_that_can_be_none_is_422_and_names_the_field(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["path.tvdb_id"]


async def test_search_hands_everything_on_and_answers_a_page(client: httpx.AsyncClient, live: MemoryLive) -> None:
    hit = Hit(
        entity_type="series",
        tvdb_id=1,
        name="Skavl",
        original_name="Skavl",
        overview=None,
        year=2020,
        status=None,
        first_aired=None,
        network=None,
        country="nor",
        language="nor",
        image=None,
        aliases=[],
    )
    live.found = Hits([hit], full=True)
    answer = await client.get("/search", params={"q": "skavl", "type": "series", "offset": 10, "limit": 5})
    assert answer.status_code == 200
    assert live.searched == [("skavl", "series", 10, 5)]
    page = answer.json()
    assert (page["query"], page["type"], page["offset"], page["limit"], page["next_offset"]) == (
        "skavl",
        "series",
        10,
        5,
        15,
    )
    assert page["results"] == [hit.model_dump()]
    assert answer.headers["x-millrace-source"] == "tvdb"


async def test_the_last_page_of_a_search_has_no_next(client: httpx.AsyncClient) -> None:
    assert (await client.get("/search", params={"q": "skavl"})).json()["next_offset"] is None


async def test_a_search_that_thetvdb_cannot_answer_is_503(client: httpx.AsyncClient, live: MemoryLive) -> None:
    live.found = UpstreamAway("tvdb", "answered 502")
    answer = await client.get("/search", params={"q": "skavl"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "query.q"),
        ({"q": ""}, "query.q"),
        ({"q": "x", "type": "company"}, "query.type"),
        ({"q": "x", "limit": 101}, "query.limit"),
        ({"q": "x", "offset": 5000}, "query.offset"),
    ],
)
async def test_a_search_that_makes_no_sense_is_422(
    client: httpx.AsyncClient, params: dict[str, str], field: str
) -> None:
    answer = await client.get("/search", params=params)
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, [field])
