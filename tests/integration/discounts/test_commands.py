"""`millrace discounts` on a real PostgreSQL."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from producers.cli.root import app
from shared import clock
from tests.integration.discounts.stock import Shop, batch


@pytest.fixture
def run(database_url: str) -> Any:
    def command(*words: str) -> Result:
        environment = {"DATABASE_URL": database_url}
        return CliRunner().invoke(app, ["discounts", *words], env=environment, prog_name="millrace")

    return command


def tiers(result: Result) -> list[tuple[int, int, float]]:
    assert result.exit_code == 0, result.output
    return [(one["days_left"], one["min_quantity"], one["percent"]) for one in json.loads(result.stdout)["tiers"]]


def test_what_is_discounted_is_listed(run: Any, shop: Shop) -> None:
    now = clock.now()
    shop.receive(*(batch("A", str(days), expires_on=now.date() + timedelta(days=days)) for days in (5, 1)), at=now)
    assert "nothing is" in run("list").stderr
    shop.recompute(now)
    assert [one["lot"] for one in json.loads(run("list", "--json", "--currency", "eur").stdout)] == ["1", "5"]
    shown = run("list", "--limit", "1")
    assert "70 %" in shown.stdout
    assert "--limit shows more" in shown.stderr


def test_tiers_are_added_changed_and_removed(run: Any, shop: Shop) -> None:
    shop.terms()
    assert tiers(run("tiers", "--json")) == []
    run("set-tier", "7", "20")
    run("set-tier", "7", "30", "--min-quantity", "50")
    assert tiers(run("set-tier", "7", "25.5", "--json")) == [(7, 0, 25.5), (7, 50, 30)]
    assert tiers(run("remove-tier", "7", "--json")) == [(7, 50, 30)]
    gone = run("remove-tier", "7")
    assert gone.exit_code == 1
    assert "millrace discounts tiers" in gone.stderr


def test_the_floor_is_set_and_what_is_left_out_stays(run: Any) -> None:
    run("set-floor", "--percent", "15")
    floor = json.loads(run("set-floor", "--price", "0.5", "--json").stdout)["floor"]
    assert floor == {"percent": 15, "price": 0.5}
    assert "below 15 % of the base price, nor 0.50" in run("tiers").stdout


@pytest.mark.parametrize(
    "words",
    [
        ("set-tier", "7", "101"),
        ("set-tier", "7", "much"),
        ("set-tier", "7", "1.005"),
        ("set-tier", "7", "nan"),
        ("set-tier", "-1", "10"),
        ("set-tier", "3651", "10"),
        ("set-floor", "--price", "10000000000"),
        ("set-floor", "--price", "1e50"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Any, words: tuple[str, ...]) -> None:
    before = run("tiers", "--json").stdout
    assert run(*words).exit_code == 2
    assert run("tiers", "--json").stdout == before
