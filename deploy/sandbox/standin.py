"""What every stand-in upstream hands to the program around it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp

    from deploy.sandbox.programme import Programme
    from deploy.sandbox.recordings import Recording


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, complete."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Standin:
    """One upstream: `app` answers under `prefix`, the rest is what the control routes and faults need of it."""

    name: str
    prefix: str
    app: ASGIApp
    failure: Callable[[str, int], Answer]
    """The upstream's own words for a failure: (path, status) -> answer. Used by faults that bring no body."""
    thin: Callable[[bytes], bytes]
    """Turns a good body into the upstream's known half answer (see `faults.Fault.thin`)."""
    log_out: Callable[[], None]
    """Ends every login given so far."""
    recorded: tuple[Recording, ...] = ()
    unread: tuple[str, ...] = ()
    """Files of the recordings folder that answer nothing, so that a forgotten one is seen."""
    programme: Programme | None = None
    """What is on, where the upstream is a venue; the control routes change it."""


def compact(value: Any) -> bytes:
    """Return JSON in UTF-8 without spaces, the form in which APIs send it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
