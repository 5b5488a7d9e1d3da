"""Fifty thousand listings take no more memory than a hundred."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

NUMBER = 50_000
MOST_MB = 12.0
"""What psycopg's buffers and the allocator may take; the listings themselves would be a hundred."""


def test_fifty_thousand_listings_are_stored_in_bounded_memory_and_the_second_time_not_written(
    database_url: str, add_source: Callable[..., int]
) -> None:
    command = [sys.executable, "-m", "tests.integration.venues.streaming", database_url, str(add_source()), str(NUMBER)]

    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=170)

    told = json.loads(ran.stdout)
    assert told["first_added"] == NUMBER - 100
    assert (told["second_added"], told["second_changed"], told["second_withdrawn"]) == (0, 0, 0)
    assert told["second_mb"] - told["few_mb"] < MOST_MB, told
