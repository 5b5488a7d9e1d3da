"""The adaptations domain: works, screen works, edges between them, merged ids, the time of the latest reading."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE works (
            id          bigint GENERATED ALWAYS AS IDENTITY,
            wikidata_id text NOT NULL,
            title       text NOT NULL,
            work_type   text,
            authors     text[] NOT NULL DEFAULT '{}',
            year        integer,
            changed_at  timestamptz NOT NULL,
            gone_at     timestamptz,
            PRIMARY KEY (id),
            UNIQUE (wikidata_id)
        );
        COMMENT ON TABLE works IS 'Written works that were adapted for the screen, from Wikidata';
        COMMENT ON COLUMN works.id IS 'Ours; outlives a merge';
        COMMENT ON COLUMN works.wikidata_id IS 'Wikidata item, such as Q160585';
        COMMENT ON COLUMN works.title IS 'Wikidata''s label, English where there is one';
        COMMENT ON COLUMN works.work_type IS 'Such as novel; null when Wikidata does not say';
        COMMENT ON COLUMN works.authors IS 'Names in Wikidata''s order';
        COMMENT ON COLUMN works.year IS 'Year of publication; negative before our era';
        COMMENT ON COLUMN works.changed_at IS 'When a reading of Wikidata last changed this row';
        COMMENT ON COLUMN works.gone_at IS 'Since when no reading of Wikidata has it; null while they do';

        CREATE TABLE screen_works (
            id               bigint GENERATED ALWAYS AS IDENTITY,
            wikidata_id      text NOT NULL,
            title            text NOT NULL,
            screen_type      text NOT NULL,
            year             integer,
            imdb_id          text,
            tvdb_id          integer,
            tmdb_movie_id    integer,
            tmdb_tv_id       integer,
            changed_at       timestamptz NOT NULL,
            gone_at          timestamptz,
            tmdb_id          integer,
            poster           text,
            summary          text,
            tmdb_year        integer,
            tmdb_screen_type text,
            tmdb_synced_at   timestamptz,
            tmdb_gone_at     timestamptz,
            PRIMARY KEY (id),
            UNIQUE (wikidata_id)
        );
        CREATE INDEX screen_works_title_idx ON screen_works (lower(title), id);
        COMMENT ON TABLE screen_works IS
            'Films and series made from written works: ids from Wikidata, poster and summary from TMDb';
        COMMENT ON COLUMN screen_works.id IS 'Ours; outlives a merge';
        COMMENT ON COLUMN screen_works.wikidata_id IS 'Wikidata item, such as Q160585';
        COMMENT ON COLUMN screen_works.title IS 'Wikidata''s label, English where there is one';
        COMMENT ON COLUMN screen_works.screen_type IS 'movie, series, miniseries, ... as Wikidata has it';
        COMMENT ON COLUMN screen_works.year IS 'Year of publication, as Wikidata has it';
        COMMENT ON COLUMN screen_works.imdb_id IS 'IMDb id, such as tt0903747';
        COMMENT ON COLUMN screen_works.tvdb_id IS 'TheTVDB''s id';
        COMMENT ON COLUMN screen_works.tmdb_movie_id IS 'TMDb''s id among movies, as Wikidata has it';
        COMMENT ON COLUMN screen_works.tmdb_tv_id IS 'TMDb''s id among series, as Wikidata has it';
        COMMENT ON COLUMN screen_works.changed_at IS 'When a reading of Wikidata last changed this row';
        COMMENT ON COLUMN screen_works.gone_at IS 'Since when no reading of Wikidata has it; null while they do';
        COMMENT ON COLUMN screen_works.tmdb_id IS 'Which of TMDb''s records the columns from here on are from';
        COMMENT ON COLUMN screen_works.poster IS 'Absolute address of TMDb''s poster';
        COMMENT ON COLUMN screen_works.summary IS 'TMDb''s, English where there is one';
        COMMENT ON COLUMN screen_works.tmdb_year IS 'Year of the first release or broadcast, as TMDb has it';
        COMMENT ON COLUMN screen_works.tmdb_screen_type IS 'movie, series, miniseries, ... as TMDb has it';
        COMMENT ON COLUMN screen_works.tmdb_synced_at IS
            'When TMDb was last asked; null when it is to be asked first';
        COMMENT ON COLUMN screen_works.tmdb_gone_at IS
            'When TMDb answered that it is not there; null while it is';

        CREATE TABLE adaptation_edges (
            screen_work_id bigint REFERENCES screen_works ON DELETE CASCADE,
            work_id        bigint REFERENCES works ON DELETE CASCADE,
            added_at       timestamptz NOT NULL,
            withdrawn_at   timestamptz,
            PRIMARY KEY (screen_work_id, work_id)
        );
        CREATE INDEX adaptation_edges_work_id_idx ON adaptation_edges (work_id);
        COMMENT ON TABLE adaptation_edges IS 'Which screen work is based on which work';
        COMMENT ON COLUMN adaptation_edges.screen_work_id IS 'The adaptation';
        COMMENT ON COLUMN adaptation_edges.work_id IS 'What it is based on';
        COMMENT ON COLUMN adaptation_edges.added_at IS 'When a reading of Wikidata first had it';
        COMMENT ON COLUMN adaptation_edges.withdrawn_at IS
            'Since when no reading of Wikidata has it; null while they do';

        CREATE TABLE wikidata_redirects (
            wikidata_id   text,
            redirected_to text NOT NULL,
            noted_at      timestamptz NOT NULL,
            PRIMARY KEY (wikidata_id),
            CONSTRAINT wikidata_redirects_elsewhere_check CHECK (wikidata_id <> redirected_to)
        );
        CREATE INDEX wikidata_redirects_redirected_to_idx ON wikidata_redirects (redirected_to);
        COMMENT ON TABLE wikidata_redirects IS
            'Ids that others may still hold of works and screen works whose items Wikidata has merged';
        COMMENT ON COLUMN wikidata_redirects.wikidata_id IS 'An item that was merged into another';
        COMMENT ON COLUMN wikidata_redirects.redirected_to IS
            'The item that it is part of now, at the end of any chain';
        COMMENT ON COLUMN wikidata_redirects.noted_at IS 'When we learned of it';

        CREATE TABLE adaptation_readings (
            source  text,
            read_at timestamptz,
            PRIMARY KEY (source)
        );
        COMMENT ON TABLE adaptation_readings IS 'When whole readings were last compared with what is held';
        COMMENT ON COLUMN adaptation_readings.source IS
            'wikidata; the row is also the lock of all that writes here';
        COMMENT ON COLUMN adaptation_readings.read_at IS
            'When the latest reading began that was stored; null before the first';
        """
    )
