"""`python -m deploy.sandbox`: run the stand-in upstreams on loopback until stopped."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from deploy.sandbox import __doc__ as about
from deploy.sandbox.app import create_app
from deploy.sandbox.options import API_KEY, PAGE_SIZE, PIN, SUBSCRIBER_KEY, TOKEN_SECONDS, Options


def main(arguments: list[str] | None = None) -> None:
    """Read the options, make the application, serve it."""
    parser = _parser()
    told = parser.parse_args(arguments)
    try:
        app = create_app(_options(told))
    except (OSError, ValueError) as error:
        parser.error(str(error))
    uvicorn.run(
        app,
        host=told.host,
        port=told.port,
        log_level="info" if told.verbose else "critical",  # a cut connection, asked for, would be logged as an error
        access_log=told.verbose,
        proxy_headers=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )


def options_from(arguments: list[str]) -> Options:
    """Return what a command line asks for."""
    return _options(_parser().parse_args(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.sandbox", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--port", type=int, required=True, help="port to listen on")
    add("--host", default="127.0.0.1", help="address to listen on (default: loopback only)")
    add(
        "--recordings",
        action="append",
        default=[],
        metavar="[NAME=]DIR",
        help="folder of recorded answers, of TheTVDB unless an upstream's name stands before it; "
        "what is not recorded there is 404",
    )
    add("--also-catalogue", action="store_true", help="with --recordings: ask the catalogue for what is not recorded")
    add("--synthetic", type=int, default=0, metavar="N", help="generate N thousand series more, ids from 9000000 up")
    add("--latency", type=float, default=0.0, metavar="MS", help="milliseconds every answer takes longer")
    add("--api-key", default=API_KEY, help="key that may log in (default: %(default)s)")
    add("--subscriber-key", default=SUBSCRIBER_KEY, help="key that needs --pin (default: %(default)s)")
    add("--pin", default=PIN, help="PIN of the subscriber key (default: %(default)s)")
    add("--token-seconds", type=float, default=TOKEN_SECONDS, help="how long a login lasts (default: 30 days)")
    add("--page-size", type=int, default=PAGE_SIZE, help="records on a page (default: %(default)s)")
    add("--verbose", action="store_true", help="log every request")
    return parser


def _options(told: argparse.Namespace) -> Options:
    folders: dict[str, Path] = {}
    for text in told.recordings:
        name, named, folder = text.rpartition("=")
        folders[name if named else "tvdb"] = Path(folder)
    return Options(
        recordings=folders,
        also_catalogue=told.also_catalogue,
        synthetic=told.synthetic,
        latency=told.latency / 1000,
        api_key=told.api_key,
        subscriber_key=told.subscriber_key,
        pin=told.pin,
        token_seconds=told.token_seconds,
        page_size=told.page_size,
    )


if __name__ == "__main__":
    main()
