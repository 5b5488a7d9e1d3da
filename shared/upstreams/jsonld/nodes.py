"""Finds the events among the objects of JSON-LD blocks, wherever they are nested, and follows references by @id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

Node = dict[str, Any]

_OTHERWISE_NAMED: Final = frozenset({"Festival", "EventSeries", "Hackathon"})
# Called events by schema.org, but nothing one could go to.
_NO_EVENINGS: Final = frozenset({"PublicationEvent", "BroadcastEvent", "OnDemandEvent", "DeliveryEvent"})
# An evening names the series it is a part of; that is no evening more.
_UPWARDS: Final = frozenset({"superEvent", "subEventOf", "previousEvent"})


class Nodes:
    """All objects of a page's blocks."""

    def __init__(self, blocks: list[Any]) -> None:
        self._all = [node for block in blocks for node in _nodes(block)]
        self._by_id = {str(node["@id"]): node for node in self._all if "@id" in node and len(node) > 1}

    def events(self) -> Iterator[Node]:
        """Yield the events that tell something of themselves."""
        for node in self._all:
            if is_event(node) and not node.keys() <= {"@type", "@id", "@context", "name", "url"}:
                yield node

    def resolved(self, value: Any) -> Any:
        """Return what a reference stands for; anything else is itself."""
        if isinstance(value, dict) and "@id" in value and not value.keys() - {"@id", "@type"}:
            return self._by_id.get(str(value["@id"]), value)
        return value


def is_event(node: Node) -> bool:
    """Say whether an object is an event one can go to; a series whose evenings are listed in it is not."""
    names = types_of(node)
    if names & _NO_EVENINGS:
        return False
    if "EventSeries" in names and node.get("subEvent"):
        return False
    return any(name.endswith("Event") or name in _OTHERWISE_NAMED for name in names)


def types_of(node: Node) -> frozenset[str]:
    """Return the names of an object's types, without schema.org's address."""
    return frozenset(last_word(each) for each in as_list(node.get("@type")) if isinstance(each, str))


def last_word(name: str) -> str:
    """Return the last part of an address or prefixed name: `https://schema.org/SoldOut` and `SoldOut` are one."""
    for separator in "/#:":
        name = name.rpartition(separator)[2]
    return name.strip()


def as_list(value: Any) -> list[Any]:
    """Return a value as a list: schema.org lets one stand for many everywhere."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _nodes(block: Any) -> Iterator[Node]:
    """Yield the objects of a block in reading order, at any depth."""
    waiting = [block]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting.extend(reversed([part for name, part in value.items() if name not in _UPWARDS]))
        elif isinstance(value, list):
            waiting.extend(reversed(value))
