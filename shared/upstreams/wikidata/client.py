"""Asks Wikidata's query service, which counts the seconds it worked for us: 60 in any 60, 5 queries at once.

So one query at a time, and after each as much silence as it took. A part whose query runs out of time, or whose
answer is cut off at its limit, is halved.

A reading takes dozens of queries, and the service lets some of them fail. So a question that was not answered is asked
again here, a few times in a reading, after the silence asked for: starting over would cost the service, and everybody
who waits for it, the whole reading again. Where that silence is longer than PATIENCE of the limit, the message waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

import structlog

from shared.errors import RateLimited, UnreadableAnswer, UpstreamAway, UpstreamGone, UpstreamRefused
from shared.upstreams.gateway import Gateway
from shared.upstreams.http import ANSWER_SECONDS
from shared.upstreams.pace import Limit
from shared.upstreams.wikidata import queries
from shared.upstreams.wikidata.bindings import UPSTREAM, QueryTimedOut, Row, item, rows_of, timed_out
from shared.upstreams.wikidata.queries import MOST_ROWS, Part

# Patience has to outlast the silence after the longest answer, or no reading of many queries would ever end.
LIMIT: Final = Limit(1, patience=ANSWER_SECONDS + 10, rest=1.0)
PATIENCE: Final = 65.0  # seconds until an answer begins; the service stops a query after 60, and says so
MOST_TIMEOUTS: Final = 6  # each costs two minutes of a task's twenty-five, and the service permits 30 errors a minute
MOST_STUMBLES: Final = 3  # questions asked again in one reading; a service that fails more often is away
PAUSE: Final = 10.0  # seconds of silence after a failure that names none
GATEWAY_TIMEOUT: Final = 504
NOT_FOUND: Final = 404
ACCEPT: Final = {"Accept": "application/sparql-results+json"}

log = structlog.get_logger()


class Wikidata:
    """The query service through a gateway, whose client says who we are; safe to share between threads.

    Every method raises the errors of `Upstream.post`, QueryTimedOut (an UpstreamAway) where too many queries did,
    and UnreadableAnswer for what are no SPARQL results.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._url = gateway.settings.wikidata_url
        self._upstream = gateway.upstream(UPSTREAM, LIMIT)

    def fetch_adaptations(self) -> list[Row]:
        """Fetch what `read_adaptations` reads: every pair, then what is known of each end, in no order."""
        pairs = self._rows(queries.pairs(), begun=False)
        if not pairs:
            raise UpstreamAway(UPSTREAM, "knows of no adaptation at all")
        screen_works = self._rows(queries.about(queries.SCREEN_WORKS, _ids(pairs, "work")))
        works = self._rows(queries.about(queries.WORKS, _ids(pairs, "source")))
        return [*pairs, *screen_works, *works]

    def fetch_redirects(self, qids: Sequence[str]) -> dict[str, str]:
        """Return, of these ids, those that were merged into another item, each with the id it has now.

        An id that is neither here nor in the adaptations was deleted, or is no adaptation any more.
        """
        rows = self._rows(queries.about(queries.REDIRECTS, qids))
        merged = {old: new for row in rows if (old := item(row, "old")) and (new := item(row, "new")) and old != new}
        return {old: _end(old, merged) for old in qids if old in merged}

    def _rows(self, parts: Iterable[Part], *, begun: bool = True) -> list[Row]:
        """Return the rows of all parts, halving those that are too large; `begun` when others were fetched before."""
        waiting = deque(parts)
        found: list[Row] = []
        timeouts = stumbles = 0
        while waiting:
            part = waiting.popleft()
            try:
                rows = self._ask(part)
            except QueryTimedOut:
                timeouts += 1
                halves = part.halves()
                if timeouts > MOST_TIMEOUTS or not halves:
                    raise
            except (UpstreamAway, RateLimited) as error:
                stumbles += 1
                if not begun or stumbles > MOST_STUMBLES:
                    raise
                if error.retry_after is None:
                    self._upstream.rest(PAUSE)
                halves = [part]
            else:
                begun = True
                if len(rows) < MOST_ROWS:
                    found += rows
                    continue
                halves = part.halves()
                if not halves:
                    raise UnreadableAnswer(UPSTREAM, f"{part.what}: {MOST_ROWS} rows and more, which is too many")
            log.info("wikidata_query_asked_again", what=part.what, parts=len(halves))
            waiting.extendleft(reversed(halves))
        return found

    def _ask(self, part: Part) -> list[Row]:
        try:
            answer = self._upstream.post(
                self._url, part.what, form={"query": part.text}, headers=ACCEPT, patience=PATIENCE
            )
        except UpstreamAway as error:
            if error.status == GATEWAY_TIMEOUT or timed_out(error.body):
                raise QueryTimedOut(UPSTREAM, f"{part.what} took longer than the service permits") from error
            raise
        except UpstreamGone as error:
            raise UpstreamRefused(UPSTREAM, NOT_FOUND, "no query service there; is WIKIDATA_URL right?") from error
        return rows_of(answer)


def open_wikidata(gateway: Gateway) -> Wikidata:
    """Return the query service as the settings have it; it wants no key."""
    return Wikidata(gateway)


def _ids(rows: Iterable[Row], name: str) -> list[str]:
    """Return the ids in one column, each once; sorted, so that two readings ask the same."""
    return sorted({found for row in rows if (found := item(row, name))})


def _end(old: str, merged: dict[str, str]) -> str:
    """Return where a chain of merges ends; one that goes in a circle ends before it repeats."""
    seen = {old}
    new = merged[old]
    while new in merged and merged[new] not in seen:
        seen.add(new)
        new = merged[new]
    return new
