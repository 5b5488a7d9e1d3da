"""The handlers of the adaptations on a real PostgreSQL, with upstreams that answer, fail and go away as told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from consumers.app import Millrace, create_app
from consumers.scraping.adaptations import look_up
from consumers.verdict import Dead, decide
from consumers.wiring import Wiring
from shared.catalog.adaptations.records import Adaptations
from shared.catalog.adaptations.store import due_for_tmdb, save_reading
from shared.contracts.adaptations import IngestWikidata, RefreshTmdb
from shared.contracts.kind import Payload
from shared.contracts.kinds import CONTRACTS
from shared.errors import (
    LimitReached,
    MillraceError,
    MissingSetting,
    UnreadableAnswer,
    UpstreamAway,
    UpstreamGone,
    UpstreamRefused,
)
from shared.settings import Settings
from shared.upstreams import tmdb, wikidata
from shared.upstreams.gateway import Gateway
from tests.integration.adaptations.conftest import (
    CLUELESS,
    DUNE,
    EMMA,
    FILM_1984,
    FILM_2021,
    FOUR,
    MONDAY,
    SERIES_2000,
    TABLES,
    a_reading,
    rows,
    versions,
)
from tests.integration.pool import handle

T = TypeVar("T")
Raw = dict[str, Any]

CLASSES = {"movie": "Q11424", "series": "Q5398426", "novel": "Q8261"}


def an_item(qid: str) -> Raw:
    return {"type": "uri", "value": f"http://www.wikidata.org/entity/{qid}"}


def a_literal(value: object) -> Raw:
    return {"type": "literal", "value": str(value)}


def as_rows(reading: Adaptations) -> list[wikidata.Row]:
    """Return the rows from which a reading is read."""
    found = []
    works = {work.wikidata_id: work for work in reading.works}
    screen_works = {each.wikidata_id: each for each in reading.screen_works}
    for edge in reading.edges:
        screen, work = screen_works[edge.screen_work], works[edge.work]
        cells = {
            "work": an_item(screen.wikidata_id),
            "workLabel": {"type": "literal", "value": screen.title, "xml:lang": "en"},
            "workType": an_item(CLASSES[screen.screen_type]),
            "date": a_literal(f"{screen.year}-01-01T00:00:00Z"),
            "source": an_item(work.wikidata_id),
            "sourceLabel": {"type": "literal", "value": work.title, "xml:lang": "en"},
            "sourceType": an_item(CLASSES["novel"]),
            "sourceDate": a_literal(f"{work.year}-01-01T00:00:00Z"),
            "authorLabel": {"type": "literal", "value": work.authors[0], "xml:lang": "en"},
        }
        ids = {"imdb": screen.imdb_id, "tmdbMovie": screen.tmdb_movie_id, "tmdbTv": screen.tmdb_tv_id}
        cells |= {name: a_literal(value) for name, value in ids.items() if value is not None}
        cells |= {"tvdb": a_literal(screen.tvdb_id)} if screen.tvdb_id is not None else {}
        found.append(cells)
    return found


@dataclass
class Wikidata:
    """The query service, holding one reading."""

    reading: Adaptations = FOUR
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def fetch_adaptations(self) -> list[wikidata.Row]:
        return as_rows(self.reading)

    def fetch_redirects(self, qids: list[str]) -> dict[str, str]:
        self.asked += qids
        return {old: new for old, new in self.redirects.items() if old in qids}


@dataclass
class Tmdb:
    """TMDb: `errors` says which id fails how, `second` how the second title does, `known` what IMDb's ids stand for."""

    errors: dict[int, MillraceError] = field(default_factory=dict)
    second: MillraceError | None = None
    known: dict[str, Raw] = field(default_factory=dict)
    invalid: str | None = None
    asked: list[str] = field(default_factory=list)

    def fetch_configuration(self) -> str:
        return "https://images/w500"

    def fetch_movie(self, tmdb_id: int) -> Raw:
        return self._answer("movie", tmdb_id) | {"title": "Title", "release_date": "1984-12-14"}

    def fetch_tv(self, tmdb_id: int) -> Raw:
        return self._answer("tv", tmdb_id) | {"name": "Title", "first_air_date": "2000-12-03", "type": "Miniseries"}

    def find(self, imdb_id: str) -> Raw:
        self.asked.append(f"find {imdb_id}")
        if imdb_id == self.invalid:
            raise UpstreamGone("tmdb", f"title {imdb_id}")
        nothing: Raw = {"movie_results": [], "tv_results": []}
        return nothing | self.known.get(imdb_id, {})

    def _answer(self, word: str, tmdb_id: int) -> Raw:
        self.asked.append(f"{word} {tmdb_id}")
        if self.second is not None and len(self.asked) == 2:
            raise self.second
        if tmdb_id in self.errors:
            raise self.errors[tmdb_id]
        return {"id": tmdb_id, "genres": [], "poster_path": f"/{tmdb_id}.jpg", "overview": f"Summary {tmdb_id}"}


class Wired(Wiring):
    """The wiring of a pool process whose upstreams stand in this one."""

    def __init__(self, settings: Settings, upstreams: Mapping[Callable[[Gateway], Any], Any]) -> None:
        super().__init__(settings, CONTRACTS, "adaptations-tests")
        self.standing_in = upstreams

    def upstream(self, opening: Callable[[Gateway], T]) -> T:
        standing_in: T = self.standing_in[opening]
        return standing_in


@dataclass
class Pool:
    """A pool process that handles one message after the other."""

    app: Millrace
    settings: Settings
    engine: Engine
    wikidata: Wikidata = field(default_factory=Wikidata)
    tmdb: Tmdb = field(default_factory=Tmdb)

    def handle(self, payload: Payload, wiring: Wiring | None = None) -> Raw:
        """Handle one message, and return its result."""
        wired = wiring or Wired(self.settings, {wikidata.open_wikidata: self.wikidata, tmdb.open_tmdb: self.tmdb})
        try:
            message_id = handle(self.app, payload, wired)
        finally:
            wired.close()
        with self.engine.begin() as connection:
            ((result,),) = rows(connection, "SELECT result FROM sync_log WHERE message_id = %s", message_id)
        return dict(result)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.engine.begin() as connection:
            return rows(connection, statement, *values)

    def versions(self) -> list[Any]:
        with self.engine.begin() as connection:
            return versions(connection, *TABLES[:-1])

    def announced(self, kind: str) -> list[Raw]:
        found = self.rows("SELECT convert_from(body, 'UTF8') FROM outbox WHERE routing_key = %s ORDER BY id", kind)
        return [json.loads(body) for (body,) in found]

    def hold(self, reading: Adaptations) -> None:
        with self.engine.begin() as connection:
            save_reading(connection, reading, {}, MONDAY)


@pytest.fixture
def pool(database_url: str, engine: Engine) -> Iterator[Pool]:
    settings = Settings(database_url=SecretStr(database_url))
    app = create_app(settings, CONTRACTS, {"scraping": ("consumers.scraping.adaptations",)})
    app.loader.import_default_modules()
    yield Pool(app, settings, engine)
    app.close()


# Wikidata


def test_a_reading_is_stored_announced_and_told_in_the_result(pool: Pool) -> None:
    result = pool.handle(IngestWikidata())

    assert result["held"] == {"works": 2, "screen_works": 4, "edges": 4}
    assert result["changes"]["edges"] == {"added": 4, "changed": 0, "withdrawn": 0}
    assert result["problems"] == 0
    assert pool.announced("facts.adaptations.ingested") == [{"works": 2, "screen_works": 4, "edges": 4}]
    assert pool.wikidata.asked == []


def test_a_second_run_changes_no_row_and_says_so(pool: Pool) -> None:
    pool.handle(IngestWikidata())
    before = pool.versions()

    result = pool.handle(IngestWikidata())

    assert pool.versions() == before
    nothing = {"added": 0, "changed": 0, "withdrawn": 0}
    assert result["changes"] == {"works": nothing, "screen_works": nothing, "edges": nothing, "merged": 0}


def test_what_is_held_but_was_not_seen_is_asked_about_and_folded_if_it_was_merged(pool: Pool) -> None:
    pool.hold(a_reading((FILM_1984, EMMA), (FILM_2021, DUNE), (SERIES_2000, DUNE)))
    pool.wikidata.reading = a_reading((FILM_1984, DUNE), (FILM_2021, DUNE), (SERIES_2000, DUNE))
    pool.wikidata.redirects = {EMMA.wikidata_id: DUNE.wikidata_id}

    result = pool.handle(IngestWikidata())

    assert pool.wikidata.asked == [EMMA.wikidata_id]
    assert result["changes"]["merged"] == 1
    assert result["held"] == {"works": 1, "screen_works": 3, "edges": 3}


def test_a_reading_that_lacks_most_of_what_is_held_is_not_believed(pool: Pool) -> None:
    works = [(FILM_1984, DUNE), (FILM_2021, DUNE), (SERIES_2000, DUNE), (CLUELESS, EMMA)]
    many = a_reading(*works, *((film, EMMA) for film, _ in works[:3]), *[(CLUELESS, DUNE)])
    many = Adaptations(
        (*many.works, *(type(DUNE)(f"Q{n}", "Book", "novel", ("A",), 1900) for n in range(1, 9))),
        many.screen_works,
        (*many.edges, *(type(many.edges[0])(FILM_1984.wikidata_id, f"Q{n}") for n in range(1, 9))),
    )
    pool.hold(many)
    before = pool.versions()

    with pytest.raises(UpstreamAway, match="4 adaptations, and 16 are held"):
        pool.handle(IngestWikidata())

    assert pool.versions() == before
    assert pool.wikidata.asked == []

    result = pool.handle(IngestWikidata(believe=True))
    assert result["held"]["edges"] == 4, "somebody looked, and it is right"


def test_a_reading_without_any_adaptation_is_not_believed_whatever_anybody_says(pool: Pool) -> None:
    pool.hold(FOUR)
    pool.wikidata.reading = Adaptations((), (), ())

    with pytest.raises(UpstreamAway, match="0 adaptations, and 4 are held"):
        pool.handle(IngestWikidata(believe=True))


# TMDb


def test_details_are_fetched_for_each_and_stored_at_once(pool: Pool) -> None:
    pool.hold(FOUR)
    pool.tmdb.known["tt0112697"] = {"movie_results": [{"id": 9603}]}

    result = pool.handle(RefreshTmdb())

    assert sorted(pool.tmdb.asked) == ["find tt0112697", "movie 438631", "movie 841", "movie 9603", "tv 1693"]
    assert (result["refreshed"], result["changed"], result["gone"], result["ended"]) == (4, 4, 0, None)
    assert pool.rows("SELECT tmdb_id, poster, summary, tmdb_screen_type FROM screen_works ORDER BY tmdb_id") == [
        (841, "https://images/w500/841.jpg", "Summary 841", "movie"),
        (1693, "https://images/w500/1693.jpg", "Summary 1693", "miniseries"),
        (9603, "https://images/w500/9603.jpg", "Summary 9603", "movie"),
        (438631, "https://images/w500/438631.jpg", "Summary 438631", "movie"),
    ]
    assert pool.announced("scrape.adaptations.tmdb") == []


def test_a_second_refresh_changes_nothing_but_the_time(pool: Pool) -> None:
    pool.hold(a_reading((FILM_1984, DUNE)))
    pool.handle(RefreshTmdb())
    ((first,),) = pool.rows("SELECT tmdb_synced_at FROM screen_works")

    assert pool.handle(RefreshTmdb())["changed"] == 0
    assert pool.rows("SELECT tmdb_synced_at > %s FROM screen_works", first) == [(True,)]


def test_a_limit_takes_those_asked_about_longest_ago(pool: Pool) -> None:
    pool.hold(a_reading((FILM_1984, DUNE), (FILM_2021, DUNE), (SERIES_2000, DUNE)))

    for _ in range(6):
        assert pool.handle(RefreshTmdb(limit=1))["refreshed"] == 1

    assert sorted(pool.tmdb.asked[:3]) == ["movie 438631", "movie 841", "tv 1693"]
    assert pool.tmdb.asked[3:] == pool.tmdb.asked[:3]


def test_what_tmdb_does_not_have_is_gone_and_stands_in_nobodys_way(pool: Pool) -> None:
    pool.hold(FOUR)
    pool.tmdb.errors[841] = UpstreamGone("tmdb", "movie 841")

    result = pool.handle(RefreshTmdb())

    assert (result["refreshed"], result["gone"]) == (2, 2)  # of the fourth TMDb has no title under its IMDb id
    gone = pool.rows("SELECT title FROM screen_works WHERE tmdb_gone_at IS NOT NULL ORDER BY title")
    assert gone == [("Clueless",), ("Dune",)]


@pytest.mark.parametrize("error", [UpstreamAway("tmdb", "503"), LimitReached("tmdb", 30)])
def test_what_was_fetched_before_tmdb_went_away_is_kept_and_the_rest_asked_for(
    pool: Pool, error: MillraceError
) -> None:
    pool.hold(a_reading((FILM_1984, DUNE), (FILM_2021, DUNE), (SERIES_2000, DUNE)))
    pool.tmdb.second = error

    result = pool.handle(RefreshTmdb())

    assert (result["refreshed"], result["left"], result["ended"]) == (1, 2, str(error))
    assert pool.rows("SELECT count(*) FROM screen_works WHERE tmdb_synced_at IS NOT NULL") == [(1,)]
    assert pool.announced("scrape.adaptations.tmdb") == [{"limit": 2}]


def test_a_key_that_is_refused_in_the_middle_ends_the_run_and_asks_for_no_more(pool: Pool) -> None:
    pool.hold(a_reading((FILM_1984, DUNE), (FILM_2021, DUNE), (SERIES_2000, DUNE)))
    pool.tmdb.second = UpstreamRefused("tmdb", 401, "Invalid API key")

    result = pool.handle(RefreshTmdb())

    assert (result["refreshed"], result["left"]) == (1, 2)
    assert "401" in result["ended"]
    assert pool.announced("scrape.adaptations.tmdb") == []


def test_a_record_that_cannot_be_read_is_a_problem_and_waits_its_turn_again(pool: Pool) -> None:
    pool.hold(a_reading((FILM_1984, DUNE), (FILM_2021, DUNE), (SERIES_2000, DUNE)))
    pool.tmdb.errors[841] = UnreadableAnswer("tmdb", "movie 841 is no object")

    result = pool.handle(RefreshTmdb())

    assert (result["refreshed"], result["problems"], result["left"]) == (2, 1, 0)
    assert result["first_problems"] == [f"{FILM_1984.wikidata_id}: tmdb: movie 841 is no object"]
    assert pool.rows("SELECT count(*) FROM screen_works WHERE tmdb_synced_at IS NULL") == [(0,)]


@pytest.mark.parametrize(
    "error",
    [
        UpstreamAway("tmdb", "503"),
        UpstreamRefused("tmdb", 401, "Invalid API key"),
        UnreadableAnswer("tmdb", "no object"),
    ],
)
def test_a_refresh_that_got_nothing_at_all_fails_as_its_first_failure_did(pool: Pool, error: MillraceError) -> None:
    pool.hold(a_reading((FILM_1984, DUNE), (FILM_2021, DUNE)))
    pool.tmdb.errors = {841: error, 438631: error}

    with pytest.raises(type(error)):
        pool.handle(RefreshTmdb())

    assert pool.rows("SELECT count(*) FROM screen_works WHERE tmdb_synced_at IS NOT NULL") == [(0,)]


def test_with_nothing_to_refresh_a_refresh_is_done(pool: Pool) -> None:
    assert pool.handle(RefreshTmdb())["refreshed"] == 0


def test_without_a_key_the_message_dies_with_the_name_of_the_setting(pool: Pool) -> None:
    with pytest.raises(MissingSetting, match="TMDB_TOKEN") as caught:
        pool.handle(RefreshTmdb(), Wiring(pool.settings, CONTRACTS, "adaptations-tests"))

    assert isinstance(decide(caught.value, 0, 0.0), Dead)


def test_a_tmdb_that_takes_too_long_is_left_after_one_answer_at_least(pool: Pool) -> None:
    pool.hold(FOUR)
    with pool.engine.begin() as connection:
        due = due_for_tmdb(connection, 9)

    tour = look_up(cast("tmdb.Tmdb", pool.tmdb), due, until=MONDAY)

    assert len(tour.looked) == 1
    assert isinstance(tour.ended, UpstreamAway)


def test_an_imdb_id_that_tmdb_calls_invalid_is_gone_and_costs_the_others_nothing(pool: Pool) -> None:
    pool.hold(FOUR)
    pool.tmdb.invalid = "tt0112697"

    result = pool.handle(RefreshTmdb())

    assert (result["refreshed"], result["gone"]) == (3, 1)
