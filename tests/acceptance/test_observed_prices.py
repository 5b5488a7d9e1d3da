"""Twenty thousand observed prices, some bad, some sent twice: exactly the right rows, a letter for each bad one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.contracts.prices import Observation, PricesObserved
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually

MANY, BAD, TWICE = 20_000, 10, 500
FIGURES = 50
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def processing(stack: Stack, maintenance: Running) -> Iterator[Running]:  # noqa: ARG001 - what dies must be kept
    """Start the pool as it is shipped: two processes, a thousand messages each."""
    worker = stack.worker("processing", concurrency=2)
    yield worker
    worker.stop()


@pytest.fixture
def catalogue(stack: Stack) -> None:
    """Hold FIGURES minifigures."""
    with stack.sql() as connection:
        connection.execute(
            "INSERT INTO minifigures (set_number, item_type, name, synced_at)"
            " SELECT 'fig' || n, 'minifigure', 'Figure', now() FROM generate_series(1, %s) AS n ON CONFLICT DO NOTHING",
            (FIGURES,),
        )


def observed(number: int) -> PricesObserved:
    """Return an offer of its own, at a price that tells which."""
    return PricesObserved(
        observations=[
            Observation(
                set_number=f"fig{1 + number % FIGURES}",
                condition="USED",
                source="shop",
                item_id=f"offer-{number}",
                price=Decimal(number) / 100,
                currency="USD",
                observed_at=NOON,
            )
        ]
    )


@pytest.mark.usefixtures("catalogue")
def test_a_flood_of_prices_is_stored_once_each_and_the_bad_ones_die_alone(stack: Stack, processing: Running) -> None:
    messages = [stack.compose(observed(number)) for number in range(MANY)]
    unreadable = [
        replace(message, body=b'{"observations": []}') for message in map(stack.compose, map(observed, range(5)))
    ]
    unknown = [
        stack.compose(PricesObserved(observations=[replace_number(number)])) for number in range(BAD - len(unreadable))
    ]
    flood = list(messages)
    for place, message in enumerate((*unreadable, *unknown)):
        flood.insert(1987 * (place + 1), message)
    # Half of those sent twice come again at once, the others when all is long done.
    flood[5000:5000] = messages[5000 : 5000 + TWICE // 2]
    flood += messages[: TWICE // 2]

    stack.publish(flood)

    count = "SELECT count(*) AS n FROM price_listings WHERE source = 'shop'"
    eventually(lambda: stack.rows(count)[0]["n"] == MANY, within=120, what="every price stored")
    duplicates = 'millrace_messages_handled_total{kind="price.observed",outcome="duplicate",queue="processing"}'
    eventually(lambda: processing.metrics().get(duplicates) == TWICE, within=120, what="each duplicate known as one")
    eventually(lambda: stack.left("processing") == 0, within=120, what="the queue empty")
    rows = stack.rows("SELECT item_id, price FROM price_listings WHERE source = 'shop' ORDER BY item_id")
    assert {row["item_id"]: row["price"] for row in rows} == {
        f"offer-{number}": Decimal(number) / 100 for number in range(MANY)
    }
    bad = [message.message_id for message in (*unreadable, *unknown)]
    letters = "SELECT message_id, reason, error_class FROM dead_letters WHERE kind = 'price.observed'"
    eventually(lambda: len(stack.rows(letters)) >= BAD, within=60, what="the bad ones among the dead letters")
    found = stack.rows(letters)
    assert sorted(row["message_id"] for row in found) == sorted(bad)
    assert sorted({(row["reason"], row["error_class"]) for row in found}) == [
        ("invalid", "ContractViolation"),
        ("rejected", "NotInCatalogue"),
    ]
    log = stack.rows("SELECT status, count(*) AS n FROM sync_log WHERE kind = 'price.observed' GROUP BY status")
    assert {row["status"]: row["n"] for row in log} == {"succeeded": MANY, "failed": BAD}


def replace_number(number: int) -> Observation:
    """Return an offer of a figure that no catalogue has."""
    return observed(number).observations[0].model_copy(update={"set_number": f"nobody{number}"})
