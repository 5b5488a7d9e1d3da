"""Processes are spread evenly over instances, changing as few of them as can be."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.scaling.scale import spread

running = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 9), min_size=1)


@given(running, st.integers(0, 40))
def test_it_is_even_and_adds_up_and_nobody_is_left_without_a_process(have: dict[str, int], more: int) -> None:
    total = len(have) + more
    wanted = spread(total, have)
    assert wanted.keys() == have.keys()
    assert sum(wanted.values()) == total
    assert min(wanted.values()) >= 1
    assert max(wanted.values()) - min(wanted.values()) <= 1


@given(running, st.integers(0, 40))
def test_no_other_even_spread_changes_fewer(have: dict[str, int], more: int) -> None:
    each, extra = divmod(len(have) + more, len(have))
    changes = [
        sum(have[node] != each + (node in larger) for node in have) for larger in combinations(sorted(have), extra)
    ]
    wanted = spread(len(have) + more, have)
    assert sum(wanted[node] != have[node] for node in have) == min(changes)


@pytest.mark.parametrize(
    ("total", "have", "wanted"),
    [
        (4, {"a": 1}, {"a": 4}),
        (5, {"a": 2, "b": 3}, {"a": 2, "b": 3}),
        (3, {"a": 2, "b": 4}, {"a": 2, "b": 1}),
    ],
)
def test_for_example(total: int, have: dict[str, int], wanted: dict[str, int]) -> None:
    assert spread(total, have) == wanted
