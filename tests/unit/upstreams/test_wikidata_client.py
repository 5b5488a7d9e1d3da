"""How Wikidata's query service is asked, and how a question that is too large is halved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

import httpx
import pytest

from shared.errors import UnreadableAnswer, UpstreamAway
from shared.settings import Settings
from shared.upstreams.http import ANSWER_SECONDS, open_client
from shared.upstreams.wikidata import Row, Wikidata, queries
from shared.upstreams.wikidata.bindings import QueryTimedOut
from shared.upstreams.wikidata.classes import SCREEN_TYPES, WORK_TYPES
from shared.upstreams.wikidata.client import LIMIT, MOST_TIMEOUTS
from shared.upstreams.wikidata.queries import AT_ONCE, DIGITS, MOST_ROWS, About, Pairs, Part
from tests.unit.upstreams.at_once import AtOnce
from tests.unit.upstreams.wikidata_service import ENTITY, TRACE, URL, Service, asked_for, body, cell, pair, rows


def of_pairs(query: str) -> bool:
    return "wdt:P144" in query


def one_pair(query: str) -> httpx.Response:
    return rows(pair("Q1", "Q2")) if of_pairs(query) else rows()


def ids(found: Sequence[Row], name: str) -> list[str]:
    return [row[name]["value"].removeprefix(ENTITY) for row in found if name in row]


# What is asked


def test_a_query_is_a_form_that_asks_for_json_and_says_who_asks() -> None:
    service = Service(one_pair)
    with open_client(Settings(contact="https://who.test")) as client:
        ours = dict(client.headers)
    gateway = AtOnce(httpx.Client(transport=httpx.MockTransport(service), headers=ours), Settings(wikidata_url=URL))
    Wikidata(gateway).fetch_adaptations()
    request = service.requests[0]
    assert (request.method, str(request.url)) == ("POST", URL)
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.headers["Accept"] == "application/sparql-results+json"
    assert request.headers["User-Agent"].startswith("Millrace/")
    assert "https://who.test" in request.headers["User-Agent"]


def test_pairs_are_asked_for_first_and_then_what_is_known_of_each_end() -> None:
    def answer(query: str) -> httpx.Response:
        if "Q11424" in query:
            return rows(pair("Q10", "Q7"), pair("Q9", "Q7"))
        return rows(pair("Q8", "Q7")) if of_pairs(query) else rows({"work": cell("Q9")})

    service = Service(answer)
    found = service.client().fetch_adaptations()
    assert [of_pairs(query) for query in service.queries] == [True, True, False, False]
    assert [asked_for(query) for query in service.queries[2:]] == [["Q10", "Q8", "Q9"], ["Q7"]]
    assert ids(found, "work") == ["Q10", "Q9", "Q8", "Q9", "Q9"]


def test_both_ends_are_filtered_by_class() -> None:
    service = Service(one_pair)
    service.client().fetch_adaptations()
    screen, works = set(), set()
    for query in filter(of_pairs, service.queries):
        screen |= set(re.findall(r"Q\d+", query.split("?sourceType {")[0]))
        works |= set(re.findall(r"Q\d+", query.split("?sourceType {")[1]))
    assert (screen, works) == (set(SCREEN_TYPES), set(WORK_TYPES))


def test_many_items_are_asked_about_in_batches_each_of_them_once() -> None:
    many = [pair(f"Q{number}", "Q1") for number in range(2, AT_ONCE + 12)]
    service = Service(lambda query: rows(*many) if of_pairs(query) else rows())
    service.client().fetch_adaptations()
    sizes = [len(asked_for(query)) for query in service.queries if not of_pairs(query)]
    assert sizes == [AT_ONCE, 10, 1]


def test_an_unknown_value_is_not_asked_about() -> None:
    unknown: Row = {"work": cell("Q1"), "source": {"type": "bnode", "value": "t284055162"}}
    service = Service(lambda query: rows(unknown, pair("Q1", "Q2")) if of_pairs(query) else rows())
    service.client().fetch_adaptations()
    assert asked_for(service.queries[-1]) == ["Q2"]


def test_no_string_in_a_query_has_a_line_end_which_the_service_cannot_parse() -> None:
    parts: list[Part] = [
        Pairs(("Q1",), digits="123"),
        *(About(text, ("Q1",)) for text in (queries.WORKS, queries.SCREEN_WORKS)),
    ]
    for part in parts:
        for line in part.text.splitlines():
            assert line.count('"') % 2 == 0


def test_patience_outlasts_the_silence_after_the_longest_answer() -> None:
    assert LIMIT.rest == 1
    assert LIMIT.patience > ANSWER_SECONDS * LIMIT.rest


def test_no_adaptation_at_all_is_not_believed() -> None:
    with pytest.raises(UpstreamAway, match="no adaptation at all"):
        Service(lambda _: rows()).client().fetch_adaptations()


# Too large


def halved_to_the_end(part: Part) -> list[Part]:
    halves = part.halves()
    return [one for half in halves for one in halved_to_the_end(half)] if halves else [part]


def test_halves_ask_for_everything_once_down_to_the_smallest() -> None:
    part = Pairs(("Q1", "Q2", "Q3"), ("Q4", "Q5"))
    smallest = [
        (one.screen_types, one.work_types, one.digits) for one in halved_to_the_end(part) if isinstance(one, Pairs)
    ]
    singles = [[(one,) for one in axis] for axis in (part.screen_types, part.work_types)]
    assert sorted(smallest) == sorted(product(*singles, DIGITS))
    batch = About(queries.WORKS, ("Q1", "Q2", "Q3", "Q4", "Q5"))
    assert [one.ids for one in halved_to_the_end(batch) if isinstance(one, About)] == [(one,) for one in batch.ids]


def test_an_answer_of_exactly_as_many_rows_as_were_asked_for_at_most_is_cut_off_and_halved() -> None:
    full = [pair("Q1", "Q2")] * MOST_ROWS

    def answer(query: str) -> httpx.Response:
        if not of_pairs(query):
            return rows()
        if "VALUES ?workType { wd:Q11424 }" not in query:
            return rows(pair("Q3", "Q4"))
        sources = query.split("?sourceType {")[1].count("wd:Q")
        return rows(*full) if sources > 3 else rows(*[pair("Q1", "Q2")] * sources)

    service = Service(answer)
    found = service.client().fetch_adaptations()
    assert len(found) == len(WORK_TYPES) + 1


def test_the_smallest_part_that_is_still_cut_off_is_unreadable() -> None:
    full = rows(*[{"old": cell("Q1"), "new": cell("Q2")}] * MOST_ROWS)
    with pytest.raises(UnreadableAnswer, match="too many"):
        Service(lambda _: full).client().fetch_redirects(["Q1"])


TIMEOUTS = {
    "500 with a trace": httpx.Response(500, text=TRACE),
    "504 with a trace": httpx.Response(504, text=TRACE),
    "504 of a gateway": httpx.Response(504, text="upstream request timeout"),
    "200, cut in a word, with a trace": httpx.Response(200, content=body(pair("Q1", "Q2"))[:70] + TRACE.encode()),
    "200, whole, with a trace": httpx.Response(200, content=body(pair("Q1", "Q2")) + TRACE.encode()),
}


@pytest.mark.parametrize("how", TIMEOUTS)
def test_a_query_that_ran_out_of_time_is_halved_and_reading_goes_on(how: str) -> None:
    def answer(query: str) -> httpx.Response:
        wanted = asked_for(query)
        return TIMEOUTS[how] if len(wanted) > 2 else rows(*({"old": cell(one), "new": cell("Q9")} for one in wanted))

    service = Service(answer)
    found = service.client().fetch_redirects(["Q1", "Q2", "Q3", "Q4"])
    assert found == dict.fromkeys(("Q1", "Q2", "Q3", "Q4"), "Q9")
    assert [len(asked_for(query)) for query in service.queries] == [4, 2, 2]


def test_a_service_that_is_too_slow_for_everything_is_left_after_a_few_queries() -> None:
    service = Service(lambda _: httpx.Response(500, text=TRACE))
    with pytest.raises(QueryTimedOut):
        service.client().fetch_adaptations()
    assert len(service.queries) == MOST_TIMEOUTS + 1


def test_the_smallest_part_that_runs_out_of_time_is_tried_again_later() -> None:
    with pytest.raises(UpstreamAway, match="longer than the service permits"):
        Service(lambda _: httpx.Response(500, text=TRACE)).client().fetch_redirects(["Q1"])


# Merged items


def test_an_item_that_was_merged_is_found_under_the_id_it_has_now() -> None:
    merged = rows({"old": cell("Q1"), "new": cell("Q2")}, {"old": cell("Q2"), "new": cell("Q3")})
    assert Service(lambda _: merged).client().fetch_redirects(["Q1", "Q4"]) == {"Q1": "Q3"}


def test_merges_that_go_in_a_circle_end() -> None:
    merged = rows({"old": cell("Q1"), "new": cell("Q2")}, {"old": cell("Q2"), "new": cell("Q1")})
    assert Service(lambda _: merged).client().fetch_redirects(["Q1"]) == {"Q1": "Q2"}


def test_nothing_is_asked_about_no_items() -> None:
    service = Service(lambda _: rows())
    assert service.client().fetch_redirects([]) == {}
    assert service.queries == []


@pytest.mark.parametrize("wrong", ["", "Q", "Q0", "P31", "Q1 } DROP", "q1", "Q1\n"])
def test_only_ids_of_items_ever_stand_in_a_query(wrong: str) -> None:
    with pytest.raises(ValueError, match="no Wikidata id"):
        Service(lambda _: rows()).client().fetch_redirects(["Q1", wrong])
