"""The first look: is anything wrong, and where."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard

from deploy.grafana.api import BY_STATUS
from deploy.grafana.panels import GREEN, RED, YELLOW, Column, bars, board, lines, number, or_none, rows, states
from shared.broker import topology

POOLS = len(topology.POOLS)

BREAKERS = or_none("max by (upstream) (millrace_upstream_breaker)", "upstream")

BREAKER = {0: ("closed", GREEN), 1: ("half open", YELLOW), 2: ("open", RED)}

WAITING = 'sum by (queue) (millrace_queue_messages{queue!~"retry[.].+"})'


def overview() -> dashboard.Dashboard:
    """Return the dashboard."""
    made = board("millrace-overview", "Millrace: overview", "Every pool at a glance. Green everywhere: go back to bed.")
    for panel in (
        number(
            "Alerts that page",
            "Alerts that call now and cannot wait for the working day. Normal: 0. Otherwise: Prometheus' page of "
            "alerts has them, and tickets too; each links to its heading in deploy/runbook.md.",
            'count(ALERTS{alertstate="firing",severity="page"}) or vector(0)',
            unit="none",
            steps=((None, GREEN), (1, RED)),
        ),
        number(
            "Oldest message",
            "Age of the oldest message of the queue that is worst off, as a share of what its queue should not reach. "
            "Normal: far below 100 %. Otherwise: the bars below say which queue; then its pool's dashboard.",
            "max(millrace:queue_age:objective_ratio)",
            unit="percentunit",
            steps=((None, GREEN), (0.5, YELLOW), (1, RED)),
            decimals=0,
        ),
        number(
            "Pools that answer",
            f"Pools of which a worker answers. Normal: {POOLS}, also when there is nothing to do. Otherwise: the table "
            "below shows the one without instances; start it.",
            "count(max by (queue) (millrace_pool_instances) > 0) or vector(0)",
            unit="none",
            steps=((None, RED), (POOLS, GREEN)),
        ),
        number(
            "Open dead letters",
            "Dead letters that nobody has replayed or discarded. Normal: few, and falling. Otherwise: the dashboard of "
            "dead letters, or `millrace dead-letters groups`.",
            'sum(millrace_dead_letters{state="open"}) or vector(0)',
            unit="short",
            steps=((None, GREEN), (1, YELLOW), (100, RED)),
        ),
        number(
            "Outbox is behind",
            "How long the longest due row of the outbox has waited to be sent. Normal: below a second. Otherwise: is "
            "there a relay, and does the broker take what it sends?",
            "max(millrace_outbox_oldest_age_seconds)",
            unit="s",
            steps=((None, GREEN), (10, YELLOW), (60, RED)),
            decimals=1,
        ),
        number(
            "API errors",
            "Share of the API's answers that were a 5xx, in five minutes. Normal: 0 %; 0.1 % is what a month may have. "
            "Otherwise: the API's dashboard shows the route.",
            "max(millrace:http_errors:ratio_rate5m) or vector(0)",
            unit="percentunit",
            steps=((None, GREEN), (0.001, YELLOW), (0.01, RED)),
            decimals=2,
        ),
        bars(
            "Oldest message of each queue",
            "Age of the oldest message as a share of the queue's objective. Normal: short and green. Otherwise: nobody "
            "consumes, the pool is too small, or every message takes long; see the pool's dashboard.",
            "millrace:queue_age:objective_ratio",
            "{{queue}}",
            unit="percentunit",
            steps=((None, GREEN), (0.5, YELLOW), (1, RED)),
            most=1,
        ),
        rows(
            "Pools",
            "Each queue now. Normal: at least one instance and one consumer, no more recommended than there are. "
            "Otherwise: 0 instances is a dead pool; more recommended than there are wants `millrace pool scale`.",
            ["queue"],
            (
                Column("messages", WAITING),
                Column(
                    "oldest",
                    'max by (queue) (millrace_queue_oldest_message_age_seconds{queue!~"retry[.].+"})',
                    "s",
                ),
                Column(
                    "consumers",
                    'max by (queue) (millrace_queue_consumers{queue!~"retry[.].+"})',
                    steps=((None, RED), (1, GREEN)),
                ),
                Column("instances", "max by (queue) (millrace_pool_instances)", steps=((None, RED), (1, GREEN))),
                Column("processes", "sum by (queue) (millrace_pool_processes)"),
                Column(
                    "busy, 5 min",
                    "avg_over_time(millrace:pool_processes:busy_ratio[5m])",
                    "percentunit",
                    ((None, GREEN), (0.8, YELLOW), (0.95, RED)),
                ),
                Column("recommended", "max by (queue) (millrace_pool_recommended_processes)"),
            ),
        ),
        lines(
            "Messages that wait or are worked on",
            "What is in each queue, handed out or not. Normal: falls back to 0 after each rush. Otherwise: a line that "
            "only rises is a queue that gets more than its pool can do.",
            {"{{queue}}": WAITING},
            unit="short",
        ),
        lines(
            "Attempts per second",
            "How attempts end, over all pools. Normal: green; yellow comes and goes with upstreams. Otherwise: red is "
            "messages that die.",
            {"{{outcome}}": "sum by (outcome) (millrace:messages_handled:rate5m)"},
            unit="ops",
            stacked=True,
        ),
        states(
            "Upstreams",
            "Whether each upstream is asked. Normal: closed. Otherwise: open means that ten requests in a row failed; "
            "messages wait in the delay tiers, and a probe tries again within ten minutes.",
            BREAKERS,
            "{{upstream}}",
            BREAKER,
        ),
        lines(
            "Deaths in ten minutes",
            "Dead letters that came, by queue. Normal: none. Otherwise: the dashboard of dead letters has reasons.",
            {"{{queue}}": f"sum by (queue) (millrace:dead_letters_kept:increase10m) or 0 * {WAITING}"},
            unit="short",
        ),
        lines(
            "Outbox",
            "Rows in the outbox, those that are to be sent later among them. Normal: near 0, or what a replay or a "
            "countdown has put off. Otherwise: compare with how far it is behind, above.",
            {"rows": "max(millrace_outbox_pending)"},
            unit="short",
        ),
        lines(
            "API requests per second",
            "Answers by status. Normal: green. Otherwise: red is ours, yellow is the caller's.",
            {"{{status}}": BY_STATUS},
            unit="reqps",
            stacked=True,
        ),
    ):
        made.with_panel(panel)
    return made
