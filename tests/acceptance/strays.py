"""Messages as strangers, broken clients and bad intentions send them, with what is to become of each."""

from __future__ import annotations

import gzip
import os
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pika

from shared.broker.topology import DEAD_LETTER
from tests.acceptance.foreign import Raw, raw_header, raw_text

STORE = "maintenance.probe.store"
LIFTED = "maintenance.probe.lifted"

DONE = "done"
"""The fate of what is understood in spite of its looks."""

FAR = 2**62


@dataclass
class Stray:
    """A message, and what is to become of it: DONE, or the reason and a part of the text of its dead letter."""

    fate: str
    says: str = ""
    body: bytes | None = None
    """A good one, with a key of its own, when left out."""
    key: str = STORE
    properties: Any = None
    exchange: str = "maintenance"


def nested(depth: int) -> bytes:
    """Return a header's value that is an array in an array in an array."""
    value = b""
    for _ in range(depth):
        value = b"A" + raw_text(value)
    return value


def with_headers(**headers: Any) -> pika.BasicProperties:
    return pika.BasicProperties(headers=headers)


def properties(**given: Any) -> pika.BasicProperties:
    return pika.BasicProperties(**given)


LIE = {"queue": "content", "kind": "scrape.series.save", "reason": "a lie", "at": FAR}

STRAYS = {
    # Bodies.
    "not JSON": Stray("invalid", "not JSON", b"not JSON at all"),
    "a number": Stray("invalid", "not an object", b"5"),
    "a list": Stray("invalid", "not an object", b"[1]"),
    "nothing": Stray("invalid", "not JSON", b""),
    "an object that looks like a Celery message": Stray("invalid", "task", b'{"task": 1}'),
    "a Celery message of protocol 1": Stray("invalid", "task", b'{"task": "x", "id": "1", "args": [], "kwargs": {}}'),
    "a list body under a header task": Stray(
        "invalid", "not an object", b"[[], {}]", properties=with_headers(task=STORE)
    ),
    "a megabyte of noise": Stray("invalid", "not JSON", os.urandom(1 << 20)),
    "brackets without end": Stray("invalid", "not JSON", b"[" * 200_000),
    "objects without end": Stray("invalid", "not JSON", b'{"key":' * 100_000),
    "a number beyond all numbers": Stray("invalid", "key", b'{"key": 1e999}'),
    "an integer of a million digits": Stray("invalid", "", b'{"key": ' + b"9" * 1_000_000 + b"}"),
    "NaN": Stray("invalid", "", b'{"key": NaN}'),
    "UTF-16": Stray("invalid", "not JSON", '{"key": 1}'.encode("utf-16")),
    "a key in Latin-1": Stray("invalid", "not JSON", '{"clé": 1}'.encode("latin-1")),
    "a violated contract": Stray("invalid", "valid integer", b'{"key": "x"}'),
    "a missing field": Stray("invalid", "required", b"{\n}"),
    "an extra field": Stray("invalid", "extra", b'{"key": 1, "extra": 2}'),
    # Kinds and versions.
    "an unknown kind": Stray("invalid", "no contract", key="maintenance.nothing.known"),
    "a kind that is one of Celery's own tasks": Stray(
        "invalid", "no contract", properties=properties(type="celery.ping")
    ),
    "a kind that is our keeper's task": Stray(
        "invalid", "no contract", properties=properties(type="millrace.dead_letters.keep")
    ),
    "a kind with NUL": Stray("invalid", "no contract", properties=properties(type="maintenance\0probe")),
    "a future version": Stray("invalid", "schema 99", properties=with_headers(schema=99)),
    "a version that is true": Stray("invalid", "schema True", properties=with_headers(schema=True)),
    "a version in words": Stray("invalid", "schema 'one'", properties=with_headers(schema="one")),
    "an old version that cannot be lifted": Stray(
        "invalid", "lifted", b'{"nomber": 5}', LIFTED, with_headers(schema=1)
    ),
    # What the sender says about the body.
    "a lie about compression": Stray(
        "invalid", "compressed", properties=with_headers(compression="application/x-gzip")
    ),
    "an unknown compression": Stray("invalid", "compressed", properties=with_headers(compression="zip of sorts")),
    "a true gzip": Stray(
        "invalid", "compressed", gzip.compress(b'{"key": 1}'), properties=with_headers(compression="application/x-gzip")
    ),
    "a gigabyte in a megabyte": Stray(
        "invalid", "compressed", gzip.compress(bytes(1 << 30), 9), properties=with_headers(compression="gzip")
    ),
    "pickle": Stray("invalid", "content type", properties=properties(content_type="application/x-python-serialize")),
    "another encoding": Stray("invalid", "content encoding", properties=properties(content_encoding="utf-16")),
    "an encoding nobody has": Stray("invalid", "content encoding", properties=properties(content_encoding="bogus")),
    "a charset in the content type": Stray(
        DONE, properties=properties(content_type="application/json; charset=utf-8", content_encoding="UTF-8")
    ),
    # Headers that mean something to Celery, or look as if they were ours.
    "a header task without id": Stray(DONE, properties=with_headers(task=STORE)),
    "headers Celery reads": Stray(
        DONE,
        properties=with_headers(
            task="x",
            id=3,
            eta="yesterday",
            expires="never",
            retries=-5,
            timelimit="x",
            lang=7,
            root_id=[],
            group=1,
            argsrepr=None,
            ignore_result="y",
        ),
    ),
    "headers of ours with other types": Stray(
        DONE,
        properties=with_headers(attempt="x", replay=[1], cause=7, traceparent={}, published_at="noon", not_before=None),
    ),
    "counts beyond all counts": Stray(DONE, properties=with_headers(attempt=2**63 - 1, replay=2**63 - 1)),
    "lies about its deaths": Stray(
        "invalid", "required", b"{ }", properties=with_headers(**{"x-death": "lies", "x-millrace-dead": "lies"})
    ),
    "lies about its deaths in our own form": Stray(
        "invalid", "required", b"{  }", properties=with_headers(**{"x-death": [LIE, 7], "x-millrace-dead": LIE})
    ),
    "every type of header": Stray(
        DONE,
        properties=with_headers(
            a=[1, {"b": b"\x00\xff"}],
            c=datetime(2026, 1, 1, tzinfo=UTC),
            e=None,
            f=2**40,
        ),
    ),
    "a float": Stray(
        "invalid",
        "required",
        b"{     }",
        properties=Raw(headers=raw_header(b"x", b"d", struct.pack(">d", 0.5))),
    ),
    "a shallow tower of tables": Stray(DONE, properties=Raw(headers=raw_header(b"x", nested(20)[:1], nested(20)[1:]))),
    "a tower of tables": Stray(DONE, properties=Raw(headers=raw_header(b"x", nested(300)[:1], nested(300)[1:]))),
    "a tower of tables without end": Stray(
        "invalid", "cannot be decoded", properties=Raw(headers=raw_header(b"x", nested(20_000)[:1], nested(20_000)[1:]))
    ),
    "headers as large as a frame holds": Stray(DONE, properties=with_headers(big="y" * 130_000)),
    "headers as large as a frame holds, and a death": Stray(
        "rejected", "", b"{   }", properties=with_headers(big="y" * 130_900)
    ),
    # Numbers and times.
    "priority 200": Stray(DONE, properties=properties(priority=200)),
    "published in the far future": Stray(DONE, properties=with_headers(published_at=FAR)),
    "published before time": Stray(DONE, properties=with_headers(published_at=-FAR)),
    "to start after the end of time": Stray(DONE, properties=with_headers(not_before=FAR)),
    "to expire after the end of time": Stray(DONE, properties=with_headers(expires_at=FAR)),
    "expired long ago": Stray("expired", "before", properties=with_headers(expires_at=1)),
    "a timestamp beyond all calendars": Stray(DONE, properties=properties(timestamp=FAR)),
    "a header that is a time beyond all calendars": Stray(
        "invalid", "cannot be decoded", properties=Raw(headers=raw_header(b"when", b"T", struct.pack(">Q", FAR)))
    ),
    # Text.
    "a message id with NUL": Stray(
        DONE, properties=properties(message_id="nul\0id", correlation_id="c\0", app_id="a\0")
    ),
    "a message id with a lone surrogate": Stray(DONE, properties=Raw(message_id=b"lone\xed\xa0\x80")),
    "an app id in Latin-1": Stray("invalid", "cannot be decoded", properties=Raw(app_id=b"Caf\xe9")),
    "a kind in Latin-1": Stray("invalid", "cannot be decoded", properties=Raw(type=b"caf\xe9")),
    "a header named in Latin-1": Stray(DONE, properties=Raw(headers=raw_header(b"Caf\xe9", b"t", b"\1"))),
    "a header's value in Latin-1": Stray(DONE, properties=Raw(headers=raw_header(b"x", b"S", raw_text(b"Caf\xe9")))),
    "a header's value with a lone surrogate": Stray(
        DONE, properties=Raw(headers=raw_header(b"x", b"S", raw_text(b"\xed\xa0\x80")))
    ),
    "a death with a lone surrogate in a header": Stray(
        "invalid", "required", b"{    }", properties=Raw(headers=raw_header(b"x", b"S", raw_text(b"\xed\xa0\x80")))
    ),
    "a short integer": Stray(DONE, properties=Raw(headers=raw_header(b"x", b"s", b"\0\7"))),
    "a decimal with many places": Stray(DONE, properties=Raw(headers=raw_header(b"x", b"D", b"\xff\0\0\0\1"))),
    # Straight into the dead letters, by somebody else.
    "a letter of a stranger": Stray("unknown", "", exchange=DEAD_LETTER, key="made.up"),
    "a letter that lies": Stray(
        "unknown",
        "",
        exchange=DEAD_LETTER,
        key="made.up",
        properties=with_headers(**{"x-millrace-dead": "x", "x-death": "y"}),
    ),
}
