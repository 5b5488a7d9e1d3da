"""Who defines a schedule is told everything that is wrong with it; who reads the table of the code finds it right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.contracts.kinds import CONTRACTS
from shared.schedules.definition import Definition, InvalidSchedule
from shared.schedules.seeds import SEEDS, Seed
from shared.schedules.store import changed
from shared.schedules.trigger import Crontab, Interval, Once

GOOD = Definition("tick", "scrape.series.save", Interval(60), {"tvdb_id": 81189})


def problems(definition: Definition) -> list[tuple[str, str]]:
    with pytest.raises(InvalidSchedule) as refused:
        definition.check(CONTRACTS)
    return list(refused.value.problems)


def test_a_good_one_passes() -> None:
    GOOD.check(CONTRACTS)


def test_every_problem_is_named_at_once() -> None:
    wrong = Definition(
        name="No Name!",
        kind="scrape.series.save",
        trigger=Crontab("0 0 30 2 *", "UTC"),
        payload={"tvdb_id": "x", "more": 1},
        priority=10,
        missed_run="maybe",  # type: ignore[arg-type]
        grace_seconds=-1,
        description="x" * 501,
    )
    assert [field for field, _ in problems(wrong)] == [
        "name",
        "priority",
        "missed_run",
        "grace_seconds",
        "description",
        "crontab",
        "payload.tvdb_id",
        "payload.more",
    ]


def test_an_unknown_kind_is_refused() -> None:
    ((field, what),) = problems(replace(GOOD, kind="scrape.serie.save"))
    assert field == "kind"
    assert "scrape.serie.save" in what


def test_a_fact_cannot_be_asked_for() -> None:
    fact = next(kind for kind in CONTRACTS if kind.is_fact)
    assert problems(replace(GOOD, kind=fact.name, payload=dict(fact.example)))[0][0] == "kind"


def test_the_one_time_that_is_given_takes_the_place_of_what_was() -> None:
    local = changed(GOOD, {"crontab": "0 6 * * *", "time_zone": "Europe/Vienna"})
    assert local.trigger == Crontab("0 6 * * *", "Europe/Vienna")
    assert changed(local, {"interval_seconds": 5}).trigger == Interval(5, "Europe/Vienna")
    assert changed(local, {"time_zone": "UTC"}).trigger == Crontab("0 6 * * *", "UTC")
    moment = datetime(2030, 1, 1, 12, tzinfo=UTC)
    assert changed(local, {"once_at": moment}).trigger == Once(moment, "Europe/Vienna")
    assert changed(local, {"priority": 1}).trigger == local.trigger
    with pytest.raises(InvalidSchedule, match="exactly one"):
        changed(local, {"crontab": "0 6 * * *", "interval_seconds": 5})


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.kind)
def test_a_seed_fits_its_contract(seed: Seed) -> None:
    if seed.kind in CONTRACTS:
        source = None if seed.of_source is None else 1
        seed.definition(CONTRACTS.kind(seed.kind).summary, source).check(CONTRACTS)


def test_what_the_table_says_is_when_each_kind_is_due() -> None:
    assert {seed.kind: (seed.crontab, seed.time_zone) for seed in SEEDS} == {
        "scrape.venue.vanwezel": ("0 6 * * *", "America/New_York"),
        "scrape.venue.mote": ("30 6 * * *", "America/New_York"),
        "scrape.source.ingest_all": ("0 */2 * * *", "UTC"),
        "scrape.adaptations.wikidata": ("0 2 * * *", "UTC"),
        "scrape.adaptations.tmdb": ("0 3 * * sun", "UTC"),
        "scrape.minifigures.catalog": ("0 2 * * *", "UTC"),
        "price.minifigure.update_all": ("0 */6 * * *", "UTC"),
        "price.discounts.recompute": ("0 * * * *", "UTC"),
        "aggregation.price_history": ("0 */6 * * *", "UTC"),
        "aggregation.snapshots.daily": ("0 1 * * *", "UTC"),
        "aggregation.statistics": ("0 1 * * *", "UTC"),
        "maintenance.refresh.content": ("0 3 * * sun", "UTC"),
        "maintenance.refresh.people": ("0 3 * * sun", "UTC"),
        "maintenance.cleanup.sync_logs": ("0 4 1 * *", "UTC"),
        "maintenance.cleanup.listings": ("0 3 * * sun", "UTC"),
        "maintenance.cleanup.discounts": ("0 2 * * *", "UTC"),
        "maintenance.cleanup.sessions": ("0 4 * * *", "UTC"),
        "maintenance.cleanup.tokens": ("0 5 * * mon", "UTC"),
        "maintenance.health": ("0 * * * *", "UTC"),
        "maintenance.watchdog": ("*/15 * * * *", "UTC"),
    }


def test_every_seed_has_a_contract() -> None:
    assert [seed.kind for seed in SEEDS if seed.kind not in CONTRACTS] == []


def test_the_documentation_has_the_table_of_the_code() -> None:
    page = (Path(__file__).parents[3] / "docs" / "schedules.md").read_text()
    rows = [f"| `{seed.kind}` | `{seed.crontab}` | {seed.time_zone} |" for seed in SEEDS]
    assert "\n".join(rows) in page
