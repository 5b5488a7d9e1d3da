"""Time, asked in one place so that everything else can take it as an argument."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def milliseconds(moment: datetime) -> int:
    """Return a moment as whole milliseconds since the Unix epoch, the form that headers carry."""
    return round(moment.timestamp() * 1000)


def from_milliseconds(value: int) -> datetime:
    """Return the moment that a header's milliseconds stand for; raises ValueError out of range."""
    try:
        return datetime.fromtimestamp(value / 1000, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{value} is no time in milliseconds") from error
