"""What died, why, and what is done about it."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard

from deploy.grafana.panels import GREEN, RED, YELLOW, Column, bars, board, lines, number, or_none, rows

NONE_YET = '0 * max by (queue) (millrace_queue_consumers{queue!~"retry[.].+|dead-letters"})'
"""A zero for each queue whose messages can die."""

OPEN = ((None, GREEN), (1, YELLOW), (100, RED))

DAY = 86400


def dead_letters() -> dashboard.Dashboard:
    """Return the dashboard."""
    made = board("millrace-dead-letters", "Millrace: dead letters", "What died, why, and what is done about it.")
    for panel in (
        number(
            "Open",
            "Dead letters that nobody has replayed or discarded. Normal: few, and falling. Otherwise: `millrace "
            "dead-letters groups` puts like to like.",
            'sum(millrace_dead_letters{state="open"}) or vector(0)',
            unit="short",
            steps=OPEN,
        ),
        number(
            "Oldest open",
            "How long the oldest open dead letter has been dead. Normal: less than three days. Otherwise: decide: "
            "replay it, or discard it with a reason.",
            "max(millrace_dead_letter_oldest_age_seconds) or vector(0)",
            unit="s",
            steps=((None, GREEN), (DAY, YELLOW), (3 * DAY, RED)),
        ),
        number(
            "Came in an hour",
            "Deaths that were written to the ledger. Normal: 0. Otherwise: reason and queue are below.",
            "sum(increase(millrace_dead_letters_kept_total[1h])) or vector(0)",
            unit="short",
            steps=OPEN,
            decimals=0,
        ),
        number(
            "Being replayed",
            "Dead letters on their way back to the queue that failed. Normal: 0, or what a plan has sent. Otherwise: "
            "one that stays is still in its queue, or waits for its pool.",
            'sum(millrace_dead_letters{state="replaying"}) or vector(0)',
            unit="short",
            steps=((None, GREEN),),
        ),
        number(
            "Not yet in the ledger",
            "Messages in the queue dead-letters. Normal: 0, for seconds more. Otherwise: the maintenance pool is dead, "
            "or its database away; nothing is lost meanwhile.",
            'sum(millrace_queue_messages{queue="dead-letters"}) or vector(0)',
            unit="short",
            steps=OPEN,
        ),
        number(
            "Share that dies",
            "Messages that ended as dead letters in an hour, of all that ended, in the worst queue. Normal: 0 %; 0.1 % "
            "is what a month may have. Otherwise: the alert MessageErrorBudgetBurn calls from 1.44 % on.",
            "max(millrace:messages_dead:ratio_rate1h) or vector(0)",
            unit="percentunit",
            steps=((None, GREEN), (0.001, YELLOW), (0.0144, RED)),
            decimals=2,
        ),
        bars(
            "Open, by queue",
            "Where messages died. Normal: all at 0. Otherwise: one queue points to one upstream or one change of code.",
            f'sum by (queue) (millrace_dead_letters{{state="open"}}) or {NONE_YET}',
            "{{queue}}",
            unit="short",
            steps=OPEN,
            most=None,
        ),
        lines(
            "Deaths in ten minutes, by queue",
            "When they came. Normal: none. Otherwise: compare the beginning with the last deployment, and with the "
            "upstreams' dashboard.",
            {"{{queue}}": f"sum by (queue) (millrace:dead_letters_kept:increase10m) or {NONE_YET}"},
            unit="short",
        ),
        lines(
            "Deaths in ten minutes, by reason",
            "rejected: an attempt said no, or the last retry failed. delivery_limit: its processes died. invalid: "
            "nobody can read it. Normal: none. Otherwise: delivery_limit kills workers, look there first.",
            {"{{reason}}": or_none("sum by (reason) (millrace:dead_letters_kept:increase10m)", "reason")},
            unit="short",
        ),
        rows(
            "The ledger",
            "Every dead letter, by queue, reason and state. Normal: resolved or discarded. Otherwise: open ones wait "
            "for you.",
            ["queue", "reason", "state"],
            (
                Column(
                    "dead letters", or_none("sum by (queue, reason, state) (millrace_dead_letters)", "queue"), "short"
                ),
            ),
        ),
        lines(
            "Oldest open, by queue",
            "How long the oldest open dead letter of each queue has been dead. Normal: 0, or below the red line. "
            "Otherwise: DeadLettersUnresolved calls after three days.",
            {"{{queue}}": f"max by (queue) (millrace_dead_letter_oldest_age_seconds) or {NONE_YET}"},
            unit="s",
            limit=3 * DAY,
        ),
    ):
        made.with_panel(panel)
    return made
