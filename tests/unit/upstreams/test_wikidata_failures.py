"""What becomes of the failures of Wikidata's query service that a smaller query would not mend."""

from __future__ import annotations

import httpx
import pytest

from shared.errors import RateLimited, UnreadableAnswer, UpstreamAway, UpstreamRefused
from shared.upstreams.wikidata.bindings import QueryTimedOut
from shared.upstreams.wikidata.client import MOST_STUMBLES
from tests.unit.upstreams.wikidata_service import TRACE, Service, body, pair, rows

TOO_MANY = "<html><head><title>Error 429 Too Many Requests - Please retry in 3 seconds.</title></head></html>"


@pytest.mark.parametrize("length", range(len(body(pair("Q1", "Q2")))))
def test_an_answer_cut_short_without_a_word_is_tried_again_later(length: int) -> None:
    service = Service(lambda _: httpx.Response(200, content=body(pair("Q1", "Q2"))[:length]))
    with pytest.raises(UpstreamAway, match="broke off") as caught:
        service.client().fetch_adaptations()
    assert not isinstance(caught.value, QueryTimedOut)
    assert len(service.queries) == 1


def test_a_page_that_claims_to_be_well_is_tried_again_later() -> None:
    service = Service(lambda _: httpx.Response(200, html="<html><body>Wikidata is being maintained</body></html>"))
    with pytest.raises(UpstreamAway, match="a page"):
        service.client().fetch_adaptations()


FAILURES = [
    httpx.Response(503, text="Service Unavailable"),
    httpx.Response(429, html=TOO_MANY, headers={"Retry-After": "3"}),
    httpx.Response(200, content=body(pair("Q1", "Q2"))[:30]),
]


@pytest.mark.parametrize("failure", FAILURES, ids=["503", "429", "cut"])
@pytest.mark.parametrize("number", range(1, 6))
def test_a_question_that_fails_in_the_middle_of_a_reading_is_asked_again_and_the_rest_is_not(
    failure: httpx.Response, number: int
) -> None:
    service: Service

    def answer(query: str) -> httpx.Response:
        if len(service.queries) == number + 1:
            return failure
        return rows(pair("Q1", "Q2")) if "wdt:P144" in query else rows()

    service = Service(answer)
    client = service.client()
    client.fetch_adaptations()
    client.fetch_redirects(["Q3"])
    client.fetch_redirects(["Q4"])
    asked = service.queries
    assert len(asked) == 7, "six questions, one of them twice"
    assert asked[number] == asked[number + 1]


def test_a_service_that_keeps_failing_in_the_middle_is_left_alone() -> None:
    service: Service

    def answer(_: str) -> httpx.Response:
        return rows(pair("Q1", "Q2")) if len(service.queries) == 1 else httpx.Response(503)

    service = Service(answer)
    with pytest.raises(UpstreamAway):
        service.client().fetch_adaptations()
    assert len(service.queries) == 1 + 1 + MOST_STUMBLES


def test_any_other_failure_of_the_server_is_not_halved() -> None:
    service = Service(lambda _: httpx.Response(503, text="Service Unavailable"))
    with pytest.raises(UpstreamAway):
        service.client().fetch_adaptations()
    assert len(service.queries) == 1


def test_a_429_page_says_for_how_long_to_be_silent() -> None:
    service = Service(lambda _: httpx.Response(429, html=TOO_MANY, headers={"Retry-After": "3"}))
    with pytest.raises(RateLimited) as caught:
        service.client().fetch_adaptations()
    assert caught.value.retry_after == 3
    assert len(service.queries) == 1


def test_a_query_that_cannot_be_parsed_is_our_mistake() -> None:
    text = "SPARQL-QUERY: queryStr=x\n\norg.openrdf.query.MalformedQueryException: Lexical error at line 1"
    with pytest.raises(UpstreamRefused, match="MalformedQueryException"):
        Service(lambda _: httpx.Response(400, text=text)).client().fetch_adaptations()


def test_a_wrong_address_is_not_taken_for_something_that_is_gone() -> None:
    with pytest.raises(UpstreamRefused, match="is WIKIDATA_URL right"):
        Service(lambda _: httpx.Response(404)).client().fetch_adaptations()


@pytest.mark.parametrize(
    "content",
    [
        b'{"head": {}, "boolean": true}',
        b'{"head": {"vars": []}, "results": {"bindings": [["Q1"]]}}',
        b'{"head": {"vars": []}, "results": {"bindings": [{"work": "Q1"}]}}',
        b'{"head": {"vars": []}, "results": {"bindings": [{"work": {"type": "uri", "value": 1}}]}}',
        b'{"head": oops, "results": {"bindings": []}}',
        b"[1]",
    ],
)
def test_what_are_no_results_is_unreadable(content: bytes) -> None:
    with pytest.raises(UnreadableAnswer):
        Service(lambda _: httpx.Response(200, content=content)).client().fetch_adaptations()


@pytest.mark.parametrize("status", [200, 500])
def test_a_trace_of_anything_but_a_timeout_is_tried_again_later(status: int) -> None:
    content = body(pair("Q1", "Q2"))[:70] + TRACE.replace("TimeoutException", "CancellationException").encode()
    service = Service(lambda _: httpx.Response(status, content=content))
    with pytest.raises(UpstreamAway) as caught:
        service.client().fetch_adaptations()
    assert not isinstance(caught.value, QueryTimedOut)
    assert len(service.queries) == 1


def test_an_answer_nested_without_end_is_unreadable() -> None:
    service = Service(lambda _: httpx.Response(200, content=b'{"a":' * 100_000))
    with pytest.raises(UnreadableAnswer):
        service.client().fetch_redirects(["Q1"])
