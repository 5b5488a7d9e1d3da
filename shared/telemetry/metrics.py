"""Every metric Millrace exports, declared here and nowhere else.

No label carries an id; `status` is an HTTP status or one of timeout, network, unreadable, refused.
"""

from __future__ import annotations

from prometheus_client import Counter, Histogram

upstream_requests = Counter(
    "millrace_upstream_requests_total",
    "Requests sent to an upstream, by the status of their answer or the way they failed.",
    ["upstream", "status"],
)
upstream_seconds = Histogram(
    "millrace_upstream_seconds",
    "Seconds from sending a request to an upstream until its whole answer was read, or it failed.",
    ["upstream"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
upstream_wait_seconds = Histogram(
    "millrace_upstream_wait_seconds",
    "Seconds a request waited for our own limit before it was sent.",
    ["upstream"],
    buckets=(0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
)
