"""The Celery application: one table of handlers, one table of queues, and Celery's front door opened onto the line."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from celery import Celery, current_app, signals
from celery.result import AsyncResult
from kombu.entity import Exchange, Queue

from consumers.consumer import LineConsumer
from consumers.frames import FrameHandler
from consumers.results import RunLogBackend
from consumers.wiring import Wiring
from shared import clock
from shared.broker import addresses, tls, topology, wire
from shared.contracts.kinds import CONTRACTS
from shared.contracts.registry import Contracts
from shared.errors import ContractViolation
from shared.settings import Settings
from shared.telemetry import start as telemetry
from shared.telemetry import traces

HANDLERS = {
    "content": ("consumers.content.screen",),
    "person": ("consumers.person.screen",),
    "scraping": ("consumers.scraping.adaptations", "consumers.scraping.minifigures", "consumers.scraping.venues"),
    "processing": (
        "consumers.processing.discounts",
        "consumers.processing.prices",
        "consumers.processing.snapshots",
        "consumers.processing.statistics",
    ),
    "maintenance": (
        "consumers.maintenance.cleanup",
        "consumers.maintenance.dead_letters",
        "consumers.maintenance.discounts",
        "consumers.maintenance.health",
        "consumers.maintenance.refresh",
    ),
}
"""Every module with handlers, by the pool that works with them. A pool imports its own and no more: it starts sooner,
and what one domain needs (parsers of calendars, of pages) takes no memory of the others."""


class Millrace(Celery):
    """Celery, publishing domain messages: `.delay`, `.apply_async`, `send_task` and `celery call` all come by here."""

    settings: Settings
    contracts: Contracts
    _wiring: Wiring | None = None
    _wired_by: int | None = None

    @property
    def wiring(self) -> Wiring:
        """What this process works with; made on first use, and anew after a fork."""
        if self._wiring is None or self._wired_by != os.getpid():
            pool = os.environ.get("MILLRACE_POOL", "celery")
            self._wiring = Wiring(self.settings, self.contracts, f"millrace-{pool}")
            self._wired_by = os.getpid()
        return self._wiring

    def send_task(  # noqa: D102 - Celery's own signature and meaning
        self,
        name: str,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        countdown: float | None = None,
        eta: datetime | str | None = None,
        task_id: str | None = None,
        expires: float | datetime | str | None = None,
        priority: int | None = None,
        **_options: Any,
    ) -> AsyncResult:
        kind = self.contracts.kind(name)
        now = clock.now()
        start = _moment(eta, now) or (now + timedelta(seconds=countdown) if countdown else None)
        end = _moment(expires, now)
        message = wire.compose(
            self.contracts,
            self.contracts.build(name, _fields(name, list(kind.payload.model_fields), args, kwargs)),
            app_id="celery",
            message_id=task_id,
            priority=wire.NORMAL if priority is None else priority,
            not_before=None if start is None else clock.milliseconds(start),
            expires_at=None if end is None else clock.milliseconds(end),
            traceparent=traces.onward().header,
        )
        if start is not None and start > now:
            message = wire.later(message, topology.queue_for(name, message.priority), (start - now).total_seconds())
        self.wiring.publisher.publish(message)
        return self.AsyncResult(message.message_id)


def create_app(
    settings: Settings, contracts: Contracts = CONTRACTS, handlers: Mapping[str, Sequence[str]] = HANDLERS
) -> Millrace:
    """Return the Celery app for these settings; nothing is connected yet.

    A pool (`MILLRACE_POOL` says which) imports its own handlers when it starts, any other process all of them, when
    it first looks a task up.
    """
    app = Millrace("millrace", set_as_current=True)
    pool = os.environ.get("MILLRACE_POOL")
    modules = handlers.values() if pool is None else [handlers.get(pool, ())]
    app.settings, app.contracts = settings, contracts
    app.conf.update(
        **tls.for_kombu(settings.rabbitmq_url.get_secret_value()),
        result_backend=f"{RunLogBackend.__module__}:{RunLogBackend.__name__}",
        # A name and no import: it belongs to those who ask.
        beat_scheduler="producers.scheduler.beat:ElectedScheduler",
        worker_consumer=f"{LineConsumer.__module__}:{LineConsumer.__name__}",
        worker_pool="consumers.processes:LinePool",
        include=[name for names in modules for name in names]
        + ["consumers.exporter", "consumers.remote", "consumers.task"],
        task_queues=[_queue(name) for pool in topology.POOLS for name in pool.queues],
        task_default_queue=topology.POOLS[0].name,
        task_create_missing_queues=False,
        broker_transport_options={"frame_handler": FrameHandler()},
        # A lost connection is normal life: keep trying, for ever, and do not die of a closed channel.
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_channel_error_retry=True,
        broker_heartbeat=addresses.HEARTBEAT,
        # What still runs when the connection breaks may finish: its effect counts once, whoever commits first.
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_soft_shutdown_timeout=20,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_disable_rate_limits=True,
        worker_proc_alive_timeout=60,
        task_send_sent_event=False,
        accept_content=["json"],
        timezone="UTC",
    )
    return app


def _queue(name: str) -> Queue:
    """Describe a queue to Celery: it must see that it is a quorum queue, and must not declare it."""
    return Queue(
        name,
        Exchange(topology.WORK, "direct", no_declare=True),
        routing_key=name,
        queue_arguments={"x-queue-type": "quorum"},
        no_declare=True,
    )


def _fields(
    name: str, names: list[str], args: Sequence[Any] | None, kwargs: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return a payload's fields from a call's arguments; positional ones in the contract's order."""
    positional = list(args or ())
    if len(positional) > len(names):
        raise ContractViolation(name, [f"takes {len(names)} arguments, {len(positional)} were given"])
    return {**dict(zip(names, positional, strict=False)), **(kwargs or {})}


def _moment(value: float | datetime | str | None, now: datetime) -> datetime | None:
    """Return the moment meant by seconds from now, a datetime, or ISO 8601 text; naive ones are UTC."""
    match value:
        case None:
            return None
        case int() | float():
            return now + timedelta(seconds=value)
        case str():
            value = datetime.fromisoformat(value)
    return value if value.tzinfo else value.replace(tzinfo=now.tzinfo)


@signals.setup_logging.connect
def _start_telemetry(**_: Any) -> None:
    telemetry.start(Settings())


@signals.worker_process_shutdown.connect
def _close(**_: Any) -> None:
    if current_app._wiring is not None:  # noqa: SLF001 - do not open what was never used, only to close it
        current_app.wiring.close()
    telemetry.flush()


app = create_app(Settings())
