"""`millrace users`: who may do what; straight from the database, so that the first user needs nobody's leave."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from producers.cli.failures import FAILED, USAGE, Failure
from producers.cli.output import AsJson, print_json, print_table
from shared.accounts import changes, passwords, users
from shared.accounts.roles import Role
from shared.accounts.users import User
from shared.database.engine import open_engine
from shared.settings import Settings

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Who may do what: add, list, set-role, set-password, disable, enable, remove, history.",
)

Name = Annotated[str, typer.Argument(help="A name or an e-mail address, in any case.")]
RoleOption = Annotated[
    Role,
    typer.Option(
        help="viewer looks at everything, operator also sets work going and mends it, admin also decides who and when."
    ),
]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Generate = Annotated[bool, typer.Option("--generate", help="Make a password up, and show it this once.")]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A password's hash, and the password itself where it has to be shown."""

    hash: str
    shown: str | None = None


@app.command()
def add(
    name: Name,
    *,
    role: RoleOption = "viewer",
    password_stdin: FromStdin = False,
    generate: Generate = False,
    as_json: AsJson = False,
) -> None:
    """Add a user; asks for the password, twice and without showing it, unless it comes from elsewhere."""
    if not users.NAME.fullmatch(name):
        raise Failure(str(users.BadName()), "choose another name", USAGE)
    with _transaction() as connection:
        if any(user.name.lower() == name.lower() for user in users.everybody(connection)):
            raise users.NameTaken(name)
    chosen = _password(name, password_stdin, generate)
    with _transaction() as connection:
        user = users.add(connection, name, role, chosen.hash)
        changes.record(connection, _actor(), user.name, "add", role)
    _tell(user, f"{user.name} is added as {user.role}", as_json, chosen)


@app.command("list")
def list_users(*, as_json: AsJson = False) -> None:
    """List users by name."""
    with _transaction() as connection:
        found = users.everybody(connection)
    if as_json:
        print_json([_told(user) for user in found])
        return
    print_table(
        ("name", "role", "state", "since", "last seen"),
        [
            (
                user.name,
                user.role,
                "active" if user.disabled_at is None else "disabled",
                f"{user.disabled_at or user.created_at:%Y-%m-%d}",
                "never" if user.last_seen_at is None else f"{user.last_seen_at:%Y-%m-%d %H:%M}",
            )
            for user in found
        ],
    )
    if not found:
        typer.echo("nobody yet; millrace users add NAME --role admin", err=True)


@app.command("set-role")
def set_role(
    name: Name, role: Annotated[Role, typer.Argument(help="viewer, operator or admin.")], *, as_json: AsJson = False
) -> None:
    """Give a user another role; it counts from their next request on."""
    with _transaction() as connection:
        user = users.set_role(connection, name, role)
        changes.record(connection, _actor(), user.name, "set-role", role)
    _tell(user, f"{user.name} is {user.role} now", as_json)


@app.command("set-password")
def set_password(
    name: Name, *, password_stdin: FromStdin = False, generate: Generate = False, as_json: AsJson = False
) -> None:
    """Give a user another password; whatever is signed in with the old one is signed out."""
    with _transaction() as connection:
        if not any(user.name.lower() == name.lower() for user in users.everybody(connection)):
            raise users.NoSuchUser(name)
    chosen = _password(name, password_stdin, generate)
    with _transaction() as connection:
        user = users.set_password(connection, name, chosen.hash)
        changes.record(connection, _actor(), user.name, "set-password")
    _tell(user, f"{user.name} has another password, and is signed out everywhere", as_json, chosen)


@app.command()
def disable(name: Name, *, as_json: AsJson = False) -> None:
    """Let a user in no more, from now on; their sessions and tokens end for good."""
    with _transaction() as connection:
        user = users.disable(connection, name)
        changes.record(connection, _actor(), user.name, "disable")
    _tell(user, f"{user.name} is disabled and signed out everywhere", as_json)


@app.command()
def enable(name: Name, *, as_json: AsJson = False) -> None:
    """Let a disabled user sign in again."""
    with _transaction() as connection:
        user = users.enable(connection, name)
        changes.record(connection, _actor(), user.name, "enable")
    _tell(user, f"{user.name} may sign in again", as_json)


@app.command()
def remove(
    name: Name, *, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, as_json: AsJson = False
) -> None:
    """Delete a user; what they did keeps their name. Rather disable one who may come back."""
    if not yes and not typer.confirm(f"Delete {name} for good?", err=True):
        raise Failure("nobody was removed", f"millrace users disable {name} can be undone")
    with _transaction() as connection:
        users.remove(connection, name)
        changes.record(connection, _actor(), name, "remove")
    if as_json:
        print_json({"name": name, "removed": True})
        return
    typer.echo(f"{name} is removed")


@app.command()
def history(
    *,
    limit: Annotated[int, typer.Option(min=1, help="How many changes, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show what was done to users, by whom and when."""
    with _transaction() as connection:
        found = changes.latest(connection, limit)
    if as_json:
        print_json([asdict(change) for change in found])
        return
    print_table(
        ("when", "who", "user", "what", ""),
        [(f"{one.at:%Y-%m-%d %H:%M:%S}", one.actor, one.account, one.action, one.detail) for one in found],
    )


def _actor() -> str:
    """Return who runs this command, as far as this machine can tell."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = str(os.getuid())
    return f"{name}@{Settings().host}"


def _password(name: str, from_stdin: bool, generate: bool) -> Chosen:
    """Return what was chosen in whichever way; raises Failure for a password that is too poor."""
    if from_stdin and generate:
        raise Failure("--password-stdin and --generate are two ways", "give one of them", USAGE)
    if generate:
        made_up = passwords.make_up()
        return Chosen(passwords.hashed(made_up), made_up)
    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        given = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        raise Failure("nobody is there to be asked for a password", "--password-stdin or --generate", USAGE)
    try:
        passwords.check(given, name)
    except passwords.PoorPassword as error:
        raise Failure(str(error), "choose another, or --generate makes one up", FAILED) from error
    return Chosen(passwords.hashed(given))


def _tell(user: User, said: str, as_json: bool, chosen: Chosen | None = None) -> None:
    shown = None if chosen is None else chosen.shown
    if as_json:
        print_json(_told(user) | ({} if shown is None else {"password": shown}))
        return
    typer.echo(said)
    if shown is not None:
        typer.echo(f"password: {shown}")


def _told(user: User) -> dict[str, Any]:
    names = ("name", "role", "created_at", "disabled_at", "last_seen_at")
    return {name: getattr(user, name) for name in names}


@contextmanager
def _transaction() -> Iterator[Connection]:
    """Open a transaction on the database of the settings; what is expected to go wrong ends the command kindly."""
    engine = open_engine(Settings().database_url.get_secret_value(), pool=1, name="millrace-cli")
    try:
        with engine.begin() as connection:
            yield connection
    except users.NoSuchUser as error:
        raise Failure(str(error), "millrace users list") from error
    except users.NameTaken as error:
        raise Failure(str(error), "millrace users list; set-role and set-password change one") from error
    except users.BadName as error:
        raise Failure(str(error), "choose another name", USAGE) from error
    finally:
        engine.dispose()
