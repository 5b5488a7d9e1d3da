"""Attempts to sign in, counted in the database, so that guessing is as slow with ten API processes as with one.

Of a quarter of an hour, an address may fail 30 times, and a name 10 times, from wherever. So that nobody is locked out
by a stranger who keeps failing on purpose, an address from which that name has signed in within a month has 10
failures of its own: others' do not count there.
"""

from __future__ import annotations

import hashlib
import ipaddress
from typing import Final

from sqlalchemy import Connection

from shared.database.engine import driver
from shared.errors import MillraceError

OF_A_NAME: Final = 10
"""Failures of one name that may come within the window."""

OF_AN_ADDRESS: Final = 30
"""Failures from one address: an office may share it."""

WINDOW: Final = 15
"""Minutes."""

KEPT: Final = 30
"""Days for which an attempt is remembered, and with it that an address is one from which the user has signed in."""

LOCK: Final = 0x7369676E
"""First half of the advisory locks under which attempts of a name, and of an address, are counted one by one."""

# Counted as failed from the start: neither a crash nor a thousand attempts at once get around the count.
_BEGIN: Final = "INSERT INTO sign_ins (name_key, address) VALUES (%(name)s, %(address)s) RETURNING id"

_LOCK: Final = """
SELECT pg_advisory_xact_lock(%(lock)s, key)
FROM (SELECT DISTINCT key FROM unnest(%(keys)s::int[]) AS keys (key) ORDER BY key) AS ordered
"""

# A time is that of the failure whose leaving the window makes room for another attempt.
_COUNT: Final = f"""
WITH familiar AS (
    SELECT max(at) AS since FROM sign_ins WHERE name_key = %(name)s AND address = %(address)s AND succeeded
), failed AS (
    SELECT name_key = %(name)s AS of_name, address = %(address)s AS of_address, at
    FROM sign_ins
    WHERE (name_key = %(name)s OR address = %(address)s) AND NOT succeeded AND at > now() - interval '{WINDOW} minutes'
), full_until AS (
    (SELECT at FROM failed WHERE of_address ORDER BY at DESC OFFSET {OF_AN_ADDRESS - 1} LIMIT 1)
    UNION ALL
    (SELECT at FROM failed, familiar
     WHERE of_name AND (since IS NULL OR (of_address AND at > since))
     ORDER BY at DESC OFFSET {OF_A_NAME - 1} LIMIT 1)
)
SELECT extract(epoch FROM max(at) + interval '{WINDOW} minutes' - now())::float FROM full_until
"""  # noqa: S608 - constants

_SWEEP: Final = f"""
DELETE FROM sign_ins WHERE id IN (
    SELECT id FROM sign_ins WHERE at < now() - interval '{KEPT} days' ORDER BY at LIMIT 10 FOR UPDATE SKIP LOCKED
)
"""  # noqa: S608


class TooManyAttempts(MillraceError):
    """Signing in under this name, or from this address, has failed too often of late; `retry_after` is in seconds."""

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(f"too many attempts failed; try again in {retry_after:.0f} s")


def begin(connection: Connection, name: str, address: str) -> int:
    """Count an attempt, before the password is looked at; return its id. Raises TooManyAttempts, which counts nothing.

    The caller's transaction is to be short: others wait for it who sign in under this name, or from this address.
    """
    network, name_key = network_of(address), _key(name)
    values = {"name": name_key, "address": network}
    keys = [int.from_bytes(digest[:4], signed=True) for digest in (name_key, _key(network))]
    raw = driver(connection)
    raw.execute(_LOCK, {"lock": LOCK, "keys": keys})
    row = raw.execute(_COUNT, values).fetchone()
    if row is not None and row[0] is not None:
        raise TooManyAttempts(max(1.0, row[0]))
    begun = raw.execute(_BEGIN, values).fetchone()
    raw.execute(_SWEEP)
    assert begun is not None  # noqa: S101 - RETURNING
    return int(begun[0])


def succeed(connection: Connection, attempt: int) -> None:
    """Note that the password was right: the attempt is no failure, and its address a familiar one."""
    driver(connection).execute("UPDATE sign_ins SET succeeded = true WHERE id = %s", (attempt,))


def network_of(address: str) -> str:
    """Return what is counted as one address: of IPv6 the /64 network, of which a household has all."""
    try:
        told = ipaddress.ip_address(address)
    except ValueError:
        return address[:100].replace("\0", "")
    if isinstance(told, ipaddress.IPv6Address):
        mapped = told.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((int(told) >> 64 << 64, 64)))
    return str(told)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.lower().encode("utf-8", "surrogatepass")).digest()
