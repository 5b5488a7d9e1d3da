"""Every metric Millrace exports, declared here and nowhere else; docs/metrics.md says what each tells.

No label carries an id; `status` is an HTTP status or one of timeout, network, unreadable, refused, error. `queue` is a
queue's name, or a pool's, which is that of its queue; what a stranger could have made up passes `labels.py` first.
What one sort of process alone knows is in a registry of its own: others would tell of it as 0.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from shared.telemetry import slots

# Both before the first declaration. When a process began to count is a series more for each; nothing asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]
slots.count_by_slot()

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
    "Messages that relay and pools published, by outcome: confirmed, unroutable, refused, away.",
    ["exchange", "kind", "outcome"],
)
publish_seconds = Histogram(
    "millrace_publish_seconds",
    "Seconds from handing a batch to the broker until all of it was confirmed.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30),
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

dead_letters_kept = Counter(
    "millrace_dead_letters_kept_total",
    "Dead letters taken into the ledger, by the queue in which a message died and the reason.",
    ["queue", "reason"],
)

SCHEDULING = CollectorRegistry()
"""What a scheduler tells of itself."""

schedule_leader = Gauge(
    "millrace_schedule_leader",
    "Whether this scheduler is the one that fires: 1, or 0 while it stands by.",
    registry=SCHEDULING,
    multiprocess_mode="mostrecent",
)
schedule_last_fired = Gauge(
    "millrace_schedule_last_fired_timestamp_seconds",
    "When a schedule last fired, in seconds since 1970; told by the scheduler that leads.",
    ["schedule"],
    registry=SCHEDULING,
    multiprocess_mode="mostrecent",
)

POOLED = CollectorRegistry()
"""What a pool tells of itself at the moment of asking: declarations, `consumers.exporter` has the values."""

pool_processes = Gauge(
    "millrace_pool_processes", "Processes of a worker, by state: busy or idle.", ["queue", "state"], registry=POOLED
)

EXPORTED = CollectorRegistry()
"""What `millrace exporter` tells, for no process of the line knows it: declarations, `producers.exporter` has the
values. A dead relay can then not hide the outbox, nor a pool that asks no more an upstream's breaker."""


def _exported(name: str, meaning: str, *labels: str) -> Gauge:
    # A pool that declares them would tell of them all, but "the most recent" of what was never set is nothing.
    return Gauge(name, meaning, labels, registry=EXPORTED, multiprocess_mode="mostrecent")


exporter_source_up = _exported(
    "millrace_exporter_source_up",
    "Whether what the exporter asks did answer: broker, pools, database. What is 0 is told by no other metric of it.",
    "source",
)
queue_messages = _exported(
    "millrace_queue_messages", "Messages in a queue, by state: ready or unacked.", "queue", "state"
)
queue_consumers = _exported("millrace_queue_consumers", "Consumers of a queue, by the broker's word.", "queue")
queue_oldest_message_age_seconds = _exported(
    "millrace_queue_oldest_message_age_seconds",
    "Seconds the first message that waits in a queue has waited there, by what came and went; 0 when none waits.",
    "queue",
)
queue_objective_seconds = _exported(
    "millrace_queue_objective_seconds", "The age that the oldest message of a queue should not reach.", "queue"
)
pool_instances = _exported("millrace_pool_instances", "Workers of a pool that answered when they were asked.", "queue")
pool_recommended_processes = _exported(
    "millrace_pool_recommended_processes", "Processes that a pool should have now, over all its instances.", "queue"
)
dead_letters = _exported("millrace_dead_letters", "Dead letters in the ledger.", "queue", "reason", "state")
dead_letter_oldest_age_seconds = _exported(
    "millrace_dead_letter_oldest_age_seconds",
    "Seconds since the oldest open dead letter of a queue last died; 0 when none is open.",
    "queue",
)
schedule_last_success_timestamp_seconds = _exported(
    "millrace_schedule_last_success_timestamp_seconds",
    "When what a schedule asked for was last done, in seconds since 1970.",
    "schedule",
)
schedule_overdue_seconds = _exported(
    "millrace_schedule_overdue_seconds",
    "Seconds by which an enabled schedule is past the moment it should have fired at; 0 when it is not.",
    "schedule",
)
stale_entities = _exported(
    "millrace_stale_entities", "Series, movies and people older than their time to be fresh.", "entity"
)
outbox_pending = _exported("millrace_outbox_pending", "Rows in the outbox.")
outbox_oldest_age_seconds = _exported(
    "millrace_outbox_oldest_age_seconds",
    "Seconds since the longest due row of the outbox should have been sent, tried or not; 0 when none is due.",
)
upstream_breaker = _exported(
    "millrace_upstream_breaker",
    "Whether an upstream is asked at all: 0 closed (it is), 1 half open (one request finds out), 2 open (it is not).",
    "upstream",
)
