"""Stock from end to end: an inventory tells of batches, a processing pool discounts them, others hear of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared import clock
from shared.broker import topology
from shared.contracts.aggregation import UpdatePriceHistory, UpdateStatistics
from shared.contracts.maintenance import CleanupDiscounts
from shared.contracts.prices import BatchReceived, RecomputeDiscounts
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually

MANY = 300
FACT = "facts.discount.changed"


@pytest.fixture(scope="module", autouse=True)
def pool(stack: Stack, maintenance: Running) -> Iterator[Running]:  # noqa: ARG001 - keeps what dies, and cleans up
    """Start a processing pool."""
    worker = stack.worker("processing", concurrency=2)
    yield worker
    worker.stop()


@pytest.fixture(scope="module")
def subscriber(stack: Stack) -> Iterator[Any]:
    """Give the channel of another service that listens to changed discounts, in the queue `shop-window`."""
    with stack.channel() as channel:
        channel.queue_declare("shop-window", durable=True)
        channel.queue_bind("shop-window", topology.FACTS, FACT)
        yield channel
        channel.queue_delete("shop-window")


def heard(channel: Any, number: int) -> list[dict[str, Any]]:
    """Return so many facts once they have come."""
    facts: list[dict[str, Any]] = []

    def come() -> bool:
        while (got := channel.basic_get("shop-window", auto_ack=True))[0] is not None:
            assert got[1].type == FACT
            facts.append(json.loads(got[2]))
        return len(facts) >= number

    eventually(come, what=f"{number} facts")
    return facts


def told(lot: int, **more: Any) -> BatchReceived:
    values = {"expires_on": clock.now().date() + timedelta(days=lot % 14), "quantity": 5, **more}
    return BatchReceived(sku=f"SKU-{lot % 7}", lot=str(lot), base_price=Decimal("1.29"), currency="EUR", **values)


@pytest.fixture(scope="module")
def discounted(stack: Stack, subscriber: Any) -> list[dict[str, Any]]:
    """Tell of MANY batches, recompute, and return what a subscriber hears."""
    for message in stack.ask(*(told(lot) for lot in range(MANY))):
        assert stack.ended(message, within=60)["status"] == "succeeded"
    (message,) = stack.ask(RecomputeDiscounts())
    assert stack.ended(message)["result"] == {"batches": MANY, "changed": MANY, "ended": 0}
    return heard(subscriber, MANY)


def test_every_batch_that_expires_soon_is_discounted_and_each_is_announced_once(
    stack: Stack, discounted: list[dict[str, Any]]
) -> None:
    assert {fact["lot"] for fact in discounted} == {str(lot) for lot in range(MANY)}
    assert len(discounted) == MANY
    rows = stack.rows("SELECT lot, price::text FROM discounts WHERE ended_at IS NULL")
    assert {row["lot"]: row["price"] for row in rows} == {fact["lot"]: fact["price"] for fact in discounted}
    assert {fact["percent"]: fact["price"] for fact in discounted} == {
        "30.00": "0.90",
        "50.00": "0.65",
        "70.00": "0.39",
    }


@pytest.mark.usefixtures("discounted")
def test_a_second_recomputation_announces_only_what_has_changed_since(stack: Stack, subscriber: Any) -> None:
    (message,) = stack.ask(RecomputeDiscounts())
    assert stack.ended(message)["result"] == {"batches": MANY, "changed": 0, "ended": 0}
    for message in stack.ask(told(1, quantity=0)):
        stack.ended(message)
    (message,) = stack.ask(RecomputeDiscounts())
    assert stack.ended(message)["result"] == {"batches": MANY, "changed": 1, "ended": 1}
    assert [(fact["lot"], fact["percent"]) for fact in heard(subscriber, 1)] == [("1", "0.00")]


@pytest.mark.usefixtures("discounted")
def test_what_has_expired_is_cleaned_up(stack: Stack, subscriber: Any) -> None:
    with stack.sql() as connection:
        connection.execute("UPDATE batches SET expires_on = expires_on - 30 WHERE lot IN ('2', '3')")
    (message,) = stack.ask(CleanupDiscounts())
    assert stack.ended(message)["result"] == {"ended": 2, "more": False}
    assert sorted(fact["lot"] for fact in heard(subscriber, 2)) == ["2", "3"]


@pytest.mark.usefixtures("discounted")
def test_prices_are_recorded_and_statistics_counted(stack: Stack) -> None:
    history, statistics = stack.ask(UpdatePriceHistory(), UpdateStatistics())
    assert stack.ended(history)["result"]["batches"] >= MANY - 3
    assert "works" in stack.ended(statistics)["result"]["totals"]
    assert len(stack.rows("SELECT 1 FROM site_statistics")) == 1
