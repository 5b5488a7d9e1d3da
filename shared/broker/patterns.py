"""Topic patterns: `*` stands for one word, `#` for any number of words, none included."""

from __future__ import annotations


def matches(pattern: str, key: str) -> bool:
    """Whether a message with this routing key takes the way that the pattern binds."""
    return overlap(pattern, key)


def overlap(one: str, other: str) -> bool:
    """Whether some routing key fits both patterns, so that its message would be delivered twice."""
    return _overlap(one.split("."), other.split("."))


def _overlap(one: list[str], other: list[str]) -> bool:
    if one[:1] == ["#"]:
        return _overlap(one[1:], other) or (bool(other) and _overlap(one, other[1:]))
    if other[:1] == ["#"]:
        return _overlap(other, one)
    if not one or not other:
        return one == other
    return (one[0] == other[0] or "*" in (one[0], other[0])) and _overlap(one[1:], other[1:])
