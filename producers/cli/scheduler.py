"""`millrace scheduler`: the scheduler as a process, started alike wherever it runs."""

from __future__ import annotations

import typer

app = typer.Typer(add_completion=False)


@app.command()
def scheduler() -> None:
    """Ask for what is due by the clock, until SIGTERM; of any number of schedulers one leads."""
    from producers.scheduler.__main__ import main  # noqa: PLC0415 - SQLAlchemy, which `--help` need not wait for

    main()
