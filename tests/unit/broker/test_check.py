"""A table that would lose or double a message is found out before any broker is told."""

from __future__ import annotations

import pytest

from shared.broker.check import flaws
from shared.broker.topology import Pool
from shared.contracts.kinds import CONTRACTS

CONTENT = Pool("content", ("scrape.series.#",))
PERSON = Pool("person", ("scrape.person.#",))
KINDS = ("scrape.series.save", "scrape.person.save", "facts.series.saved")
QUEUES = ("content", "person", "retry.5s")


def test_the_table_in_code_has_no_flaw() -> None:
    assert flaws(kind.name for kind in CONTRACTS) == []


def test_a_small_sound_table_has_no_flaw() -> None:
    assert flaws(KINDS, (CONTENT, PERSON), QUEUES) == []


@pytest.mark.parametrize(
    ("kinds", "pools", "queues", "flaw"),
    [
        (("scrape.movie.save",), (CONTENT, PERSON), QUEUES, "scrape.movie.save: no queue is bound for it"),
        (
            ("skrape.movie.save",),
            (CONTENT, PERSON),
            QUEUES,
            "skrape.movie.save: its first word is no exchange; there are scrape, price, aggregation, maintenance",
        ),
        (
            (),
            (CONTENT, Pool("person", ("scrape.#",))),
            QUEUES,
            "content and person would both get what fits scrape.series.# and scrape.#",
        ),
        ((), (CONTENT, PERSON), (*QUEUES, "movies"), "queue movies: no pool consumes it"),
        (
            (),
            (CONTENT, PERSON, Pool("movies", ("scrape.movie.#",))),
            QUEUES,
            "queue movies: consumed by movies, but never declared",
        ),
        (
            (),
            (CONTENT, PERSON, Pool("person", ("scrape.movie.#",))),
            QUEUES,
            "queue person: belongs to person and person",
        ),
        (
            (),
            (CONTENT, Pool("person", ("facts.#",))),
            QUEUES,
            "pool person: facts.# begins with no exchange; there are scrape, price, aggregation, maintenance",
        ),
    ],
)
def test_a_broken_table_is_named(
    kinds: tuple[str, ...], pools: tuple[Pool, ...], queues: tuple[str, ...], flaw: str
) -> None:
    assert flaws(kinds, pools, queues) == [flaw]


def test_a_kind_that_two_pools_would_do_is_named() -> None:
    pools = (CONTENT, Pool("person", ("scrape.*.save",)))

    assert "scrape.series.save: reaches content and person, and would be done more than once" in flaws(
        ["scrape.series.save"], pools, QUEUES
    )
