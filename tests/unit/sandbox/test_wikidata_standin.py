"""The stand-in of Wikidata's query service: what it answers our own client, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from deploy.sandbox.app import create_app
from deploy.sandbox.in_process import InProcess
from deploy.sandbox.options import Options
from deploy.sandbox.wikidata import answering, catalogue
from shared.errors import RateLimited, UpstreamAway, UpstreamRefused
from shared.settings import Settings
from shared.upstreams.wikidata import Wikidata, open_wikidata, queries, read_adaptations
from shared.upstreams.wikidata.bindings import QueryTimedOut
from shared.upstreams.wikidata.queries import Pairs
from tests.unit.upstreams.at_once import AtOnce

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Time

AGENT = "Millrace/1 (+https://who.test)"
PATH = "/wikidata/sparql"
HEADERS = {"User-Agent": AGENT, "Accept": "application/sparql-results+json"}
FIRST_SCREEN = "Q900300001"


class Service:
    """The stand-in, our client of it, and the clock."""

    def __init__(self, options: Options, time: Time) -> None:
        self.time = time
        app = create_app(options, clock=time.now, ticks=time.ticks, pause=time.pause)
        self.http = httpx.Client(transport=InProcess(app), base_url="http://sandbox", headers=HEADERS)
        # The true client waits a second between queries.
        self.http.event_hooks = {"request": [lambda _: time.advance(1.0)]}
        gateway = AtOnce(self.http, Settings(wikidata_url=f"http://sandbox{PATH}"))
        self.client: Wikidata = open_wikidata(gateway)

    def ask(self, query: str, **more: Any) -> httpx.Response:
        return self.http.post(PATH, data={"query": query}, **more)

    def arm(self, **fault: Any) -> None:
        assert self.http.post("/control/faults", json={"path": PATH, **fault}).status_code == 201

    def received(self) -> int:
        return int(self.http.get("/control/requests").json()["received"])


@pytest.fixture(name="begin")
def beginning(time: Time) -> Iterator[Callable[..., Service]]:
    started: list[Service] = []

    def begin(**options: Any) -> Service:
        started.append(Service(Options(**options), time))
        return started[-1]

    yield begin
    for one in started:
        one.http.close()


@pytest.fixture
def service(begin: Callable[..., Service]) -> Service:
    return begin()


ALL_PAIRS = Pairs(("Q11424", "Q202866", "Q506240", "Q5398426"))


# What it knows


def test_our_client_reads_the_whole_data_set(service: Service) -> None:
    found, problems = read_adaptations(service.client.fetch_adaptations())
    told = catalogue.load()
    assert len(found.screen_works) == len(told.screen) >= 60
    assert len(found.works) == len(told.books)
    assert len(found.edges) == sum(len(row["of"]) for row in told.screen)
    assert [problem.left_out for problem in problems] == [False, False]
    titles = [one.title for one in found.screen_works]
    assert titles.count("Pride and Prejudice") == 2
    assert "Super Mario Bros." not in titles
    by_title = {one.title: one for one in found.works}
    assert by_title["Good Omens"].authors == ("Terry Pratchett", "Neil Gaiman")
    assert by_title["Odyssey"].year == -700
    assert by_title["Beowulf"].authors == ()
    assert by_title["Au bonheur des ogres"].work_type == "novel"


def test_reading_it_twice_is_the_same(service: Service) -> None:
    first = read_adaptations(service.client.fetch_adaptations())
    assert read_adaptations(service.client.fetch_adaptations()) == first


def test_a_merged_item_is_found_under_the_id_it_has_now(service: Service) -> None:
    assert service.client.fetch_redirects(["Q900300900", FIRST_SCREEN, "Q42"]) == {"Q900300900": "Q900300002"}


def test_halves_of_a_question_have_the_rows_of_the_whole(service: Service) -> None:
    def rows(part: queries.Part) -> list[Any]:
        return list(service.ask(part.text).json()["results"]["bindings"])

    halves = [half for part in ALL_PAIRS.halves() for half in part.halves()]
    by_digit = [Pairs(ALL_PAIRS.screen_types, digits=digit) for digit in queries.DIGITS]
    whole = sorted(map(json.dumps, rows(ALL_PAIRS)))
    assert sorted(json.dumps(row) for half in halves for row in rows(half)) == whole
    assert sorted(json.dumps(row) for part in by_digit for row in rows(part)) == whole
    assert len(whole) > 60


# The shape of its answers


def test_a_result_has_the_true_form(service: Service) -> None:
    answer = service.ask(ALL_PAIRS.text)
    assert answer.headers["content-type"] == "application/sparql-results+json;charset=utf-8"
    assert answer.json()["head"] == {"vars": list(answering.VARIABLES["pairs"])}
    row = answer.json()["results"]["bindings"][0]
    assert row["work"] == {"type": "uri", "value": f"http://www.wikidata.org/entity/{FIRST_SCREEN}"}


def test_properties_of_several_values_multiply_rows(service: Service) -> None:
    rows = service.ask(ALL_PAIRS.text).json()["results"]["bindings"]
    of_one = [row for row in rows if row["work"]["value"].endswith("/Q900300006")]
    assert sorted(row["sourceType"]["value"].rpartition("/")[2] for row in of_one) == ["Q7725634", "Q8261"]


def about(service: Service, template: str, qid: str) -> list[Any]:
    (part,) = queries.about(template, [qid])
    return list(service.ask(part.text).json()["results"]["bindings"])


def test_an_unbound_variable_is_a_missing_key(service: Service) -> None:
    (row,) = about(service, queries.SCREEN_WORKS, "Q900300077")
    assert row.keys() == {"work", "workLabel"}


def test_a_missing_name_is_the_id_without_a_language(service: Service) -> None:
    (row,) = about(service, queries.SCREEN_WORKS, "Q900300077")
    assert row["workLabel"] == {"type": "literal", "value": "Q900300077"}
    (french,) = about(service, queries.SCREEN_WORKS, "Q900300076")
    assert french["workLabel"] == {"xml:lang": "fr", "type": "literal", "value": "Au bonheur des ogres"}


def test_a_year_alone_is_its_first_of_january(service: Service) -> None:
    (row,) = about(service, queries.SCREEN_WORKS, "Q900300032")
    assert row["date"]["value"] == "1986-01-01T00:00:00Z"


def test_an_unknown_value_is_a_node_of_its_own(service: Service) -> None:
    (row,) = about(service, queries.WORKS, "Q900200049")
    assert "/.well-known/genid/" in row["author"]["value"]


def test_a_limit_cuts_off_without_a_word(service: Service) -> None:
    text = ALL_PAIRS.text.replace(f"LIMIT {queries.MOST_ROWS}", "LIMIT 7")
    assert len(service.ask(text).json()["results"]["bindings"]) == 7


# What it refuses


@pytest.mark.parametrize("agent", ["", "python-httpx/0.28.1", "python-requests/2.32", "curl/8.5.0", "Java/17"])
def test_whoever_does_not_say_who_they_are_is_refused(service: Service, agent: str) -> None:
    assert service.ask(ALL_PAIRS.text, headers={"User-Agent": agent}).status_code == 403


def test_who_asks_too_fast_is_told_for_how_long_to_be_silent(service: Service) -> None:
    service.http.event_hooks = {"request": []}
    answers = [service.ask(ALL_PAIRS.text) for _ in range(6)]
    assert [one.status_code for one in answers] == [200] * 5 + [429]
    assert answers[-1].headers["retry-after"] == "3"
    assert "Too Many Requests - Please retry in 3 seconds." in answers[-1].text
    assert answers[-1].headers["content-type"].startswith("text/html")
    with pytest.raises(RateLimited) as caught:
        service.client.fetch_adaptations()
    assert caught.value.retry_after == 3
    service.time.advance(1.0)
    assert service.ask(ALL_PAIRS.text).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "",
        "SELECT * WHERE { ?s ?p ?o }",
        ALL_PAIRS.text.replace("P144", "P941"),
        ALL_PAIRS.text.replace("LIMIT 20000", ""),
        ALL_PAIRS.text + " OFFSET 5",
        ALL_PAIRS.text.replace("wd:Q11424", "Q11424"),
    ],
)
def test_a_query_it_does_not_know_is_malformed(service: Service, query: str) -> None:
    answer = service.ask(query)
    assert answer.status_code == 400
    assert answer.text.startswith("SPARQL-QUERY: queryStr=")
    assert "MalformedQueryException" in answer.text


def test_our_client_says_that_a_malformed_query_is_our_mistake(service: Service) -> None:
    service.arm(status=400)
    with pytest.raises(UpstreamRefused, match="MalformedQueryException"):
        service.client.fetch_adaptations()


# Its failures


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 504}, {"status": 200}, {"thin": True}])
def test_a_query_that_runs_out_of_time_is_halved_by_our_client(service: Service, fault: dict[str, Any]) -> None:
    whole = read_adaptations(service.client.fetch_adaptations())
    before = service.received()
    service.arm(**fault, times=1)
    service.arm(**fault, times=1, skip=3)
    assert read_adaptations(service.client.fetch_adaptations()) == whole
    assert service.received() - before > 4


def test_one_that_always_does_is_left_alone(service: Service) -> None:
    service.arm(status=200)
    with pytest.raises(QueryTimedOut):
        service.client.fetch_adaptations()


@pytest.mark.parametrize("fault", [{"truncate": 300}, {"cut": 300}, {"status": 503}])
def test_an_answer_that_breaks_off_is_tried_again_later(service: Service, fault: dict[str, Any]) -> None:
    service.arm(**fault)
    before = service.received()
    with pytest.raises(UpstreamAway):
        service.client.fetch_adaptations()
    assert service.received() - before == 1


# Recordings


def recording(folder: Path, name: str = "adaptations.json") -> bytes:
    row = {"work": catalogue.uri(1), "workType": catalogue.uri(11424), "source": catalogue.uri(2)}
    content = json.dumps({"head": {"vars": ["work", "workType", "source"]}, "results": {"bindings": [row]}}).encode()
    (folder / name).write_bytes(content)
    return content


def test_recorded_adaptations_answer_every_question(begin: Callable[..., Service], tmp_path: Path) -> None:
    content = recording(tmp_path)
    (tmp_path / "error_429.html").write_text("<html>Too Many Requests</html>")
    service = begin(recordings={"wikidata": tmp_path})
    assert service.ask("SELECT anything").content == content
    found, _ = read_adaptations(service.client.fetch_adaptations())
    assert [(edge.screen_work, edge.work) for edge in found.edges] == [("Q1", "Q2")]
    assert service.http.get("/control/recordings").json()["wikidata"]["unread"] == ["error_429.html"]


def test_a_recorded_query_is_answered_by_its_own_file(begin: Callable[..., Service], tmp_path: Path) -> None:
    recording(tmp_path)
    (tmp_path / "late.txt").write_text("late")
    row = {
        "file": "late.txt",
        "method": "POST",
        "path": "/sparql",
        "query": {"query": "SELECT  ?a\nWHERE {}"},
        "status": 500,
        "content_type": "text/plain",
    }
    (tmp_path / "requests.json").write_text(json.dumps([row]))
    service = begin(recordings={"wikidata": tmp_path})
    answer = service.ask("SELECT ?a WHERE {}")
    assert (answer.status_code, answer.text) == (500, "late")
    assert service.ask("SELECT ?b WHERE {}").status_code == 200


def test_recordings_ask_who_asks_too(begin: Callable[..., Service], tmp_path: Path) -> None:
    recording(tmp_path)
    service = begin(recordings={"wikidata": tmp_path})
    assert service.ask("SELECT", headers={"User-Agent": "curl/8"}).status_code == 403


def test_without_a_recording_the_data_set_can_answer(begin: Callable[..., Service], tmp_path: Path) -> None:
    assert begin(recordings={"wikidata": tmp_path}).ask(ALL_PAIRS.text).status_code == 404
    assert begin(recordings={"wikidata": tmp_path}, also_catalogue=True).ask(ALL_PAIRS.text).status_code == 200


def test_a_query_may_come_by_get_or_as_the_whole_body(service: Service) -> None:
    by_get = service.http.get(PATH, params={"query": ALL_PAIRS.text})
    whole = service.http.post(PATH, content=ALL_PAIRS.text, headers={"Content-Type": "application/sparql-query"})
    assert by_get.content == whole.content == service.ask(ALL_PAIRS.text).content
