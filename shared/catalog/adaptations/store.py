"""Writes works, screen works and edges; each function works in its caller's transaction and never ends it.

A reading is stored whole, by a fixed number of statements however many rows it has; a row that would not change is not
written. Everything that writes here locks the reading's row first, so two of them come after each other and never
wait in a circle. Arrays of authors do not fit the columns that `shared.database.upsert` sends, and what changed has to
be counted: so rows travel as JSON, and each of the `statements` tells how many it wrote.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table

from shared.broker.wire import storable_json
from shared.catalog.adaptations import rules, statements
from shared.catalog.adaptations.records import Adaptations, Edge, ScreenWork, TmdbDetails, Work
from shared.catalog.adaptations.tables import screen_works, works
from shared.database.engine import driver


@dataclass(frozen=True, slots=True)
class Held:
    """What is held: the Wikidata ids of all works and screen works, gone ones too, and the number of live edges."""

    ids: frozenset[str]
    edges: int


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows a reading added, changed (one that came back is changed), and marked because it lacks them."""

    added: int
    changed: int
    withdrawn: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What a reading changed; `merged` is the number of works and screen works whose items were merged."""

    works: Written
    screen_works: Written
    edges: Written
    merged: int


@dataclass(frozen=True, slots=True)
class Totals:
    """How many are held and live."""

    works: int
    screen_works: int
    edges: int


@dataclass(frozen=True, slots=True)
class Due:
    """A screen work whose turn it is to be refreshed from TMDb; at least one of its ids is not None."""

    id: int
    wikidata_id: str
    screen_type: str
    tmdb_movie_id: int | None
    tmdb_tv_id: int | None
    imdb_id: str | None


@dataclass(frozen=True, slots=True)
class Looked:
    """What TMDb said of a screen work: `gone` when it has no such thing, neither when its answer is unreadable."""

    id: int
    details: TmdbDetails | None = None
    gone: bool = False


def held(connection: Connection) -> Held:
    """Return what is held; changes nothing, and locks nothing."""
    raw = driver(connection)
    ids = raw.execute("SELECT wikidata_id FROM works UNION SELECT wikidata_id FROM screen_works").fetchall()
    return Held(frozenset(wikidata_id for (wikidata_id,) in ids), totals(connection).edges)


def totals(connection: Connection) -> Totals:
    """Count what is held and live."""
    row = driver(connection).execute(statements.TOTALS).fetchone()
    return Totals(*(row or ()))


def lock(connection: Connection) -> datetime | None:
    """Let nobody else write until this transaction ends; return when the reading began that is held."""
    raw = driver(connection)
    row = raw.execute(statements.LOCK).fetchone()
    if row is None:
        raw.execute(statements.ADD)
        row = raw.execute(statements.LOCK).fetchone()
    return None if row is None else row[0]


def save_reading(
    connection: Connection, reading: Adaptations, redirects: Mapping[str, str], at: datetime
) -> Changes | None:
    """Make a whole reading of Wikidata, begun at a time, what is held; None, with nothing written, if a later one is.

    What the reading lacks is marked as gone or withdrawn, and comes back when a later reading has it. `redirects`
    leads from merged ids to what they are now: the rows of both are folded into one, with all their edges.
    """
    read_at = lock(connection)
    if read_at is not None and read_at > at:
        return None
    merged = _merge(connection, reading, redirects, at)
    written_works = _save_all(connection, works, reading.works, at)
    written_screen_works = _save_all(connection, screen_works, reading.screen_works, at)
    edges = _save_edges(connection, reading.edges, at)
    driver(connection).execute("UPDATE adaptation_readings SET read_at = %s WHERE source = 'wikidata'", (at,))
    return Changes(written_works, written_screen_works, edges, merged)


def due_for_tmdb(connection: Connection, limit: int) -> list[Due]:
    """Return the screen works that TMDb was asked about longest ago, those it was never asked about first."""
    return [Due(*row) for row in driver(connection).execute(statements.DUE, (limit,)).fetchall()]


def save_tmdb(connection: Connection, looked: Sequence[Looked], at: datetime) -> int:
    """Store what TMDb said at a time; return of how many screen works something else is known now than before.

    Of a screen work that is gone from TMDb, or whose record could not be read, all that was known stays.
    """
    lock(connection)
    details = [{"id": one.id, **asdict(one.details)} for one in looked if one.details is not None]
    changed = _count(connection, statements.TMDB_DETAILS, {"rows": storable_json(details)})
    changed += _count(connection, statements.TMDB_GONE, {"ids": [one.id for one in looked if one.gone], "at": at})
    _count(connection, statements.TMDB_ASKED, {"ids": [one.id for one in looked], "at": at})
    return changed


def _save_all(connection: Connection, table: Table, records: Sequence[Work | ScreenWork], at: datetime) -> Written:
    given = {"rows": storable_json([asdict(record) for record in records]), "at": at}
    changed = _count(connection, statements.UPDATE[table], given)
    added = _count(connection, statements.INSERT[table], given)
    ids = [record.wikidata_id for record in records]
    return Written(added, changed, _count(connection, statements.GONE.format(table=table.name), {"ids": ids, "at": at}))


def _save_edges(connection: Connection, edges: Sequence[Edge], at: datetime) -> Written:
    given = {"screen_works": [edge.screen_work for edge in edges], "works": [edge.work for edge in edges], "at": at}
    changed, added, withdrawn = (
        _count(connection, statement, given)
        for statement in (statements.RETURN_EDGES, statements.ADD_EDGES, statements.WITHDRAW_EDGES)
    )
    return Written(added, changed, withdrawn)


def _merge(connection: Connection, reading: Adaptations, redirects: Mapping[str, str], at: datetime) -> int:
    """Fold the rows of merged items into those of the items they are part of now; return how many there were.

    A work that was merged into what is seen on a screen, or the other way round, is folded into nothing: it is gone.
    """
    seen = rules.ids_of(reading)
    # An item that is there in its own right is merged into nothing (any more).
    _count(connection, "DELETE FROM wikidata_redirects WHERE wikidata_id = ANY(%(seen)s)", {"seen": sorted(seen)})
    pairs = {old: new for old, new in redirects.items() if old not in seen and old != new}
    if not pairs:
        return 0
    merged = 0
    for table, end, other, held_there in (
        (works, "work_id", "screen_work_id", reading.screen_works),
        (screen_works, "screen_work_id", "work_id", reading.works),
    ):
        given = _as_columns(pairs, {one.wikidata_id for one in held_there}, at)
        words = {"table": table.name, "end": end, "other": other}
        merged += _count(connection, statements.RENAME.format(**words), given)
        _count(connection, statements.MOVE_EDGES.format(**words), given)
        if table is screen_works:
            _count(connection, statements.KEEP_TMDB, given)
        merged += _count(connection, statements.DROP_FOLDED.format(**words), given)
    for statement in (statements.FORGET_TARGETS, statements.LENGTHEN_CHAINS, statements.NOTE_REDIRECTS):
        _count(connection, statement, _as_columns(pairs, (), at))
    return merged


def _as_columns(pairs: Mapping[str, str], without: Collection[str], at: datetime) -> dict[str, Any]:
    """Return merges as the statements take them, without those into certain items."""
    kept = {old: new for old, new in pairs.items() if new not in without}
    return {"old": list(kept), "new": list(kept.values()), "at": at}


def _count(connection: Connection, statement: str, values: Mapping[str, Any]) -> int:
    return driver(connection).execute(statement, values).rowcount
