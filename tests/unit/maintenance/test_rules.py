"""What a health check calls well, worth a look, and bad."""

from __future__ import annotations

import pytest

from shared.maintenance import rules
from shared.maintenance.report import Item, Report, State, span
from shared.maintenance.rules import Breaker, Clockwork, Freshness, RunLog

ITEMS: list[tuple[State, Item]] = [
    ("ok", rules.database(0.001, 10, 100)),
    ("warn", rules.database(0.2, 10, 100)),
    ("warn", rules.database(0.001, 80, 100)),
    ("bad", rules.database(0.001, 95, 100)),
    ("ok", rules.broker(0.01)),
    ("warn", rules.broker(0.5)),
    ("bad", rules.broker(None, "connection refused")),
    ("ok", rules.outbox(0, 0, 0)),
    ("ok", rules.outbox(5000, -3600, 0)),
    ("warn", rules.outbox(1, 90, 0)),
    ("bad", rules.outbox(1, 900, 0)),
    ("warn", rules.outbox(1, 0, 1)),
    ("ok", rules.ledger(0, 0, 0)),
    ("warn", rules.ledger(1, 60, 1)),
    ("bad", rules.ledger(100, 60, 100)),
    ("bad", rules.ledger(1000, 9_000_000, 0)),
    ("ok", rules.run_log(RunLog(0, 0, 0))),
    ("warn", rules.run_log(RunLog(1, 0, 0))),
    ("warn", rules.run_log(RunLog(0, 1, 0))),
    ("warn", rules.run_log(RunLog(0, 0, 5000))),
    ("bad", rules.run_log(RunLog(50, 50, 0))),
    ("ok", rules.upstreams([])),
    ("ok", rules.upstreams([Breaker("tvdb", -10, -10, 0)])),
    ("warn", rules.upstreams([Breaker("tvdb", 15, 0, 1)])),
    ("warn", rules.upstreams([Breaker("tvdb", 0, 30, 0)])),
    ("bad", rules.upstreams([Breaker("tvdb", 600, 0, 7), Breaker("ebay", -1, -1, 0)])),
    ("warn", rules.schedules(0, 0, [])),
    ("ok", rules.schedules(20, 19, [])),
    ("ok", rules.schedules(20, 20, [Clockwork("a", 3, None)])),
    ("warn", rules.schedules(20, 20, [Clockwork("a", 0, "no such kind")])),
    ("bad", rules.schedules(20, 20, [Clockwork("a", 3600, None)])),
    ("ok", rules.freshness([Freshness("series", 0, 0, 0)])),
    ("ok", rules.freshness([Freshness("series", 100, 90, 10)])),
    ("warn", rules.freshness([Freshness("series", 100, 90, 20), Freshness("people", 100, 60, 40)])),
]


@pytest.mark.parametrize(("state", "item"), ITEMS, ids=lambda given: getattr(given, "told", given))
def test_each_thing_is_judged_and_says_what_to_do_unless_it_is_well(state: State, item: Item) -> None:
    assert item.state == state
    assert (item.next_step is None) == (state == "ok")


def test_a_report_is_as_bad_as_its_worst_item() -> None:
    ok, warn, bad = (Item(name, state, "") for name, state in (("a", "ok"), ("b", "warn"), ("c", "bad")))  # type: ignore[arg-type]
    assert [Report(items).state for items in ([], [ok], [warn, ok], [ok, bad, warn])] == ["ok", "ok", "warn", "bad"]
    assert Report([ok, bad]).of("bad") == [bad]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2 h"), (172_800, "2 days")],
)
def test_a_span_is_said_in_the_unit_that_suits_it(seconds: float, said: str) -> None:
    assert span(seconds) == said
