"""`millrace schedules`: what the clock asks for, straight from the database, whether or not the API runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from producers.cli.dead_letters import whoever
from producers.cli.failures import FAILED, USAGE, Failure
from producers.cli.output import AsJson, print_json, print_table
from producers.cli.timing import definition_of, given_fields, merged
from shared.contracts.kinds import CONTRACTS
from shared.database.engine import open_engine
from shared.schedules import seeding, store, views
from shared.schedules.definition import GRACE, InvalidSchedule, MissedRun
from shared.schedules.firing import moment
from shared.schedules.store import NoSuchSchedule, Schedule, ScheduleExists, ScheduleSeeded
from shared.settings import Settings

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="What the clock asks for: list it, change it, run it now."
)

Name = Annotated[str, typer.Argument(help="Its name, as in the list.")]
Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="Their names, as in the list.")]
Words = Annotated[list[str] | None, typer.Argument(metavar="PAYLOAD", help="Words name=value, or one JSON object.")]
Crontab = Annotated[
    str | None, typer.Option(metavar="'0 6 * * *'", help="Minute, hour, day of month, month, day of week.")
]
Every = Annotated[str | None, typer.Option(metavar="2h", help="Or an interval: 90s, 10m, 2h, 1d.")]
At = Annotated[
    str | None, typer.Option(metavar="2026-12-01T06:00", help="Or one moment; without an offset in --time-zone.")
]
Zone = Annotated[str | None, typer.Option("--time-zone", metavar="America/New_York", help="UTC when left out.")]
Priority = Annotated[int | None, typer.Option(help="9 a person is waiting, 5 normal, 1 background.")]
Missed = Annotated[
    MissedRun | None, typer.Option(help="A run that comes too late: run_once, the default, however many, or skip.")
]
Grace = Annotated[int | None, typer.Option(help=f"Seconds by which a run is not yet too late; {GRACE} when left out.")]
Description = Annotated[str | None, typer.Option(help="What it is for.")]
Actor = Annotated[str | None, typer.Option(help="Who does this, for the record. Default: your account.")]


@app.command("list")
def list_schedules(*, as_json: AsJson = False) -> None:
    """List the schedules, with the next time of each in its own zone and in UTC."""
    with _transaction() as connection:
        listed = views.listing(connection)
    if as_json:
        print_json(listed)
        return
    print_table(
        ("name", "when", "next, in its zone", "next, in UTC", "state", "last fired", "problem"),
        [
            (
                one["name"],
                one["when"],
                (one["next_due_local"] or "").replace("T", " "),
                _short(one["next_due_at"]),
                one["state"],
                _short(one["last_fired_at"]),
                one["problem"],
            )
            for one in listed
        ],
    )
    if not listed:
        typer.echo("there are none; millrace schedules sync adds those of the code", err=True)


@app.command()
def show(name: Name, *, as_json: AsJson = False) -> None:
    """Show one schedule whole, with its latest messages and what became of them."""
    with _transaction() as connection:
        found = views.show(connection, name)
    if as_json:
        print_json(found)
        return
    latest = found.pop("firings")
    print_table(("schedule", name), [(field, value) for field, value in found.items() if value is not None])
    if latest:
        typer.echo("\nlatest messages")
        print_table(
            ("due", "message", "status", "asked by"),
            [(_short(one["due_at"]), one["message_id"], one["status"], one["asked_by"]) for one in latest],
        )


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="A name of your own.")],
    kind: Annotated[str, typer.Argument(help="What to ask for, e.g. scrape.series.save.")],
    payload: Words = None,
    *,
    crontab: Crontab = None,
    every: Every = None,
    at: At = None,
    time_zone: Zone = None,
    priority: Priority = None,
    missed_run: Missed = None,
    grace: Grace = None,
    description: Description = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="Add it without letting it fire.")] = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Add a schedule; it fires within a second or two from now on.

    millrace schedules add breaking-bad scrape.series.save tvdb_id=81189 --crontab '0 6 * * mon' --time-zone Europe/Rome
    """
    given = given_fields(crontab, every, at, time_zone, priority, missed_run, grace, description)
    with _transaction() as connection:
        definition = definition_of(name, kind, payload or [], {**given, "enabled": not disabled})
        schedule = store.add(connection, CONTRACTS, definition, actor or whoever(), moment(connection))
    _tell(schedule, as_json=as_json)


@app.command("set")
def set_fields(
    name: Name,
    payload: Words = None,
    *,
    crontab: Crontab = None,
    every: Every = None,
    at: At = None,
    time_zone: Zone = None,
    priority: Priority = None,
    missed_run: Missed = None,
    grace: Grace = None,
    description: Description = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Change a schedule: words name=value change those fields of its payload, a JSON object replaces the whole of it.

    `millrace schedules sync` leaves alone what was changed here.
    """
    changes = given_fields(crontab, every, at, time_zone, priority, missed_run, grace, description)
    if not changes and not payload:
        raise Failure("nothing is given that could be changed", "millrace schedules set --help", USAGE)
    with _transaction() as connection:
        if payload:
            changes["payload"] = merged(store.get(connection, name, lock=True).definition, payload)
        schedule = _change(connection, name, changes, actor)
    _tell(schedule, as_json=as_json)


@app.command()
def enable(names: Names, *, actor: Actor = None, as_json: AsJson = False) -> None:
    """Let schedules fire, from their next due time on; what they were due for meanwhile is not made up for."""
    with _transaction() as connection:
        schedules = [_change(connection, name, {"enabled": True}, actor) for name in names]
    _tell_all(schedules, as_json=as_json)


@app.command()
def disable(names: Names, *, actor: Actor = None, as_json: AsJson = False) -> None:
    """Keep schedules from firing."""
    with _transaction() as connection:
        schedules = [_change(connection, name, {"enabled": False}, actor) for name in names]
    _tell_all(schedules, as_json=as_json)


@app.command("run-now")
def run_now(
    name: Name,
    *,
    message_id: Annotated[
        str | None, typer.Option("--id", help="Message id: the same one twice asks once. Default: a fresh one.")
    ] = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Ask at once for what a schedule asks for, disabled or not; its due times stay as they are."""
    with _transaction() as connection:
        asked = store.run_now(connection, CONTRACTS, name, actor or whoever(), moment(connection), message_id)
    if as_json:
        print_json({"name": name, "message_id": asked})
    else:
        typer.echo(f"{name}: message {asked} is on its way")


@app.command()
def remove(names: Names) -> None:
    """Forget schedules that an operator added; those of the code can be disabled."""
    with _transaction() as connection:
        for name in names:
            store.remove(connection, name)
    for name in names:
        typer.echo(f"{name} removed")


@app.command()
def sync(
    *,
    reset: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Make this one as the code says, whoever changed it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring the schedules of the code to the database; what an operator changed stays as it is."""
    with _transaction() as connection:
        outcomes = seeding.sync(connection, CONTRACTS, moment(connection), reset=reset or ())
    if as_json:
        print_json([{"name": one.name, "outcome": one.outcome, "why": one.why} for one in outcomes])
        return
    print_table(("name", "outcome", "why"), [(one.name, one.outcome, one.why) for one in outcomes])


def _change(connection: Connection, name: str, changes: dict[str, Any], actor: str | None) -> Schedule:
    return store.change(connection, CONTRACTS, name, changes, actor or whoever(), moment(connection))


def _tell(schedule: Schedule, *, as_json: bool) -> None:
    if as_json:
        print_json(views.told(schedule))
    else:
        typer.echo(_line(schedule))


def _tell_all(schedules: Sequence[Schedule], *, as_json: bool) -> None:
    if as_json:
        print_json([views.told(schedule) for schedule in schedules])
    else:
        typer.echo("\n".join(map(_line, schedules)))


def _line(schedule: Schedule) -> str:
    told = views.told(schedule)
    due = told["next_due_local"]
    following = "" if due is None else f", next {due.replace('T', ' ')} ({_short(told['next_due_at'])} UTC)"
    return f"{told['name']}: {told['when']}, {told['state']}{following}"


def _short(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


@contextmanager
def _transaction() -> Iterator[Connection]:
    """Open a transaction on the database of the settings; what is expected to go wrong ends the command kindly."""
    engine = open_engine(Settings().database_url.get_secret_value(), pool=1, name="millrace-cli")
    try:
        with engine.begin() as connection:
            yield connection
    except NoSuchSchedule as error:
        raise Failure(str(error), "millrace schedules list", FAILED) from error
    except ScheduleExists as error:
        raise Failure(str(error), f"millrace schedules set {error.name}, or another name", FAILED) from error
    except ScheduleSeeded as error:
        raise Failure(str(error), f"millrace schedules disable {error.name}", FAILED) from error
    except InvalidSchedule as error:
        raise Failure(str(error), "correct what is named above; docs/schedules.md has every field", USAGE) from error
    finally:
        engine.dispose()
