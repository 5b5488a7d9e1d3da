"""`millrace exporter`: one exporter until SIGTERM or SIGINT; one is enough, and more do no harm."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import structlog
from prometheus_client import PROCESS_COLLECTOR

from producers.exporter.broker import Broker
from producers.exporter.database import Database
from producers.exporter.exporter import Exporter
from producers.exporter.pools import Pools
from producers.exporter.sources import Source
from shared.settings import Settings
from shared.telemetry import start as telemetry
from shared.telemetry.serving import serve

EVERY = 5.0
"""Seconds between two looks: the broker gathers its own numbers every five."""

log = structlog.get_logger(__name__)


def main(settings: Settings | None = None, every: float = EVERY) -> None:
    """Look and tell until told to stop."""
    settings = settings or Settings()
    telemetry.start(settings)
    exporter = Exporter(
        [
            Source("broker", Broker(settings).look),
            Source("pools", Pools(settings).look),
            # What a look takes there is work, not waiting: a large ledger or outbox is counted less often.
            Source("database", Database(settings).look, share=0.1),
        ],
        every=every,
    )
    serve(settings, exporter, PROCESS_COLLECTOR)
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    exporter.start()
    log.info("exporter started", every=every)
    stopping.wait()
    exporter.stop()


if __name__ == "__main__":
    main()
