"""The health check, and the watchdog that sees to messages whose process died."""

from __future__ import annotations

from datetime import timedelta

import structlog

from consumers.run import Run
from consumers.task import handles
from shared import clock
from shared.contracts import maintenance
from shared.maintenance import health, watchdog
from shared.maintenance.report import Report

log = structlog.get_logger(__name__)


@handles(maintenance.CHECK_HEALTH)
def health_check(_ask: maintenance.CheckHealth, run: Run) -> None:
    """Look at everything the line depends on; the report is the result, and what is bad is announced."""
    settings = run.wiring.settings
    broker = health.look_at_broker(settings.rabbitmq_url.get_secret_value())
    with run.finish() as effect:
        rest = health.look_at_database(effect.connection, clock.now(), health.fresh_days(settings))
        report = Report([broker, *rest])
        for item in report.of("warn") + report.of("bad"):
            log.warning("not well", item=item.name, state=item.state, told=item.told, next_step=item.next_step)
        if bad := report.of("bad"):
            effect.announce(maintenance.HealthBad(items=[one.name for one in bad], told=[one.told for one in bad]))
        effect.result = report.plain()


@handles(maintenance.WATCH)
def watch(ask: maintenance.Watch, run: Run) -> None:
    """Mark messages that are said to run for longer than anything may."""
    now = clock.now()
    with run.finish() as effect:
        marked = watchdog.mark_lost(effect.connection, now - timedelta(seconds=ask.older_than), now)
        for one in marked:
            log.warning("process lost", lost=one.message_id, lost_kind=one.kind, since=one.started_at, now=one.status)
        effect.result = {"lost": len(marked), "messages": [one.message_id for one in marked[:20]]}
