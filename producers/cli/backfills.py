"""`millrace backfills`: snapshots of long ranges of days, and how far they are; straight from the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from sqlalchemy import Connection

from producers import backfills as changes
from producers.cli.failures import Failure
from producers.cli.output import AsJson, print_json, print_table
from producers.cli.registry import engine_of_settings
from producers.cli.terms import APP_ID
from shared.catalog.minifigures import backfills

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Backfills of price snapshots: list, cancel, resume."
)

BackfillId = Annotated[str, typer.Argument(help="Its id, as in the list.")]


@app.command("list")
def list_backfills(
    *, limit: Annotated[int, typer.Option(min=1, help="Backfills at most.")] = 20, as_json: AsJson = False
) -> None:
    """List the latest backfills and how far they are.

    `millrace publish aggregation.snapshots.backfill start_date=… end_date=…` begins one; its id is that of the message.
    """
    with _transaction() as connection:
        found = backfills.latest(connection, limit)
    if as_json:
        print_json([{**asdict(one), "days": one.days, "done": one.done} for one in found])
        return
    print_table(
        ("id", "state", "from", "to", "next", "done", "changed", "updated"),
        [
            (
                one.id,
                one.state,
                one.start_date,
                one.end_date,
                one.next_date if one.done < one.days else None,
                f"{one.done} of {one.days}",
                one.changed,
                f"{one.updated_at:%Y-%m-%d %H:%M:%S}",
            )
            for one in found
        ],
    )


@app.command()
def cancel(backfill: BackfillId) -> None:
    """Call a backfill off: it ends after the day it is at, and what was computed stays."""
    with _transaction() as connection:
        changes.cancel(connection, backfill)
    typer.echo(f"backfill {backfill} is cancelled; millrace backfills resume {backfill} lets it go on")


@app.command()
def resume(backfill: BackfillId, *, as_json: AsJson = False) -> None:
    """Let a backfill go on that was called off."""
    with _transaction() as connection:
        message = changes.resume(connection, backfill, APP_ID)
    if as_json:
        print_json({"id": backfill, "message_id": message.message_id})
        return
    typer.echo(f"backfill {backfill} goes on with message {message.message_id}")


@contextmanager
def _transaction() -> Iterator[Connection]:
    """Open a transaction on the database of the settings; what is expected to go wrong ends the command kindly."""
    engine = engine_of_settings()
    try:
        with engine.begin() as connection:
            yield connection
    except changes.NoSuchBackfill as error:
        raise Failure(str(error), "millrace backfills list") from error
    except changes.NotSo as error:
        told = "one that runs can be cancelled, one that was cancelled can be resumed"
        raise Failure(str(error), told) from error
    finally:
        engine.dispose()
