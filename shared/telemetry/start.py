"""What every process does first: logs, and reports of unexpected errors where somebody wants them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from shared.broker.traceparent import CURRENT, Span
from shared.settings import Settings
from shared.telemetry import logs, traces


def start(settings: Settings) -> None:
    """Set up logging, and Sentry when `SENTRY_DSN` is set."""
    logs.configure(level=settings.log_level, style=settings.log_format)
    traces.configure(settings.sentry_traces_sample_rate)
    if settings.sentry_dsn is not None:
        from shared.telemetry import sentry  # noqa: PLC0415 - a quarter of a second that nobody else should wait

        sentry.begin(settings)


def report(
    error: BaseException,
    *,
    tags: Mapping[str, str] | None = None,
    fingerprint: str | None = None,
    span: Span | None = None,
    body: bytes = b"",
    headers: Mapping[str, Any] | None = None,
) -> None:
    """Report an unexpected error to Sentry; does nothing in a process that has not been told where.

    Errors of one `fingerprint` are one group; without it Sentry forms groups. It belongs to `span`, or to the one under
    way. Of the message's `body` and `headers` nothing is sent, not even where the error's text quotes them.
    """
    if "shared.telemetry.sentry" in sys.modules:
        from shared.telemetry import sentry  # noqa: PLC0415

        span = span or CURRENT.get()
        sentry.report(error, tags=tags or {}, fingerprint=fingerprint, span=span, body=body, headers=headers or {})


def flush() -> None:
    """Wait a moment for what has been reported to leave: in a process that ends without Python's own end."""
    if "shared.telemetry.sentry" in sys.modules:
        from shared.telemetry import sentry  # noqa: PLC0415

        sentry.flush()
