"""The statements of the adaptations store, set-based all of them; `store` says when each is run.

Names are psycopg's: `rows` is a JSON array of records, `at` a time, all others are arrays of text or of our ids.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table

from shared.catalog.adaptations.tables import screen_works, works

ADD: Final = "INSERT INTO adaptation_readings (source) VALUES ('wikidata') ON CONFLICT DO NOTHING"

LOCK: Final = "SELECT read_at FROM adaptation_readings WHERE source = 'wikidata' FOR UPDATE"

_PAIRS: Final = """
WITH pairs AS (
    SELECT screen_works.id AS screen_work_id, works.id AS work_id
    FROM unnest(%(screen_works)s::text[], %(works)s::text[]) AS given (screen_work, work)
    JOIN screen_works ON screen_works.wikidata_id = given.screen_work
    JOIN works ON works.wikidata_id = given.work
)
"""

_FOLDED: Final = """
WITH folded AS (
    SELECT gone.id AS id, kept.id AS into_id
    FROM unnest(%(old)s::text[], %(new)s::text[]) AS given (old, new)
    JOIN {table} AS gone ON gone.wikidata_id = given.old
    JOIN {table} AS kept ON kept.wikidata_id = given.new
)
"""

# A title that is only the item's id says that no name came; one that is known is better.
_TITLE: Final = "coalesce(nullif(given.title, given.wikidata_id), held.title)"

UPDATE: Final[dict[Table, str]] = {
    works: f"""
UPDATE works AS held SET (title, work_type, authors, year, changed_at, gone_at)
    = ({_TITLE}, given.work_type, given.authors, given.year, %(at)s, NULL)
FROM json_to_recordset(%(rows)s::json)
    AS given (wikidata_id text, title text, work_type text, authors text[], year integer)
WHERE held.wikidata_id = given.wikidata_id AND (
    held.gone_at IS NOT NULL OR (held.title, held.work_type, held.authors, held.year)
        IS DISTINCT FROM ({_TITLE}, given.work_type, given.authors, given.year)
)
""",  # noqa: S608
    # A screen work with another id than before is asked for at TMDb first; until then what was known of it stays.
    screen_works: f"""
UPDATE screen_works AS held SET
    (title, screen_type, year, imdb_id, tvdb_id, tmdb_movie_id, tmdb_tv_id, changed_at, gone_at, tmdb_synced_at)
    = ({_TITLE}, given.screen_type, given.year, given.imdb_id, given.tvdb_id, given.tmdb_movie_id, given.tmdb_tv_id,
       %(at)s, NULL,
       CASE WHEN (held.imdb_id, held.tmdb_movie_id, held.tmdb_tv_id)
           IS NOT DISTINCT FROM (given.imdb_id, given.tmdb_movie_id, given.tmdb_tv_id) THEN held.tmdb_synced_at END)
FROM json_to_recordset(%(rows)s::json) AS given (
    wikidata_id text, title text, screen_type text, year integer, imdb_id text, tvdb_id integer, tmdb_movie_id integer,
    tmdb_tv_id integer
)
WHERE held.wikidata_id = given.wikidata_id AND (
    held.gone_at IS NOT NULL
    OR (held.title, held.screen_type, held.year, held.imdb_id, held.tvdb_id, held.tmdb_movie_id, held.tmdb_tv_id)
        IS DISTINCT FROM ({_TITLE}, given.screen_type, given.year, given.imdb_id, given.tvdb_id,
                          given.tmdb_movie_id, given.tmdb_tv_id)
)
""",  # noqa: S608
}

INSERT: Final[dict[Table, str]] = {
    works: """
INSERT INTO works (wikidata_id, title, work_type, authors, year, changed_at)
SELECT given.*, %(at)s
FROM json_to_recordset(%(rows)s::json)
    AS given (wikidata_id text, title text, work_type text, authors text[], year integer)
WHERE NOT EXISTS (SELECT FROM works WHERE works.wikidata_id = given.wikidata_id)
""",
    screen_works: """
INSERT INTO screen_works
    (wikidata_id, title, screen_type, year, imdb_id, tvdb_id, tmdb_movie_id, tmdb_tv_id, changed_at)
SELECT given.*, %(at)s
FROM json_to_recordset(%(rows)s::json) AS given (
    wikidata_id text, title text, screen_type text, year integer, imdb_id text, tvdb_id integer, tmdb_movie_id integer,
    tmdb_tv_id integer
)
WHERE NOT EXISTS (SELECT FROM screen_works WHERE screen_works.wikidata_id = given.wikidata_id)
""",
}

GONE: Final = """
UPDATE {table} SET gone_at = %(at)s
WHERE gone_at IS NULL
AND NOT EXISTS (SELECT FROM unnest(%(ids)s::text[]) AS given (id) WHERE given.id = {table}.wikidata_id)
"""

RETURN_EDGES: Final = f"""{_PAIRS}
UPDATE adaptation_edges AS held SET withdrawn_at = NULL
FROM pairs
WHERE (held.screen_work_id, held.work_id) = (pairs.screen_work_id, pairs.work_id) AND held.withdrawn_at IS NOT NULL
"""  # noqa: S608 - made of constants

ADD_EDGES: Final = f"""{_PAIRS}
INSERT INTO adaptation_edges (screen_work_id, work_id, added_at)
SELECT DISTINCT screen_work_id, work_id, %(at)s::timestamptz FROM pairs
WHERE NOT EXISTS (
    SELECT FROM adaptation_edges AS held
    WHERE (held.screen_work_id, held.work_id) = (pairs.screen_work_id, pairs.work_id)
)
"""  # noqa: S608 - made of constants

WITHDRAW_EDGES: Final = f"""{_PAIRS}
UPDATE adaptation_edges AS held SET withdrawn_at = %(at)s
WHERE held.withdrawn_at IS NULL AND NOT EXISTS (
    SELECT FROM pairs WHERE (held.screen_work_id, held.work_id) = (pairs.screen_work_id, pairs.work_id)
)
"""  # noqa: S608 - made of constants

# Where the row of the item it was merged into is not there yet, the oldest of those that were merged becomes it.
RENAME: Final = """
UPDATE {table} SET wikidata_id = given.new, changed_at = %(at)s
FROM (
    SELECT DISTINCT ON (pair.new) pair.new, gone.id
    FROM unnest(%(old)s::text[], %(new)s::text[]) AS pair (old, new)
    JOIN {table} AS gone ON gone.wikidata_id = pair.old
    WHERE NOT EXISTS (SELECT FROM {table} AS kept WHERE kept.wikidata_id = pair.new)
    ORDER BY pair.new, gone.id
) AS given
WHERE {table}.id = given.id
"""

MOVE_EDGES: Final = f"""{_FOLDED}
INSERT INTO adaptation_edges AS held ({{end}}, {{other}}, added_at, withdrawn_at)
SELECT into_id, {{other}}, min(added_at), CASE WHEN bool_and(withdrawn_at IS NOT NULL) THEN max(withdrawn_at) END
FROM adaptation_edges JOIN folded ON folded.id = {{end}}
GROUP BY into_id, {{other}}
ON CONFLICT (screen_work_id, work_id) DO UPDATE SET
    added_at = least(held.added_at, excluded.added_at),
    -- greatest() passes over null, and an edge that is live on either side is live.
    withdrawn_at = CASE WHEN num_nulls(held.withdrawn_at, excluded.withdrawn_at) = 0
        THEN greatest(held.withdrawn_at, excluded.withdrawn_at) END
"""  # noqa: S608 - made of constants

KEEP_TMDB: Final = f"""{_FOLDED.format(table="screen_works")}
UPDATE screen_works AS kept SET (tmdb_id, poster, summary, tmdb_year, tmdb_screen_type)
    = (gone.tmdb_id, gone.poster, gone.summary, gone.tmdb_year, gone.tmdb_screen_type)
FROM folded JOIN screen_works AS gone ON gone.id = folded.id
WHERE kept.id = folded.into_id AND kept.tmdb_id IS NULL AND gone.tmdb_id IS NOT NULL
"""  # noqa: S608 - made of constants

DROP_FOLDED: Final = f"{_FOLDED} DELETE FROM {{table}} USING folded WHERE {{table}}.id = folded.id"  # noqa: S608

FORGET_TARGETS: Final = "DELETE FROM wikidata_redirects WHERE wikidata_id = ANY(%(new)s)"

LENGTHEN_CHAINS: Final = """
UPDATE wikidata_redirects AS held SET redirected_to = given.new
FROM unnest(%(old)s::text[], %(new)s::text[]) AS given (old, new) WHERE held.redirected_to = given.old
"""

NOTE_REDIRECTS: Final = """
INSERT INTO wikidata_redirects (wikidata_id, redirected_to, noted_at)
SELECT old, new, %(at)s FROM unnest(%(old)s::text[], %(new)s::text[]) AS given (old, new)
ON CONFLICT (wikidata_id) DO UPDATE SET redirected_to = excluded.redirected_to, noted_at = excluded.noted_at
WHERE wikidata_redirects.redirected_to <> excluded.redirected_to
"""

TOTALS: Final = """
SELECT (SELECT count(*) FROM works WHERE gone_at IS NULL), (SELECT count(*) FROM screen_works WHERE gone_at IS NULL),
       (SELECT count(*) FROM adaptation_edges WHERE withdrawn_at IS NULL)
"""

DUE: Final = """
SELECT id, wikidata_id, screen_type, tmdb_movie_id, tmdb_tv_id, imdb_id FROM screen_works
WHERE gone_at IS NULL AND num_nonnulls(tmdb_movie_id, tmdb_tv_id, imdb_id) > 0
ORDER BY tmdb_synced_at NULLS FIRST, id
LIMIT %s
"""

TMDB_DETAILS: Final = """
UPDATE screen_works AS held SET (tmdb_id, poster, summary, tmdb_year, tmdb_screen_type, tmdb_gone_at)
    = (given.tmdb_id, given.poster, given.summary, given.year, given.screen_type, NULL)
FROM json_to_recordset(%(rows)s::json)
    AS given (id bigint, tmdb_id integer, poster text, summary text, year integer, screen_type text)
WHERE held.id = given.id AND (
    held.tmdb_gone_at IS NOT NULL OR (held.tmdb_id, held.poster, held.summary, held.tmdb_year, held.tmdb_screen_type)
        IS DISTINCT FROM (given.tmdb_id, given.poster, given.summary, given.year, given.screen_type)
)
"""

TMDB_GONE: Final = "UPDATE screen_works SET tmdb_gone_at = %(at)s WHERE id = ANY(%(ids)s) AND tmdb_gone_at IS NULL"

TMDB_ASKED: Final = "UPDATE screen_works SET tmdb_synced_at = %(at)s WHERE id = ANY(%(ids)s)"
