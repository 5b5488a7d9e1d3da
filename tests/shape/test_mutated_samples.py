"""Recorded answers with fields missing, null, of another type or new: read or refused, never past their reader."""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from shared.errors import MillraceError
from shared.upstreams.answer import Answer
from shared.upstreams.brickset.envelope import opened
from shared.upstreams.brickset.sets import read_sets
from shared.upstreams.ebay import read_offer
from shared.upstreams.mote import read_rest
from shared.upstreams.tmdb import read_find, read_movie, read_tv
from shared.upstreams.tmdb.records import read_configuration
from shared.upstreams.tvdb import read_movie as read_tvdb_movie
from shared.upstreams.tvdb import read_person, read_search, read_series
from shared.upstreams.wikidata import read_adaptations
from shared.upstreams.wikidata.bindings import rows_of

SIBLING = Path(__file__).parents[3] / "shared" / "upstreams" / "samples"
SAMPLES = Path(os.environ.get("MILLRACE_SAMPLES") or SIBLING)

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no recorded answers here; MILLRACE_SAMPLES says where")

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROUNDS: Final = 12
ITEMS: Final = 8  # of a list that are read
OTHERS: Final[tuple[Any, ...]] = (
    *(None, [], {}, "", "x", "0", "\0", "9" * 400, "2026-13-45", "<b>", "\ud800"),
    *(0, -1, 1.5, 10**30, True, [None], [[]], {"a": None}),
)
Reading = Callable[[Any], object]


def listed(record: Any, name: str) -> list[Any]:
    """Return the records of a list, or the one that this is."""
    found = record.get(name) if isinstance(record, dict) else record
    return found[:ITEMS] if isinstance(found, list) else [record]


def wrapped(record: Any) -> Answer:
    return Answer("sample", "a recording", 200, httpx.Headers(), json.dumps(record).encode())


READINGS: Final[dict[str, tuple[Reading, ...]]] = {
    "brickset": (lambda raw: opened(wrapped(raw), NOON), lambda raw: list(read_sets(listed(raw, "sets")))),
    "ebay": (lambda raw: [read_offer(one, "NEW") for one in listed(raw, "itemSummaries")],),
    "mote": (lambda raw: list(read_rest([{"events": listed(raw, "events")}], "America/New_York")),),
    "tmdb": (
        lambda raw: [read_movie(one, "https://images") for one in listed(raw, "results")],
        lambda raw: [read_tv(one, "https://images") for one in listed(raw, "results")],
        read_find,
        read_configuration,
    ),
    "tvdb": (
        lambda raw: read_series({"data": raw.get("data"), "english": None, "pages": listed(raw, "data")}),
        lambda raw: read_tvdb_movie({"data": raw.get("data"), "english": None}),
        lambda raw: read_person({"data": raw.get("data")}),
        read_search,
    ),
    "wikidata": (lambda raw: read_adaptations(rows_of(wrapped(raw))),),
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to everything in a record; of long lists only to the beginning."""
    steps = value.items() if isinstance(value, dict) else enumerate(value[:ITEMS]) if isinstance(value, list) else ()
    for step, below in steps:
        yield (*path, step)
        yield from places(below, (*path, step))


def mutated(record: Any, chance: random.Random) -> Any:
    """Return a record in which one thing is missing, another, or new."""
    changed = copy.deepcopy(record)
    ways = list(places(changed))
    if not ways:
        return changed
    *way, last = chance.choice(ways)
    around = changed
    for step in way:
        around = around[step]
    if isinstance(around, dict) and chance.random() < 0.4:
        del around[last]
        around["a_new_field"] = chance.choice(OTHERS)
    else:
        around[last] = copy.deepcopy(chance.choice(OTHERS))
    return changed


def samples() -> list[Path]:
    found = sorted(SAMPLES.glob("*/*.json"))
    return [path for path in found if path.parent.name in READINGS and not path.name.startswith("minifig_catalogue")]


@pytest.mark.parametrize("path", samples(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_mutated_answer_is_read_or_refused(path: Path) -> None:
    chance = random.Random(path.name)  # noqa: S311 - the same each time
    record = json.loads(path.read_bytes())
    for _ in range(ROUNDS):
        record = mutated(record, chance)
        for read in READINGS[path.parent.name]:
            with suppress(MillraceError):
                read(record)
