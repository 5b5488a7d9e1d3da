"""From what a person types to a payload: `tvdb_id=81189`, or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from shared.contracts.kind import Payload
from shared.contracts.registry import Contracts
from shared.errors import ContractViolation, Undecodable


def payload_of(contracts: Contracts, kind: str, words: Sequence[str]) -> Payload:
    """Return the payload that words after `millrace publish KIND` stand for.

    Raises UnknownKind, Undecodable or ContractViolation.
    """
    if len(words) == 1 and words[0].lstrip().startswith("{"):
        return from_json(contracts, kind, words[0].encode())
    typed = dict(_pair(word) for word in words)
    fields = {name: _value(text) for name, text in typed.items()}
    try:
        return contracts.build(kind, fields)
    except ContractViolation as violation:
        # `set_number=75192` looks like a number, and the contract says which of the two it is.
        blamed = {problem.partition(":")[0].partition(".")[0] for problem in violation.problems}
        as_text = {name: text for name, text in typed.items() if name in blamed and not isinstance(fields[name], str)}
        if not as_text:
            raise
        try:
            return contracts.build(kind, fields | as_text)
        except ContractViolation:
            # Whoever meant a number should not read that a string is no number.
            raise violation from None


def from_json(contracts: Contracts, kind: str, text: bytes) -> Payload:
    """Return the payload that a JSON object stands for; raises as `payload_of` does."""
    return contracts.read(kind, contracts.kind(kind).schema, text)


def _pair(word: str) -> tuple[str, str]:
    name, equals, text = word.partition("=")
    if not equals or not name:
        raise Undecodable(f"{word!r} is neither name=value nor a JSON object")
    return name, text


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
