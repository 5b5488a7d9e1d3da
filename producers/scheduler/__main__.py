"""`millrace scheduler`: one scheduler until SIGTERM or SIGINT. Any number of them may run."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import structlog
from prometheus_client import REGISTRY

from producers.scheduler.leader import Leader
from shared.contracts.kinds import CONTRACTS
from shared.settings import Settings
from shared.telemetry import metrics
from shared.telemetry import start as telemetry
from shared.telemetry.serving import serve

log = structlog.get_logger(__name__)


def main() -> None:
    """Run a scheduler."""
    settings = Settings()
    telemetry.start(settings)
    serve(settings, REGISTRY, metrics.SCHEDULING)
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    leader = Leader(settings.database_url.get_secret_value(), CONTRACTS)
    log.info("scheduler started")
    while not stopping.is_set():
        stopping.wait(leader.tick())
    leader.close()


if __name__ == "__main__":
    main()
