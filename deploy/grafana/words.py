"""Values as people read them: by unit, by threshold, by mapping."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

LARGE: Final = ((1e9, "B"), (1e6, "M"), (1e3, "K"))
TIMES: Final = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))
SUFFIX: Final = {"ops": " ops/s", "reqps": " req/s"}
THIRTY: Final = 30
HUNDRED: Final = 100


def spoken(value: float, unit: str, decimals: int | None = None) -> str:
    """Return a value in its unit, as Grafana names units; one that is none is a dash."""
    if math.isnan(value) or math.isinf(value):
        return "-"
    if unit == "percentunit":
        return f"{_rounded(value * 100, decimals)} %"
    if unit == "s":
        return _seconds(value, decimals)
    return _large(value, decimals) + SUFFIX.get(unit, "")


def colour(value: float, steps: Sequence[Mapping[str, Any]]) -> str:
    """Return the colour of the last step that a value has reached."""
    found = str(steps[0]["color"])
    for step in steps[1:]:
        if not math.isnan(value) and value >= step["value"]:
            found = str(step["color"])
    return found


def mapped(value: float, mappings: Sequence[Mapping[str, Any]]) -> tuple[str, str] | None:
    """Return the word and the colour that stand for a value, None where none do."""
    for mapping in mappings:
        if mapping["type"] == "value" and (found := mapping["options"].get(f"{value:g}")):
            return found["text"], found["color"]
    return None


def named(legend: str, labels: Mapping[str, str]) -> str:
    """Return a legend with the labels it names filled in."""
    text = legend
    for label, value in labels.items():
        text = text.replace("{{" + label + "}}", value)
    return text.partition("{{")[0].strip() if "{{" in text else text


def _seconds(value: float, decimals: int | None) -> str:
    if value == 0:
        return "0 s"
    if abs(value) < 1:
        return f"{_rounded(value * 1000, None)} ms"
    size, name = next((size, name) for size, name in TIMES if abs(value) >= size)
    return f"{_rounded(value / size, decimals if size == 1 else None)} {name}"


def _large(value: float, decimals: int | None) -> str:
    for size, name in LARGE:
        if abs(value) >= size:
            return f"{_rounded(value / size, None)} {name}"
    return _rounded(value, decimals)


def _rounded(value: float, decimals: int | None) -> str:
    if decimals is None:
        decimals = 0 if value == round(value) or abs(value) >= HUNDRED else 1 if abs(value) >= THIRTY else 2
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
