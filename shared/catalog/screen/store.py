"""Writes series, movies and people; each function works in its caller's transaction and never ends it.

A handful of statements whatever the number of episodes, all of which may run again: the same record saved twice
changes `synced_at` and nothing else. The row of the series, movie or person is written, and so locked, first; that
keeps two saves of the same one apart. Of two saves the record that is newer upstream wins, whichever comes last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Integer,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from shared.catalog.screen.records import Alias, Credit, EntityType, Genre, Movie, Person, Series
from shared.catalog.screen.rules import Counts
from shared.catalog.screen.tables import aliases, credits, episodes, genres, movies, people, seasons, series  # noqa: A004
from shared.database.upsert import replace, upsert

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

TABLES: Final[dict[EntityType, Table]] = {"series": series, "movie": movies, "person": people}

# What only one side's record says of a credit; the other side's save leaves it as it is.
_SAID_BY_PERSON: Final = ("title", "title_year")
# Both sides say these, or one of them says nothing: what is known stays.
_STICKY: Final = (
    "person_tvdb_id",
    "person_name",
    "person_image",
    "series_tvdb_id",
    "movie_tvdb_id",
    "episode_tvdb_id",
    "position",
    "title",
    "title_year",
)
_PARTS: Final = ("seasons", "episodes", "credits", "genres", "aliases")


def save_series(connection: Connection, record: Series, at: datetime) -> bool:
    """Store a series with its seasons, episodes, credits, genres and aliases, as fetched at a time.

    Children that the record no longer has are deleted. Returns False, having noted only that it was compared, when
    the stored record is newer upstream or was fetched later.
    """
    if not _save_entity(connection, series, record, at):
        return False
    owner = {"series_tvdb_id": record.tvdb_id}
    replace(connection, seasons, owner, [_row(season) for season in record.seasons])
    replace(connection, episodes, owner, [_row(episode) for episode in record.episodes])
    _save_genres(connection, "series", record.tvdb_id, record.genres)
    _save_aliases(connection, "series", record.tvdb_id, record.aliases)
    _save_credits(connection, credits.c.series_tvdb_id, record.tvdb_id, record.credits)
    return True


def save_movie(connection: Connection, record: Movie, at: datetime) -> bool:
    """Store a movie with its credits, genres and aliases; as `save_series`."""
    if not _save_entity(connection, movies, record, at):
        return False
    _save_genres(connection, "movie", record.tvdb_id, record.genres)
    _save_aliases(connection, "movie", record.tvdb_id, record.aliases)
    _save_credits(connection, credits.c.movie_tvdb_id, record.tvdb_id, record.credits)
    return True


def save_person(connection: Connection, record: Person, at: datetime) -> bool:
    """Store a person with filmography and aliases; as `save_series`."""
    if not _save_entity(connection, people, record, at):
        return False
    _save_aliases(connection, "person", record.tvdb_id, record.aliases)
    _save_credits(connection, credits.c.person_tvdb_id, record.tvdb_id, record.credits)
    return True


def mark_gone(connection: Connection, entity_type: EntityType, tvdb_id: int, at: datetime) -> bool:
    """Note that upstream said at a time that something is not there; what is known of it stays.

    Returns False when nothing of it is stored, when it is marked already, or when it was saved later than that.
    """
    table = TABLES[entity_type]
    marked = connection.execute(
        update(table)
        .where(table.c.tvdb_id == tvdb_id, table.c.gone_at.is_(None), table.c.synced_at <= at)
        .values(gone_at=at)
    )
    return marked.rowcount == 1


def series_counts(connection: Connection, tvdb_id: int) -> Counts | None:
    """Return how many parts of a series are stored, for `rules.plausible`; None if it is not stored at all."""
    counted = [
        select(func.count()).where(table.c.series_tvdb_id == tvdb_id, *more).scalar_subquery()
        for table, more in ((seasons, ()), (episodes, ()), (credits, (credits.c.listed_by_title,)))
    ]
    row = connection.execute(select(*counted).select_from(series).where(series.c.tvdb_id == tvdb_id)).one_or_none()
    return None if row is None else Counts(*row)


def people_to_fetch(connection: Connection, ids: Collection[int], before: datetime) -> list[int]:
    """Return those people of `ids`, in their order, that are not stored or were last compared before a time.

    An answer that somebody is gone is a comparison too.
    """
    compared = func.greatest(people.c.synced_at, people.c.gone_at)
    among = people.c.tvdb_id == func.any(bindparam("ids", type_=ARRAY(Integer)))
    held = connection.scalars(select(people.c.tvdb_id).where(among, compared >= before), {"ids": list(ids)})
    fresh = set(held)
    return [person for person in ids if person not in fresh]


def _save_entity(connection: Connection, table: Table, record: Series | Movie | Person, at: datetime) -> bool:
    """Write the row of the entity itself, locking it; return whether this record is the one to keep."""
    row = _row(record, leave_out={*_PARTS, "remote_ids"}) | _row(record.remote_ids)
    row = {name: list(value) if isinstance(value, tuple) else value for name, value in row.items()}
    row |= {"synced_at": at, "gone_at": None}
    statement = insert(table).values(row)
    given = statement.excluded
    # A 404 that is later than this answer still stands.
    gone_at = case((table.c.gone_at > given.synced_at, table.c.gone_at), else_=null())
    kept = connection.execute(
        statement.on_conflict_do_update(
            index_elements=[table.c.tvdb_id],
            set_={
                **{name: given[name] for name in row if name != "tvdb_id"},
                "synced_at": func.greatest(table.c.synced_at, given.synced_at),
                "gone_at": gone_at,
            },
            where=_is_newer(table, given),
        ).returning(table.c.tvdb_id)
    ).one_or_none()
    if kept is None:
        connection.execute(
            update(table)
            .where(table.c.tvdb_id == record.tvdb_id)
            .values(
                synced_at=func.greatest(table.c.synced_at, at),
                gone_at=case((table.c.gone_at > at, table.c.gone_at), else_=null()),
            )
        )
    return kept is not None


def _is_newer(table: Table, given: Any) -> ColumnElement[bool]:
    """Upstream's own time decides; where it is the same or missing, the time of fetching does."""
    held_time, given_time = table.c.upstream_updated_at, given.upstream_updated_at
    same = func.coalesce(given_time == held_time, true())
    return or_(given_time > held_time, and_(same, given.synced_at >= table.c.synced_at))


def _save_genres(connection: Connection, entity_type: EntityType, tvdb_id: int, found: Iterable[Genre]) -> None:
    owner = {"entity_type": entity_type, "entity_tvdb_id": tvdb_id}
    replace(connection, genres, owner, [{"genre_tvdb_id": genre.tvdb_id, "name": genre.name} for genre in found])


def _save_aliases(connection: Connection, entity_type: EntityType, tvdb_id: int, found: Iterable[Alias]) -> None:
    owner = {"entity_type": entity_type, "entity_tvdb_id": tvdb_id}
    replace(connection, aliases, owner, [_row(alias) for alias in found])


def _save_credits(
    connection: Connection, owner: ColumnElement[int | None], tvdb_id: int, found: Sequence[Credit]
) -> None:
    """Make these the credits that one side lists; one that the other side lists too outlives its end here."""
    by_person = owner is credits.c.person_tvdb_id
    mine, other = credits.c.listed_by_title, credits.c.listed_by_person
    if by_person:
        mine, other = other, mine
    ids = [credit.tvdb_id for credit in found]
    listed_now = credits.c.tvdb_id == func.any(bindparam("ids", type_=ARRAY(Integer)))
    # All at once and in order: the save of a neighbour may be about to take some of the same rows.
    connection.execute(
        select(credits.c.tvdb_id)
        .where(or_(owner == tvdb_id, listed_now))
        .order_by(credits.c.tvdb_id)
        .with_for_update(),
        {"ids": ids},
    )
    vanished = and_(owner == tvdb_id, mine, ~listed_now)
    connection.execute(delete(credits).where(vanished, ~other), {"ids": ids})
    connection.execute(update(credits).where(vanished).values({mine: False}), {"ids": ids})
    rows = [_row(credit, leave_out=() if by_person else _SAID_BY_PERSON) | {mine.name: True} for credit in found]
    upsert(connection, credits, rows, sticky=_STICKY)


def _row(record: DataclassInstance, leave_out: Collection[str] = ()) -> dict[str, Any]:
    """Return a record's own fields by name; unlike `asdict` it copies nothing below them."""
    return {each.name: getattr(record, each.name) for each in fields(record) if each.name not in leave_out}
