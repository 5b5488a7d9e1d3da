"""What the adaptations domain decides."""

from __future__ import annotations

import pytest

from shared.catalog.adaptations import rules
from shared.catalog.adaptations.records import Adaptations, Edge, ScreenWork, Work

READING = Adaptations((Work("Q1", "Book"),), (ScreenWork("Q2", "Film", "movie"),), (Edge("Q2", "Q1"),))


@pytest.mark.parametrize(
    ("held", "read", "believed"),
    [
        (0, 1, True),
        (0, 0, False),  # nobody has adapted nothing
        (1, 0, False),
        (10, 1, True),  # a handful may shrink by one person's edit
        (11, 5, False),
        (11, 6, True),
        (20_000, 9_999, False),
        (20_000, 10_000, True),
        (20_000, 40_000, True),
    ],
)
def test_a_reading_with_less_than_half_of_what_is_held_is_not_believed(held: int, read: int, believed: bool) -> None:
    assert rules.plausible(held, read) is believed


def test_what_is_held_and_not_seen_at_either_end_is_unseen() -> None:
    assert rules.unseen({"Q1", "Q2", "Q4", "Q3"}, READING) == ["Q3", "Q4"]
    assert rules.unseen(set(), READING) == []


@pytest.mark.parametrize(
    ("screen_type", "movie_id", "tv_id", "keys"),
    [
        ("movie", 1, None, [("movie", 1)]),
        ("movie", None, 2, [("tv", 2)]),
        ("movie", 1, 2, [("movie", 1), ("tv", 2)]),
        ("documentary", 1, 2, [("movie", 1), ("tv", 2)]),
        ("miniseries", 1, 2, [("tv", 2), ("movie", 1)]),
        ("series", None, None, []),
    ],
)
def test_tmdb_is_asked_first_where_titles_of_that_type_are(
    screen_type: str, movie_id: int | None, tv_id: int | None, keys: list[tuple[str, int]]
) -> None:
    assert rules.tmdb_keys(screen_type, movie_id, tv_id) == keys
