"""Wikidata's query service, stood in for under /wikidata/sparql; `asked` says which questions it understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.sandbox.recordings import Recordings
from deploy.sandbox.standin import Standin
from deploy.sandbox.wikidata import answers, catalogue, recorded
from deploy.sandbox.wikidata.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from deploy.sandbox.options import Options

NAME = "wikidata"
PREFIX = "/wikidata"


def build(options: Options, clock: Callable[[], datetime]) -> Standin:
    """Return the stand-in. Raises OSError or ValueError when the recordings cannot be read."""
    folder = options.recordings.get(NAME)
    recordings = Recordings(folder, recorded.read) if folder else None
    return Standin(
        name=NAME,
        prefix=PREFIX,
        app=Endpoint(catalogue.load(), clock, recordings, also_catalogue=options.also_catalogue),
        failure=answers.failure,
        thin=answers.followed_by_failure,
        log_out=_nobody_logs_in,
        recorded=recordings.all if recordings else (),
        unread=recordings.unread if recordings else (),
    )


def _nobody_logs_in() -> None:
    """Do nothing: the service wants no key."""
