"""Reads TheTVDB's search results, which share no field name with its other records and are all text."""

from __future__ import annotations

from typing import Any, Final, cast

from shared.catalog.screen.records import EntityType, SearchHit
from shared.upstreams.fields import Audit, Fields
from shared.upstreams.tvdb import ignored
from shared.upstreams.tvdb.parts import picture
from shared.upstreams.tvdb.words import ENGLISH, UPSTREAM

ENTITY_TYPES: Final = frozenset({"series", "movie", "person"})
OTHER_TYPES: Final = frozenset({"company", "episode", "list", "award"})  # search may find them; they are not ours


def read_search(raw: dict[str, Any]) -> list[SearchHit]:
    """Read what `Tvdb.fetch_search` fetched, leaving out what is neither series, movie nor person."""
    audit = Audit(UPSTREAM)
    hits = [hit for fields in Fields(raw, "", audit).children("data") if (hit := _hit(fields)) is not None]
    audit.report("search")
    return hits


def _hit(hit: Fields) -> SearchHit | None:
    kind = hit.text("type")
    if kind not in ENTITY_TYPES:
        if kind not in OTHER_TYPES:
            hit.odd("type", kind)
        return None
    original = hit.text("name")
    names, overviews = hit.child_or_none("translations"), hit.child_or_none("overviews")
    name = names.texts_by_key().get(ENGLISH) if names else None
    overview = overviews.texts_by_key().get(ENGLISH) if overviews else None
    found = SearchHit(
        entity_type=cast("EntityType", kind),
        tvdb_id=hit.whole_as_text("tvdb_id"),
        name=name or original,
        original_name=original,
        overview=overview or hit.text_or_none("overview"),
        year=hit.year_or_none("year"),
        status=hit.text_or_none("status"),
        first_aired=hit.day_or_none("first_air_time"),
        network=hit.text_or_none("network"),
        country=hit.text_or_none("country"),
        language=hit.text_or_none("primary_language"),
        image=picture(hit.text_or_none("image_url")),
        aliases=tuple(dict.fromkeys(hit.texts("aliases"))),
    )
    hit.finish(ignored.HIT | {"overview"})
    return found
