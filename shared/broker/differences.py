"""What a broker holds against what it should hold, both in the form of RabbitMQ's definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.broker.topology import DEAD_LETTER, FACTS, TIERS, TOPICS, URGENT, WORK

Definitions = Mapping[str, list[dict[str, Any]]]
"""`exchanges`, `queues` and `bindings` of one virtual host, as `definitions.export` makes them."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a broker is not what the table says: `missing`, `different` or `surplus`."""

    what: str
    thing: str
    detail: str


def differences(expected: Definitions, found: Definitions) -> list[Difference]:
    """Return what a broker lacks, has in another form, or has too much of.

    Other people's exchanges and queues in the same virtual host are their own business; a binding that takes
    messages out of our exchanges or puts foreign ones into our queues is not. Subscribing to facts is what they
    are for.
    """
    return [
        *_objects("exchange", expected["exchanges"], found["exchanges"]),
        *_objects("queue", expected["queues"], found["queues"]),
        *_bindings(expected, found),
    ]


_ATTRIBUTES = ("type", "durable", "auto_delete", "internal")


def _objects(sort: str, expected: list[dict[str, Any]], found: list[dict[str, Any]]) -> Iterator[Difference]:
    there = {item["name"]: item for item in found}
    for wanted in expected:
        thing = f"{sort} {wanted['name']}"
        item = there.get(wanted["name"])
        if item is None:
            yield Difference("missing", thing, "not declared")
            continue
        for name in _ATTRIBUTES:
            if name in wanted and item.get(name) != wanted[name]:
                yield Difference("different", thing, f"{name} is {item.get(name)!r}, not {wanted[name]!r}")
        arguments, should = item.get("arguments", {}), wanted["arguments"]
        for name in sorted({*arguments, *should}):
            if arguments.get(name) != should.get(name):
                yield Difference("different", thing, f"{name} is {_said(arguments, name)}, not {_said(should, name)}")


def _bindings(expected: Definitions, found: Definitions) -> Iterator[Difference]:
    wanted = {_way(binding) for binding in expected["bindings"]}
    there = {_way(binding) for binding in found["bindings"]}
    for way in sorted(wanted - there):
        yield Difference("missing", _named(way), "no message takes this way")
    queues = {queue["name"] for queue in expected["queues"]}
    for way in sorted(there - wanted):
        source, _, sort, destination = way
        if source in _GUARDED:
            yield Difference("surplus", _named(way), _harm(source, sort, destination, queues))
        # The default exchange has a binding to every queue, which cannot be removed.
        elif source != "" and sort == "queue" and destination in queues:
            facts = "facts are no work: they would be dead-lettered"
            yield Difference("surplus", _named(way), facts if source == FACTS else "brings in messages of others")


_GUARDED = frozenset({*TOPICS, URGENT, WORK, DEAD_LETTER, *(tier.name for tier in TIERS)})
"""Exchanges whose messages belong to one queue each."""

_Way = tuple[str, str, str, str]


def _way(binding: Mapping[str, Any]) -> _Way:
    return (binding["source"], binding["routing_key"], binding["destination_type"], binding["destination"])


def _named(way: _Way) -> str:
    source, key, sort, destination = way
    return f"binding {source} -> {'' if sort == 'queue' else 'exchange '}{destination} ({key or 'any key'})"


def _harm(source: str, sort: str, destination: str, queues: set[str]) -> str:
    if sort == "queue" and destination in queues:
        return "messages would be done a second time, or by the wrong pool"
    return f"copies what goes through {source} to others, where it would hide that a queue of ours is missing"


def _said(arguments: Mapping[str, Any], name: str) -> str:
    return repr(arguments[name]) if name in arguments else "unset"
