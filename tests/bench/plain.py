"""Plain Celery doing the same work with none of the guarantees: the peer that every figure stands beside.

Set up as its documentation advises for many short tasks on a quorum queue: late acknowledgement, a prefetch
multiplier of 32, results ignored, no events. It validates nothing, records nothing and finds no duplicate.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import pika
from celery import Celery
from celery.utils import uuid
from kombu.entity import Exchange, Queue
from sqlalchemy import Engine, create_engine, text

from shared.database.engine import sqlalchemy_url
from shared.settings import Settings
from tests.bench.kinds import RECORD_MARK
from tests.bench.raw import Letter

QUEUE = "plain"
NOTHING, STORE, MARK, NOTE = "plain.nothing", "plain.store", "plain.mark", "plain.note"

_UPSERT = text(
    "INSERT INTO plain_rows VALUES (:key, :value, 1) "
    "ON CONFLICT (key) DO UPDATE SET value = excluded.value, times = plain_rows.times + 1"
)
_RECORD = text(RECORD_MARK)


def plain_app(settings: Settings) -> Any:
    """Return a Celery app as a project without Millrace would have it."""
    app = Celery("plain", broker=settings.rabbitmq_url.get_secret_value(), set_as_current=False)
    app.conf.update(
        task_queues=[
            Queue(QUEUE, Exchange(QUEUE, "direct"), routing_key=QUEUE, queue_arguments={"x-queue-type": "quorum"})
        ],
        task_default_queue=QUEUE,
        task_default_exchange=QUEUE,
        task_default_routing_key=QUEUE,
        task_acks_late=True,
        task_ignore_result=True,
        broker_transport_options={"confirm_publish": True},
        broker_connection_retry_on_startup=True,
    )

    @cache
    def engine() -> Engine:
        # Called in a pool process only, after fork.
        return create_engine(sqlalchemy_url(settings.database_url.get_secret_value()), pool_size=1)

    def nothing() -> None:
        pass

    def note(**_fields: object) -> None:
        pass

    def store(key: int, value: int) -> None:
        with engine().begin() as connection:
            connection.execute(_UPSERT, {"key": key, "value": value})

    def mark(key: int) -> None:
        began = time.time_ns()
        with engine().begin() as connection:
            connection.execute(_RECORD, {"who": "plain", "key": key, "began_ns": began})

    for name, function in ((NOTHING, nothing), (NOTE, note), (STORE, store), (MARK, mark)):
        app.task(name=name)(function)
    return app


def declare(app: Any) -> None:
    """Declare the app's queue, which its workers would do at their start."""
    with app.connection_for_write() as connection:
        app.amqp.queues[QUEUE].bind(connection.default_channel).declare()


def letter(app: Any, task: str, fields: Mapping[str, object]) -> Letter:
    """Return Celery's own message for a call, to be published faster than Celery does it."""
    message = app.amqp.as_task_v2(uuid(), task, (), fields)
    properties = pika.BasicProperties(
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode=2,
        headers={name: value for name, value in message.headers.items() if value is not None},
        correlation_id=message.properties["correlation_id"],
    )
    return Letter(QUEUE, QUEUE, json.dumps(message.body).encode(), properties)


app = plain_app(Settings())
