"""`millrace replay`: send dead letters back to the queues in which they failed."""

from __future__ import annotations

from typing import Annotated

import typer

from producers.cli.dead_letters import transaction, whoever
from producers.cli.output import AsJson, print_json
from shared import ledger

app = typer.Typer(add_completion=False)


@app.command()
def replay(
    letters: Annotated[list[int], typer.Argument(metavar="ID...", help="As `millrace dead-letters list` shows them.")],
    *,
    actor: Annotated[str | None, typer.Option(help="Who does this, for the record. Default: your account.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send dead letters back; each keeps its message id, so one that in truth succeeded changes nothing.

    They go through the outbox: the broker need not be there. All of them are replayed, or none.
    """
    name = actor or whoever()
    with transaction() as connection:
        replayed = [(letter, ledger.replay(connection, letter, name)) for letter in dict.fromkeys(letters)]
    if as_json:
        print_json([{"id": letter, "message_id": message_id} for letter, message_id in replayed])
        return
    for letter, message_id in replayed:
        typer.echo(f"dead letter {letter} is on its way back, as message {message_id}")
