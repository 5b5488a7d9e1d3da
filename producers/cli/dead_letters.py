"""`millrace dead-letters`: messages that died, and why; straight from the database, whether or not the API runs."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from producers.cli.failures import FAILED, Failure
from producers.cli.output import AsJson, print_json, print_table
from shared import ledger
from shared.database.engine import open_engine
from shared.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Messages that died: list them, show one whole.")

STATES = ("open", "replaying", "resolved", "discarded")
SHOWN = 100
"""Characters of an error that the list shows."""


@app.command("list")
def list_letters(
    *,
    state: Annotated[
        str | None, typer.Option(help="open, replaying, resolved or discarded; all when left out.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="e.g. scrape.series.save")] = None,
    queue: Annotated[str | None, typer.Option(help="The queue in which it failed.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Letters at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List dead letters, the newest death first."""
    if state is not None and state not in STATES:
        raise typer.BadParameter(f"one of {', '.join(STATES)}", param_hint="--state")
    with transaction() as connection:
        letters = ledger.listing(connection, state=state, kind=kind, queue=queue, limit=limit)
    if as_json:
        print_json(letters)
        return
    print_table(
        ("id", "state", "died", "queue", "kind", "entity", "reason", "error", "deaths", "replays"),
        [
            (
                letter["id"],
                letter["state"],
                f"{letter['last_died_at']:%Y-%m-%d %H:%M:%S}",
                letter["queue"],
                letter["kind"],
                letter["entity"],
                letter["reason"],
                _short(letter),
                letter["deaths"],
                letter["replays"],
            )
            for letter in letters
        ],
    )
    if len(letters) == limit:
        typer.echo(f"the newest {limit}; --limit shows more", err=True)


@app.command()
def show(letter: Annotated[int, typer.Argument(help="Its id, as in the list.")], *, as_json: AsJson = False) -> None:
    """Show one dead letter whole: message, attempts, traceback, and who did what with it."""
    with transaction() as connection:
        found = ledger.show(connection, letter)
    if as_json:
        print_json(found)
        return
    told = ("message_id", "kind", "entity", "queue", "state", "reason", "fingerprint", "deaths", "replays")
    times = ("first_died_at", "last_died_at")
    print_table(("dead letter", str(letter)), [(name, str(found[name] or "")) for name in (*told, *times)])
    typer.echo(
        f"\nbody\n{found['body']}\n\nproperties\n{json.dumps(found['properties'], indent=2, ensure_ascii=False)}"
    )
    if found["attempts"]:
        typer.echo("\nattempts")
        print_table(
            ("attempt", "ended", "outcome", "error", "said"),
            [
                (one["attempt"], one["ended_at"], one["outcome"], one["error"], one["message"])
                for one in found["attempts"]
            ],
        )
    if found["traceback"]:
        typer.echo(f"\n{found['traceback'].rstrip()}")
    if found["actions"]:
        typer.echo("\nactions")
        print_table(("at", "who", "did"), [(one["at"], one["actor"], one["action"]) for one in found["actions"]])
    if found["state"] == "open":
        typer.echo(f"\nmillrace replay {letter}")


@contextmanager
def transaction() -> Iterator[Connection]:
    """Open a transaction on the database of the settings; what is expected to go wrong ends the command kindly."""
    engine = open_engine(Settings().database_url.get_secret_value(), pool=1, name="millrace-cli")
    try:
        with engine.begin() as connection:
            yield connection
    except ledger.NoSuchLetter as error:
        raise Failure(f"there is no dead letter {error.letter}", "millrace dead-letters list", FAILED) from error
    except ledger.NotOpen as error:
        raise Failure(str(error), f"millrace dead-letters show {error.letter} tells who did what", FAILED) from error
    finally:
        engine.dispose()


def whoever() -> str:
    """Return who is at the keyboard, for the record of what they do."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # an account without a name, as containers have
        return "cli"


def _short(letter: dict[str, Any]) -> str:
    said = " ".join(f"{letter['error_class'] or ''}: {letter['error'] or ''}".strip(": ").split())
    return said if len(said) <= SHOWN else f"{said[: SHOWN - 1]}…"
