"""Sets of rows into a table, by one statement however many they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Delete,
    Table,
    TableValuedAlias,
    and_,
    bindparam,
    column,
    delete,
    exists,
    func,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import Insert, insert

Row = Mapping[str, Any]


def upsert(connection: Connection, table: Table, rows: Sequence[Row], *, sticky: Collection[str] = ()) -> None:
    """Insert rows, or bring those with the same primary key up to date; a row that would not change is not written.

    Every row has the same columns, and no two the same key. A column that is `sticky` keeps the value it has where
    the new one is null. Rows are locked in the order of their keys, so that two transactions which share some of
    them wait for each other but never in a circle.
    """
    if rows:
        names = tuple(rows[0])
        connection.execute(_upsert(table, names, frozenset(sticky)), _by_column(names, rows))


def replace(connection: Connection, table: Table, owner: Row, rows: Sequence[Row]) -> None:
    """Make these the rows of an owner: upsert them and delete its others.

    `owner` has the columns of the primary key that name the owner, `rows` all the others. Whoever calls holds a lock
    on the owner, as nothing else keeps two calls for the same one apart.
    """
    keys = tuple(key.name for key in table.primary_key if key.name not in owner)
    vanished = _delete_others(table, tuple(owner), keys)
    connection.execute(vanished, {f"owner_{name}": value for name, value in owner.items()} | _by_column(keys, rows))
    upsert(connection, table, [{**owner, **row} for row in rows])


def given_rows(columns: Iterable[Column[Any]]) -> TableValuedAlias:
    """Return the rows a statement is given, one array parameter for each column and named like it."""
    columns = list(columns)
    arrays = [bindparam(each.name, type_=ARRAY(each.type)) for each in columns]
    named = [column(each.name, each.type) for each in columns]
    return func.unnest(*arrays).table_valued(*named, name="given").render_derived()


def _by_column(names: Iterable[str], rows: Sequence[Row]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in names}


@cache
def _upsert(table: Table, names: tuple[str, ...], sticky: frozenset[str]) -> Insert:
    keys = [key.name for key in table.primary_key]
    given = given_rows(table.c[name] for name in names)
    ordered = select(*given.c).order_by(*(given.c[key] for key in keys))
    statement = insert(table).from_select(names, ordered)
    changed: dict[str, ColumnElement[Any]] = {
        name: func.coalesce(statement.excluded[name], table.c[name]) if name in sticky else statement.excluded[name]
        for name in names
        if name not in keys
    }
    if not changed:
        return statement.on_conflict_do_nothing(index_elements=keys)
    held = tuple_(*(table.c[name] for name in changed))
    differs = held.is_distinct_from(tuple_(*changed.values()))
    return statement.on_conflict_do_update(index_elements=keys, set_=changed, where=differs)


@cache
def _delete_others(table: Table, owner: tuple[str, ...], keys: tuple[str, ...]) -> Delete:
    given = given_rows(table.c[key] for key in keys)
    kept = exists().select_from(given).where(and_(*(given.c[key] == table.c[key] for key in keys)))
    owned = (table.c[name] == bindparam(f"owner_{name}") for name in owner)
    return delete(table).where(*owned, ~kept)
