"""`millrace exporter`: the exporter as a process, started alike wherever it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from producers.cli.failures import USAGE, Failure
from shared.settings import Settings

app = typer.Typer(add_completion=False)


@app.command()
def exporter(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen at; MILLRACE_LISTEN, or loopback.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port; MILLRACE_METRICS_PORT if left out.")] = None,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 5.0,
) -> None:
    """Tell Prometheus of queues, pools, dead letters, outbox and schedules, which no process knows, until SIGTERM."""
    from producers.exporter.__main__ import main  # noqa: PLC0415 - SQLAlchemy and Celery, for which `--help` need not wait

    settings = Settings()
    settings = settings.model_copy(
        update={"listen": host or settings.listen, "metrics_port": port or settings.metrics_port}
    )
    if settings.metrics_port is None:
        raise Failure("no port to answer at", "give --port, or set MILLRACE_METRICS_PORT", USAGE)
    main(settings, every)
