"""`millrace topology accounts`: who may do what on the broker, as the table has it and as the broker has it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from producers.cli.failures import FAILED, USAGE, Failure
from producers.cli.output import AsJson, print_json, print_table
from shared.broker import accounts as table
from shared.broker import addresses, tls
from shared.broker.accounts import Role
from shared.broker_accounts import Accounts
from shared.errors import MissingSetting
from shared.management import connect, vhost_of
from shared.secret_files import read_secret, write_private
from shared.settings import Settings

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Accounts on the broker: show, apply, check, remove."
)

RANDOM = 24
"""Bytes of a password that is made up."""

Chosen = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME=ROLE]…", help="Accounts; each role's first one, named millrace-ROLE, if left out."),
]


@app.command()
def show(*, as_json: AsJson = False) -> None:
    """Show every role: its first account, and what it may declare, publish to and take from."""
    if as_json:
        print_json([{"role": role.name, "tags": role.tags, **role.permissions()} for role in table.ROLES])
        return
    for role in table.ROLES:
        typer.echo(f"{role.name}: {role.purpose}")
        typer.echo(f"  account   {role.account}")
        for name, pattern in role.permissions().items():
            typer.echo(f"  {name:<9} {'nothing' if pattern == '^$' else pattern}")
        typer.echo(f"  tags      {', '.join(role.tags) or 'none'}")


@app.command()
def apply(
    chosen: Chosen = None,
    *,
    folder: Annotated[
        Path,
        typer.Option(
            "--folder",
            help="Where passwords are: NAME.password is read, or made up and written; NAME.url is the whole address,"
            " NAME.management-url that of the management API for those who may sign in there.",
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Make accounts, or make them again what their roles say; may be run any number of times.

    RABBITMQ_MANAGEMENT_URL must be an administrator's. The files are for their owner's eyes; RABBITMQ_URL_FILE and
    RABBITMQ_MANAGEMENT_URL_FILE take such a file as it is. Who is connected stays so when a password changes.
    """
    settings = Settings()
    wanted = _accounts(chosen)
    url = settings.rabbitmq_url.get_secret_value()
    # Which authority is believed is a setting of whoever reads the address.
    plain, management = (
        addresses.SEPARATOR.join(map(tls.without_files, addresses.split(urls))) for urls in (url, _management(settings))
    )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    passwords = {name: _password(folder / f"{name}.password") for name in wanted}
    with connect(_management(settings)) as client:
        broker = Accounts(client, vhost_of(url))
        for name, role in wanted.items():
            broker.put(name, role, passwords[name])
            write_private(folder / f"{name}.url", addresses.signed_in(plain, name, passwords[name]) + "\n")
            if role.tags:
                ours = addresses.signed_in(management, name, passwords[name])
                write_private(folder / f"{name}.management-url", ours + "\n")
    if as_json:
        print_json([{"account": name, "role": role.name} for name, role in wanted.items()])
        return
    print_table(
        ("account", "role", "address"), [(name, role.name, folder / f"{name}.url") for name, role in wanted.items()]
    )


@app.command()
def check(chosen: Chosen = None, *, as_json: AsJson = False) -> None:
    """Compare the broker's accounts with their roles; fails on every difference, and on an account called guest."""
    settings = Settings()
    with connect(_management(settings)) as client:
        broker = Accounts(client, vhost_of(settings.rabbitmq_url.get_secret_value()))
        found = list(broker.differences(_accounts(chosen)))
    if as_json:
        print_json([{"what": one.what, "thing": one.thing, "detail": one.detail} for one in found])
    for one in found if not as_json else ():
        typer.echo(f"{one.what:<10} {one.thing}: {one.detail}")
    if found:
        raise typer.Exit(FAILED)
    if not as_json:
        typer.echo("the accounts are as their roles say")


@app.command()
def remove(name: Annotated[str, typer.Argument(help="An account's name.")]) -> None:
    """Delete an account; its connections end at once. Harmless when there is none."""
    settings = Settings()
    with connect(_management(settings)) as client:
        Accounts(client, vhost_of(settings.rabbitmq_url.get_secret_value())).remove(name)
    typer.echo(f"there is no account {name} any more")


def _accounts(chosen: Sequence[str] | None) -> Mapping[str, Role]:
    if not chosen:
        return table.FIRST
    found = {}
    for one in chosen:
        name, _, role = one.partition("=")
        if not table.NAME.fullmatch(name):
            raise Failure(f"{name!r} is no account's name", "a name has letters, digits and . _ -", USAGE)
        try:
            found[name] = table.role_named(role)
        except ValueError as error:
            raise Failure(str(error), "millrace topology accounts show", USAGE) from error
    return found


def _management(settings: Settings) -> str:
    if settings.rabbitmq_management_url is None:
        raise MissingSetting("RABBITMQ_MANAGEMENT_URL", "accounts are made through the management API")
    return settings.rabbitmq_management_url.get_secret_value()


def _password(file: Path) -> str:
    """Return the password in a file; makes one up and keeps it there when there is none."""
    if not file.exists():
        write_private(file, secrets.token_urlsafe(RANDOM) + "\n")
    try:
        return read_secret(file)
    except ValueError as error:
        raise Failure(str(error), "correct it, or delete it and have a password made up", USAGE) from error
