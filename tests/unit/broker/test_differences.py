"""What `topology check` says of a broker that is not as it should be."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from shared.broker import definitions
from shared.broker.differences import Difference, differences

EXPECTED = definitions.export()


@pytest.fixture
def found() -> dict[str, Any]:
    """Return a broker as the management API shows it: as expected, with what RabbitMQ and others add."""
    broker: dict[str, Any] = deepcopy(definitions.export("/"))
    broker["exchanges"] += [{"name": "amq.topic", "type": "topic", "durable": True}]
    broker["queues"] += [{"name": "somebody", "durable": False, "auto_delete": True, "arguments": {}}]
    broker["bindings"] += [binding("", "content", "content"), binding("amq.topic", "a.#", "somebody")]
    return broker


def binding(source: str, key: str, destination: str, sort: str = "queue") -> dict[str, Any]:
    return {"source": source, "routing_key": key, "destination": destination, "destination_type": sort}


def named(items: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(item for item in items if item["name"] == name)


def test_a_broker_as_the_table_says_has_no_difference(found: dict[str, Any]) -> None:
    assert differences(EXPECTED, found) == []


def test_an_empty_broker_lacks_everything() -> None:
    missing = differences(EXPECTED, {"exchanges": [], "queues": [], "bindings": []})

    assert {item.what for item in missing} == {"missing"}
    assert len(missing) == sum(len(part) for part in EXPECTED.values())


def test_a_missing_binding_is_named(found: dict[str, Any]) -> None:
    found["bindings"] = [each for each in found["bindings"] if each["routing_key"] != "scrape.person.#"]

    assert [item.thing for item in differences(EXPECTED, found)] == [
        "binding scrape -> person (scrape.person.#)",
        "binding urgent -> person.urgent (scrape.person.#)",
    ]


def test_a_queue_with_another_argument_is_named_with_both_values(found: dict[str, Any]) -> None:
    named(found["queues"], "content")["arguments"]["x-delivery-limit"] = 20
    del named(found["queues"], "person")["arguments"]["x-dead-letter-exchange"]
    named(found["queues"], "processing")["arguments"]["x-message-ttl"] = 1000

    assert differences(EXPECTED, found) == [
        Difference("different", "queue content", "x-delivery-limit is 20, not 5"),
        Difference("different", "queue person", "x-dead-letter-exchange is unset, not 'dead-letter'"),
        Difference("different", "queue processing", "x-message-ttl is 1000, not unset"),
    ]


def test_an_exchange_of_another_type_is_named(found: dict[str, Any]) -> None:
    named(found["exchanges"], "scrape")["type"] = "fanout"

    assert differences(EXPECTED, found) == [Difference("different", "exchange scrape", "type is 'fanout', not 'topic'")]


@pytest.mark.parametrize(
    ("surplus", "detail"),
    [
        (binding("scrape", "scrape.#", "person"), "messages would be done a second time, or by the wrong pool"),
        (
            binding("scrape", "scrape.#", "somebody"),
            "copies what goes through scrape to others, where it would hide that a queue of ours is missing",
        ),
        (
            binding("work", "content", "amq.topic", "exchange"),
            "copies what goes through work to others, where it would hide that a queue of ours is missing",
        ),
        (binding("amq.topic", "#", "content"), "brings in messages of others"),
        (binding("facts", "facts.#", "content"), "facts are no work: they would be dead-lettered"),
    ],
)
def test_a_binding_that_steals_doubles_or_smuggles_is_surplus(
    found: dict[str, Any], surplus: dict[str, Any], detail: str
) -> None:
    found["bindings"].append(surplus)

    (difference,) = differences(EXPECTED, found)
    assert (difference.what, difference.detail) == ("surplus", detail)


def test_anybody_may_subscribe_to_facts(found: dict[str, Any]) -> None:
    found["bindings"].append(binding("facts", "facts.series.#", "somebody"))

    assert differences(EXPECTED, found) == []
