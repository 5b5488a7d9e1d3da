"""What Celery's calling conventions mean for a message: arguments become fields, moments become times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from consumers.app import _fields, _moment
from shared.errors import ContractViolation

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NAMES = ["key", "value"]


@pytest.mark.parametrize(
    ("args", "kwargs", "fields"),
    [
        (None, None, {}),
        ([1], None, {"key": 1}),
        ((1, 2), {}, {"key": 1, "value": 2}),
        ([1], {"value": 2}, {"key": 1, "value": 2}),
        ([], {"extra": 3}, {"extra": 3}),
    ],
)
def test_positional_arguments_fill_the_fields_in_order(args: Any, kwargs: Any, fields: dict[str, Any]) -> None:
    assert _fields("kind", NAMES, args, kwargs) == fields


def test_more_arguments_than_fields_are_refused() -> None:
    with pytest.raises(ContractViolation, match="takes 2 arguments, 3 were given"):
        _fields("kind", NAMES, [1, 2, 3], None)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (None, None),
        (90, NOW + timedelta(seconds=90)),
        (0.5, NOW + timedelta(seconds=0.5)),
        ("2026-11-22T13:00:00+01:00", NOW),
        ("2026-11-22T12:00:00", NOW),
        (datetime(2026, 11, 22, 12), NOW),  # noqa: DTZ001 - Celery's naive moments are UTC here
        (datetime(2026, 11, 22, 13, tzinfo=timezone(timedelta(hours=1))), NOW),
    ],
)
def test_a_moment_is_seconds_from_now_or_a_time(value: Any, moment: datetime | None) -> None:
    assert _moment(value, NOW) == moment
