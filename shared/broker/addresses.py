"""Where the broker is: the address of one node, or those of a cluster with `;` between them, as kombu has it."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pika

from shared.broker import tls

SEPARATOR = tls.SEPARATOR
"""A `;` that belongs to a password is written %3B."""

HEARTBEAT = 10
"""Seconds between heartbeats. A node that is silent for two of them is given up for the next address, so a machine
that vanishes without a word (power, network) costs its clients twice this; the broker's own default is 60."""


def split(urls: str) -> list[str]:
    """Return the single addresses, in the order in which they are tried."""
    return [url.strip() for url in urls.split(SEPARATOR) if url.strip()]


def parameters(urls: str) -> list[pika.URLParameters]:
    """Return what pika needs to know of each address; a BlockingConnection takes the list and tries each in turn."""
    found = [pika.URLParameters(tls.without_files(url)) for url in split(urls)]
    for node, url in zip(found, split(urls), strict=True):
        node.heartbeat = HEARTBEAT
        if (context := tls.context(url)) is not None:
            node.ssl_options = pika.SSLOptions(context, node.host)
    return found


def signed_in(urls: str, name: str, password: str) -> str:
    """Return the same addresses (AMQP or management) for another account."""
    account = f"{quote(name, safe='')}:{quote(password, safe='')}"
    return SEPARATOR.join(
        parts._replace(netloc=f"{account}@{parts.netloc.rpartition('@')[2]}").geturl()
        for parts in map(urlsplit, split(urls))
    )
