"""Fetches from TheTVDB: the only place that knows its addresses; `records` and `search` read what they answer.

Fetching and reading are apart. `fetch_…` returns a plain JSON object and is the only part that touches the network;
`read_…` turns that object into a record and can be fed a recorded one.
"""

from __future__ import annotations

import threading
from typing import Any, Final

import structlog

from shared.catalog.screen.records import EntityType, SearchHit
from shared.errors import MissingSetting, UnreadableAnswer, UpstreamGone, UpstreamRefused
from shared.upstreams.gateway import Gateway
from shared.upstreams.http import Params
from shared.upstreams.pace import Limit
from shared.upstreams.tvdb.search import read_search
from shared.upstreams.tvdb.words import UPSTREAM, has_english

LIMIT: Final = Limit(20, burst=10)  # a second; none is published, and a page of its site asks for as much at once
PAGE_SIZE: Final = 500  # episodes on a full page
MOST_PAGES: Final = 40  # the longest series have some 16,000 episodes; more pages than this is paging in a circle
MOST_HITS: Final = 5000  # /search answers 400 beyond
UNAUTHORIZED: Final = 401
NOT_FOUND: Final = 404

log = structlog.get_logger()

Raw = dict[str, Any]


class Tvdb:
    """TheTVDB through a gateway; safe to share between threads.

    Logs in when it first has to and again when its token (good for about a month) is refused. `pin` is only for
    user-subscription keys. Every method raises the errors of `Upstream.get`.
    """

    def __init__(self, gateway: Gateway, api_key: str, pin: str | None) -> None:
        self._base = gateway.settings.tvdb_url.rstrip("/")
        self._login = {"apikey": api_key} if pin is None else {"apikey": api_key, "pin": pin}
        self._upstream = gateway.upstream(UPSTREAM, LIMIT, secrets=self._login.values())
        self._token = ""
        self._login_lock = threading.Lock()

    def fetch_series(self, tvdb_id: int) -> Raw:
        """Fetch what `read_series` reads: `data` (extended), `english` (or None), `pages` of episodes.

        One call for the record and one for each 500 episodes; a third kind only where the record says that there is
        an English translation but does not bring it along.
        """
        what = f"series {tvdb_id}"
        data = self._record(f"/series/{tvdb_id}/extended", what)
        english = self._english(f"/series/{tvdb_id}/translations/eng", what, data)
        return {"data": data, "english": english, "pages": self._episode_pages(tvdb_id)}

    def fetch_movie(self, tvdb_id: int) -> Raw:
        """Fetch what `read_movie` reads: `data` (extended) and `english` (or None)."""
        what = f"movie {tvdb_id}"
        data = self._record(f"/movies/{tvdb_id}/extended", what)
        return {"data": data, "english": self._english(f"/movies/{tvdb_id}/translations/eng", what, data)}

    def fetch_person(self, tvdb_id: int) -> Raw:
        """Fetch what `read_person` reads: `data` (extended)."""
        return {"data": self._record(f"/people/{tvdb_id}/extended", f"person {tvdb_id}")}

    def fetch_search(self, query: str, kind: EntityType | None, offset: int, limit: int) -> Raw:
        """Fetch what `read_search` reads: `data`, a list of hits; of one kind, or of all."""
        reachable = min(limit, MOST_HITS - offset)
        if reachable <= 0:
            return {"data": []}
        params: Params = {"query": query, "offset": offset, "limit": reachable}
        return self._get("/search", "search results", params if kind is None else {**params, "type": kind})

    def search(self, query: str, kind: EntityType | None = None, offset: int = 0, limit: int = 50) -> list[SearchHit]:
        """Return the hits of a live search, best first; at most the first 5,000 can be reached."""
        return read_search(self.fetch_search(query, kind, offset, limit))

    def _record(self, path: str, what: str) -> Raw:
        return _object(self._get(path, what, {"meta": "translations"})["data"], what)

    def _english(self, path: str, what: str, data: Raw) -> Raw | None:
        if data.get("translations") is not None or not has_english(data):
            return None
        try:
            return _object(self._get(path, f"English translation of {what}")["data"], what)
        except UpstreamGone:
            return None

    def _episode_pages(self, tvdb_id: int) -> list[Raw]:
        """Return `data` of every page of episodes in aired order."""
        # Pages are counted, their links never followed: those may lead to another host, and our token with them.
        pages: list[Raw] = []
        for page in range(MOST_PAGES):
            what = f"episodes of series {tvdb_id}, page {page}"
            envelope = self._get(f"/series/{tvdb_id}/episodes/official", what, {"page": page})
            pages.append(_object(envelope["data"], what))
            episodes = pages[-1].get("episodes") or []
            if not isinstance(episodes, list) or not episodes or not _more(envelope, len(episodes)):
                _note_missing(tvdb_id, envelope, pages)
                return pages
        raise UnreadableAnswer(UPSTREAM, f"series {tvdb_id} has more than {MOST_PAGES} pages of episodes")

    def _get(self, path: str, what: str, params: Params | None = None) -> Raw:
        """Return the envelope of an answer, which has `data`; logs in, once, if the token is missing or refused."""
        token = self._token or self._renew("")
        try:
            return self._ask(path, what, params, token)
        except UpstreamRefused as error:
            if error.status != UNAUTHORIZED:
                raise
        return self._ask(path, what, params, self._renew(token))

    def _ask(self, path: str, what: str, params: Params | None, token: str) -> Raw:
        headers = {"Authorization": f"Bearer {token}"}
        answer = self._upstream.get(self._base + path, what, params=params, headers=headers)
        envelope = answer.json()
        if not isinstance(envelope, dict) or envelope.get("data") is None:
            raise UnreadableAnswer(UPSTREAM, f"{what} has no data", answer.body)
        return envelope

    def _renew(self, refused: str) -> str:
        """Return a token other than the refused one; of several threads that need one, the first logs in."""
        with self._login_lock:
            if self._token == refused:
                self._token = self._log_in()
                self._upstream.keep_secret(self._token)
            return self._token

    def _log_in(self) -> str:
        try:
            answer = self._upstream.post(f"{self._base}/login", "login", json=self._login).json()
        except UpstreamGone as error:
            # Not what was asked for is gone: the address is wrong, and nobody may take that for a deleted series.
            raise UpstreamRefused(UPSTREAM, NOT_FOUND, "no login there; is TVDB_URL right?") from error
        data = answer.get("data") if isinstance(answer, dict) else None
        token = data.get("token") if isinstance(data, dict) else None
        if not isinstance(token, str) or not token:
            # Without its body, which may hold a token under a name we do not know.
            raise UnreadableAnswer(UPSTREAM, "login has no data.token")
        return token


def open_tvdb(gateway: Gateway) -> Tvdb:
    """Return TheTVDB as the settings have it; raises MissingSetting without a key."""
    settings = gateway.settings
    if settings.tvdb_api_key is None:
        raise MissingSetting("TVDB_API_KEY", "TheTVDB answers nobody without a key")
    pin = None if settings.tvdb_pin is None else settings.tvdb_pin.get_secret_value()
    return Tvdb(gateway, settings.tvdb_api_key.get_secret_value(), pin)


def _object(value: object, what: str) -> Raw:
    if not isinstance(value, dict):
        raise UnreadableAnswer(UPSTREAM, f"data of {what} is no object", repr(value))
    return value


def _more(envelope: Raw, episodes: int) -> bool:
    """Return whether another page follows; some good answers leave `links` out, and then a full page suggests it."""
    links = envelope.get("links")
    if isinstance(links, dict):
        return links.get("next") is not None
    return episodes >= PAGE_SIZE


def _note_missing(tvdb_id: int, envelope: Raw, pages: list[Raw]) -> None:
    """Log a series that answers fewer episodes than it announces; `rules.plausible` decides what that means."""
    links = envelope.get("links")
    announced = links.get("total_items") if isinstance(links, dict) else None
    received = sum(len(page.get("episodes") or []) for page in pages)
    if isinstance(announced, int) and received < announced:
        log.warning("tvdb_episodes_missing", tvdb_id=tvdb_id, announced=announced, received=received)
