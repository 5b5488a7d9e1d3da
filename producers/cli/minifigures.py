"""`millrace minifigures`: the catalogue and its prices, straight from the database; and a way into it for files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final, cast

import typer
from psycopg import RawCursor
from sqlalchemy import Connection

from producers.cli.failures import FAILED, USAGE, Failure
from producers.cli.output import AsJson, print_json, print_table
from shared import clock
from shared.catalog.minifigures import catalogue_file, store, views
from shared.catalog.minifigures.catalogue_file import Entry, NoCatalogue, Refused, Repeated
from shared.catalog.minifigures.records import ItemType
from shared.database.engine import driver, open_engine
from shared.settings import Settings

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Minifigures and sets: import a catalogue, list it, show prices."
)

SLICE: Final = 1000
"""Entries of a file stored by one statement."""

SHOWN: Final = 20
"""Refused lines that are printed; the rest is counted."""

TYPES: Final = ("minifigure", "set")
CONDITIONS: Final = ("NEW", "USED", "SEALED")


@dataclass(slots=True)
class Imported:
    """What became of the lines of a file."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    repeated: int = 0
    refused: list[Refused] = field(default_factory=list)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV or JSON, in UTF-8.", dir_okay=False)],
    *,
    item_type: Annotated[
        str | None, typer.Option("--type", help="minifigure or set: what all of it is, where the file does not tell.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a catalogue that you exported from BrickLink, Brickset or Rebrickable; what is known already is updated.

    All of it is stored at once, but for the lines that are refused.
    """
    _one_of(item_type, TYPES, "--type")
    outcome = Imported()
    with _opened(file) as lines, _database() as connection:
        found = catalogue_file.read(lines, cast("ItemType | None", item_type))
        while entries := list(islice(found, SLICE)):
            _store(connection, entries, outcome)
        if dry_run:
            connection.rollback()
    if as_json:
        print_json({"file": str(file), "dry_run": dry_run, **asdict(outcome)})
    else:
        _tell(outcome, dry_run)
    if outcome.refused:
        raise typer.Exit(FAILED)


@app.command("list")
def list_items(
    *,
    theme: Annotated[str | None, typer.Option(help="The whole of it, in any case.")] = None,
    year: Annotated[int | None, typer.Option(help="Of the first release.")] = None,
    item_type: Annotated[str | None, typer.Option("--type", help="minifigure or set; both when left out.")] = None,
    query: Annotated[str | None, typer.Option(help="Part of the name, or the start of the number.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Items at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what the catalogue has, in the order of the numbers."""
    _one_of(item_type, TYPES, "--type")
    with _database() as connection:
        items = _rows(connection, views.ITEMS, (theme, year, item_type, query, None, limit))
    if as_json:
        print_json(items)
        return
    names = ("id", "set_number", "item_type", "name", "theme", "year")
    print_table(names, [[item[name] for name in names] for item in items])
    if len(items) == limit:
        typer.echo(f"the first {limit}; --limit shows more", err=True)


@app.command()
def prices(
    number: Annotated[str, typer.Argument(help="Its number, e.g. sw0001a or 75192-1.")],
    *,
    condition: Annotated[str | None, typer.Option(help="NEW, USED or SEALED; all when left out.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Offers at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show what an item was offered for, the newest day first."""
    condition = None if condition is None else condition.upper()
    _one_of(condition, CONDITIONS, "--condition")
    with _database() as connection:
        items = list(RawCursor(driver(connection)).execute(views.ITEM, (number,)))
        if not items:
            raise Failure(f"the catalogue has no item {number}", "millrace minifigures list --query WORD", FAILED)
        item = json.loads(items[0][1])
        place = (None, None, None)
        listings = _rows(connection, views.LISTINGS, (items[0][0], condition, None, None, *place, limit))
    if as_json:
        print_json({**item, "listings": listings})
        return
    print_table(
        ("day", "condition", "price", "shipping", "kind", "ended", "title"),
        [
            (
                one["observed_on"],
                one["condition"],
                f"{one['price']:.2f} {one['currency']}",
                None if one["shipping"] is None else f"{one['shipping']:.2f}",
                one["price_kind"],
                "yes" if one["ended_at"] else "",
                one["title"],
            )
            for one in listings
        ],
        title=f"{item['set_number']} {item['name']}",
    )
    if not listings:
        ask = f"millrace publish price.minifigure.fetch_by_number set_number={number} condition=NEW"
        typer.echo(f"no offers are known; {ask}", err=True)
    elif len(listings) == limit:
        typer.echo(f"the newest {limit}; --limit shows more", err=True)


def _store(connection: Connection, entries: Iterable[Entry | Repeated | Refused], outcome: Imported) -> None:
    items = []
    for entry in entries:
        match entry:
            case Entry(item=item):
                items.append(item)
            case Repeated():
                outcome.repeated += 1
            case Refused():
                outcome.refused.append(entry)
    stored = store.save_items(connection, items, clock.now())
    outcome.added += stored.added
    outcome.changed += stored.changed
    outcome.unchanged += stored.unchanged


def _tell(outcome: Imported, dry_run: bool) -> None:
    for refused in outcome.refused[:SHOWN]:
        typer.echo(f"line {refused.line}: {refused.problem}", err=True)
    if len(outcome.refused) > SHOWN:
        typer.echo(f"and {len(outcome.refused) - SHOWN} more", err=True)
    typer.echo(
        f"{outcome.added} added, {outcome.changed} changed, {outcome.unchanged} unchanged, "
        f"{outcome.repeated} repeated, {len(outcome.refused)} refused" + (" (nothing is stored)" if dry_run else "")
    )


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    """Open a file; what is wrong with it ends the command kindly."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            yield lines
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}", "check its name", USAGE) from error
    except UnicodeDecodeError as error:
        raise Failure(f"{file} is not UTF-8 ({error.reason})", "save it as UTF-8; nothing is stored", FAILED) from error
    except NoCatalogue as error:
        told = "docs/minifigures.md says what can be read; nothing is stored"
        raise Failure(f"{file}: {error}", told, FAILED) from error


@contextmanager
def _database() -> Iterator[Connection]:
    """Open a transaction on the database of the settings."""
    engine = open_engine(Settings().database_url.get_secret_value(), pool=1, name="millrace-cli")
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _rows(connection: Connection, statement: str, values: tuple[Any, ...]) -> list[Any]:
    """Return the JSON that each row of a view has as its last column."""
    return [json.loads(row[-1]) for row in RawCursor(driver(connection)).execute(statement, values)]


def _one_of(value: str | None, known: tuple[str, ...], option: str) -> None:
    if value is not None and value not in known:
        raise typer.BadParameter(f"one of {', '.join(known)}", param_hint=option)
