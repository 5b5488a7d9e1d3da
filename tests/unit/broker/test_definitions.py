"""The topology as RabbitMQ imports it."""

from __future__ import annotations

from pathlib import Path

from shared.broker import definitions, topology
from shared.contracts.documents import rendered

COMMITTED = Path(__file__).parents[3] / "deploy" / "rabbitmq" / "definitions.json"


def test_the_committed_definitions_are_what_the_table_says() -> None:
    refresh = "run `millrace topology export deploy/rabbitmq/definitions.json` and commit what it wrote"

    assert COMMITTED.read_text("utf-8") == rendered(definitions.export()), refresh


def test_the_definitions_hold_the_whole_table_and_nobodys_password() -> None:
    document = definitions.export()

    assert {exchange["name"] for exchange in document["exchanges"]} == {each.name for each in topology.exchanges()}
    assert {queue["name"] for queue in document["queues"]} == {each.name for each in topology.queues()}
    assert len(document["bindings"]) == len(list(topology.bindings()))
    assert set(document) == {"exchanges", "queues", "bindings"}


def test_definitions_for_one_virtual_host_name_it_everywhere() -> None:
    document = definitions.export("catalogue")

    assert document["vhosts"] == [{"name": "catalogue"}]
    for part in ("exchanges", "queues", "bindings"):
        assert {item["vhost"] for item in document[part]} == {"catalogue"}
