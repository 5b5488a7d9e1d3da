"""Minifigures from end to end: a scraping pool reads the stand-ins of Brickset and eBay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.contracts.minifigures import FetchPricesByNumber, SyncCatalog, UpdateAllPrices
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually


@pytest.fixture(scope="module", autouse=True)
def pool(stack: Stack, maintenance: Running) -> Iterator[Running]:  # noqa: ARG001 - keeps what dies
    """Start a scraping pool of one process."""
    worker = stack.worker("scraping", concurrency=1)
    yield worker
    worker.stop()


@pytest.fixture(scope="module", autouse=True)
def catalogue(stack: Stack, pool: Running) -> dict[str, Any]:  # noqa: ARG001 - does it
    """Read one theme."""
    (message,) = stack.ask(SyncCatalog(theme="Star Wars", limit=1000))
    return stack.ended(message, within=60)


def test_a_theme_is_catalogued(stack: Stack, catalogue: dict[str, Any]) -> None:
    assert catalogue["status"] == "succeeded"
    rows = stack.rows("SELECT item_type, count(*) AS items FROM minifigures GROUP BY 1 ORDER BY 1")
    assert [row["items"] for row in rows] == [catalogue["result"]["minifigures"], catalogue["result"]["sets"]]
    assert all(row["items"] for row in rows)


def test_what_an_item_is_offered_for_is_stored_once_however_often_its_message_comes(stack: Stack) -> None:
    message = stack.compose(FetchPricesByNumber(set_number="SW0002", condition="NEW"))
    stack.publish([message] * 3)
    result = stack.ended(message.message_id)["result"]
    marker = stack.ask(FetchPricesByNumber(set_number="sw0003", condition="NEW"))[0]  # behind the repeats
    assert stack.ended(marker)["status"] == "succeeded"
    rows = stack.rows(
        "SELECT count(*) AS rows FROM price_listings JOIN minifigures ON id = minifigure_id WHERE set_number = 'sw0002'"
    )
    assert rows[0]["rows"] == result["listings"] == result["added"] > 0
    assert len([one for one in stack.requests("/ebay/*search") if "sw0002" in one["query"]]) == 1


def test_prices_of_what_is_not_catalogued_die_with_what_to_do(stack: Stack) -> None:
    (message,) = stack.ask(FetchPricesByNumber(set_number="sw9999", condition="NEW"))
    letter = stack.letter(message)
    assert letter["error_class"] == "NotInCatalogue"
    assert "millrace minifigures import" in letter["error"]


def test_a_sweep_asks_for_the_first_price_at_once_and_for_the_others_later(stack: Stack) -> None:
    (message,) = stack.ask(UpdateAllPrices(batch_size=1))
    asked = stack.ended(message)["result"]["asked"]
    fetches = "SELECT status FROM sync_log WHERE cause = %s AND kind = 'price.minifigure.fetch'"
    first = eventually(
        lambda: [row for row in stack.rows(fetches, message) if row["status"] == "succeeded"],
        what="the first fetch of the sweep",
    )
    later = stack.rows(
        "DELETE FROM outbox WHERE routing_key = 'price.minifigure.fetch' RETURNING not_before > now() AS late"
    )
    assert (len(first), [row["late"] for row in later]) == (1, [True] * (asked - 1))
