"""The scheduler as Celery's own command runs it: `celery -A consumers.app beat`.

Celery loads the class by the name in its setting `beat_scheduler`. Of its base only the loop is used: what is due is
in the database, and goes out through the outbox, so beat needs no broker.
"""

from __future__ import annotations

from typing import Any

from celery.beat import Scheduler
from prometheus_client import REGISTRY

from producers.scheduler.leader import LOOK, Leader
from shared.telemetry import metrics
from shared.telemetry.serving import serve


class ElectedScheduler(Scheduler):  # type: ignore[misc]
    """Celery's loop around a Leader; entries of the setting `beat_schedule` are not looked at."""

    max_interval = LOOK
    leader: Leader | None = None

    def setup_schedule(self) -> None:
        """Make ready to lead; Celery calls this in the process that is to run, and not for its banner."""
        settings = self.app.settings
        self.leader = Leader(settings.database_url.get_secret_value(), self.app.contracts)
        serve(settings, REGISTRY, metrics.SCHEDULING)

    def tick(self, *_args: Any, **_kwargs: Any) -> float:
        """Fire what is due, if this one leads."""
        assert self.leader is not None  # noqa: S101 - Celery ticks no lazy scheduler
        return self.leader.tick()

    def close(self) -> None:
        """Let another lead at once."""
        if self.leader is not None:
            self.leader.close()
        super().close()

    @property
    def info(self) -> str:
        """What the banner says."""
        return "    . schedules -> PostgreSQL, by whichever scheduler leads"
