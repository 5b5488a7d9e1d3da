"""`millrace topology`: the table in code, and the broker as it is."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import httpx
import typer

from producers.cli import broker_accounts
from producers.cli.failures import FAILED
from producers.cli.output import AsJson, print_json, print_table
from shared.broker import accounts as accounts_table
from shared.broker import check as table_check
from shared.broker import declare, definitions, topology
from shared.broker.differences import Difference, differences
from shared.contracts.documents import rendered
from shared.contracts.kinds import CONTRACTS
from shared.management import Management, connect, vhost_of
from shared.settings import Settings

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Exchanges, queues and bindings: show, apply, check, export."
)
app.add_typer(broker_accounts.app, name="accounts")


@app.command()
def show(*, as_json: AsJson = False) -> None:
    """Show every way that a message can take, as the table in code has it."""
    if as_json:
        print_json(definitions.export())
        return
    print_table(
        ("exchange", "routing key", "queue", "pool"),
        [(way.exchange, way.routing_key or "any", way.queue, _owner(way.queue)) for way in topology.bindings()],
    )
    typer.echo("")
    print_table(
        ("queue", "arguments"),
        [
            (queue.name, ", ".join(f"{name.removeprefix('x-')}={value}" for name, value in queue.arguments.items()))
            for queue in topology.queues()
        ],
    )


@app.command()
def apply() -> None:
    """Declare exchanges, queues and bindings on the broker; deletes nothing, and may be run any number of times."""
    declare.apply(Settings().rabbitmq_url.get_secret_value())
    counts = (len(list(objects())) for objects in (topology.exchanges, topology.queues, topology.bindings))
    typer.echo("{} exchanges, {} queues and {} bindings are declared".format(*counts))


@app.command()
def check(
    *,
    static: Annotated[bool, typer.Option("--static", help="Look at the table only, not at the broker.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check the table in code, then the broker against it; fails on every flaw and difference.

    The broker is looked at through its management API, at RABBITMQ_MANAGEMENT_URL.
    """
    flaws = table_check.flaws(kind.name for kind in CONTRACTS)
    found = None if static else _compare(Settings())
    if as_json:
        print_json({"flaws": flaws, "differences": None if found is None else [asdict(item) for item in found]})
    else:
        _tell(flaws, found, static=static)
    if flaws or found:
        raise typer.Exit(FAILED)


@app.command()
def export(
    file: Annotated[Path | None, typer.Argument(help="Where to write; standard output if left out.")] = None,
    *,
    vhost: Annotated[
        str | None,
        typer.Option(help="Name the virtual host, as a broker that loads definitions at start needs it."),
    ] = None,
    accounts: Annotated[
        bool, typer.Option("--accounts", help="The first account of each role and its permissions instead.")
    ] = False,
) -> None:
    """Print the topology as RabbitMQ definitions: no users, no passwords, for any virtual host.

    Accounts are printed without passwords, too, as what they should be: nobody can sign in with one that is imported
    so, and importing it again takes the password away from one that had it.
    """
    text = rendered(accounts_table.export(vhost or "/") if accounts else definitions.export(vhost))
    if file is None:
        typer.echo(text, nl=False)
    else:
        file.write_text(text, "utf-8")
        typer.echo(f"written to {file}")


def _compare(settings: Settings) -> list[Difference] | None:
    """Return how the broker differs, or None when there is no management address to ask."""
    if settings.rabbitmq_management_url is None:
        return None
    vhost = vhost_of(settings.rabbitmq_url.get_secret_value())
    with connect(settings.rabbitmq_management_url.get_secret_value()) as client:
        return differences(definitions.export(), _found(client, vhost))


def _found(client: httpx.Client, vhost: str) -> dict[str, list[dict[str, object]]]:
    broker = Management(client, vhost)
    return {"exchanges": broker.exchanges(), "queues": broker.queues(), "bindings": broker.bindings()}


def _tell(flaws: list[str], found: list[Difference] | None, *, static: bool) -> None:
    for flaw in flaws:
        typer.echo(f"flaw       {flaw}")
    if not flaws:
        typer.echo(f"the table holds: {len(list(CONTRACTS))} kinds, {len(topology.POOLS)} pools")
    if found is None:
        if not static:
            typer.echo("the broker was not looked at: RABBITMQ_MANAGEMENT_URL is not set", err=True)
        return
    for item in found:
        typer.echo(f"{item.what:<10} {item.thing}: {item.detail}")
    if found:
        typer.echo("millrace topology apply declares what is missing; the rest takes a person", err=True)
    else:
        typer.echo("the broker is as the table says")


def _owner(queue: str) -> str:
    return next((pool.name for pool in topology.POOLS if queue in pool.queues), "")
