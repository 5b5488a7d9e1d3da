"""Every recorded answer of Wikidata's query service is read or refused; runs where such recordings are."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.catalog.adaptations.records import Edge
from shared.errors import RateLimited, UnreadableAnswer, UpstreamAway
from shared.settings import Settings
from shared.upstreams.answer import Answer
from shared.upstreams.wikidata import open_wikidata, read_adaptations
from shared.upstreams.wikidata.bindings import QueryTimedOut, item, label, rows_of, year
from tests.unit.upstreams.at_once import AtOnce

SIBLING = Path(__file__).parents[3] / "shared" / "upstreams" / "samples"
SAMPLES = Path(os.environ.get("MILLRACE_SAMPLES") or SIBLING) / "wikidata"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no recorded answers here; MILLRACE_SAMPLES says where")


def kind_of(body: bytes) -> str:
    """Return what a recording is, by its content: results, pairs (of queries and answers), timeout, page."""
    if b"TimeoutException" in body:
        return "timeout"
    try:
        parsed = json.loads(body)
    except ValueError:
        return "page"
    return "pairs" if isinstance(parsed, list) else "results"


def names(kind: str) -> list[str]:
    paths = sorted(SAMPLES.glob("*")) if SAMPLES.is_dir() else []
    return [path.name for path in paths if path.is_file() and kind_of(path.read_bytes()) == kind]


def answer(body: bytes) -> Answer:
    return Answer("wikidata", "a recording", 200, httpx.Headers(), body)


def recorded_pairs() -> list[Any]:
    return [one for name in names("pairs") for one in json.loads((SAMPLES / name).read_text())]


def fetched(response: httpx.Response) -> Any:
    """Return what our client makes of a service that always answers this."""
    client = httpx.Client(transport=httpx.MockTransport(lambda _: response))
    return open_wikidata(AtOnce(client, Settings(wikidata_url="https://wikidata.test/sparql"))).fetch_adaptations()


@pytest.mark.parametrize("name", names("results"))
def test_every_result_is_read_cell_by_cell(name: str) -> None:
    body = (SAMPLES / name).read_bytes()
    rows = rows_of(answer(body))
    assert rows == json.loads(body)["results"]["bindings"]
    assert rows
    for row in rows:
        for variable, cell in row.items():
            found = item(row, variable)
            assert (found is not None) == cell["value"].startswith("http://www.wikidata.org/entity/Q")
            if cell.get("datatype", "").endswith("#dateTime"):
                assert year(row, variable) == int(cell["value"][:4])
            if "xml:lang" in cell:
                assert label(row, variable) == cell["value"].strip()
    read_adaptations(rows)


@pytest.mark.parametrize("recorded", recorded_pairs(), ids=lambda one: str(one["id"]))
def test_every_recorded_query_has_an_answer_that_is_read_or_is_yes_or_no(recorded: Any) -> None:
    body = json.dumps(recorded["answer"]).encode()
    if "boolean" in recorded["answer"]:
        with pytest.raises(UnreadableAnswer, match=r"no results\.bindings"):
            rows_of(answer(body))
    else:
        assert rows_of(answer(body)) == recorded["answer"]["results"]["bindings"]


def test_adaptations_come_out_right_whichever_query_they_answer() -> None:
    body = (SAMPLES / "constructed_adaptations.json").read_bytes()
    found, problems = read_adaptations(fetched(httpx.Response(200, content=body)))
    assert [(one.wikidata_id, one.title, one.authors, one.year) for one in found.works] == [
        ("Q45875", "A Song of Ice and Fire", ("George R. R. Martin",), None),
        ("Q565911", "Anne of Green Gables", ("Lucy Maud Montgomery",), None),
        ("Q99999903", "An invented novel", (), None),
    ]
    assert [(one.wikidata_id, one.title, one.screen_type, one.year) for one in found.screen_works] == [
        ("Q23572", "Game of Thrones", "series", 2011),
        ("Q28091065", "Anne with an E", "series", 2017),
        ("Q99999902", "An invented film", "movie", 1968),
    ]
    assert (found.screen_works[0].imdb_id, found.screen_works[0].tvdb_id) == ("tt0944947", 121361)
    assert found.edges == (Edge("Q23572", "Q45875"), Edge("Q28091065", "Q565911"), Edge("Q99999902", "Q99999903"))
    assert [(one.item, one.left_out) for one in problems] == [("Q99999901", True)]


@pytest.mark.parametrize("name", names("timeout"))
def test_a_recorded_answer_that_ends_in_a_timeout_is_recognised(name: str) -> None:
    body = (SAMPLES / name).read_bytes()
    with pytest.raises(QueryTimedOut):
        rows_of(answer(body))
    with pytest.raises(QueryTimedOut):
        fetched(httpx.Response(200, content=body))


@pytest.mark.parametrize("name", names("page"))
def test_a_recorded_page_of_too_many_requests_is_a_limit(name: str) -> None:
    page = (SAMPLES / name).read_bytes()
    with pytest.raises(RateLimited) as caught:
        fetched(httpx.Response(429, content=page, headers={"Retry-After": "3"}))
    assert caught.value.retry_after == 3


@pytest.mark.parametrize("name", names("page"))
def test_such_a_page_that_claims_to_be_well_is_tried_again_later(name: str) -> None:
    with pytest.raises(UpstreamAway):
        rows_of(answer((SAMPLES / name).read_bytes()))
