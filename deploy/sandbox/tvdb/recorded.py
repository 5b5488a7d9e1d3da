"""What a recorded TheTVDB answer is an answer to, read from the file's name and content.

Names are words joined by underscores, hyphens or dots, in any order that makes sense:

    series_81189_extended.json                     /series/81189/extended
    series_81189_extended_short.json               /series/81189/extended?short=true
    series_81189_episodes_official_page1.json      /series/81189/episodes/official?page=1
    series_81189_episodes_official_eng.json        /series/81189/episodes/official/eng
    series_81189_translations_eng.json             /series/81189/translations/eng
    movie_290_extended.json, people_312388_extended_translations.json, season_6365_extended.json, episode_127396.json
    series_page0.json, updates_page2.json, search_anything.json, people_types.json, login_ok.json
    error_404_series.json                          what a series that is not there is answered
    error_401_unauthorized.json, error_401_login.json, error_400_updates_no_since.json

An id that the name lacks is taken from the content. A body that carries `links.self` says itself what was asked;
both that and the name's meaning are then answered, since captures are often named after what they were meant to be.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

Request: TypeAlias = tuple[str, str, dict[str, str], int]

ENTITIES = {
    "series": "series",
    "show": "series",
    "movie": "movies",
    "movies": "movies",
    "film": "movies",
    "people": "people",
    "person": "people",
    "actor": "people",
    "season": "seasons",
    "seasons": "seasons",
    "episode": "episodes",
    "episodes": "episodes",
}
ORDERS = ("default", "official", "dvd", "absolute", "alternate", "regional")
REFERENCE = {
    "artwork types": "/artwork/types",
    "people types": "/people/types",
    "season types": "/seasons/types",
    "seasons types": "/seasons/types",
    "series statuses": "/series/statuses",
    "movie statuses": "/movies/statuses",
    "movies statuses": "/movies/statuses",
    "source types": "/sources/types",
    "sources types": "/sources/types",
    "genres": "/genres",
    "languages": "/languages",
    "countries": "/countries",
    "content ratings": "/content/ratings",
}
NOT_LANGUAGES = {"dvd", "get", "raw", "all", "new", "old", "api", "full"}
ANYTHING = "/*"
"""Stands for every path, in the recording of an error that any request can get."""


def read(name: str, content: bytes) -> list[Request]:
    """Return (method, path, query, status) for each request that a file answers; none when that cannot be told."""
    try:
        body = json.loads(content)
    except ValueError:
        body = None  # a recording may well be of an answer that cannot be read; then its name must do
    words = [word for word in re.split(r"[^A-Za-z0-9]+", name.rsplit(".", 1)[0].lower()) if word]
    if "login" in words:
        return [("POST", "/login", {}, 200 if _is_success(body) else _status(words) or 401)]
    status = _status(words)
    if status is not None or not _is_success(body, default=True):
        return _error(words, status or 404)
    requests = [_from_links(body), _from_name(words, body)]
    unique: list[Request] = []
    for request in requests:
        if request is not None and request not in unique:
            unique.append(request)
    return unique


def _is_success(body: Any, *, default: bool = False) -> bool:
    if not isinstance(body, dict):
        return default
    return body.get("data") is not None


def _status(words: list[str]) -> int | None:
    if not {"error", "errors", "failure", "fail", "http"} & set(words):
        return None
    return next((int(word) for word in words if re.fullmatch(r"[45]\d\d", word)), None)


def _error(words: list[str], status: int) -> list[Request]:
    entity = next((ENTITIES[word] for word in words if word in ENTITIES), None)
    number = next((word for word in words if word.isdigit() and int(word) != status), None)
    if status == 401:  # noqa: PLR2004 - the one status that has nothing to do with what was asked
        return [("GET", ANYTHING, {}, status)]
    if "updates" in words:
        return [("GET", "/updates", {}, status)]
    if "search" in words:
        return [("GET", "/search", {}, status)]
    if entity is None:
        return []
    return [("GET", f"/{entity}/{number or '*'}" + ("/extended" if number and "extended" in words else ""), {}, status)]


def _from_links(body: Any) -> Request | None:
    links = body.get("links") if isinstance(body, dict) else None
    self_link = links.get("self") if isinstance(links, dict) else None
    if not isinstance(self_link, str) or "://" not in self_link:
        return None
    split = urlsplit(self_link)
    path = re.sub(r"^.*?/v4(?=/)", "", split.path)
    return ("GET", path.rstrip("/"), dict(parse_qsl(split.query, keep_blank_values=True)), 200)


def _from_name(words: list[str], body: Any) -> Request | None:
    data = body.get("data") if isinstance(body, dict) else None
    joined = " ".join(words)
    short_list = next((path for key, path in REFERENCE.items() if joined.startswith(key)), None)
    if short_list:
        return ("GET", short_list, {}, 200)
    if "search" in words or (isinstance(data, list) and data and "objectID" in data[0]):
        return None if isinstance(body, dict) and body.get("links") else _search(words)
    query = {m[1]: m[2] for word in words if (m := re.fullmatch(r"(page|season)(\d+)", word))}
    if "updates" in words or "update" in words:
        return ("GET", "/updates", query, 200)
    entity = next((ENTITIES[word] for word in words if word in ENTITIES), None) or _entity_of(data)
    if entity is None or "filter" in words:
        return None
    if isinstance(data, list):
        return ("GET", f"/{entity}", query, 200)
    return _of_entity(entity, words, data, query) if isinstance(data, dict) else None


def _search(words: list[str]) -> Request:
    sought = [word for word in words if word not in {"search", "shape", "overview", "results", *ENTITIES}]
    return ("GET", "/search", {"query": " ".join(sought)}, 200)


def _of_entity(entity: str, words: list[str], data: Mapping[str, Any], query: dict[str, str]) -> Request | None:
    listed = isinstance(data.get("episodes"), list) and ("series" in data or "episodes" in words)
    of_series = listed and entity in {"series", "episodes"} and "extended" not in words
    if "slug" in words and data.get("slug"):
        return ("GET", f"/{entity}/slug/{data['slug']}", {}, 200)
    inner = data.get("series") if isinstance(data.get("series"), dict) else {}
    own = data.get("id") or (inner or {}).get("id")
    number = next((word for word in words if word.isdigit()), None) or own
    if number is None:
        return None
    path = f"/{'series' if of_series else entity}/{number}"
    language = next((w for w in words if re.fullmatch(r"[a-z]{3}|pt", w) and w not in NOT_LANGUAGES), None)
    if of_series:
        order = next((word for word in words if word in ORDERS), "default")
        path += f"/episodes/{order}" + (f"/{language}" if language else "")
    elif "extended" in words:
        path += "/extended"
        query |= {"short": "true"} if "short" in words else {}
        meta = next((word for word in words if word in {"translations", "episodes"} and word != entity), None)
        query |= {"meta": meta} if meta else {}
    elif "aired" in words or "nextaired" in words:
        path += "/nextAired"
    elif "translations" in words or "translation" in words:
        spoken = data.get("language") or language
        path += f"/translations/{spoken}"
    elif "artworks" in words:
        path += "/artworks"
    return ("GET", path, query, 200)


def _entity_of(data: Any) -> str | None:
    """Tell an entity by the fields only it has."""
    if not isinstance(data, dict):
        return None
    signs = {
        "seasonTypes": "series",
        "defaultSeasonType": "series",
        "first_release": "movies",
        "biographies": "people",
        "seasonNumber": "episodes",
        "series": "series",
    }
    return next((entity for sign, entity in signs.items() if sign in data), None)
