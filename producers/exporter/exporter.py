"""The exporter: looks at broker, pools and database again and again, and tells what it saw last.

Each source is looked at by a thread of its own, so that one that hangs holds up no other. A scrape is answered from the
last look: ten scrapers cost no more than one. A source that does not answer is told of as not up, and by no other
metric: yesterday's depth of a queue would be a lie.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import httpx
import psycopg
import structlog
from prometheus_client import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from producers.exporter.sources import Fact, Source
from shared.errors import MillraceError
from shared.telemetry import metrics
from shared.telemetry import start as telemetry

log = structlog.get_logger(__name__)

AWAY: Final = (MillraceError, httpx.HTTPError, psycopg.Error, SQLAlchemyError, OSError)
"""How a source fails to answer; anything else is a bug of ours."""

LONGEST: Final = 60.0
"""Seconds that a look may take before what the one before it saw is no longer told."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a source told, and until which moment that may be told on."""

    facts: Sequence[Fact]
    until: float


class Exporter(Collector):
    """Looks every `every` seconds, and collects for whoever scrapes; `clock` is monotonic."""

    def __init__(self, sources: Sequence[Source], *, every: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._sources = sources
        self._every = every
        self._clock = clock
        self._seen: dict[str, Seen] = {}
        self._wrong: dict[str, type[Exception]] = {}
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin to look; the threads do not keep the process alive, in whatever they hang."""
        for source in self._sources:
            threading.Thread(target=self._watch, args=(source,), name=f"look-{source.name}", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()

    def look(self, source: Source) -> float:
        """Look at one source, and return in how many seconds it is to be looked at again; never raises."""
        began = self._clock()
        try:
            facts = source.look()
        except Exception as error:  # noqa: BLE001 - the edge of a look: whatever is wrong, the other sources go on
            self._lost(source, error)
            facts = None
        took = self._clock() - began
        pause = max(self._every - took, took / source.share - took)
        if facts is not None:
            if source.name not in self._seen:
                log.info("source answers", source=source.name, seconds=round(took, 3))
            self._wrong.pop(source.name, None)
            self._seen[source.name] = Seen(facts, self._clock() + pause + LONGEST)
        return pause

    def collect(self) -> Iterator[Metric]:
        """Yield what every source that answers has told."""
        (up,) = metrics.exporter_source_up.describe()
        told = {up.name: up}
        for source in self._sources:
            seen = self._seen.get(source.name)
            current = seen is not None and self._clock() < seen.until
            up.add_sample(up.name, {"source": source.name}, float(current))
            for fact in seen.facts if seen is not None and current else ():
                (family,) = fact.gauge.describe()
                told.setdefault(family.name, family).add_sample(family.name, fact.labels, fact.value)
        yield from told.values()

    def _watch(self, source: Source) -> None:
        while not self._stopping.wait(self.look(source)):
            pass

    def _lost(self, source: Source, error: Exception) -> None:
        """Forget what a source told; what is wrong is said once, not at every look."""
        self._seen.pop(source.name, None)
        known, self._wrong[source.name] = self._wrong.get(source.name), type(error)
        if known is type(error):
            return
        if isinstance(error, AWAY):
            log.warning("source away", source=source.name, error=type(error).__name__, reason=str(error).strip())
        else:
            log.error("look failed", source=source.name, exc_info=error)
            telemetry.report(error)
