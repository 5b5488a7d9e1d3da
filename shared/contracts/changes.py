"""Whether a contract may change as it did without a new schema version.

Who reads decides what breaks. A request is read by this release: messages of yesterday, waiting in a queue or in the
dead letters, must still be accepted, so a contract may not become narrower. A fact is read by programs of others:
what they were promised must stay true, so a contract may not become wider, or lose a field.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.contracts.documents import Schema, without_references

_SIZES = (("minLength", "maxLength"), ("minItems", "maxItems"), ("minProperties", "maxProperties"))
_EXACT = ("pattern", "format", "multipleOf", "uniqueItems", "contentEncoding")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two versions of a schema; `narrower` and `wider` say what it does to the accepted."""

    text: str
    narrower: bool = False
    wider: bool = False


def breaking_changes(released: Schema, current: Schema) -> list[str]:
    """Return one line for each change from `released` to `current` that breaks a reader; none means compatible.

    Both are schemas as `documents.schema_of` makes them: the title says the contract, e.g. `scrape.series.save v1`.
    """
    title = str(released.get("title", "the contract"))
    fact = title.startswith("facts.")
    found = _changes("", without_references(released), without_references(current))
    return [f"{title}: {change.text}" for change in found if (change.wider if fact else change.narrower)]


def _changes(path: str, old: Schema, new: Schema) -> Iterator[Change]:
    """Yield what differs, field by field."""
    before, after = _alternatives(old), _alternatives(new)
    if len(before) == len(after) == 1:
        yield from _one(path, before[0], after[0])
        return
    unmatched = list(after)
    for shape in before:
        twin = _twin(shape, unmatched)
        if twin is None:
            yield Change(f"{_field(path)} may no longer be {_sort(shape)}", narrower=True)
        else:
            unmatched.remove(twin)
            yield from _one(path, shape, twin)
    for shape in unmatched:
        yield Change(f"{_field(path)} may now be {_sort(shape)}", wider=True)


def _twin(shape: Schema, others: list[Schema]) -> Schema | None:
    """Return the alternative that `shape` became: the same one, else one of its type, else a number for an integer."""
    for alike in (
        lambda other: other == shape,
        lambda other: _sort(other) == _sort(shape),
        lambda other: (_sort(shape), _sort(other)) == ("integer", "number"),
    ):
        if twin := next((other for other in others if alike(other)), None):
            return twin
    return None


def _one(path: str, old: Schema, new: Schema) -> Iterator[Change]:
    if _sort(old) != _sort(new):
        yield _new_sort(path, _sort(old), _sort(new))
        return
    yield from _values(path, old, new)
    yield from _bounds(path, old, new)
    for word in _EXACT:
        yield from _exact(path, word, old.get(word), new.get(word))
    if _sort(old) == "object":
        yield from _properties(path, old, new)
    if _sort(old) == "array":
        yield from _items(path, old, new)


def _new_sort(path: str, old: str, new: str) -> Change:
    text = f"{_field(path)} became {new}"
    if (old, new) == ("integer", "number") or new == _ANYTHING:
        return Change(text, wider=True)
    if (old, new) == ("number", "integer") or old == _ANYTHING:
        return Change(text, narrower=True)
    return Change(text, narrower=True, wider=True)


def _values(path: str, old: Schema, new: Schema) -> Iterator[Change]:
    before, after = _allowed(old), _allowed(new)
    if before is None and after is None:
        return
    if before is None:
        yield Change(f"{_field(path)} takes only {_listed(after or [])} now", narrower=True)
    elif after is None:
        yield Change(f"{_field(path)} takes any value now", wider=True)
    else:
        if gone := [value for value in before if value not in after]:
            yield Change(f"{_field(path)} no longer takes {_listed(gone)}", narrower=True)
        if added := [value for value in after if value not in before]:
            yield Change(f"{_field(path)} takes {_listed(added)} too", wider=True)


def _bounds(path: str, old: Schema, new: Schema) -> Iterator[Change]:
    pairs = [("least value", _least(old), _least(new), 1), ("greatest value", _greatest(old), _greatest(new), -1)]
    for lower, upper in _SIZES:
        pairs += [(lower, old.get(lower), new.get(lower), 1), (upper, old.get(upper), new.get(upper), -1)]
    for word, before, after, tightens in pairs:
        if before != after:
            narrower = before is None or (after is not None and (after - before) * tightens > 0)
            text = f"{_field(path)}: {word} went from {_limit(before)} to {_limit(after)}"
            yield Change(text, narrower=narrower, wider=not narrower)


def _least(schema: Schema) -> float | None:
    return _bound(schema, "minimum", "exclusiveMinimum", 1)


def _greatest(schema: Schema) -> float | None:
    return _bound(schema, "maximum", "exclusiveMaximum", -1)


def _bound(schema: Schema, inclusive: str, exclusive: str, step: int) -> float | None:
    """Return a bound as one number, so that `> 0` and `>= 1` compare; a real one moves by next to nothing."""
    limit: float | None = schema.get(inclusive)
    beyond: float | None = schema.get(exclusive)
    if beyond is None:
        return limit
    if _sort(schema) == "integer":
        return beyond + step
    return math.nextafter(beyond, math.inf * step)


def _exact(path: str, word: str, before: object, after: object) -> Iterator[Change]:
    if before != after:
        text = f"{_field(path)}: {word} went from {_limit(before)} to {_limit(after)}"
        yield Change(text, narrower=after is not None, wider=before is not None)


def _properties(path: str, old: Schema, new: Schema) -> Iterator[Change]:
    before, after = old.get("properties", {}), new.get("properties", {})
    had, has = set(old.get("required", ())), set(new.get("required", ()))
    for name, schema in before.items():
        where = f"{path}.{name}" if path else name
        if name not in after:
            yield Change(f"{_field(where)} was removed", narrower=True, wider=True)
            continue
        if name in has - had:
            yield Change(f"{_field(where)} became required", narrower=True)
        if name in had - has:
            yield Change(f"{_field(where)} is no longer always there", wider=True)
        yield from _changes(where, schema, after[name])
    for name in after:
        # An optional one breaks nobody: it is left out by old publishers, and ignored by old subscribers.
        if name not in before and name in has:
            where = f"{path}.{name}" if path else name
            yield Change(f"new required {_field(where)}", narrower=True)
    yield from _others(path, old.get("additionalProperties", True), new.get("additionalProperties", True))


def _others(path: str, old: bool | Schema, new: bool | Schema) -> Iterator[Change]:
    """Yield what became of the fields that a contract does not name."""
    if old is False and new is not False:
        yield Change(f"{_field(path)} takes fields it does not name", wider=True)
    elif old is not False and new is False:
        yield Change(f"{_field(path)} no longer takes fields it does not name", narrower=True)
    elif old != new:
        yield from _changes(f"{path}.*" if path else "*", _as_schema(old), _as_schema(new))


def _items(path: str, old: Schema, new: Schema) -> Iterator[Change]:
    before, after = old.get("prefixItems", []), new.get("prefixItems", [])
    if len(before) != len(after):
        yield Change(f"{_field(path)} has {len(after)} fixed places, not {len(before)}", narrower=True, wider=True)
        return
    for place, (one, other) in enumerate(zip(before, after, strict=True)):
        yield from _changes(f"{path}[{place}]", one, other)
    yield from _changes(f"{path}[]", _as_schema(old.get("items", True)), _as_schema(new.get("items", True)))


_ANYTHING = "anything"


def _alternatives(schema: Schema) -> list[Schema]:
    """Return the shapes a value may have, each with one type."""
    choice = schema.get("anyOf") or schema.get("oneOf")
    if choice:
        return [shape for option in choice for shape in _alternatives(option)]
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": sort} for sort in schema["type"]]
    return [schema]


def _sort(schema: Schema) -> str:
    if "type" in schema:
        return str(schema["type"])
    values = _allowed(schema)
    return _ANYTHING if values is None else "one of a list"


def _allowed(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _as_schema(value: bool | Schema) -> Schema:
    if isinstance(value, dict):
        return value
    return {} if value else {"not": {}}


def _field(path: str) -> str:
    return f"field {path}" if path else "the payload"


def _listed(values: list[Any]) -> str:
    return ", ".join(repr(value) for value in values)


def _limit(value: object) -> str:
    return "none" if value is None else str(value)
