"""`millrace health`: is all well, and if not, what is to be done."""

from __future__ import annotations

import typer

from producers.cli.failures import FAILED
from producers.cli.output import AsJson, print_json, print_table
from shared import clock
from shared.database.engine import open_engine
from shared.maintenance.health import examine
from shared.settings import Settings

app = typer.Typer(add_completion=False)


@app.command()
def health(*, as_json: AsJson = False) -> None:
    """Look at database, broker, outbox, ledger, run log, upstreams, schedules and freshness, right now.

    Exit code 1 when something is bad; what is only worth a look (warn) is no failure.
    """
    settings = Settings()
    engine = open_engine(settings.database_url.get_secret_value(), pool=1, name="millrace-cli")
    try:
        report = examine(engine, settings, clock.now())
    finally:
        engine.dispose()
    if as_json:
        print_json(report.plain())
    else:
        print_table(("what", "state", "seen"), [(item.name, item.state, item.told) for item in report.items])
        for item in report.items:
            if item.next_step is not None:
                typer.echo(f"{item.name}: {item.next_step}", err=True)
    if report.state == "bad":
        raise typer.Exit(FAILED)
