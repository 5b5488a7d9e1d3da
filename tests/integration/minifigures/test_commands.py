"""`millrace minifigures` on a real PostgreSQL."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from typer.testing import CliRunner, Result

from producers.cli.root import app
from shared.catalog.minifigures.records import Offer
from shared.catalog.minifigures.store import item_by_number, save_items, save_offers
from shared.catalog.minifigures.tables import minifigures
from tests.integration.minifigures.conftest import BOBA, FALCON, MONDAY, YODA

CATALOGUE = "number,name,theme,year\nsw0002,Boba Fett,Star Wars,2000\nsw0051,Yoda,Star Wars,2002\n"


@pytest.fixture
def run(database_url: str) -> Any:
    def command(*words: str) -> Result:
        environment = {"DATABASE_URL": database_url}
        return CliRunner().invoke(app, ["minifigures", *words], env=environment, prog_name="millrace")

    return command


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "catalogue.csv"
    path.write_text(CATALOGUE, encoding="utf-8")
    return path


def stored(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(minifigures)) or 0


def told(result: Result) -> dict[str, Any]:
    return dict(json.loads(result.stdout))


def counts(result: Result) -> tuple[int, ...]:
    body = told(result)
    return (*(body[name] for name in ("added", "changed", "unchanged", "repeated")), len(body["refused"]))


def test_a_file_imported_twice_is_stored_once(run: Any, file: Path, engine: Engine) -> None:
    first = run("import", str(file))
    assert (first.exit_code, first.stdout) == (0, "2 added, 0 changed, 0 unchanged, 0 repeated, 0 refused\n")
    again = run("import", str(file), "--json")
    assert (again.exit_code, counts(again), stored(engine)) == (0, (0, 0, 2, 0, 0), 2)


def test_a_dry_run_tells_all_and_stores_nothing(run: Any, file: Path, engine: Engine) -> None:
    result = run("import", str(file), "--dry-run", "--json")
    assert (result.exit_code, counts(result), told(result)["dry_run"]) == (0, (2, 0, 0, 0, 0), True)
    assert stored(engine) == 0


def test_what_changed_is_stored_and_what_cannot_be_read_is_told_by_its_line(
    run: Any, file: Path, engine: Engine
) -> None:
    run("import", str(file))
    file.write_text(CATALOGUE.replace("Yoda", "Master Yoda") + "sw0002,Boba Fett,Star Wars,2000\nsw0003,,,\n")
    result = run("import", str(file))
    assert result.exit_code == 1
    assert "line 5: sw0003 has no name" in result.stderr
    assert result.stdout == "0 added, 1 changed, 1 unchanged, 1 repeated, 1 refused\n"
    assert stored(engine) == 2


def test_a_file_of_many_slices_is_stored_whole_or_not_at_all(run: Any, file: Path, engine: Engine) -> None:
    lines = "".join(f"tst{number:04},Figure {number}\n" for number in range(2500))
    file.write_text(f'number,name\n{lines}tst9999,"unfinished\n')
    broken = run("import", str(file))
    assert (broken.exit_code, stored(engine)) == (1, 0)
    assert "nothing is stored" in broken.stderr
    file.write_text(f"number,name\n{lines}")
    assert counts(run("import", str(file), "--json")) == (2500, 0, 0, 0, 0)
    assert stored(engine) == 2500


@pytest.mark.parametrize(("content", "cause"), [(b"\xff\xfenumber", "not UTF-8"), (b"", "empty")])
def test_a_file_that_cannot_be_read_is_refused_with_its_cause(run: Any, file: Path, content: bytes, cause: str) -> None:
    file.write_bytes(content)
    result = run("import", str(file))
    assert result.exit_code == 1
    assert cause in result.stderr
    assert "next: " in result.stderr


def test_a_file_that_is_not_there_is_refused(run: Any) -> None:
    result = run("import", "/nowhere/catalogue.csv")
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr


def test_the_catalogue_is_listed(run: Any, engine: Engine) -> None:
    with engine.begin() as connection:
        save_items(connection, [BOBA, YODA, FALCON], MONDAY)
    found = json.loads(run("list", "--theme", "star wars", "--type", "minifigure", "--json").stdout)
    assert [item["set_number"] for item in found] == ["sw0002", "sw0051"]
    shown = run("list", "--limit", "1")
    assert "75192-1" in shown.stdout
    assert "--limit shows more" in shown.stderr
    assert run("list", "--type", "book").exit_code == 2


def test_prices_are_shown_for_a_number_in_any_case(run: Any, engine: Engine) -> None:
    with engine.begin() as connection:
        save_items(connection, [BOBA], MONDAY)
        item = item_by_number(connection, "sw0002").id
        offers = [Offer("v1|1|0", "LEGO Boba Fett", "NEW", Decimal("12.50"), "USD", "fixed")]
        for day in range(2):
            save_offers(connection, item, "NEW", "ebay", offers, MONDAY + timedelta(days=day), whole=True)
    result = run("prices", "SW0002", "--condition", "new", "--limit", "1")
    assert "2026-11-17" in result.stdout
    assert "12.50" in result.stdout
    body = told(run("prices", "sw0002", "--json"))
    assert (body["name"], len(body["listings"])) == (BOBA.name, 2)
    assert "no offers are known" in run("prices", "sw0002", "--condition", "USED").stderr


def test_prices_of_what_is_not_there_end_with_the_next_step(run: Any) -> None:
    result = run("prices", "sw9999")
    assert result.exit_code == 1
    assert "the catalogue has no item sw9999" in result.stderr
