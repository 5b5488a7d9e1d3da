"""Schemas and the AsyncAPI document say what the contracts and the wire say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from shared.broker import asyncapi, topology
from shared.broker.wire import OURS, compose
from shared.contracts import documents
from shared.contracts.kind import EntityId, Kind, Payload
from shared.contracts.kinds import CONTRACTS
from shared.contracts.registry import Contracts


class Line(Payload):
    sku: str
    pieces: EntityId


class Order(Payload):
    """Order pieces."""

    lines: list[Line]
    until: date | None = None


ORDER = Kind("price.test.order", Order, "A test.", example={"lines": [{"sku": "a", "pieces": 1}]})
EVERY = [*CONTRACTS, ORDER]
DOCUMENT = asyncapi.document(EVERY)


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
def test_a_kinds_example_fits_its_schema_and_its_contract(kind: Kind) -> None:
    schema = documents.schema_of(kind)

    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(schema["examples"][0])
    Contracts([kind]).build(kind.name, dict(kind.example))


def test_the_schema_refuses_what_the_contract_refuses() -> None:
    validator = Draft202012Validator(documents.schema_of(ORDER))

    refused: list[dict[str, Any]] = [{}, {"lines": [{"sku": "a", "pieces": 0}]}, {"lines": [], "untl": None}]
    for wrong in refused:
        with pytest.raises(ValidationError):
            validator.validate(wrong)


def test_a_schema_names_itself_by_kind_and_version() -> None:
    schema = documents.schema_of(ORDER)

    assert schema["$id"] == "urn:millrace:contract:price.test.order:1"
    assert schema["title"] == "price.test.order v1"
    assert schema["description"] == "A test.\n\nOrder pieces."


def test_inlining_leaves_no_reference_and_accepts_the_same() -> None:
    flat = documents.without_references(documents.schema_of(ORDER))

    assert "$ref" not in documents.rendered(flat)
    Draft202012Validator(flat).validate(ORDER.example)


def test_every_reference_in_the_asyncapi_document_leads_somewhere() -> None:
    references = list(_references(DOCUMENT))

    assert references
    for reference in references:
        found: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            assert step in found, reference
            found = found[step]


def test_the_asyncapi_document_names_the_exchange_of_every_kind() -> None:
    declared = {exchange.name: exchange.type for exchange in topology.exchanges()}

    for kind in CONTRACTS:
        exchange = DOCUMENT["channels"][kind.name]["bindings"]["amqp"]["exchange"]
        assert exchange["name"] == kind.exchange
        assert declared[exchange["name"]] == exchange["type"]


def test_a_request_has_an_urgent_door_and_a_fact_has_none() -> None:
    channels = DOCUMENT["channels"]

    assert channels["scrape.series.save.urgent"]["bindings"]["amqp"]["exchange"]["name"] == topology.URGENT
    assert channels["scrape.series.save.urgent"]["address"] == "scrape.series.save"
    assert "facts.series.saved.urgent" not in channels


def test_a_request_is_sent_and_received_and_a_fact_is_only_sent() -> None:
    actions = {name: operation["action"] for name, operation in DOCUMENT["operations"].items()}

    assert actions["scrape.series.save.send"] == "send"
    assert actions["scrape.series.save.receive"] == "receive"
    assert actions["facts.series.saved.send"] == "send"
    assert "facts.series.saved.receive" not in actions


def test_the_headers_described_are_the_headers_that_travel() -> None:
    assert set(asyncapi.HEADERS) == OURS


def test_the_properties_described_are_the_properties_that_travel() -> None:
    payload = CONTRACTS.build("scrape.series.save", {"tvdb_id": 81189})
    message = replace(compose(CONTRACTS, payload, app_id="test"), content_encoding="utf-8")
    properties = message.properties()

    assert set(asyncapi.PROPERTIES) == set(properties) - {"headers"}
    for name, schema in asyncapi.PROPERTIES.items():
        Draft202012Validator(schema).validate(properties[name])
    Draft202012Validator({"properties": asyncapi.HEADERS}).validate(properties["headers"])


def test_the_message_examples_fit_their_own_schemas() -> None:
    for message in DOCUMENT["components"]["messages"].values():
        for example in message["examples"]:
            Draft202012Validator(message["payload"]).validate(example["payload"])
            Draft202012Validator({"properties": asyncapi.HEADERS}).validate(example["headers"])


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)
