"""Every form a Retry-After header comes in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.upstreams.answer import LONGEST_RETRY_AFTER, retry_after

NOW = datetime(2026, 11, 22, 7, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("1.5", 1.5),
        ("Sun, 22 Nov 2026 07:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 07:00:30 -0000", 30.0),
        ("Sun, 22 Nov 2026 06:00:00 GMT", 0.0),
        ("999999999", LONGEST_RETRY_AFTER),
        ("soon", None),
        ("-5", None),
        ("nan", None),
        ("٣", None),
        ("", None),
    ],
)
def test_a_retry_after_is_seconds_from_now_or_nothing(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds
