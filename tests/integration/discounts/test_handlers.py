"""The handlers of discounts and statistics, as a pool process runs them, on a real PostgreSQL."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from consumers.app import HANDLERS, Millrace, create_app
from consumers.maintenance.discounts import SLICE
from consumers.run import Run
from consumers.together import handle_together
from consumers.wiring import Wiring
from shared import clock, runlog
from shared.broker.wire import Delivery, Message, compose
from shared.contracts.aggregation import UpdatePriceHistory
from shared.contracts.kind import Payload
from shared.contracts.kinds import CONTRACTS
from shared.contracts.maintenance import CleanupDiscounts
from shared.contracts.prices import BATCH_RECEIVED, RecomputeDiscounts
from shared.settings import Settings
from tests.integration.discounts.stock import Shop, batch

FACT = "facts.discount.changed"


@dataclass
class Pool:
    """A pool process."""

    app: Millrace
    wiring: Wiring
    shop: Shop

    def handle(self, payload: Payload) -> dict[str, Any]:
        """Handle one message, and return its result."""
        message = compose(CONTRACTS, payload, app_id="test")
        at = clock.now()
        entry = runlog.Entry(message.message_id, message.kind, "processing", None, message.message_id, None, at, at)
        self.app.tasks[message.kind].run(payload, Run(message, entry, self.wiring, time.perf_counter()))
        (row,) = self.shop.rows("SELECT result FROM sync_log WHERE message_id = %s", message.message_id)
        return dict(row["result"])

    def handle_bundle(self, messages: Sequence[Message]) -> None:
        """Handle messages of a kind that is stored by sets in one transaction."""
        deliveries = [_delivery(message) for message in messages]
        assert handle_together(self.app.tasks[messages[0].kind], deliveries, self.wiring) == []

    def asked(self, kind: str) -> list[dict[str, Any]]:
        """Return the payloads that wait in the outbox under a kind."""
        statement = "SELECT convert_from(body, 'UTF8') AS body FROM outbox WHERE routing_key = %s ORDER BY id"
        return [json.loads(row["body"]) for row in self.shop.rows(statement, kind)]

    def stock(self, number: int, days_left: int, **more: Any) -> None:
        """Put a number of batches into stock."""
        now = clock.now()
        expires_on = now.date() + timedelta(days=days_left)
        told = (batch(lot=f"L{place:06}", expires_on=expires_on, **more) for place in range(number))
        self.shop.receive(*told, told=now, at=now)


def _delivery(message: Message) -> Delivery:
    properties = message.properties()
    headers = properties.pop("headers")
    key = message.routing_key
    return Delivery("processing", message.exchange, key, message.message_id, message.body, properties, headers)


@pytest.fixture
def pool(database_url: str, shop: Shop) -> Iterator[Pool]:
    settings = Settings(database_url=SecretStr(database_url))
    names = ("processing", "maintenance")
    app = create_app(settings, CONTRACTS, {name: HANDLERS[name] for name in names})
    app.loader.import_default_modules()
    yield Pool(app, app.wiring, shop)
    app.wiring.close()
    app.close()


def test_of_a_batch_told_twice_in_one_bundle_the_later_published_counts(pool: Pool) -> None:
    older, newer = (compose(CONTRACTS, batch(quantity=quantity)) for quantity in (1, 2))
    newer = replace(newer, published_at=older.published_at + 1)
    other = compose(CONTRACTS, batch(lot="other"))
    pool.handle_bundle([newer, other, older])
    rows = pool.shop.rows("SELECT lot, quantity FROM batches ORDER BY lot")
    assert rows == [{"lot": "L1", "quantity": 2}, {"lot": "other", "quantity": 10}]


def test_a_batch_whose_message_comes_alone_is_as_old_as_its_message(pool: Pool) -> None:
    message = compose(CONTRACTS, batch(quantity=2))
    late = compose(CONTRACTS, batch(quantity=1))
    for each in (message, replace(late, published_at=late.published_at - 60_000)):
        assert pool.app.tasks[BATCH_RECEIVED.name](_delivery(each)) == "done"
    assert pool.shop.rows("SELECT quantity FROM batches") == [{"quantity": 2}]


def test_a_recomputation_says_what_it_did_and_announces_what_changed_once(pool: Pool) -> None:
    pool.stock(3, days_left=12)
    assert pool.handle(RecomputeDiscounts()) == {"batches": 3, "changed": 3, "ended": 0}
    expires_on = (clock.now().date() + timedelta(days=12)).isoformat()
    assert pool.asked(FACT)[0] == {
        "sku": "YOG-150",
        "lot": "L000000",
        "percent": "30.00",
        "base_price": "10.00",
        "price": "7.00",
        "currency": "EUR",
        "expires_on": expires_on,
    }
    assert pool.handle(RecomputeDiscounts()) == {"batches": 3, "changed": 0, "ended": 0}
    assert len(pool.asked(FACT)) == 3
    pool.stock(1, days_left=12, quantity=0)
    assert pool.handle(RecomputeDiscounts()) == {"batches": 3, "changed": 1, "ended": 1}
    told = pool.asked(FACT)[-1]
    assert (told["percent"], told["price"]) == ("0.00", "10.00")


def test_a_recomputation_that_dies_on_the_way_leaves_nothing_behind(pool: Pool) -> None:
    pool.stock(3, days_left=12)
    pool.shop.run("ALTER TABLE sync_log RENAME TO gone")
    with pytest.raises(Exception, match="sync_log"):
        pool.handle(RecomputeDiscounts())
    assert pool.shop.current() == {}
    assert pool.asked(FACT) == []


def test_what_has_expired_is_cleaned_up_slice_by_slice_and_announced(pool: Pool) -> None:
    pool.stock(SLICE + 1, days_left=1)
    pool.handle(RecomputeDiscounts())
    pool.shop.run("UPDATE batches SET expires_on = expires_on - 2")
    pool.shop.run("DELETE FROM outbox")
    assert pool.handle(CleanupDiscounts()) == {"ended": SLICE, "more": True}
    assert pool.asked("maintenance.cleanup.discounts") == [{}]
    assert pool.handle(CleanupDiscounts()) == {"ended": 1, "more": False}
    assert len(pool.asked("maintenance.cleanup.discounts")) == 1
    assert {told["percent"] for told in pool.asked(FACT)} == {"0.00"}
    assert len(pool.asked(FACT)) == SLICE + 1
    assert pool.handle(RecomputeDiscounts()) == {"batches": 0, "changed": 0, "ended": 0}


def test_prices_are_recorded(pool: Pool) -> None:
    pool.stock(2, days_left=90)
    assert pool.handle(UpdatePriceHistory()) == {"batches": 2, "minifigures": 0}
