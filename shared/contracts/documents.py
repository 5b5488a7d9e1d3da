"""Contracts as JSON Schemas: what a publisher in any language validates against."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from shared.contracts.kind import Kind

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def file_name(kind: str, version: int) -> str:
    """Return the name of the file that holds a kind's schema of one version."""
    return f"{kind}.v{version}.json"


def schema_of(kind: Kind) -> Schema:
    """Return the JSON Schema (2020-12) of a kind's payload as it is today, with its example."""
    body = kind.payload.model_json_schema(schema_generator=_Untitled)
    note = body.pop("description", "")
    body.pop("title", None)
    return {
        "$schema": DIALECT,
        "$id": f"urn:millrace:contract:{kind.name}:{kind.schema}",
        "title": f"{kind.name} v{kind.schema}",
        "description": kind.summary if note in ("", kind.summary) else f"{kind.summary}\n\n{note}",
        **body,
        "examples": [dict(kind.example)],
    }


def schemas(kinds: Iterable[Kind]) -> dict[str, Schema]:
    """Return today's schema of every kind, by file name."""
    return {file_name(kind.name, kind.schema): schema_of(kind) for kind in kinds}


def without_references(schema: Schema) -> Schema:
    """Return the same schema with each `$ref` replaced by what it refers to.

    Contracts carry plain facts, never trees: one that refers to itself raises ValueError.
    """
    definitions = schema.get("$defs", {})
    inlined = _inline({name: value for name, value in schema.items() if name != "$defs"}, definitions, ())
    assert isinstance(inlined, dict)  # noqa: S101 - a dict goes in
    return inlined


def rendered(document: Schema) -> str:
    """Return a document as it is committed: the same text for the same content."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _inline(value: Any, definitions: dict[str, Any], inside: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_inline(item, definitions, inside) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("$ref"), str):
        name = value["$ref"].rpartition("/")[2]
        if name in inside:
            raise ValueError(f"{name} refers to itself; a payload holds facts, not trees")
        beside = {key: item for key, item in value.items() if key != "$ref"}
        return _inline({**definitions[name], **beside}, definitions, (*inside, name))
    return {key: _inline(item, definitions, inside) for key, item in value.items()}


class _Untitled(GenerateJsonSchema):
    """Leaves out the titles pydantic makes of field names: `Tvdb Id` says no more than `tvdb_id`."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        """Answer no, for every field."""
        return False
