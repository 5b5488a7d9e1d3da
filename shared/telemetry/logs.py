"""Structured logs: constant event names with fields, one JSON object (or one readable line) each, on stderr."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import Processor

QUIET = {
    # Celery tells of every message twice; our own line for each says more.
    "celery.worker.strategy": logging.WARNING,
    "celery.app.trace": logging.CRITICAL,
    "celery.worker.request": logging.CRITICAL,
    "pika": logging.CRITICAL,
    "httpx": logging.WARNING,
    "psycopg.pool": logging.WARNING,  # two lines for every statement
    "alembic": logging.WARNING,
}
"""Other people's loggers, and from which level on they are heard."""


def configure(*, level: str = "INFO", style: str = "json") -> None:
    """Set up logging for this process; `style` is `json` for machines or `console` for eyes.

    Fields bound with `structlog.contextvars` appear on every line, those of other libraries included.
    """
    own: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    last: Processor = (
        structlog.processors.JSONRenderer(default=str) if style == "json" else structlog.dev.ConsoleRenderer()
    )
    # Our own lines go straight to stderr; only other people's pass through the standard library.
    structlog.configure(
        processors=[*own, last],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder(), *own],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, threshold in QUIET.items():
        logging.getLogger(name).setLevel(threshold)
