"""A body is read, lifted to today's schema and checked in one place, and fails in one of four ways."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import ContractViolation, InvalidMessage, Undecodable, UnknownKind, UnknownSchema
from tests.probe.kinds import LIFTED, PROBE_CONTRACTS, STORE, OldStore, Store

read = PROBE_CONTRACTS.read


def test_a_body_becomes_its_payload() -> None:
    assert read(STORE.name, 1, b'{"key": 1}') == Store(key=1)


def test_an_older_version_is_lifted_to_today_s() -> None:
    assert read(LIFTED.name, 1, b'{"number": 5}') == OldStore(key=5)
    assert read(LIFTED.name, 2, b'{"key": 5}') == OldStore(key=5)


@pytest.mark.parametrize("schema", [0, 2, -1, True, "1", 1.0, None, [], 2**70])
def test_a_version_that_this_release_does_not_know_is_not_guessed(schema: object) -> None:
    with pytest.raises(UnknownSchema):
        read(STORE.name, schema, b'{"key": 1}')


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"5",
        b"[1]",
        b"null",
        b'"text"',
        b"true",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"\xff\xfe{",
        b'{"key": NaN}',
    ],
)
@pytest.mark.parametrize(("name", "schema"), [(STORE.name, 1), (LIFTED.name, 1)], ids=["as it is", "lifted"])
def test_what_is_no_json_object_is_undecodable_or_no_payload(name: str, schema: int, body: bytes) -> None:
    with pytest.raises((Undecodable, ContractViolation)) as caught:
        read(name, schema, body)
    assert isinstance(caught.value, Undecodable) or b"key" in body


def test_a_contract_s_problems_are_named_field_by_field() -> None:
    with pytest.raises(ContractViolation) as caught:
        read(STORE.name, 1, b'{"key": "x", "valeu": 2}')
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["key", "valeu"]


def test_what_cannot_be_lifted_is_a_violation() -> None:
    with pytest.raises(ContractViolation, match="cannot be lifted"):
        read(LIFTED.name, 1, b'{"nomber": 5}')


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(UnknownKind, match=r"scrape\.nothing"):
        read("scrape.nothing", 1, b"{}")


@settings(deadline=None)  # other people use this machine too
@given(
    st.binary()
    | st.text().map(str.encode)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["key", "value", "number"]), inner),
    ).map(lambda value: json.dumps(value).encode())
)
@pytest.mark.parametrize(("name", "schema"), [(STORE.name, 1), (LIFTED.name, 1)])
def test_no_body_raises_anything_else(name: str, schema: int, body: bytes) -> None:
    with contextlib.suppress(InvalidMessage):
        read(name, schema, body)
