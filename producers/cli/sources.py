"""`millrace sources`: where listings are read from; straight from the database, whether or not the API runs."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import typer
from sqlalchemy import Connection

from producers.cli.dead_letters import whoever
from producers.cli.failures import USAGE, Failure
from producers.cli.output import AsJson, print_json, print_table
from producers.cli.preview import Preview, preview, show_preview
from producers.cli.registry import address_of, ask, reading, rows, transaction, zone_named
from shared import clock
from shared.catalog.venues import sources, views
from shared.catalog.venues.sources import NoSuchSource, Robots, SourceKind
from shared.contracts.kinds import CONTRACTS
from shared.schedules import seeding

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Where listings are read from: add, list, show, set, ingest."
)

ZONES: Final[dict[SourceKind | None, str]] = {"vanwezel": "America/New_York", "mote": "America/New_York"}
"""Where the two sites are that have readers of their own."""

MOST: Final = 1_000_000
"""More sources than anybody lists."""


SourceId = Annotated[int, typer.Argument(min=1, max=2**31 - 1, help="Its id, as in the list.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="Listings to store at most, the soonest first.")]
TimeZone = Annotated[
    str | None, typer.Option(metavar="Europe/Vienna", help="Zone of times that come without one; UTC when left out.")
]
RobotsOption = Annotated[Robots | None, typer.Option(help="ignore its robots.txt where you may decide that.")]
Reason = Annotated[str | None, typer.Option(help="Why robots.txt may be ignored; who you are, when left out.")]


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="A calendar (iCal), or a page with listings or a link to a calendar.")],
    *,
    name: Annotated[str | None, typer.Option(help="What people call it; its host when left out.")] = None,
    time_zone: TimeZone = None,
    kind: Annotated[SourceKind | None, typer.Option(help="How to read it; found out when left out.")] = None,
    robots: RobotsOption = None,
    reason: Reason = None,
    limit: Limit = 100,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it would give.")] = False,
    as_json: AsJson = False,
) -> None:
    """Register a source and have it read, after a look at what it gives.

    millrace sources add https://www.example.org/calendar.ics --name "Old Hall" --time-zone America/New_York
    """
    if as_json and not (yes or dry_run):
        raise Failure("--json asks nobody", "give --yes to register it, or --dry-run to only look", USAGE)
    address = address_of(url)
    if not dry_run and _told_known(address, as_json):
        return
    found, zone = None, zone_named(time_zone) or ZONES.get(kind, "UTC")
    if kind != "vanwezel" and kind != "mote":  # noqa: PLR1714 - by this mypy knows which are left
        found = preview(address, zone, kind, robots or "obey")
    told: SourceKind = found.kind if found is not None else kind or "ical"
    address = address if found is None else found.url
    if not as_json:
        _show(address, told, zone, found, limit)
    if dry_run:
        if as_json:
            print_json({"url": address, "kind": told, "time_zone": zone, "preview": found and found.told()})
        return
    if not yes and not typer.confirm("Register it?"):
        raise Failure("nothing was registered", "the same command asks again")
    with transaction() as connection:
        source_id, added = sources.register(
            connection,
            name=name or urlsplit(address).netloc,
            url=address,
            kind=told,
            time_zone=zone,
            at=clock.now(),
            robots=robots or "obey",
            robots_reason=(reason or whoever()) if robots == "ignore" else None,
        )
        message_id = _begin_reading(connection, source_id, told, limit) if added else None
    if as_json:
        told_json = {"id": source_id, "url": address, "kind": told, "time_zone": zone, "registered": added}
        print_json(told_json | {"message_id": message_id, "preview": found and found.told()})
    elif added:
        typer.echo(f"source {source_id} is registered, and to be read by message {message_id}")
    else:
        typer.echo(f"{address} is registered already: source {source_id}; nothing was changed")


def _begin_reading(connection: Connection, source_id: int, kind: SourceKind, limit: int) -> str:
    """Have a new source read, now and (Van Wezel and Mote have schedules that wait for theirs) by the clock."""
    seeding.sync(connection, CONTRACTS, clock.now())
    return ask(connection, reading(source_id, kind, limit))


@app.command("list")
def list_sources(*, as_json: AsJson = False) -> None:
    """List the sources in the order in which they were registered."""
    with transaction() as connection:
        found = [json.loads(body) for _, body in rows(connection, views.SOURCES, 0, MOST)]
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "name", "kind", "state", "read", "listings", "broken", "url"),
        [
            (
                one["id"],
                one["name"],
                one["kind"],
                _state(one),
                "never" if one["checked_at"] is None else one["checked_at"][:16].replace("T", " "),
                one["last_yield"],
                one["last_broken"],
                one["url"],
            )
            for one in found
        ],
    )


@app.command()
def show(source: SourceId, *, as_json: AsJson = False) -> None:
    """Show one source whole: what it holds, how it is, and what could not be read."""
    with transaction() as connection:
        found = _one(connection, source)
    if as_json:
        print_json(found)
        return
    print_table(
        ("source", str(source)),
        [(name, value) for name, value in found.items() if name not in {"id", "last_problems"}],
    )
    if found["last_problems"]:
        typer.echo("\ncould not be read")
        print_table(("entry", "problem"), [(one["entry"], one["problem"]) for one in found["last_problems"]])
    if found["suspected_at"] is not None:
        typer.echo(f"\nit yields suspiciously few listings; if that is right: millrace sources believe {source}")


@app.command()
def enable(source: SourceId) -> None:
    """Have a source read again."""
    _change(source, {"enabled": True})


@app.command()
def disable(source: SourceId) -> None:
    """Have a source, and those that it found, read no more; its listings stay as they are."""
    _change(source, {"enabled": False})


@app.command("set")
def set_(
    source: SourceId,
    *,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    time_zone: TimeZone = None,
    robots: RobotsOption = None,
    reason: Reason = None,
) -> None:
    """Change a source; the next reading is a whole one."""
    changes: dict[str, object] = {}
    if name is not None:
        changes["name"] = name
    if time_zone is not None:
        changes["time_zone"] = zone_named(time_zone)
    if robots is not None:
        changes |= {
            "robots": robots,
            "robots_reason": (reason or whoever()) if robots == "ignore" else None,
        }
    if not changes:
        raise Failure("nothing is to be set", "give --name, --time-zone or --robots", USAGE)
    _change(source, changes)


@app.command()
def believe(source: SourceId, *, limit: Limit = 100, as_json: AsJson = False) -> None:
    """Believe a source that yields suspiciously few listings: what it no longer names is withdrawn."""
    with transaction() as connection:
        found = sources.source(connection, source)
        if not sources.believe(connection, source):
            raise Failure(f"source {source} is not suspected of anything", f"millrace sources show {source}")
        message_id = ask(connection, reading(source, found.kind, limit))
    _tell_asked(source, message_id, as_json)


@app.command()
def ingest(source: SourceId, *, limit: Limit = 100, as_json: AsJson = False) -> None:
    """Have a source read now."""
    with transaction() as connection:
        found = sources.source(connection, source)
        if not found.enabled:
            raise Failure(f"source {source} is disabled", f"millrace sources enable {source}")
        message_id = ask(connection, reading(source, found.kind, limit))
    _tell_asked(source, message_id, as_json)


def _one(connection: Connection, source_id: int) -> dict[str, Any]:
    for (body,) in rows(connection, views.SOURCE, source_id, clock.now()):
        found: dict[str, Any] = json.loads(body)
        return found
    raise NoSuchSource(source_id)


def _change(source: int, changes: dict[str, object]) -> None:
    with transaction() as connection:
        sources.change(connection, source, **changes)
    told = ", ".join(f"{name} {value}" for name, value in changes.items())
    typer.echo(f"source {source}: {told}")


def _told_known(address: str, as_json: bool) -> bool:
    """Say so, if an address is registered already."""
    with transaction() as connection:
        known = sources.id_of(connection, address)
    if known is None:
        return False
    if as_json:
        print_json({"id": known, "url": address, "registered": False, "message_id": None})
    else:
        typer.echo(f"{address} is registered already: source {known}; nothing was changed")
    return True


def _show(url: str, kind: SourceKind, zone: str, found: Preview | None, limit: int) -> None:
    if found is not None:
        show_preview(found, zone, limit)
    else:
        typer.echo(f"{url} has a reader of its own ({kind}): a worker reads it, page by page")


def _tell_asked(source: int, message_id: str, as_json: bool) -> None:
    if as_json:
        print_json({"id": source, "message_id": message_id})
    else:
        typer.echo(f"source {source} is to be read by message {message_id}")


def _state(source: dict[str, Any]) -> str:
    if not source["enabled"]:
        return "disabled"
    if source["retired_at"] is not None:
        return "retired"
    return "suspected" if source["suspected"] else "enabled"
