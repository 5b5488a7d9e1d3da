"""What every process does first: logs, and reports of unexpected errors where somebody wants them."""

from __future__ import annotations

import sys

from shared.settings import Settings
from shared.telemetry import logs
from shared.version import VERSION


def start(settings: Settings) -> None:
    """Set up logging, and Sentry when `SENTRY_DSN` is set."""
    logs.configure(level=settings.log_level, style=settings.log_format)
    if settings.sentry_dsn is not None:
        import sentry_sdk  # noqa: PLC0415 - a quarter of a second that nobody without a DSN should wait

        sentry_sdk.init(
            dsn=settings.sentry_dsn.get_secret_value(),
            release=f"millrace@{VERSION}",
            # What is reported is decided in the code: nothing is patched, no header or body leaves by itself.
            auto_enabling_integrations=False,
            default_integrations=False,
            send_default_pii=False,
            # A hash or a key may stand in a variable of any frame.
            include_local_variables=False,
        )


def report(error: BaseException) -> None:
    """Report an unexpected error to Sentry; does nothing in a process that has not been told where."""
    sdk = sys.modules.get("sentry_sdk")
    if sdk is not None:
        sdk.capture_exception(error)
