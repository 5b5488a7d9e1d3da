"""What callers of the HTTP API get: answers, errors, and how fast."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard

from deploy.grafana.panels import GREEN, RED, YELLOW, Column, board, lines, number, or_none, rows
from deploy.grafana.pool import quantiles

ASKED = 'route!~"/health|/ready|/metrics"'
"""What probes and Prometheus ask for is nobody's request."""

BY_STATUS = (
    f"sum by (status) (label_replace(rate(millrace_http_requests_total{{{ASKED}}}[$__rate_interval]), "
    '"status", "${1}xx", "status", "(.).."))'
)
"""Answers per second, by the class of their status."""


def api() -> dashboard.Dashboard:
    """Return the dashboard."""
    made = board("millrace-api", "Millrace: API", "What callers of the HTTP API get.")
    for panel in (
        number(
            "Requests per second",
            "All requests, over all API processes. Normal: as it was at this time yesterday. Otherwise: none is an API "
            "that nobody reaches.",
            f"sum(rate(millrace_http_requests_total{{{ASKED}}}[5m]))",
            unit="reqps",
            steps=((None, GREEN),),
        ),
        number(
            "Processes",
            "API processes that answer Prometheus. Normal: as many as you started. Otherwise: 0 is an outage; ApiDown "
            "calls after two minutes.",
            'sum(up{job="api"}) or vector(0)',
            unit="none",
            steps=((None, RED), (1, GREEN)),
        ),
        number(
            "Errors",
            "Share of answers that were a 5xx in five minutes. Normal: 0 %; 0.1 % is what a month may have. Otherwise: "
            "503 is the database, 502 an upstream without a kept copy, 500 a bug: see Sentry or the log.",
            "max(millrace:http_errors:ratio_rate5m) or vector(0)",
            unit="percentunit",
            steps=((None, GREEN), (0.001, YELLOW), (0.01, RED)),
            decimals=2,
        ),
        number(
            "Slow",
            "Share of answers that took longer than a second in five minutes. Normal: below 1 %. Otherwise: live reads "
            "of a slow upstream (/search), or the database.",
            "max(millrace:http_slow:ratio_rate5m) or vector(0)",
            unit="percentunit",
            steps=((None, GREEN), (0.01, YELLOW), (0.1, RED)),
            decimals=2,
        ),
        number(
            "Budget of errors burns",
            "How many times faster than it may the 30 days' budget of errors was spent in the last hour. Normal: below "
            "1. Otherwise: 14.4 spends 2 % of it in an hour, and pages.",
            "millrace:http_errors:ratio_rate1h / 0.001 or vector(0)",
            unit="none",
            steps=((None, GREEN), (1, YELLOW), (14.4, RED)),
            decimals=1,
        ),
        number(
            "Budget of slowness burns",
            "The same for answers that took longer than a second, of which 1 % may. Normal: below 1. Otherwise: 14.4 "
            "pages.",
            "millrace:http_slow:ratio_rate1h / 0.01 or vector(0)",
            unit="none",
            steps=((None, GREEN), (1, YELLOW), (14.4, RED)),
            decimals=1,
        ),
        lines(
            "Answers per second",
            "By the class of their status. Normal: green. Otherwise: yellow is the caller's, red is ours.",
            {"{{status}}": BY_STATUS},
            unit="reqps",
            stacked=True,
        ),
        lines(
            "Seconds of an answer",
            "Over all routes. Normal: half within ten milliseconds. Otherwise: the table shows the route.",
            quantiles("millrace_http_seconds", ASKED),
            unit="s",
        ),
        lines(
            "How fast budgets burn",
            "1 spends a month's budget in a month; over six hours, 6 pages. Normal: below 1. Otherwise: it has gone on "
            "for hours; it will not pass by itself.",
            {
                "errors": "millrace:http_errors:ratio_rate6h / 0.001 or vector(0)",
                "slowness": "millrace:http_slow:ratio_rate6h / 0.01 or vector(0)",
            },
            unit="none",
            limit=6,
        ),
        rows(
            "Routes in the last hour",
            "What was asked for. Normal: no errors. Otherwise: one route points to one handler; all of them to the "
            "database.",
            ["route"],
            (
                Column(
                    "requests",
                    f"sum by (route) (increase(millrace_http_requests_total{{{ASKED}}}[1h]))",
                    "short",
                    decimals=0,
                ),
                Column(
                    "errors",
                    f'sum by (route) (increase(millrace_http_requests_total{{{ASKED},status=~"5.."}}[1h]))'
                    f" or 0 * sum by (route) (millrace_http_requests_total{{{ASKED}}})",
                    "short",
                    ((None, GREEN), (1, RED)),
                    decimals=0,
                ),
                Column(
                    "95 % within",
                    f"histogram_quantile(0.95, sum by (route, le) (rate(millrace_http_seconds_bucket{{{ASKED}}}[1h])))",
                    "s",
                    ((None, GREEN), (1, YELLOW), (5, RED)),
                ),
            ),
        ),
        lines(
            "Errors per second, by route",
            "Answers with a 5xx. Normal: none. Otherwise: the log of the API has each with its reason.",
            {
                "{{route}} {{status}}": or_none(
                    "sum by (route, status) "
                    f'(rate(millrace_http_requests_total{{{ASKED},status=~"5.."}}[$__rate_interval]))',
                    "route",
                )
            },
            unit="reqps",
        ),
    ):
        made.with_panel(panel)
    return made
