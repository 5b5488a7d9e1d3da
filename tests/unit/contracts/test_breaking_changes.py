"""What counts as breaking a contract, one line a case."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.changes import breaking_changes


def contract(title: str = "scrape.series.save v1", *, required: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    return {
        "title": title,
        "type": "object",
        "properties": fields,
        "required": list(required),
        "additionalProperties": False,
    }


INTEGER = {"type": "integer"}
NUMBER = {"type": "number"}
STRING = {"type": "string"}
NULL = {"type": "null"}


def maybe(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, NULL], "default": None}


def listed(schema: dict[str, Any], **limits: int) -> dict[str, Any]:
    return {"type": "array", "items": schema, **limits}


NARROWER = [
    (contract(id=INTEGER), contract(id=STRING), "field id became string"),
    (contract(id=NUMBER), contract(id=INTEGER), "field id became integer"),
    (contract(id={}), contract(id=INTEGER), "field id became integer"),
    (contract(), contract(id=INTEGER, required=("id",)), "new required field id"),
    (contract(id=INTEGER), contract(id=INTEGER, required=("id",)), "field id became required"),
    (contract(id=INTEGER), contract(), "field id was removed"),
    (contract(id=maybe(INTEGER)), contract(id=INTEGER), "field id may no longer be null"),
    (contract(id=INTEGER), contract(id=INTEGER | {"minimum": 1}), "field id: least value went from none to 1"),
    (
        contract(id=INTEGER | {"exclusiveMinimum": 0}),
        contract(id=INTEGER | {"minimum": 5}),
        "field id: least value went from 1 to 5",
    ),
    (
        contract(id=INTEGER | {"maximum": 9}),
        contract(id=INTEGER | {"maximum": 5}),
        "field id: greatest value went from 9 to 5",
    ),
    (contract(s=STRING), contract(s=STRING | {"maxLength": 3}), "field s: maxLength went from none to 3"),
    (contract(s=STRING), contract(s=STRING | {"minLength": 3}), "field s: minLength went from none to 3"),
    (contract(s=STRING), contract(s=STRING | {"pattern": "^a"}), "field s: pattern went from none to ^a"),
    (
        contract(s=STRING | {"pattern": "^a"}),
        contract(s=STRING | {"pattern": "^b"}),
        "field s: pattern went from ^a to ^b",
    ),
    (contract(s=STRING), contract(s=STRING | {"format": "date"}), "field s: format went from none to date"),
    (
        contract(s=STRING | {"enum": ["a", "b"]}),
        contract(s=STRING | {"enum": ["a"]}),
        "field s no longer takes 'b'",
    ),
    (contract(s=STRING), contract(s=STRING | {"enum": ["a"]}), "field s takes only 'a' now"),
    (contract(s=STRING | {"enum": ["a", "b"]}), contract(s=STRING | {"const": "a"}), "field s no longer takes 'b'"),
    (contract(l=listed(INTEGER)), contract(l=listed(STRING)), "field l[] became string"),
    (contract(l=listed(INTEGER)), contract(l=listed(INTEGER, maxItems=5)), "field l: maxItems went from none to 5"),
    (
        contract(l=listed(contract(a=INTEGER))),
        contract(l=listed(contract(a=INTEGER, b=INTEGER, required=("b",)))),
        "new required field l[].b",
    ),
    (
        contract(d={"type": "object", "additionalProperties": INTEGER}),
        contract(d={"type": "object", "additionalProperties": STRING}),
        "field d.* became string",
    ),
    (
        contract() | {"additionalProperties": True},
        contract(),
        "the payload no longer takes fields it does not name",
    ),
    (
        contract(t={"type": "array", "prefixItems": [INTEGER, INTEGER]}),
        contract(t={"type": "array", "prefixItems": [INTEGER]}),
        "field t has 1 fixed places, not 2",
    ),
]

WIDER = [
    (contract(), contract(id=INTEGER)),
    (contract(id=INTEGER, required=("id",)), contract(id=INTEGER)),
    (contract(id=INTEGER), contract(id=maybe(INTEGER))),
    (contract(id=maybe(INTEGER)), contract(id=maybe(NUMBER))),
    (contract(id=INTEGER), contract(id=NUMBER)),
    (contract(id=INTEGER), contract(id={})),
    (contract(id=INTEGER | {"minimum": 5}), contract(id=INTEGER | {"minimum": 1})),
    (contract(id=NUMBER | {"exclusiveMinimum": 0}), contract(id=NUMBER | {"minimum": 0})),
    (contract(s=STRING | {"enum": ["a"]}), contract(s=STRING | {"enum": ["a", "b"]})),
    (contract(s=STRING | {"pattern": "^a"}), contract(s=STRING)),
]

SAME = [
    (contract(id=INTEGER), contract(id=INTEGER | {"description": "Which one."})),
    (contract(id=INTEGER | {"default": 3}), contract(id=INTEGER | {"default": 4})),
    (contract(id=INTEGER | {"exclusiveMinimum": 0}), contract(id=INTEGER | {"minimum": 1})),
    (contract(id=maybe(INTEGER)), contract(id={"type": ["null", "integer"]})),
    (
        {"title": "x v1", "$ref": "#/$defs/A", "$defs": {"A": contract(id=INTEGER)}},
        contract("x v1", id=INTEGER),
    ),
]


@pytest.mark.parametrize(("released", "current", "line"), NARROWER, ids=[case[2] for case in NARROWER])
def test_a_request_that_takes_less_than_before_breaks_messages_that_still_wait(
    released: dict[str, Any], current: dict[str, Any], line: str
) -> None:
    assert breaking_changes(released, current) == [f"scrape.series.save v1: {line}"]


@pytest.mark.parametrize(("released", "current"), WIDER + SAME)
def test_a_request_that_takes_more_breaks_nobody(released: dict[str, Any], current: dict[str, Any]) -> None:
    assert breaking_changes(released, current) == []


FACT_BREAKS = [
    (contract(id=INTEGER), contract(), "field id was removed"),
    (contract(id=INTEGER, required=("id",)), contract(id=INTEGER), "field id is no longer always there"),
    (contract(id=INTEGER), contract(id=maybe(INTEGER)), "field id may now be null"),
    (contract(id=INTEGER), contract(id=STRING), "field id became string"),
    (contract(s=STRING | {"enum": ["a"]}), contract(s=STRING | {"enum": ["a", "b"]}), "field s takes 'b' too"),
    (contract(id=INTEGER | {"maximum": 5}), contract(id=INTEGER), "field id: greatest value went from 5 to none"),
]


@pytest.mark.parametrize(("released", "current", "line"), FACT_BREAKS, ids=[case[2] for case in FACT_BREAKS])
def test_a_fact_that_promises_less_than_before_breaks_its_subscribers(
    released: dict[str, Any], current: dict[str, Any], line: str
) -> None:
    fact = "facts.series.saved v1"

    assert breaking_changes(released | {"title": fact}, current | {"title": fact}) == [f"{fact}: {line}"]


def test_a_fact_may_say_more_than_before() -> None:
    released = contract("facts.series.saved v1", id=INTEGER)
    current = contract("facts.series.saved v1", id=INTEGER, name=STRING, required=("id", "name"))

    assert breaking_changes(released, current) == []


def test_every_break_is_named_not_only_the_first() -> None:
    released = contract(a=INTEGER, b=INTEGER)

    assert len(breaking_changes(released, contract(a=STRING))) == 2


def test_a_payload_that_refers_to_itself_is_refused() -> None:
    tree = {"title": "x v1", "$ref": "#/$defs/A", "$defs": {"A": contract(a={"$ref": "#/$defs/A"})}}

    with pytest.raises(ValueError, match="refers to itself"):
        breaking_changes(tree, tree)
