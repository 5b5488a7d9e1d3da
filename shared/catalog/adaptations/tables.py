"""Works, screen works and what was adapted from what; public tables, which others read.

Wikidata's readings write `works`, `adaptation_edges` and the first half of `screen_works`; TMDb's refreshes write the
columns of `screen_works` that begin with `tmdb_`, poster and summary, and no others. A reading compares every row and
writes none that has not changed, so the time of the latest one stands in one row of `adaptation_readings`: what it
held is every row whose `gone_at`, or `withdrawn_at`, is null.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    text,
)

from shared.database.metadata import metadata

Moment: Final = DateTime(timezone=True)


def _identity() -> list[Column[Any]]:
    return [
        Column("id", BigInteger, Identity(always=True), primary_key=True, comment="Ours; outlives a merge"),
        Column("wikidata_id", Text, nullable=False, unique=True, comment="Wikidata item, such as Q160585"),
        Column("title", Text, nullable=False, comment="Wikidata's label, English where there is one"),
    ]


def _history() -> list[Column[Any]]:
    return [
        Column("changed_at", Moment, nullable=False, comment="When a reading of Wikidata last changed this row"),
        Column("gone_at", Moment, comment="Since when no reading of Wikidata has it; null while they do"),
    ]


works: Final = Table(
    "works",
    metadata,
    *_identity(),
    Column("work_type", Text, comment="Such as novel; null when Wikidata does not say"),
    Column("authors", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="Names in Wikidata's order"),
    Column("year", Integer, comment="Year of publication; negative before our era"),
    *_history(),
    comment="Written works that were adapted for the screen, from Wikidata",
)

screen_works: Final = Table(
    "screen_works",
    metadata,
    *_identity(),
    Column("screen_type", Text, nullable=False, comment="movie, series, miniseries, ... as Wikidata has it"),
    Column("year", Integer, comment="Year of publication, as Wikidata has it"),
    Column("imdb_id", Text, comment="IMDb id, such as tt0903747"),
    Column("tvdb_id", Integer, comment="TheTVDB's id"),
    Column("tmdb_movie_id", Integer, comment="TMDb's id among movies, as Wikidata has it"),
    Column("tmdb_tv_id", Integer, comment="TMDb's id among series, as Wikidata has it"),
    *_history(),
    Column("tmdb_id", Integer, comment="Which of TMDb's records the columns from here on are from"),
    Column("poster", Text, comment="Absolute address of TMDb's poster"),
    Column("summary", Text, comment="TMDb's, English where there is one"),
    Column("tmdb_year", Integer, comment="Year of the first release or broadcast, as TMDb has it"),
    Column("tmdb_screen_type", Text, comment="movie, series, miniseries, ... as TMDb has it"),
    Column("tmdb_synced_at", Moment, comment="When TMDb was last asked; null when it is to be asked first"),
    Column("tmdb_gone_at", Moment, comment="When TMDb answered that it is not there; null while it is"),
    Index("screen_works_title_idx", text("lower(title)"), "id"),
    comment="Films and series made from written works: ids from Wikidata, poster and summary from TMDb",
)

adaptation_edges: Final = Table(
    "adaptation_edges",
    metadata,
    Column(
        "screen_work_id",
        BigInteger,
        ForeignKey("screen_works.id", ondelete="CASCADE"),
        primary_key=True,
        comment="The adaptation",
    ),
    Column(
        "work_id",
        BigInteger,
        ForeignKey("works.id", ondelete="CASCADE"),
        primary_key=True,
        comment="What it is based on",
    ),
    Column("added_at", Moment, nullable=False, comment="When a reading of Wikidata first had it"),
    Column("withdrawn_at", Moment, comment="Since when no reading of Wikidata has it; null while they do"),
    Index(None, "work_id"),
    comment="Which screen work is based on which work",
)

wikidata_redirects: Final = Table(
    "wikidata_redirects",
    metadata,
    Column("wikidata_id", Text, primary_key=True, comment="An item that was merged into another"),
    Column("redirected_to", Text, nullable=False, comment="The item that it is part of now, at the end of any chain"),
    Column("noted_at", Moment, nullable=False, comment="When we learned of it"),
    CheckConstraint("wikidata_id <> redirected_to", name="elsewhere"),
    Index(None, "redirected_to"),
    comment="Ids that others may still hold of works and screen works whose items Wikidata has merged",
)

adaptation_readings: Final = Table(
    "adaptation_readings",
    metadata,
    Column("source", Text, primary_key=True, comment="wikidata; the row is also the lock of all that writes here"),
    Column("read_at", Moment, comment="When the latest reading began that was stored; null before the first"),
    comment="When whole readings were last compared with what is held",
)
