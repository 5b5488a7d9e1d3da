"""Series, movies and people as TheTVDB knows them; public tables, which others read.

What belongs to one series, movie or person (seasons, episodes, genres, aliases) is keyed by its owner first, so that
two saves never touch each other's rows, even while upstream moves an episode from one series to another. Credits
alone have two owners, the title and the person: a credit stays for as long as either of them lists it.

Times are in UTC, runtimes in minutes, languages and countries TheTVDB's three-letter codes.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    false,
    text,
)

from shared.database.metadata import metadata

Moment: Final = DateTime(timezone=True)


def _identity() -> list[Column[Any]]:
    return [
        Column("tvdb_id", Integer, primary_key=True, autoincrement=False, comment="TheTVDB's id"),
        Column("name", Text, nullable=False, comment="English name where there is one, else the original"),
    ]


def _elsewhere() -> list[Column[Any]]:
    return [
        Column("image", Text, comment="Absolute address of the poster or portrait"),
        Column("score", Double, comment="TheTVDB's popularity; no rating"),
        Column("imdb_id", Text, comment="IMDb id, such as tt0903747 or nm0695435"),
        Column("tmdb_id", Integer, comment="TMDb id"),
        Column("wikidata_id", Text, comment="Wikidata item, such as Q1079"),
        Column("upstream_updated_at", Moment, comment="When TheTVDB last changed its record"),
        Column("synced_at", Moment, nullable=False, comment="When this row was last compared with TheTVDB"),
        Column("gone_at", Moment, comment="When TheTVDB answered that it is not there; null while it is"),
    ]


series: Final = Table(
    "series",
    metadata,
    *_identity(),
    Column("original_name", Text, nullable=False, comment="Name in the original language"),
    Column("slug", Text, comment="Last part of the address of TheTVDB's page"),
    Column("overview", Text, comment="English where there is one, else the original"),
    Column("status", Text, comment="Continuing, Ended or Upcoming"),
    Column("year", SmallInteger, comment="Year of the first episode"),
    Column("first_aired", Date, comment="Date of the first episode"),
    Column("last_aired", Date, comment="Date of the latest episode"),
    Column("next_aired", Date, comment="Date of the next episode, where one is announced"),
    Column("network", Text, comment="Name of the original network"),
    Column("country", Text, comment="Country of origin, such as usa"),
    Column("language", Text, comment="Original language, such as eng"),
    Column("average_runtime", Integer, comment="Minutes"),
    *_elsewhere(),
    Index(None, "synced_at", postgresql_where=text("gone_at IS NULL")),
    comment="Television series from TheTVDB",
)

seasons: Final = Table(
    "seasons",
    metadata,
    Column(
        "series_tvdb_id",
        Integer,
        ForeignKey("series.tvdb_id", ondelete="CASCADE"),
        primary_key=True,
        comment="The series it belongs to",
    ),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="In aired order; 0 holds the specials"),
    Column("tvdb_id", Integer, nullable=False, comment="TheTVDB's id of the season"),
    Column("name", Text, comment="Its own name, where it has one"),
    Column("image", Text, comment="Absolute address of the poster"),
    Column("year", SmallInteger, comment="Year of its first episode"),
    Column("upstream_updated_at", Moment, comment="When TheTVDB last changed its record"),
    CheckConstraint("number >= 0", name="number"),
    comment="Seasons in aired order",
)

episodes: Final = Table(
    "episodes",
    metadata,
    Column(
        "series_tvdb_id",
        Integer,
        ForeignKey("series.tvdb_id", ondelete="CASCADE"),
        primary_key=True,
        comment="The series it belongs to",
    ),
    Column("tvdb_id", Integer, primary_key=True, autoincrement=False, comment="TheTVDB's id of the episode"),
    Column("season_number", Integer, nullable=False, comment="In aired order; 0 for specials"),
    Column("number", Integer, nullable=False, comment="Within its season, in aired order"),
    Column("absolute_number", Integer, comment="Counted through all seasons, where TheTVDB does"),
    Column("name", Text, comment="In the series' original language"),
    Column("overview", Text, comment="In the series' original language"),
    Column("first_aired", Date, comment="Date of its first broadcast or release"),
    Column("runtime", Integer, comment="Minutes"),
    Column("image", Text, comment="Absolute address of a still"),
    Column("finale_type", Text, comment="season, midseason or series, for an episode that ends one"),
    Column("upstream_updated_at", Moment, comment="When TheTVDB last changed its record"),
    CheckConstraint("season_number >= 0", name="season_number"),
    Index(None, "series_tvdb_id", "season_number", "number"),
    comment="Episodes in aired order",
)

movies: Final = Table(
    "movies",
    metadata,
    *_identity(),
    Column("original_name", Text, nullable=False, comment="Name in the original language"),
    Column("slug", Text, comment="Last part of the address of TheTVDB's page"),
    Column("overview", Text, comment="English where there is one"),
    Column("status", Text, comment="Announced, Pre-Production, Filming, Post-Production, Completed or Released"),
    Column("year", SmallInteger, comment="Year of the first release"),
    Column("released", Date, comment="Date of the first release anywhere"),
    Column("runtime", Integer, comment="Minutes"),
    Column("country", Text, comment="Country of origin, such as usa"),
    Column("language", Text, comment="Original language, such as eng"),
    Column("budget", Numeric(16, 2), comment="US dollars; null when unknown"),
    Column("box_office", Numeric(16, 2), comment="US dollars; null when unknown"),
    Column("studios", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="Names"),
    Column("production_companies", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="Names"),
    Column("distributors", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="Names"),
    *_elsewhere(),
    Index(None, "synced_at", postgresql_where=text("gone_at IS NULL")),
    comment="Movies from TheTVDB",
)

people: Final = Table(
    "people",
    metadata,
    *_identity(),
    Column("slug", Text, comment="Last part of the address of TheTVDB's page"),
    Column("biography", Text, comment="English where there is one, else in any language"),
    Column("gender", Text, comment="male, female or other; null when not said"),
    Column("born", Date, comment="Date of birth"),
    Column("died", Date, comment="Date of death"),
    Column("birth_place", Text, comment="As TheTVDB's contributors wrote it"),
    *_elsewhere(),
    Index(None, "synced_at", postgresql_where=text("gone_at IS NULL")),
    CheckConstraint("gender IN ('male', 'female', 'other')", name="gender"),
    comment="People from TheTVDB that were saved on their own; those known from credits alone are not here",
)

credits: Final = Table(  # noqa: A001 - the name is public
    "credits",
    metadata,
    Column("tvdb_id", Integer, primary_key=True, autoincrement=False, comment="TheTVDB's id of the character"),
    Column("person_tvdb_id", Integer, comment="Who; need not be in people; null for a character nobody is named for"),
    Column("person_name", Text, comment="Who, by name"),
    Column("person_image", Text, comment="Absolute address of a portrait"),
    Column("job", Text, comment="Type of work: Actor, Guest Star, Director, Writer, ..."),
    Column("role", Text, comment="Character played"),
    Column("series_tvdb_id", Integer, comment="In which series; need not be in series"),
    Column("movie_tvdb_id", Integer, comment="In which movie; need not be in movies"),
    Column("episode_tvdb_id", Integer, comment="In which episode alone, for guests"),
    Column("title", Text, comment="Name of the series or movie, where the person's record says it"),
    Column("title_year", SmallInteger, comment="Year of the series or movie, where the person's record says it"),
    Column("image", Text, comment="Absolute address of a picture of the character"),
    Column("position", Integer, comment="TheTVDB's order within a title"),
    Column("featured", Boolean, nullable=False, comment="Whether TheTVDB lists it first"),
    Column(
        "listed_by_title",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="The series' or movie's record lists it",
    ),
    Column("listed_by_person", Boolean, nullable=False, server_default=false(), comment="The person's record lists it"),
    CheckConstraint("num_nonnulls(series_tvdb_id, movie_tvdb_id, episode_tvdb_id) > 0", name="title"),
    CheckConstraint("listed_by_title OR listed_by_person", name="listed"),
    Index(None, "series_tvdb_id"),
    Index(None, "movie_tvdb_id"),
    Index(None, "person_tvdb_id"),
    comment="Who did what in which series, movie or episode; a person in two roles has two rows",
)

genres: Final = Table(
    "genres",
    metadata,
    Column("entity_type", Text, primary_key=True, comment="series or movie"),
    Column("entity_tvdb_id", Integer, primary_key=True, autoincrement=False, comment="TheTVDB's id of it"),
    Column("genre_tvdb_id", Integer, primary_key=True, autoincrement=False, comment="TheTVDB's id of the genre"),
    Column("name", Text, nullable=False, comment="In English, such as Drama"),
    CheckConstraint("entity_type IN ('series', 'movie')", name="entity_type"),
    Index(None, "name"),
    comment="Genres of series and movies: one row for each genre of each",
)

aliases: Final = Table(
    "aliases",
    metadata,
    Column("entity_type", Text, primary_key=True, comment="series, movie or person"),
    Column("entity_tvdb_id", Integer, primary_key=True, autoincrement=False, comment="TheTVDB's id of it"),
    Column("language", Text, primary_key=True, comment="Such as fra; und where TheTVDB does not say"),
    Column("name", Text, primary_key=True, comment="Another name, or its name in that language"),
    CheckConstraint("entity_type IN ('series', 'movie', 'person')", name="entity_type"),
    comment="Other names of series, movies and people, and their names in other languages",
)
