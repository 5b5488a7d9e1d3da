"""`millrace migrate`: the database as this version of the code wants it."""

from __future__ import annotations

import typer

from shared.settings import Settings

app = typer.Typer(add_completion=False)


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema; safe at any time, and of several at once the first does the work."""
    from shared.database.migrate import upgrade  # noqa: PLC0415 - Alembic, which `--help` need not wait for

    upgrade(Settings().database_url.get_secret_value())
    typer.echo("the database is at the newest schema")
