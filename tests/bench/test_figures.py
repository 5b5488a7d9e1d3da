"""The benchmark's arithmetic: a wrong sign here would turn a loss into a win."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import kinds
from tests.bench.figures import Aim, Contender, Figures, percentile
from tests.bench.report import BEGIN, END, put_into, sections

RATE = Contender("work", "ours", "msgs/s", ours=True)
PEER_RATE = Contender("work", "theirs", "msgs/s")
WAIT = Contender("wait", "ours", "ms p50", ours=True)
PEER_WAIT = Contender("wait", "theirs", "ms p50")


def measured(values: dict[Contender, list[float]]) -> Figures:
    figures = Figures()
    for contender, each in values.items():
        for value in each:
            figures.add(contender, value)
    return figures


def test_twice_the_rate_is_twice_as_good() -> None:
    assert measured({RATE: [200.0], PEER_RATE: [100.0]}).ratio(Aim(RATE, PEER_RATE)) == 2


def test_half_the_wait_is_twice_as_good() -> None:
    assert measured({WAIT: [1.0], PEER_WAIT: [2.0]}).ratio(Aim(WAIT, PEER_WAIT)) == 2


def test_rounds_are_compared_with_their_own_peers_whatever_the_machine_did_between_them() -> None:
    figures = measured({RATE: [100.0, 1000.0, 10.0], PEER_RATE: [50.0, 500.0, 5.0]})

    assert figures.ratio(Aim(RATE, PEER_RATE)) == 2


def test_what_was_not_measured_has_no_ratio() -> None:
    assert measured({RATE: [1.0]}).ratio(Aim(RATE, PEER_RATE)) is None


@pytest.mark.parametrize(("part", "value"), [(0.0, 1.0), (0.5, 51.0), (0.99, 100.0), (1.0, 100.0)])
def test_a_percentile_is_one_of_the_values(part: float, value: float) -> None:
    assert percentile([float(number) for number in range(100, 0, -1)], part) == value


def test_an_aim_that_was_missed_is_called_missed() -> None:
    figures = measured({RATE: [90.0], PEER_RATE: [100.0]})

    rows = sections(figures, [Aim(RATE, PEER_RATE, at_least=1)])["work (msgs/s)"]

    assert [row[-1] for row in rows] == ["", "MISSED: 1x"]


def test_a_page_keeps_what_stands_around_its_figures(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")

    put_into(page, "new\n")

    assert page.read_text() == f"before\n{BEGIN}\nnew\n{END}\nafter\n"


@pytest.mark.parametrize("number", [0, 1, 7_999_999])
def test_the_messages_that_are_published_have_300_bytes(number: int) -> None:
    payload = kinds.BENCH_CONTRACTS.build(kinds.NOTE.name, kinds.note_fields(number))

    assert len(payload.model_dump_json().encode()) == 300
