"""The root of the command line: finds the group, and turns expected errors into a cause and a next step."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from producers.cli.failures import explain
from producers.cli.groups import GROUPS, Group


class _Deferred(TyperGroup):
    """Stands for a group in the list of commands, and imports it when it is used."""

    def __init__(self, group: Group) -> None:
        super().__init__(name=group.name, help=group.help)
        self._module = group.module

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Hand over to the real command."""
        return get_command(import_module(self._module).app).make_context(info_name, args, parent, **extra)


class _Root(TyperGroup):
    """All groups, and the one place where an error becomes an exit code."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for group in GROUPS:
            self.add_command(_Deferred(group))

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an expected error ends it with two lines on standard error."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            failure = explain(error)
            if failure is None:
                raise
            sys.stdout.flush()
            typer.secho(f"millrace: {failure.cause}", err=True, fg="red")
            typer.echo(f"next: {failure.next_step}", err=True)
            raise typer.Exit(failure.code) from error


app = typer.Typer(cls=_Root, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def millrace(
    *,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show what the libraries log.")] = False,
) -> None:
    """Operate Millrace: publish messages, look after contracts, broker and worker pools.

    Addresses come from the environment (RABBITMQ_URL, RABBITMQ_MANAGEMENT_URL, DATABASE_URL); of a stack started
    with `make up`, from `. .millrace/env`.

    Exit codes: 0 it was done, 1 it failed, 2 it was asked for wrongly.
    """
    if verbose:
        logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    else:
        # Without any handler Python prints warnings itself, in between what a command has to say.
        logging.getLogger().addHandler(logging.NullHandler())
