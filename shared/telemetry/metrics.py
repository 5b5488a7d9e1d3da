"""Every metric Millrace exports, declared here and nowhere else.

No label carries an id; `status` is an HTTP status or one of timeout, network, unreadable, refused.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

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

upstream_breaker = Gauge(
    "millrace_upstream_breaker",
    "Whether an upstream is asked at all: 0 closed (it is), 1 half open (one request finds out), 2 open (it is not).",
    ["upstream"],
    multiprocess_mode="mostrecent",
)

HANDLE_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 1800)
WAIT_BUCKETS = (0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400)

messages_received = Counter(
    "millrace_messages_received_total", "Messages taken from a queue by a pool.", ["queue", "kind"]
)
messages_handled = Counter(
    "millrace_messages_handled_total",
    "Attempts that ended, by outcome: done, duplicate, retried, dead.",
    ["queue", "kind", "outcome"],
)
handle_seconds = Histogram(
    "millrace_handle_seconds", "Seconds one attempt took in its process.", ["queue", "kind"], buckets=HANDLE_BUCKETS
)
queue_wait_seconds = Histogram(
    "millrace_queue_wait_seconds",
    "Seconds from publishing a message to the start of its first attempt.",
    ["queue", "kind"],
    buckets=WAIT_BUCKETS,
)
published = Counter(
    "millrace_published_total",
    "Messages the relay published, by outcome: confirmed, unroutable, refused, away.",
    ["exchange", "kind", "outcome"],
)
publish_seconds = Histogram(
    "millrace_publish_seconds",
    "Seconds from handing a batch to the broker until all of it was confirmed.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30),
)
outbox_pending = Gauge("millrace_outbox_pending", "Rows in the outbox.", multiprocess_mode="livemostrecent")
outbox_oldest_age_seconds = Gauge(
    "millrace_outbox_oldest_age_seconds",
    "Seconds since the longest due row of the outbox should have been sent; 0 when none is due.",
    multiprocess_mode="livemostrecent",
)

schedule_leader = Gauge(
    "millrace_schedule_leader",
    "Whether this scheduler is the one that fires: 1, or 0 while it stands by.",
    multiprocess_mode="livemostrecent",
)
schedule_last_fired = Gauge(
    "millrace_schedule_last_fired_timestamp_seconds",
    "When a schedule last fired, in seconds since 1970; told by the scheduler that leads.",
    ["schedule"],
    multiprocess_mode="livemostrecent",
)

http_requests = Counter(
    "millrace_http_requests_total",
    "Requests the API answered, by the template of their route: /series/{tvdb_id}, never an id.",
    ["method", "route", "status"],
)
http_seconds = Histogram(
    "millrace_http_seconds",
    "Seconds from receiving a request until its answer was sent.",
    ["route"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20),
)
