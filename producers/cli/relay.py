"""`millrace relay`: the relay as a process, started alike wherever it runs."""

from __future__ import annotations

import typer

app = typer.Typer(add_completion=False)


@app.command()
def relay() -> None:
    """Send what is committed to the outbox, until SIGTERM; any number of relays may run."""
    from producers.relay import main  # noqa: PLC0415 - SQLAlchemy and pika, which `--help` need not wait for

    main()
