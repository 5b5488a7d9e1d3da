"""Kinds that only the benchmark knows: a message of a given size, one that notes when it began, one for a lane."""

from __future__ import annotations

from shared.contracts.kind import Kind, Payload
from shared.contracts.registry import Contracts
from tests.probe.kinds import PROBE_CONTRACTS


class Note(Payload):
    """Nothing to do: a body of a realistic size."""

    key: int
    text: str


class Alone(Payload):
    """Upsert one row of `probe_rows`, never in a bundle with others."""

    key: int


class Mark(Payload):
    """Note when the handler began."""

    key: int


class UrgentMark(Payload):
    """Note when the handler began, in a pool with a lane."""

    key: int


class Crowd(Payload):
    """Do nothing, in a pool with a lane: what an urgent message has to pass."""


NOTE = Kind("maintenance.bench.note", Note, "Do nothing.", example={"key": 1, "text": ""})
ALONE = Kind("maintenance.bench.alone", Alone, "Upsert a row.", example={"key": 1})
MARK = Kind("maintenance.bench.mark", Mark, "Note when it began.", example={"key": 1})
URGENT_MARK = Kind("scrape.series.bench_mark", UrgentMark, "Note when it began.", example={"key": 1})
CROWD = Kind("scrape.series.bench_crowd", Crowd, "Do nothing.", example={})

BENCH_CONTRACTS = Contracts((*PROBE_CONTRACTS, NOTE, ALONE, MARK, URGENT_MARK, CROWD))

BODY_SIZE = 300
"""Bytes of the messages whose publishing is measured."""

_FIRST = 1_000_000
_PADDING = "x" * (BODY_SIZE - len(Note(key=_FIRST, text="").model_dump_json()))


def note_fields(number: int) -> dict[str, object]:
    """Return the fields of the note with this number (below 9,000,000), whose JSON has BODY_SIZE bytes."""
    return {"key": _FIRST + number, "text": _PADDING}


TABLES = """
CREATE TABLE IF NOT EXISTS plain_rows (key bigint PRIMARY KEY, value bigint NOT NULL, times int NOT NULL);
CREATE TABLE IF NOT EXISTS bench_marks (who text, key bigint, began_ns bigint NOT NULL, PRIMARY KEY (who, key));
"""
"""What plain Celery upserts into, and where both sides note when a handler began."""

RECORD_MARK = "INSERT INTO bench_marks (who, key, began_ns) VALUES (:who, :key, :began_ns)"
