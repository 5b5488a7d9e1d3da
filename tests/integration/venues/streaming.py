"""Stores a number of listings in a process of its own, and prints what that took: `python -m … URL SOURCE NUMBER`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from shared.catalog.venues import rules, store
from shared.catalog.venues.records import Listing
from shared.database.engine import open_engine
from tests.integration.venues.conftest import MONDAY, evening


def many(number: int) -> Iterator[Listing]:
    """Yield listings of a usual size, half an hour apart within the window."""
    for count in range(number):
        start = MONDAY + timedelta(hours=1) + (count % 19_000) * timedelta(minutes=30)
        words = f"Evening {count} is described in as many words as evenings are. " * 8
        yield evening(0, key=f"{count}@hall", starts_at=start, description=words, price_low=Decimal(count))


def megabytes() -> float:
    """Return the most memory that this process has had so far."""
    # Not getrusage, whose figure includes that of the process before exec, which is its parent's.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main(url: str, source: int, number: int) -> None:
    """Store a few, so that everything is imported and connected, then all; again, to see that nothing is written."""
    engine = open_engine(url, pool=1)
    told: dict[str, float] = {}
    for word, count in (("few", 100), ("first", number), ("second", number)):
        at, began = MONDAY + timedelta(seconds=len(told)), time.perf_counter()
        with engine.begin() as connection:
            outcome = store.ingest(connection, source, many(count), at, rules.window(at))
        told |= {f"{word}_seconds": round(time.perf_counter() - began, 2), f"{word}_mb": round(megabytes(), 1)}
        told |= {f"{word}_added": outcome.added, f"{word}_changed": outcome.changed}
        told |= {f"{word}_withdrawn": outcome.withdrawn}
    engine.dispose()
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
