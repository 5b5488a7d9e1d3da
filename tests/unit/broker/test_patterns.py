"""Which keys a topic pattern covers, and which patterns would deliver a message twice."""

from __future__ import annotations

import pytest

from shared.broker.patterns import matches, overlap


@pytest.mark.parametrize(
    ("pattern", "key", "covered"),
    [
        ("scrape.series.#", "scrape.series.save", True),
        ("scrape.series.#", "scrape.series.save.now", True),
        ("scrape.series.#", "scrape.series", True),
        ("scrape.series.#", "scrape.serieses", False),
        ("scrape.series.#", "scrape.movie.save", False),
        ("scrape.*.save", "scrape.series.save", True),
        ("scrape.*.save", "scrape.save", False),
        ("#.save", "scrape.series.save", True),
        ("scrape.#.save", "scrape.save", True),
        ("scrape.#.save", "scrape.series.save.later", False),
        ("#", "anything.at.all", True),
    ],
)
def test_a_pattern_covers_a_key_as_the_broker_says_it_does(pattern: str, key: str, covered: bool) -> None:
    assert matches(pattern, key) is covered


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("scrape.series.#", "scrape.movie.#", False),
        ("scrape.series.#", "scrape.#", True),
        ("scrape.*.save", "scrape.series.#", True),
        ("scrape.*.save", "scrape.*.drop", False),
        ("#.save", "scrape.#", True),
        ("*.*", "*.*.*", False),
        ("a.#.b", "a.b.#", True),
    ],
)
def test_two_patterns_overlap_when_some_key_fits_both(one: str, other: str, both: bool) -> None:
    assert overlap(one, other) is both
    assert overlap(other, one) is both
