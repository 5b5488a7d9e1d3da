"""Fetches pages and feeds of anybody's site, politely: robots.txt, turns for each host, conditional requests."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit, urlunsplit

import httpx
from protego import Protego

from shared.errors import UnreadableAnswer, UpstreamGone, UpstreamRefused
from shared.upstreams.answer import Answer
from shared.upstreams.gateway import Gateway
from shared.upstreams.http import Headers, Upstream
from shared.upstreams.pace import Limit

UPSTREAM: Final = "site"
USER_AGENT: Final = "Millrace"
"""Our name in robots.txt; the product token of the User-Agent that every request carries."""

INTERVAL: Final = 1.0  # seconds between requests to a host that asks for nothing else; a person clicks as fast
SHORTEST_DELAY: Final = 0.1  # seconds between requests to a host whose Crawl-delay allows for more of them
PATIENCE: Final = 10.0  # seconds a process waits for its turn at a host; many sites ask for as much
LONGEST_DELAY: Final = 300.0  # seconds of Crawl-delay that are obeyed; who says a day says "no" by Disallow, too
ROBOTS_AGE: Final = 24 * 3600.0  # seconds a robots.txt is good for (RFC 9309, 2.4)
ACCEPT: Final = "text/calendar, text/html;q=0.9, application/xhtml+xml;q=0.9, */*;q=0.5"
_SCHEMES: Final = {"http": "http", "https": "https", "webcal": "https", "webcals": "https"}
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class _Rules:
    """A host's robots.txt, and when (on our clock) it was read."""

    robots: Protego
    read_at: float

    @property
    def delay(self) -> float:
        """Seconds between two requests."""
        asked = self.robots.crawl_delay(USER_AGENT)
        return INTERVAL if asked is None else min(max(asked, SHORTEST_DELAY), LONGEST_DELAY)


def web_address(url: str) -> str:
    """Return the address that is fetched for `url`: webcal is https, and the host is in lower case.

    Raises UpstreamRefused for what is no address of the web.
    """
    try:
        parts = urlsplit(url.strip())
        scheme, host = _SCHEMES[parts.scheme.lower()], _authority(parts)
    except (ValueError, KeyError) as error:
        raise UpstreamRefused(UPSTREAM, None, f"{url!r} is no address that begins with https:// or http://") from error
    if not parts.hostname:
        raise UpstreamRefused(UPSTREAM, None, f"{url!r} names no host")
    if parts.username or parts.password:
        raise UpstreamRefused(UPSTREAM, None, f"the address at {host} holds a password, and addresses are public here")
    return urlunsplit((scheme, host, parts.path or "/", parts.query, ""))


class Site:
    """The web through a gateway, for one process; `clock` is monotonic, in seconds."""

    def __init__(self, gateway: Gateway, clock: Callable[[], float] = time.monotonic) -> None:
        self._gateway = gateway
        self._clock = clock
        self._rules: dict[str, _Rules] = {}
        self._ways: dict[tuple[str, float], Upstream] = {}

    def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        robots: Literal["obey", "ignore"] = "obey",
        headers: Headers | None = None,
        delay: float = 0.0,
    ) -> Answer | None:
        """Return what is at an address, or None when it is still the version that `etag` or `last_modified` name.

        At least `delay` seconds pass between two requests to a host; more where the host asks for more.
        Raises the errors of `Upstream.get`; UpstreamRefused, too, where robots.txt does not let us in.
        """
        address = web_address(url)
        asked = INTERVAL if robots == "ignore" else self._allowed(address).delay
        sent = {"Accept": ACCEPT, **(headers or {})}
        if etag is not None:
            sent["If-None-Match"] = etag
        if last_modified is not None:
            sent["If-Modified-Since"] = last_modified
        conditional = etag is not None or last_modified is not None
        answer = self._way(address, max(asked, delay)).get(address, address, headers=sent, unchanged=conditional)
        return None if answer.status == httpx.codes.NOT_MODIFIED else answer

    def _allowed(self, address: str) -> _Rules:
        """Return the rules of an address's host, which let us read it."""
        parts = urlsplit(address)
        origin = f"{parts.scheme}://{parts.netloc}"
        rules = self._rules.get(origin)
        if rules is None or self._clock() - rules.read_at >= ROBOTS_AGE:
            rules = self._rules[origin] = _Rules(Protego.parse(self._robots(origin)), self._clock())
        if not rules.robots.can_fetch(address, USER_AGENT):
            raise UpstreamRefused(
                UPSTREAM,
                None,
                f"{origin}/robots.txt does not let us read {address}; ask the site, or, where you may decide it, "
                "`millrace sources set ID --robots ignore`",
            )
        return rules

    def _robots(self, origin: str) -> str:
        """Return a robots.txt; without one, everything may be read. A site that is away says neither yes nor no."""
        address = f"{origin}/robots.txt"
        try:
            body = self._way(address, INTERVAL).get(address, address).body
        except UpstreamGone:
            return ""
        except UpstreamRefused as error:
            # RFC 9309, 2.3.1.3: whatever 4xx means that there are no rules.
            if error.status is None or not 400 <= error.status < 500:  # noqa: PLR2004
                raise
            return ""
        except UnreadableAnswer as error:
            body = error.body  # the beginning of one that is too long has to do
        return body.decode("utf-8-sig", "replace")

    def _way(self, address: str, delay: float) -> Upstream:
        host = urlsplit(address).netloc
        if (host, delay) not in self._ways:
            # Whoever reads several pages of a host waits for the turn after its own, however far apart they are.
            limit = Limit(1, per=delay, patience=PATIENCE + delay)
            self._ways[host, delay] = self._gateway.upstream(UPSTREAM, limit, site=host)
        return self._ways[host, delay]


def open_site(gateway: Gateway) -> Site:
    """Return the web; nobody's key is needed."""
    return Site(gateway)


def _authority(parts: SplitResult) -> str:
    """Return host and port, the same for every spelling of an address."""
    name = parts.hostname or ""
    host = f"[{name}]" if ":" in name else name.encode("idna").decode()
    usual = parts.port is None or parts.port == _PORTS[_SCHEMES[parts.scheme.lower()]]
    return host if usual else f"{host}:{parts.port}"
