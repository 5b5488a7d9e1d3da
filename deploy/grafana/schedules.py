"""What the clock asks for, and what carries it out of the database: schedules, outbox and relay."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard

from deploy.grafana.panels import GREEN, RED, YELLOW, Column, board, lines, number, or_none, rows

LATE = ((None, GREEN), (60, YELLOW), (300, RED))
"""Seconds by which a schedule may be past its moment."""


def schedules() -> dashboard.Dashboard:
    """Return the dashboard."""
    made = board(
        "millrace-schedules", "Millrace: schedules and outbox", "What the clock asks for, and how it gets out."
    )
    for panel in (
        number(
            "Leaders",
            "Schedulers that fire. Normal: 1, however many run. Otherwise: 0 fires nothing; start one, or look for "
            "who holds the lock in PostgreSQL.",
            "sum(millrace_schedule_leader) or vector(0)",
            unit="none",
            steps=((None, RED), (1, GREEN), (2, RED)),
        ),
        number(
            "Most overdue",
            "Seconds by which a schedule is past its moment. Normal: below a second. Otherwise: the table shows which.",
            "max(millrace_schedule_overdue_seconds) or vector(0)",
            unit="s",
            steps=LATE,
            decimals=0,
        ),
        number(
            "Outbox is behind",
            "How long the longest due row of the outbox has waited. Normal: below a second. Otherwise: is there a "
            "relay, and does the broker take what it sends?",
            "max(millrace_outbox_oldest_age_seconds)",
            unit="s",
            steps=((None, GREEN), (10, YELLOW), (60, RED)),
            decimals=1,
        ),
        number(
            "Rows in the outbox",
            "What is to be sent, now or later. Normal: near 0, or what a replay or a countdown has put off. Otherwise: "
            "rises while the broker is away, and drains by itself.",
            "max(millrace_outbox_pending)",
            unit="short",
            steps=((None, GREEN),),
        ),
        number(
            "Not taken in an hour",
            "Publishes that the broker refused or had no queue for. Normal: 0. Otherwise: `millrace topology check`; "
            "a full queue refuses too.",
            'sum(increase(millrace_published_total{outcome=~"unroutable|refused"}[1h])) or vector(0)',
            unit="short",
            steps=((None, GREEN), (1, RED)),
            decimals=0,
        ),
        number(
            "Relays",
            "Relays that answer Prometheus. Normal: at least 1. Otherwise: nothing that was committed gets out.",
            'sum(up{job="relay"}) or vector(0)',
            unit="none",
            steps=((None, RED), (1, GREEN)),
        ),
        lines(
            "Overdue",
            "By schedule. Normal: 0. Otherwise: all of them is the scheduler, one of them is that schedule.",
            {"{{schedule}}": or_none("max by (schedule) (millrace_schedule_overdue_seconds) > 0", "schedule")},
            unit="s",
            limit=300,
        ),
        lines(
            "Outbox",
            "Rows, and how long the longest due one has waited. Normal: both near 0. Otherwise: waiting rises when "
            "nothing is sent, rows alone when much is put off.",
            {
                "rows": "max(millrace_outbox_pending)",
                "seconds behind": "max(millrace_outbox_oldest_age_seconds)",
            },
            unit="short",
        ),
        lines(
            "Published per second",
            "What became of publishes. Normal: confirmed. Otherwise: away is no broker, unroutable no queue, refused a "
            "full one.",
            {"{{outcome}}": or_none("sum by (outcome) (rate(millrace_published_total[$__rate_interval]))", "outcome")},
            unit="ops",
            stacked=True,
        ),
        rows(
            "Schedules",
            "Each enabled schedule. Normal: not overdue, and done a while after it fired. Otherwise: fired without "
            "being done died or waits: look at its pool.",
            ["schedule"],
            (
                Column("overdue", "max by (schedule) (millrace_schedule_overdue_seconds)", "s", LATE),
                Column(
                    "fired ago",
                    "time() - max by (schedule) (millrace_schedule_last_fired_timestamp_seconds)",
                    "s",
                ),
                Column(
                    "done ago",
                    "time() - max by (schedule) (millrace_schedule_last_success_timestamp_seconds)",
                    "s",
                ),
            ),
        ).height(15),
        lines(
            "Seconds until confirmed",
            "95 % of batches were confirmed within this. Normal: below a tenth. Otherwise: the broker's disk is slow, "
            "or an alarm blocks publishers.",
            {"95 %": "histogram_quantile(0.95, sum by (le) (rate(millrace_publish_seconds_bucket[$__rate_interval])))"},
            unit="s",
        ),
    ):
        made.with_panel(panel)
    return made
