"""The screen domain: series, seasons, episodes, movies, people, credits, genres, aliases."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE series (
            tvdb_id             integer,
            name                text NOT NULL,
            original_name       text NOT NULL,
            slug                text,
            overview            text,
            status              text,
            year                smallint,
            first_aired         date,
            last_aired          date,
            next_aired          date,
            network             text,
            country             text,
            language            text,
            average_runtime     integer,
            image               text,
            score               double precision,
            imdb_id             text,
            tmdb_id             integer,
            wikidata_id         text,
            upstream_updated_at timestamptz,
            synced_at           timestamptz NOT NULL,
            gone_at             timestamptz,
            PRIMARY KEY (tvdb_id)
        );
        CREATE INDEX series_synced_at_idx ON series (synced_at);
        COMMENT ON TABLE series IS 'Television series from TheTVDB';
        COMMENT ON COLUMN series.tvdb_id IS 'TheTVDB''s id';
        COMMENT ON COLUMN series.name IS 'English name where there is one, else the original';
        COMMENT ON COLUMN series.original_name IS 'Name in the original language';
        COMMENT ON COLUMN series.slug IS 'Last part of the address of TheTVDB''s page';
        COMMENT ON COLUMN series.overview IS 'English where there is one, else the original';
        COMMENT ON COLUMN series.status IS 'Continuing, Ended or Upcoming';
        COMMENT ON COLUMN series.year IS 'Year of the first episode';
        COMMENT ON COLUMN series.first_aired IS 'Date of the first episode';
        COMMENT ON COLUMN series.last_aired IS 'Date of the latest episode';
        COMMENT ON COLUMN series.next_aired IS 'Date of the next episode, where one is announced';
        COMMENT ON COLUMN series.network IS 'Name of the original network';
        COMMENT ON COLUMN series.country IS 'Country of origin, such as usa';
        COMMENT ON COLUMN series.language IS 'Original language, such as eng';
        COMMENT ON COLUMN series.average_runtime IS 'Minutes';
        COMMENT ON COLUMN series.image IS 'Absolute address of the poster or portrait';
        COMMENT ON COLUMN series.score IS 'TheTVDB''s popularity; no rating';
        COMMENT ON COLUMN series.imdb_id IS 'IMDb id, such as tt0903747 or nm0695435';
        COMMENT ON COLUMN series.tmdb_id IS 'TMDb id';
        COMMENT ON COLUMN series.wikidata_id IS 'Wikidata item, such as Q1079';
        COMMENT ON COLUMN series.upstream_updated_at IS 'When TheTVDB last changed its record';
        COMMENT ON COLUMN series.synced_at IS 'When this row was last compared with TheTVDB';
        COMMENT ON COLUMN series.gone_at IS 'When TheTVDB answered that it is not there; null while it is';

        CREATE TABLE seasons (
            series_tvdb_id      integer REFERENCES series ON DELETE CASCADE,
            number              integer,
            tvdb_id             integer NOT NULL,
            name                text,
            image               text,
            year                smallint,
            upstream_updated_at timestamptz,
            PRIMARY KEY (series_tvdb_id, number),
            CONSTRAINT seasons_number_check CHECK (number >= 0)
        );
        COMMENT ON TABLE seasons IS 'Seasons in aired order';
        COMMENT ON COLUMN seasons.series_tvdb_id IS 'The series it belongs to';
        COMMENT ON COLUMN seasons.number IS 'In aired order; 0 holds the specials';
        COMMENT ON COLUMN seasons.tvdb_id IS 'TheTVDB''s id of the season';
        COMMENT ON COLUMN seasons.name IS 'Its own name, where it has one';
        COMMENT ON COLUMN seasons.image IS 'Absolute address of the poster';
        COMMENT ON COLUMN seasons.year IS 'Year of its first episode';
        COMMENT ON COLUMN seasons.upstream_updated_at IS 'When TheTVDB last changed its record';

        CREATE TABLE episodes (
            series_tvdb_id      integer REFERENCES series ON DELETE CASCADE,
            tvdb_id             integer,
            season_number       integer NOT NULL,
            number              integer NOT NULL,
            absolute_number     integer,
            name                text,
            overview            text,
            first_aired         date,
            runtime             integer,
            image               text,
            finale_type         text,
            upstream_updated_at timestamptz,
            PRIMARY KEY (series_tvdb_id, tvdb_id),
            CONSTRAINT episodes_season_number_check CHECK (season_number >= 0)
        );
        CREATE INDEX episodes_series_tvdb_id_season_number_number_idx
            ON episodes (series_tvdb_id, season_number, number);
        COMMENT ON TABLE episodes IS 'Episodes in aired order';
        COMMENT ON COLUMN episodes.series_tvdb_id IS 'The series it belongs to';
        COMMENT ON COLUMN episodes.tvdb_id IS 'TheTVDB''s id of the episode';
        COMMENT ON COLUMN episodes.season_number IS 'In aired order; 0 for specials';
        COMMENT ON COLUMN episodes.number IS 'Within its season, in aired order';
        COMMENT ON COLUMN episodes.absolute_number IS 'Counted through all seasons, where TheTVDB does';
        COMMENT ON COLUMN episodes.name IS 'In the series'' original language';
        COMMENT ON COLUMN episodes.overview IS 'In the series'' original language';
        COMMENT ON COLUMN episodes.first_aired IS 'Date of its first broadcast or release';
        COMMENT ON COLUMN episodes.runtime IS 'Minutes';
        COMMENT ON COLUMN episodes.image IS 'Absolute address of a still';
        COMMENT ON COLUMN episodes.finale_type IS 'season, midseason or series, for an episode that ends one';
        COMMENT ON COLUMN episodes.upstream_updated_at IS 'When TheTVDB last changed its record';

        CREATE TABLE movies (
            tvdb_id              integer,
            name                 text NOT NULL,
            original_name        text NOT NULL,
            slug                 text,
            overview             text,
            status               text,
            year                 smallint,
            released             date,
            runtime              integer,
            country              text,
            language             text,
            budget               numeric(16, 2),
            box_office           numeric(16, 2),
            studios              text[] NOT NULL DEFAULT '{}',
            production_companies text[] NOT NULL DEFAULT '{}',
            distributors         text[] NOT NULL DEFAULT '{}',
            image                text,
            score                double precision,
            imdb_id              text,
            tmdb_id              integer,
            wikidata_id          text,
            upstream_updated_at  timestamptz,
            synced_at            timestamptz NOT NULL,
            gone_at              timestamptz,
            PRIMARY KEY (tvdb_id)
        );
        CREATE INDEX movies_synced_at_idx ON movies (synced_at);
        COMMENT ON TABLE movies IS 'Movies from TheTVDB';
        COMMENT ON COLUMN movies.tvdb_id IS 'TheTVDB''s id';
        COMMENT ON COLUMN movies.name IS 'English name where there is one, else the original';
        COMMENT ON COLUMN movies.original_name IS 'Name in the original language';
        COMMENT ON COLUMN movies.slug IS 'Last part of the address of TheTVDB''s page';
        COMMENT ON COLUMN movies.overview IS 'English where there is one';
        COMMENT ON COLUMN movies.status IS
            'Announced, Pre-Production, Filming, Post-Production, Completed or Released';
        COMMENT ON COLUMN movies.year IS 'Year of the first release';
        COMMENT ON COLUMN movies.released IS 'Date of the first release anywhere';
        COMMENT ON COLUMN movies.runtime IS 'Minutes';
        COMMENT ON COLUMN movies.country IS 'Country of origin, such as usa';
        COMMENT ON COLUMN movies.language IS 'Original language, such as eng';
        COMMENT ON COLUMN movies.budget IS 'US dollars; null when unknown';
        COMMENT ON COLUMN movies.box_office IS 'US dollars; null when unknown';
        COMMENT ON COLUMN movies.studios IS 'Names';
        COMMENT ON COLUMN movies.production_companies IS 'Names';
        COMMENT ON COLUMN movies.distributors IS 'Names';
        COMMENT ON COLUMN movies.image IS 'Absolute address of the poster or portrait';
        COMMENT ON COLUMN movies.score IS 'TheTVDB''s popularity; no rating';
        COMMENT ON COLUMN movies.imdb_id IS 'IMDb id, such as tt0903747 or nm0695435';
        COMMENT ON COLUMN movies.tmdb_id IS 'TMDb id';
        COMMENT ON COLUMN movies.wikidata_id IS 'Wikidata item, such as Q1079';
        COMMENT ON COLUMN movies.upstream_updated_at IS 'When TheTVDB last changed its record';
        COMMENT ON COLUMN movies.synced_at IS 'When this row was last compared with TheTVDB';
        COMMENT ON COLUMN movies.gone_at IS 'When TheTVDB answered that it is not there; null while it is';

        CREATE TABLE people (
            tvdb_id             integer,
            name                text NOT NULL,
            slug                text,
            biography           text,
            gender              text,
            born                date,
            died                date,
            birth_place         text,
            image               text,
            score               double precision,
            imdb_id             text,
            tmdb_id             integer,
            wikidata_id         text,
            upstream_updated_at timestamptz,
            synced_at           timestamptz NOT NULL,
            gone_at             timestamptz,
            PRIMARY KEY (tvdb_id),
            CONSTRAINT people_gender_check CHECK (gender IN ('male', 'female', 'other'))
        );
        CREATE INDEX people_synced_at_idx ON people (synced_at);
        COMMENT ON TABLE people IS
            'People from TheTVDB that were saved on their own; those known from credits alone are not here';
        COMMENT ON COLUMN people.tvdb_id IS 'TheTVDB''s id';
        COMMENT ON COLUMN people.name IS 'English name where there is one, else the original';
        COMMENT ON COLUMN people.slug IS 'Last part of the address of TheTVDB''s page';
        COMMENT ON COLUMN people.biography IS 'English where there is one, else in any language';
        COMMENT ON COLUMN people.gender IS 'male, female or other; null when not said';
        COMMENT ON COLUMN people.born IS 'Date of birth';
        COMMENT ON COLUMN people.died IS 'Date of death';
        COMMENT ON COLUMN people.birth_place IS 'As TheTVDB''s contributors wrote it';
        COMMENT ON COLUMN people.image IS 'Absolute address of the poster or portrait';
        COMMENT ON COLUMN people.score IS 'TheTVDB''s popularity; no rating';
        COMMENT ON COLUMN people.imdb_id IS 'IMDb id, such as tt0903747 or nm0695435';
        COMMENT ON COLUMN people.tmdb_id IS 'TMDb id';
        COMMENT ON COLUMN people.wikidata_id IS 'Wikidata item, such as Q1079';
        COMMENT ON COLUMN people.upstream_updated_at IS 'When TheTVDB last changed its record';
        COMMENT ON COLUMN people.synced_at IS 'When this row was last compared with TheTVDB';
        COMMENT ON COLUMN people.gone_at IS 'When TheTVDB answered that it is not there; null while it is';

        CREATE TABLE credits (
            tvdb_id          integer,
            person_tvdb_id   integer,
            person_name      text,
            person_image     text,
            job              text,
            role             text,
            series_tvdb_id   integer,
            movie_tvdb_id    integer,
            episode_tvdb_id  integer,
            title            text,
            title_year       smallint,
            image            text,
            position         integer,
            featured         boolean NOT NULL,
            listed_by_title  boolean NOT NULL DEFAULT false,
            listed_by_person boolean NOT NULL DEFAULT false,
            PRIMARY KEY (tvdb_id),
            CONSTRAINT credits_listed_check CHECK (listed_by_title OR listed_by_person),
            CONSTRAINT credits_title_check CHECK (num_nonnulls(series_tvdb_id, movie_tvdb_id, episode_tvdb_id) > 0)
        );
        CREATE INDEX credits_movie_tvdb_id_idx ON credits (movie_tvdb_id);
        CREATE INDEX credits_person_tvdb_id_idx ON credits (person_tvdb_id);
        CREATE INDEX credits_series_tvdb_id_idx ON credits (series_tvdb_id);
        COMMENT ON TABLE credits IS
            'Who did what in which series, movie or episode; a person in two roles has two rows';
        COMMENT ON COLUMN credits.tvdb_id IS 'TheTVDB''s id of the character';
        COMMENT ON COLUMN credits.person_tvdb_id IS
            'Who; need not be in people; null for a character nobody is named for';
        COMMENT ON COLUMN credits.person_name IS 'Who, by name';
        COMMENT ON COLUMN credits.person_image IS 'Absolute address of a portrait';
        COMMENT ON COLUMN credits.job IS 'Type of work: Actor, Guest Star, Director, Writer, ...';
        COMMENT ON COLUMN credits.role IS 'Character played';
        COMMENT ON COLUMN credits.series_tvdb_id IS 'In which series; need not be in series';
        COMMENT ON COLUMN credits.movie_tvdb_id IS 'In which movie; need not be in movies';
        COMMENT ON COLUMN credits.episode_tvdb_id IS 'In which episode alone, for guests';
        COMMENT ON COLUMN credits.title IS 'Name of the series or movie, where the person''s record says it';
        COMMENT ON COLUMN credits.title_year IS 'Year of the series or movie, where the person''s record says it';
        COMMENT ON COLUMN credits.image IS 'Absolute address of a picture of the character';
        COMMENT ON COLUMN credits.position IS 'TheTVDB''s order within a title';
        COMMENT ON COLUMN credits.featured IS 'Whether TheTVDB lists it first';
        COMMENT ON COLUMN credits.listed_by_title IS 'The series'' or movie''s record lists it';
        COMMENT ON COLUMN credits.listed_by_person IS 'The person''s record lists it';

        CREATE TABLE genres (
            entity_type    text,
            entity_tvdb_id integer,
            genre_tvdb_id  integer,
            name           text NOT NULL,
            PRIMARY KEY (entity_type, entity_tvdb_id, genre_tvdb_id),
            CONSTRAINT genres_entity_type_check CHECK (entity_type IN ('series', 'movie'))
        );
        CREATE INDEX genres_name_idx ON genres (name);
        COMMENT ON TABLE genres IS 'Genres of series and movies: one row for each genre of each';
        COMMENT ON COLUMN genres.entity_type IS 'series or movie';
        COMMENT ON COLUMN genres.entity_tvdb_id IS 'TheTVDB''s id of it';
        COMMENT ON COLUMN genres.genre_tvdb_id IS 'TheTVDB''s id of the genre';
        COMMENT ON COLUMN genres.name IS 'In English, such as Drama';

        CREATE TABLE aliases (
            entity_type    text,
            entity_tvdb_id integer,
            language       text,
            name           text,
            PRIMARY KEY (entity_type, entity_tvdb_id, language, name),
            CONSTRAINT aliases_entity_type_check CHECK (entity_type IN ('series', 'movie', 'person'))
        );
        COMMENT ON TABLE aliases IS 'Other names of series, movies and people, and their names in other languages';
        COMMENT ON COLUMN aliases.entity_type IS 'series, movie or person';
        COMMENT ON COLUMN aliases.entity_tvdb_id IS 'TheTVDB''s id of it';
        COMMENT ON COLUMN aliases.language IS 'Such as fra; und where TheTVDB does not say';
        COMMENT ON COLUMN aliases.name IS 'Another name, or its name in that language';
        """
    )
