"""Confirmed publishes per second: 300-byte persistent messages into a durable quorum queue.

Ours carries an envelope, validates each payload against its contract, encodes it, and asks the broker to say when
a message finds no queue. The peers do as little as they can.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Self

import pika

from shared.broker.publisher import Publisher
from shared.broker.wire import Message, compose
from shared.settings import Settings
from tests.bench import kinds, plain
from tests.bench.figures import Aim, Contender, Figures
from tests.bench.queues import Queues
from tests.bench.raw import Letter, Pipeline

UNIT = "msgs/s"
ONE, THREADED, BULK = "publish one by one, confirmed", "publish from 8 threads, confirmed", "publish in bulk, confirmed"

OURS_ONE = Contender(ONE, "Millrace publish", UNIT, ours=True)
PIKA_ONE = Contender(ONE, "raw pika", UNIT)
CELERY_ONE = Contender(ONE, "Celery apply_async", UNIT)
OURS_THREADED = Contender(THREADED, "Millrace publish", UNIT, ours=True)
CELERY_THREADED = Contender(THREADED, "Celery apply_async", UNIT)
OURS_BULK = Contender(BULK, "Millrace publish_many", UNIT, ours=True)
RAW_BULK = Contender(BULK, "raw pika, pipelined", UNIT)

AIMS = (
    Aim(OURS_ONE, CELERY_ONE),
    Aim(OURS_ONE, PIKA_ONE),
    Aim(OURS_THREADED, CELERY_THREADED),
    Aim(OURS_BULK, CELERY_ONE, at_least=10, peer_shown_as="Celery apply_async, one by one"),
    Aim(OURS_BULK, RAW_BULK, at_least=0.5),
)

THREADS = 8
OUR_QUEUE, RAW_QUEUE = "maintenance", "raw"


def measure(settings: Settings, figures: Figures, *, rounds: int, seconds: float, tell: Callable[[str], None]) -> None:
    """Let everybody publish for `seconds` in turn, `rounds` times."""
    url = settings.rabbitmq_url.get_secret_value()
    app = plain.plain_app(settings)
    with Publisher(url) as publisher, Queues(url) as queues, Blocking(url) as blocking:
        plain.declare(app)
        queues.declare(RAW_QUEUE)
        numbers = count()

        def ours() -> None:
            publisher.publish(_note(next(numbers)))

        def celery() -> None:
            app.send_task(plain.NOTE, kwargs=kinds.note_fields(next(numbers)))

        contenders: tuple[tuple[Contender, Callable[[], float]], ...] = (
            (OURS_BULK, lambda: _bulk(publisher, seconds)),
            (RAW_BULK, lambda: _raw_bulk(url, seconds)),
            (OURS_ONE, lambda: _repeat(ours, seconds)),
            (CELERY_ONE, lambda: _repeat(celery, seconds)),
            (PIKA_ONE, lambda: _repeat(blocking.publish, seconds)),
            (OURS_THREADED, lambda: _threads(ours, seconds)),
            (CELERY_THREADED, lambda: _threads(celery, seconds)),
        )
        ours()
        celery()
        for each in range(rounds):
            for contender, run in contenders:
                tell(f"round {each + 1}: {contender.what}, {contender.who}")
                figures.add(contender, run())
                for queue in (OUR_QUEUE, RAW_QUEUE, plain.QUEUE):
                    queues.purge(queue)


def _note(number: int) -> Message:
    contracts = kinds.BENCH_CONTRACTS
    return compose(contracts, contracts.build(kinds.NOTE.name, kinds.note_fields(number)), app_id="bench")


def _until(deadline: float) -> Iterator[int]:
    for number in count():
        if time.perf_counter() >= deadline:
            return
        yield number


def _repeat(publish: Callable[[], None], seconds: float) -> float:
    began = time.perf_counter()
    sent = 0
    for _ in _until(began + seconds):
        publish()
        sent += 1
    return sent / (time.perf_counter() - began)


def _threads(publish: Callable[[], None], seconds: float) -> float:
    rates: list[float] = []
    threads = [threading.Thread(target=lambda: rates.append(_repeat(publish, seconds))) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(rates) < THREADS:
        raise RuntimeError("a publishing thread failed")
    return sum(rates)


def _bulk(publisher: Publisher, seconds: float) -> float:
    began = time.perf_counter()
    sent = 0

    def notes() -> Iterator[Message]:
        nonlocal sent
        for number in _until(began + seconds):
            sent += 1
            yield _note(number)

    if errors := publisher.publish_many(notes()):
        raise errors[0]
    return sent / (time.perf_counter() - began)


def _raw_bulk(url: str, seconds: float) -> float:
    letters = (_letter() for _ in _until(time.perf_counter() + seconds))
    sent, took = Pipeline(url, letters).run()
    return sent / took


_BODY = b"x" * kinds.BODY_SIZE


def _letter() -> Letter:
    return Letter("", RAW_QUEUE, _BODY, pika.BasicProperties(delivery_mode=2))


class Blocking:
    """pika's BlockingConnection in confirm mode."""

    def __init__(self, url: str) -> None:
        self._connection = pika.BlockingConnection(pika.URLParameters(url))
        self._channel: Any = self._connection.channel()
        self._channel.confirm_delivery()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def publish(self) -> None:
        """Publish one message and wait for its confirm."""
        letter = _letter()
        self._channel.basic_publish(letter.exchange, letter.routing_key, letter.body, letter.properties)
