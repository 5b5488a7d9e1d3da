"""`millrace api`: the HTTP API as a process, started alike wherever it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shared.settings import Settings

app = typer.Typer(add_completion=False)

GRACE = 20
"""Seconds that requests under way have to be answered once the API was asked to end."""


@app.command()
def api(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen at; MILLRACE_LISTEN, or loopback.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port; MILLRACE_API_PORT, or 8000.")] = None,
    proxies: Annotated[
        str | None,
        typer.Option(help="Proxies whose X-Forwarded-For is believed, as a list with commas; nobody's if left out."),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="PEM file by which it is served over HTTPS; MILLRACE_CERTIFICATE_FILE.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="PEM file of the certificate's key; MILLRACE_KEY_FILE.")] = None,
) -> None:
    """Serve the HTTP API until SIGTERM, then answer what was asked before that, for 20 seconds at most."""
    import uvicorn  # noqa: PLC0415 - a third of a second that `--help` need not wait

    settings = Settings()
    uvicorn.run(
        "producers.api.app:create_app",
        factory=True,
        host=host or settings.listen,
        port=settings.api_port if port is None else port,
        # Whoever is believed in this chooses the address under which it is counted.
        proxy_headers=proxies is not None,
        forwarded_allow_ips=proxies,
        server_header=False,
        ssl_certfile=certificate or settings.certificate_file,
        ssl_keyfile=key or settings.key_file,
        access_log=False,
        timeout_graceful_shutdown=GRACE,
    )
