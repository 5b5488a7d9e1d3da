"""Between bytes and payloads: the one place where a body is read, lifted to today's schema, and checked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from shared.contracts.kind import Kind, Payload
from shared.errors import ContractViolation, Undecodable, UnknownKind, UnknownSchema


class Contracts:
    """The kinds a process knows, by name and by payload class."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._by_name: dict[str, Kind] = {}
        self._by_payload: dict[type[Payload], Kind] = {}
        for kind in kinds:
            if kind.name in self._by_name or kind.payload in self._by_payload:
                raise ValueError(f"{kind.name}: its name or its payload belongs to another kind already")
            if set(kind.upcasters) != set(range(1, kind.schema)):
                raise ValueError(f"{kind.name}: schema {kind.schema} needs one upcaster for each older version")
            self._by_name[kind.name] = kind
            self._by_payload[kind.payload] = kind

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._by_name.values())

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def kind(self, name: str) -> Kind:
        """Return the kind of that name; raises UnknownKind."""
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownKind(name) from None

    def kind_of(self, payload: Payload) -> Kind:
        """Return the kind that a payload object belongs to; raises UnknownKind."""
        try:
            return self._by_payload[type(payload)]
        except KeyError:
            raise UnknownKind(type(payload).__name__) from None

    def read(self, name: str, schema: object, body: bytes) -> Payload:
        """Return the payload a body stands for, as today's contract.

        Raises Undecodable, UnknownKind, UnknownSchema or ContractViolation: everything that can be wrong with
        a message, and nothing else.
        """
        kind = self.kind(name)
        # bool is an int in Python, and `schema: true` on the wire is nobody's version 1.
        if type(schema) is not int or not 1 <= schema <= kind.schema:
            raise UnknownSchema(name, schema, kind.schema)
        try:
            if schema == kind.schema:
                return kind.payload.model_validate_json(body)
            return kind.payload.model_validate_json(json.dumps(_lift(kind, schema, _object(body))))
        except ValidationError as error:
            raise _violation(name, error) from error

    def build(self, name: str, fields: dict[str, Any]) -> Payload:
        """Return the payload made of plain values as JSON has them; raises UnknownKind or ContractViolation."""
        kind = self.kind(name)
        try:
            return kind.payload.model_validate_json(json.dumps(fields))
        except ValidationError as error:
            raise _violation(name, error) from error
        except TypeError as error:
            raise ContractViolation(name, [f"not JSON: {error}"]) from error


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Undecodable(f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Undecodable(f"the body is a JSON {type(value).__name__}, not an object")
    return value


def _lift(kind: Kind, schema: int, fields: dict[str, Any]) -> dict[str, Any]:
    for version in range(schema, kind.schema):
        try:
            fields = kind.upcasters[version](fields)
        except (KeyError, TypeError, ValueError) as error:
            raise ContractViolation(kind.name, [f"schema {version} cannot be lifted: {error!r}"]) from error
    return fields


def _violation(name: str, error: ValidationError) -> Undecodable | ContractViolation:
    problems = error.errors(include_url=False, include_context=False)
    match problems[0]["type"]:
        case "json_invalid":
            return Undecodable(f"the body is not JSON: {problems[0]['msg']}")
        case "model_type":
            return Undecodable("the body is JSON, but not an object")
    return ContractViolation(
        name,
        [f"{'.'.join(map(str, problem['loc'])) or 'payload'}: {problem['msg']}" for problem in problems[:20]],
    )
