"""How many processes are recommended: every bound holds, up at once, down slowly."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from producers.scaling.rules import Bounds, Load, Rules

loads = st.builds(
    Load,
    ready=st.integers(0, 100_000),
    in_flight=st.integers(0, 40),
    processes=st.integers(0, 40),
    oldest_age=st.none() | st.floats(0, 100_000),
    objective=st.floats(1, 3600),
    arrivals=st.none() | st.floats(0, 1000),
    mean_seconds=st.none() | st.floats(0.001, 1800),
)
limits = st.builds(
    Bounds,
    most=st.integers(1, 64),
    connections=st.none() | st.integers(-10, 100),
    upstream=st.none() | st.floats(0.1, 100),
)
IDLE = Load(0, 0, 2, 0.0, 300.0, 0.0, 0.5)
ANY = Bounds(16)


def once(load: Load, bounds: Bounds = ANY) -> int:
    return Rules(calm=0).recommend(0.0, load, bounds).processes


@given(loads, limits)
def test_it_is_one_at_least_and_never_below_what_is_in_flight(load: Load, bounds: Bounds) -> None:
    assert once(load, bounds) >= max(load.in_flight, 1)


@given(loads, limits)
def test_it_is_never_above_a_bound_except_for_what_is_in_flight(load: Load, bounds: Bounds) -> None:
    number = once(load, bounds)
    floor = max(load.in_flight, 1)
    assert number <= max(bounds.most, floor)
    if bounds.connections is not None:
        assert number <= max(bounds.connections, floor)
    if bounds.upstream is not None and load.mean_seconds is not None:
        assert number <= max(ceil(bounds.upstream * load.mean_seconds), floor)


@given(loads, st.integers(0, 10_000))
def test_more_that_waits_never_means_fewer(load: Load, more: int) -> None:
    assert once(replace(load, ready=load.ready + more)) >= once(load)


@given(loads, st.floats(0, 10_000))
def test_an_older_first_message_never_means_fewer(load: Load, older: float) -> None:
    first = replace(load, oldest_age=load.oldest_age or 0.0)
    assert once(replace(first, oldest_age=(first.oldest_age or 0.0) + older)) >= once(first)


@given(st.lists(st.tuples(st.floats(0.1, 60), loads), min_size=1, max_size=30))
def test_it_is_raised_at_once_and_lowered_only_when_fewer_were_enough_for_a_while(
    story: list[tuple[float, Load]],
) -> None:
    rules, at = Rules(calm=100.0), story[0][0]
    # What was found counts as needed when the watching began.
    past = [(at, min(max(story[0][1].processes, 1), ANY.most))]
    for number, (seconds, load) in enumerate(story):
        at += seconds if number else 0.0
        calm = replace(load, in_flight=0)
        past.append((at, once(calm)))
        assert rules.recommend(at, calm, ANY).processes == max(number for when, number in past if when >= at - 100.0)


def test_a_pool_that_was_not_watched_for_long_keeps_what_it_has() -> None:
    rules = Rules(calm=100.0)
    assert rules.recommend(0.0, replace(IDLE, processes=6), ANY).processes == 6
    assert rules.recommend(99.0, replace(IDLE, processes=6), ANY).processes == 6
    told = rules.recommend(101.0, replace(IDLE, processes=6), ANY)
    assert (told.processes, told.reason) == (1, "nothing waits")


def test_a_pool_at_rest_needs_one() -> None:
    told = Rules(calm=0).recommend(0.0, IDLE, ANY)
    assert (told.processes, told.reason) == (1, "nothing waits")


def test_a_steady_flow_gets_what_it_takes_with_a_fifth_to_spare() -> None:
    assert once(replace(IDLE, arrivals=4.0)) == 3  # 4 a second, of half a second each, is two; 2 / 0.8


def test_a_backlog_gets_what_empties_it_before_its_first_message_is_too_old() -> None:
    assert once(replace(IDLE, ready=3000)) == 5  # 1500 s of work in 300 s
    assert once(replace(IDLE, ready=3000, oldest_age=150.0)) == 10
    assert once(replace(IDLE, ready=1200, oldest_age=1000.0)) == 8  # too old already: in a quarter of the objective


def test_nobody_knows_how_long_a_message_takes_before_one_is_finished() -> None:
    unknown = replace(IDLE, ready=10, mean_seconds=None)
    assert once(unknown) == 2
    assert once(replace(unknown, oldest_age=151.0)) == 3
    assert "none was finished yet" in Rules(calm=0).recommend(0.0, unknown, ANY).reason


def test_each_bound_is_named_when_it_decides() -> None:
    flood = replace(IDLE, ready=100_000)
    for bounds, words in (
        (Bounds(16), "the pool's most is 16"),
        (Bounds(16, connections=3), "the database has connections for 3"),
        (Bounds(16, upstream=20.0, upstream_name="TheTVDB"), "TheTVDB lets 20 a second through"),
    ):
        assert words in Rules(calm=0).recommend(0.0, flood, bounds).reason
    assert "9 are busy" in Rules(calm=0).recommend(0.0, replace(flood, in_flight=9), Bounds(4)).reason
