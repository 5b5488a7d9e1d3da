"""Where requests may go: to the web outside, and to the addresses that settings name; nowhere else inside.

Anybody's page, feed or redirect may name any address: this machine's own, a neighbour's, or that of a cloud's metadata
service, which hands out keys. So an address is looked at when it is connected to, after it was resolved: neither a name
that points inside, nor one that points elsewhere the second time, gets around that.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore
import httpx

from shared.settings import Settings

NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that stand for IPv4 ones (RFC 6052), the last 32 bits."""

PORTS: Final = {"http": 80, "https": 443}

Place = tuple[str, int]
"""Host, in lower case, and port; 0 stands for every port."""


class Inside(httpx.UnsupportedProtocol):
    """An address that is not outside, and that no setting names."""


def is_outside(address: str) -> bool:
    """Say whether an IP address is one of the public internet."""
    told = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(told, ipaddress.IPv6Address):
        within = told.ipv4_mapped or told.sixtofour
        if told in NAT64:
            within = ipaddress.IPv4Address(int(told) & 0xFFFFFFFF)
        if within is not None:
            told = within
    return told.is_global and not told.is_multicast


def named_places(settings: Settings) -> frozenset[Place]:
    """Return the places that settings name: those of the upstreams, and the sites inside that may be read."""
    urls = [value for name, value in settings if name.endswith("_url") and isinstance(value, str)]
    upstreams = [(parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)) for parts in map(urlsplit, urls)]
    inside = [urlsplit(f"//{host}") for host in settings.internal_sites.split()]
    return frozenset([*upstreams, *((parts.hostname or "", parts.port or 0) for parts in inside)])


class Outside(httpcore.SyncBackend):
    """Connects to the web outside and to named places."""

    def __init__(self, named: Iterable[Place]) -> None:
        self._named = frozenset(named)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect; raises Inside, or httpcore's ConnectError and ConnectTimeout."""
        if {(host.lower(), port), (host.lower(), 0)} & self._named:
            return super().connect_tcp(host, port, timeout, local_address, socket_options)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error
        addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
        public = [address for address in addresses if is_outside(address)]
        if not public:
            raise Inside(
                f"{host} is inside ({', '.join(addresses)}), where nobody is asked whom a page or a person names;"
                " MILLRACE_INTERNAL_SITES lists the exceptions"
            )
        for address in public[:-1]:
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return super().connect_tcp(public[-1], port, timeout, local_address, socket_options)


def only_outside(client: httpx.Client, settings: Settings) -> httpx.Client:
    """Let a client connect as `Outside` does, and return it; what goes through a proxy is the proxy's to look at."""
    # Httpx has no argument for it, but one by which the proxies of the environment would be forgotten.
    client._transport._pool._network_backend = Outside(named_places(settings))  # type: ignore[attr-defined] # noqa: SLF001
    return client
