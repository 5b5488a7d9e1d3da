"""Fetches from TMDb: the only place that knows its addresses; `records` reads what it answers."""

from __future__ import annotations

import json
import threading
from typing import Any, Final

import structlog

from shared.errors import MissingSetting, UnreadableAnswer, UpstreamAway, UpstreamGone, UpstreamRefused
from shared.upstreams.gateway import Gateway
from shared.upstreams.http import Headers, Params
from shared.upstreams.pace import Limit
from shared.upstreams.tmdb.records import IMAGES, UPSTREAM, read_configuration

LIMIT: Final = Limit(20, burst=10)  # a second; some 40 to 50 are permitted to one address, whoever else is behind it
LANGUAGE: Final = "en-US"  # without a translation a text is "", or in the original language
NOT_FOUND: Final = 404

log = structlog.get_logger()

Raw = dict[str, Any]


class Tmdb:
    """TMDb through a gateway; safe to share between threads.

    With a read access `token`, else with an `api_key` as a parameter. Every method raises the errors of
    `Upstream.get`; UpstreamGone only where TMDb itself says that there is no such title.
    """

    def __init__(self, gateway: Gateway, *, token: str | None = None, api_key: str | None = None) -> None:
        self._base = gateway.settings.tmdb_url.rstrip("/")
        self._headers: Headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._params: Params = {} if token else {"api_key": api_key}
        self._upstream = gateway.upstream(UPSTREAM, LIMIT, secrets=[one for one in (token, api_key) if one])
        self._images = ""
        self._lock = threading.Lock()

    def fetch_movie(self, tmdb_id: int) -> Raw:
        """Fetch what `read_movie` reads."""
        return self._get(f"/movie/{tmdb_id}", f"movie {tmdb_id}", {"language": LANGUAGE})

    def fetch_tv(self, tmdb_id: int) -> Raw:
        """Fetch what `read_tv` reads."""
        return self._get(f"/tv/{tmdb_id}", f"series {tmdb_id}", {"language": LANGUAGE})

    def find(self, imdb_id: str) -> Raw:
        """Fetch what `read_find` reads: which title IMDb's id (such as tt0903747) stands for."""
        return self._get(f"/find/{imdb_id}", f"title {imdb_id}", {"external_source": "imdb_id"})

    def fetch_configuration(self) -> str:
        """Return the address that a poster's path is appended to; asked once for a process.

        TMDb advises asking, but it has been the same for ten years: while it is away the known one does.
        """
        with self._lock:
            if not self._images:
                try:
                    self._images = read_configuration(self._get("/configuration", "configuration"))
                except (UpstreamAway, UpstreamGone, UnreadableAnswer) as error:
                    log.warning("tmdb_configuration_unknown", error=str(error))
                    return IMAGES
            return self._images

    def _get(self, path: str, what: str, params: Params | None = None) -> Raw:
        try:
            answer = self._upstream.get(
                self._base + path, what, params={**(params or {}), **self._params}, headers=self._headers
            )
        except UpstreamGone as error:
            if not _says_why(error.body):
                # Not the title is gone but the whole API: nobody may take that for a deleted film.
                raise UpstreamRefused(UPSTREAM, NOT_FOUND, f"no {what} there; is TMDB_URL right?") from error
            raise
        record = answer.json()
        if not isinstance(record, dict):
            raise UnreadableAnswer(UPSTREAM, f"{what} is no object", answer.body)
        return record


def open_tmdb(gateway: Gateway) -> Tmdb:
    """Return TMDb as the settings have it; raises MissingSetting without a token or key."""
    settings = gateway.settings
    if settings.tmdb_token is not None:
        return Tmdb(gateway, token=settings.tmdb_token.get_secret_value())
    if settings.tmdb_api_key is not None:
        return Tmdb(gateway, api_key=settings.tmdb_api_key.get_secret_value())
    raise MissingSetting("TMDB_TOKEN or TMDB_API_KEY", "TMDb answers nobody without one of them")


def _says_why(body: bytes) -> bool:
    """Return whether a refusal is TMDb's own, which has a number of its own, such as 34."""
    try:
        said = json.loads(body)
    except ValueError:
        return False
    return isinstance(said, dict) and isinstance(said.get("status_code"), int)
