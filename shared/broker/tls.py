"""TLS to the broker: which authority is believed and who we are, carried in the address itself.

An encrypted address (`amqps://`, `https://`) may name files in its query, by the words that RabbitMQ's own clients use:
`cacertfile`, and `certfile` with `keyfile` for a broker that asks who we are. Settings put them there. The certificate
is always looked at, and must name the host that the address names.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

SEPARATOR = ";"
"""Between the addresses of a cluster's nodes."""

AUTHORITY, CERTIFICATE, KEY = FILES = ("cacertfile", "certfile", "keyfile")

ENCRYPTED = frozenset({"amqps", "https"})


def named(url: str, files: Mapping[str, str]) -> str:
    """Return an address that names these files; one that is not encrypted stays as it is."""
    parts = urlsplit(url)
    if parts.scheme not in ENCRYPTED:
        return url
    query = [parts.query, *(f"{word}={quote(file, safe='/')}" for word, file in files.items())]
    return parts._replace(query="&".join(filter(None, query))).geturl()


def files(url: str) -> dict[str, str]:
    """Return the files that an address names."""
    query = parse_qs(urlsplit(url).query)
    return {word: query[word][-1] for word in FILES if word in query}


def without_files(url: str) -> str:
    """Return an address for those who would not understand the names of files in it."""
    parts = urlsplit(url)
    kept = [pair for pair in parts.query.split("&") if pair.partition("=")[0] not in FILES]
    return parts._replace(query="&".join(kept)).geturl()


def context(url: str) -> ssl.SSLContext | None:
    """Return how an encrypted address is connected to, None for one that is not encrypted.

    Raises OSError (ssl.SSLError among them) for a file that cannot be read or holds something else.
    """
    if urlsplit(url).scheme not in ENCRYPTED:
        return None
    named_files = files(url)
    made = ssl.create_default_context(cafile=named_files.get(AUTHORITY))
    if CERTIFICATE in named_files:
        made.load_cert_chain(named_files[CERTIFICATE], named_files.get(KEY))
    return made


class ForKombu(dict[str, Any]):
    """Options as kombu takes them: verified, and against the name of whichever host it connects to.

    Kombu writes a host's name where it finds None, and keeps it: a cluster's second node would be held to the name of
    the first. Here it finds None each time.
    """

    def __init__(self, url: str) -> None:
        words = {AUTHORITY: "ca_certs", CERTIFICATE: "certfile", KEY: "keyfile"}
        named_files = {words[word]: file for word, file in files(url).items()}
        super().__init__(named_files, cert_reqs=ssl.CERT_REQUIRED, server_hostname=None)

    def __getitem__(self, word: str) -> Any:
        """Return an option; never the name of a host."""
        return None if word == "server_hostname" else super().__getitem__(word)


def for_kombu(urls: str) -> dict[str, Any]:
    """Return the settings by which Celery connects to these addresses, encrypted where they are."""
    each = urls.split(SEPARATOR)
    settings: dict[str, Any] = {"broker_url": SEPARATOR.join(map(without_files, each))}
    return settings | ({"broker_use_ssl": ForKombu(each[0])} if urlsplit(each[0]).scheme in ENCRYPTED else {})
