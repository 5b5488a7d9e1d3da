"""One pool in depth; `$queue` is the pool, whose urgent lane goes with it."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import VariableOption

from deploy.grafana.panels import GREEN, RED, YELLOW, Column, board, lines, number, rows
from shared.broker import topology

ITS = 'queue=~"$queue([.]urgent)?"'
"""Selects the queues of the pool."""

QUANTILES = {"half": 0.5, "95 %": 0.95, "99 %": 0.99}


def quantiles(histogram: str, selector: str) -> dict[str, str]:
    """Return an expression for each quantile that is drawn, by its legend."""
    buckets = f"sum by (le) (rate({histogram}_bucket{{{selector}}}[$__rate_interval]))"
    return {legend: f"histogram_quantile({share}, {buckets})" for legend, share in QUANTILES.items()}


def pool() -> dashboard.Dashboard:
    """Return the dashboard."""
    names = [item.name for item in topology.POOLS]
    variable = (
        dashboard.CustomVariable("queue")
        .label("pool")
        .values(",".join(names))
        .options([VariableOption(text=name, value=name, selected=name == names[0]) for name in names])
        .current(VariableOption(text=names[0], value=names[0], selected=True))
    )
    made = board("millrace-pool", "Millrace: pool", "What one pool does, and whether it is enough.")
    made.with_variable(variable)
    for panel in (
        number(
            "Messages",
            "What is in the pool's queues, handed out or not. Normal: falls back to 0 after each rush. Otherwise: see "
            "how fast attempts end below, and what is recommended.",
            f"sum(millrace_queue_messages{{{ITS}}})",
            unit="short",
            steps=((None, GREEN),),
        ),
        number(
            "Oldest message",
            "Age of the oldest message as a share of the queue's objective. Normal: far below 100 %. Otherwise: more "
            "processes help, unless each attempt waits for an upstream.",
            f"max(millrace:queue_age:objective_ratio{{{ITS}}})",
            unit="percentunit",
            steps=((None, GREEN), (0.5, YELLOW), (1, RED)),
            decimals=0,
        ),
        number(
            "Instances",
            "Workers of the pool that answer. Normal: as many as you started, also when idle. Otherwise: 0 is a dead "
            "pool: `millrace pool start $queue`.",
            'max(millrace_pool_instances{queue="$queue"})',
            unit="none",
            steps=((None, RED), (1, GREEN)),
        ),
        number(
            "Busy",
            "Share of the pool's processes that worked, over five minutes. Normal: rises and falls. Otherwise: always "
            "above 95 % is a pool without reserve.",
            'max(avg_over_time(millrace:pool_processes:busy_ratio{queue="$queue"}[5m]))',
            unit="percentunit",
            steps=((None, GREEN), (0.8, YELLOW), (0.95, RED)),
            decimals=0,
        ),
        number(
            "Recommended",
            "Processes the pool should have now, less those it has. Normal: 0 or less. Otherwise: "
            "`millrace pool recommend` says why, `millrace pool scale $queue N` does it.",
            'max(millrace_pool_recommended_processes{queue="$queue"}) - sum(millrace_pool_processes{queue="$queue"})',
            unit="none",
            steps=((None, GREEN), (1, YELLOW), (4, RED)),
        ),
        number(
            "Died in an hour",
            "Messages of the pool whose last attempt failed. Normal: 0. Otherwise: `millrace dead-letters list` shows "
            "why; the dashboard of dead letters shows how many.",
            f'sum(increase(millrace_messages_handled_total{{{ITS},outcome="dead"}}[1h])) or vector(0)',
            unit="short",
            steps=((None, GREEN), (1, YELLOW), (10, RED)),
            decimals=0,
        ),
        lines(
            "Messages in its queues",
            "Ready messages wait, unacked ones are with a worker. Normal: returns to 0. Otherwise: ready rises while "
            "nobody consumes or the pool is too small; unacked stands still when attempts hang.",
            {"{{queue}} {{state}}": f"sum by (queue, state) (millrace_queue_messages{{{ITS}}})"},
            unit="short",
        ),
        lines(
            "Age of the oldest message",
            "Estimated from what came and went, with the age it should not reach. Normal: below the red line. "
            "Otherwise: the alert QueueTooOld calls after five minutes.",
            {
                "{{queue}}": f"max by (queue) (millrace_queue_oldest_message_age_seconds{{{ITS}}})",
                "objective": 'max(millrace_queue_objective_seconds{queue="$queue"})',
            },
            unit="s",
        ),
        lines(
            "Attempts per second",
            "How attempts end. Normal: green; blue is a message that came twice and changed nothing. Otherwise: yellow "
            "comes again later, red is dead.",
            {"{{outcome}}": f"sum by (outcome) (millrace:messages_handled:rate5m{{{ITS}}})"},
            unit="ops",
            stacked=True,
        ),
        lines(
            "Processes",
            "Busy and idle ones, over a minute, and how many there should be. Normal: yellow is not above the rest. "
            "Otherwise: `millrace pool scale $queue N`.",
            {
                "{{state}}": 'sum by (state) (avg_over_time(millrace_pool_processes{queue="$queue"}[1m]))',
                "recommended": 'max(millrace_pool_recommended_processes{queue="$queue"})',
            },
            unit="none",
            stacked=True,
        ),
        lines(
            "Seconds of an attempt",
            "Time in the process. Normal: steady. Otherwise: the upstreams' dashboard, or a slow database. After 25 "
            "minutes an attempt is interrupted.",
            quantiles("millrace_handle_seconds", ITS),
            unit="s",
        ),
        lines(
            "Seconds from publishing to the first attempt",
            "What a publisher waits for. Normal: below a second. Otherwise: the queue is long, or messages came "
            "while nobody consumed.",
            quantiles("millrace_queue_wait_seconds", ITS),
            unit="s",
        ),
        rows(
            "Kinds",
            "What the pool has done in the last hour. Normal: nothing dead. Otherwise: the kind with deaths or long "
            "attempts is the one to look at.",
            ["kind"],
            (
                Column(
                    "attempts",
                    f"sum by (kind) (increase(millrace_messages_handled_total{{{ITS}}}[1h]))",
                    "short",
                    decimals=0,
                ),
                Column(
                    "dead",
                    f'sum by (kind) (increase(millrace_messages_handled_total{{{ITS},outcome="dead"}}[1h]))'
                    f" or 0 * sum by (kind) (millrace_messages_handled_total{{{ITS}}})",
                    "short",
                    ((None, GREEN), (1, RED)),
                    decimals=0,
                ),
                Column(
                    "95 % within",
                    f"histogram_quantile(0.95, sum by (kind, le) (rate(millrace_handle_seconds_bucket{{{ITS}}}[1h])))",
                    "s",
                ),
            ),
        ).span(24),
    ):
        made.with_panel(panel)
    return made
