"""Whom we ask: does it answer, how fast, and do we ask as often as we may."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard

from deploy.grafana.overview import BREAKER, BREAKERS
from deploy.grafana.panels import GREEN, RED, YELLOW, Column, board, lines, number, or_none, rows, states

FAILED = 'status!~"2..|304|404"'
"""An answer that something is not there is an answer."""


def upstreams() -> dashboard.Dashboard:
    """Return the dashboard."""
    made = board("millrace-upstreams", "Millrace: upstreams", "Whom we ask, and how they answer.")
    for panel in (
        number(
            "Breakers open",
            "Upstreams that are not asked for the time being. Normal: 0. Otherwise: their status page; messages wait "
            "and die after three retries, replay them when it is back.",
            "count(max by (upstream) (millrace_upstream_breaker) == 2) or vector(0)",
            unit="none",
            steps=((None, GREEN), (1, RED)),
        ),
        number(
            "Failed, of all",
            "Share of the requests that failed in five minutes. Normal: below 1 %. Otherwise: which is below.",
            f"(sum(millrace:upstream_requests:rate5m{{{FAILED}}}) or vector(0)) "
            "/ (sum(millrace:upstream_requests:rate5m) > 0) or vector(0)",
            unit="percentunit",
            steps=((None, GREEN), (0.01, YELLOW), (0.1, RED)),
            decimals=1,
        ),
        number(
            "Throttled in an hour",
            "Answers with 429. Normal: 0, for our own limits are below theirs. Otherwise: somebody else uses our key, "
            "or the upstream has changed its limit.",
            'sum(increase(millrace_upstream_requests_total{status="429"}[1h])) or vector(0)',
            unit="short",
            steps=((None, GREEN), (1, YELLOW), (50, RED)),
            decimals=0,
        ),
        number(
            "Requests per second",
            "What we ask of all upstreams together. Normal: rises with the queues. Otherwise: none at all while "
            "messages wait is a breaker, a limit or a dead pool.",
            "sum(millrace:upstream_requests:rate5m) or vector(0)",
            unit="reqps",
            steps=((None, GREEN),),
        ),
        number(
            "Stale entities",
            "Series, movies and people older than they should get. Normal: falls after each Sunday's refresh. "
            "Otherwise: is the schedule enabled, and the pool content large enough?",
            "sum(millrace_stale_entities) or vector(0)",
            unit="short",
            steps=((None, GREEN),),
        ),
        number(
            "Waits for our limit",
            "95 % of requests waited no longer than this for their turn. Normal: below two seconds, after which a "
            "message waits in a delay tier instead. Otherwise: more processes only wait more.",
            "histogram_quantile(0.95, sum by (le) (rate(millrace_upstream_wait_seconds_bucket[5m]))) >= 0 or vector(0)",
            unit="s",
            steps=((None, GREEN), (2, YELLOW), (5, RED)),
        ),
        states(
            "Breakers",
            "Whether each upstream is asked. Normal: closed. Otherwise: half open is one request finding out; open is "
            "ten failures in a row.",
            BREAKERS,
            "{{upstream}}",
            BREAKER,
        ),
        lines(
            "Requests per second, by upstream",
            "What each is asked. Normal: level at our limit while there is work. Otherwise: none while messages wait "
            "is a breaker that is open.",
            {"{{upstream}}": "sum by (upstream) (rate(millrace_upstream_requests_total[$__rate_interval]))"},
            unit="reqps",
        ),
        lines(
            "Failures per second",
            "By upstream and status, or the way they failed. Normal: none. Otherwise: 401 and 403 want a new key, 429 "
            "fewer requests, 5xx and timeout patience.",
            {
                "{{upstream}} {{status}}": or_none(
                    f"sum by (upstream, status) (rate(millrace_upstream_requests_total{{{FAILED}}}[$__rate_interval]))",
                    "upstream",
                )
            },
            unit="reqps",
        ),
        lines(
            "Seconds of a request",
            "95 % of the requests took no longer. Normal: steady. Otherwise: the upstream is slow; attempts take as "
            "much longer.",
            {
                "{{upstream}}": "histogram_quantile(0.95, sum by (upstream, le) "
                "(rate(millrace_upstream_seconds_bucket[$__rate_interval])))"
            },
            unit="s",
        ),
        rows(
            "Upstreams in the last hour",
            "What was asked and how it went. Normal: nothing failed. Otherwise: the status is in the graph above.",
            ["upstream"],
            (
                Column(
                    "requests",
                    "sum by (upstream) (increase(millrace_upstream_requests_total[1h]))",
                    "short",
                    decimals=0,
                ),
                Column(
                    "failed",
                    f"sum by (upstream) (increase(millrace_upstream_requests_total{{{FAILED}}}[1h])) "
                    "or 0 * sum by (upstream) (millrace_upstream_requests_total)",
                    "short",
                    ((None, GREEN), (1, YELLOW), (50, RED)),
                    decimals=0,
                ),
                Column(
                    "95 % within",
                    "histogram_quantile(0.95, sum by (upstream, le) (rate(millrace_upstream_seconds_bucket[1h])))",
                    "s",
                ),
            ),
        ),
    ):
        made.with_panel(panel)
    return made
