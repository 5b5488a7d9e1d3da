"""Sessions: browsers that are signed in. The cookie holds a random token; the table holds its SHA-256 alone."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from sqlalchemy import Connection

from shared.accounts import users
from shared.accounts.users import User
from shared.database.engine import driver

COOKIE: Final = "millrace_session"
"""The cookie's name over plain HTTP, as on one's own machine."""

SECURE_COOKIE: Final = "__Host-millrace_session"
"""Its name over HTTPS: a browser takes a cookie of this prefix from this very host alone."""

HOURS: Final = 12
"""Hours after which a session ends however busy it is: a working day."""

IDLE: Final = 2
"""Hours after which a session ends that nobody used."""

LONGEST_AGENT: Final = 300
"""Characters kept of what a browser calls itself."""

_OPEN: Final = f"""
INSERT INTO sessions (id, user_id, expires_at, user_agent)
VALUES (%s, %s, now() + interval '{HOURS} hours', %s)
"""  # noqa: S608 - constants

_OF: Final = f"""
SELECT users.id, name, role, generation, users.created_at, disabled_at, users.last_seen_at
FROM sessions JOIN users ON users.id = user_id
WHERE sessions.id = %s AND expires_at > now() AND sessions.last_seen_at > now() - interval '{IDLE} hours'
    AND disabled_at IS NULL
"""  # noqa: S608

_SEEN: Final = """
UPDATE sessions SET last_seen_at = now() WHERE id = %s AND last_seen_at < now() - interval '1 minute'
"""

_FORGET: Final = f"""
DELETE FROM sessions WHERE id IN (
    SELECT id FROM sessions WHERE expires_at <= now() OR last_seen_at <= now() - interval '{IDLE} hours'
    ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED
)
"""  # noqa: S608


def open_session(connection: Connection, user: User, user_agent: str | None = None) -> str:
    """Begin a session for somebody whose password was right; return the token for the cookie.

    Always a new one: a token that somebody brought along could be known to somebody else.
    """
    token = secrets.token_urlsafe(32)
    agent = None if user_agent is None else user_agent[:LONGEST_AGENT].replace("\0", "")
    driver(connection).execute(_OPEN, (_id(token), user.id, agent))
    return token


def session_user(connection: Connection, token: str) -> User | None:
    """Return whose session this is, as they are now; None when it has ended."""
    row = driver(connection).execute(_OF, (_id(token),)).fetchone()
    if row is None:
        return None
    user = User(*row)
    driver(connection).execute(_SEEN, (_id(token),))
    users.seen(connection, user)
    return user


def close_session(connection: Connection, token: str) -> None:
    """End a session; harmless when it has ended."""
    driver(connection).execute("DELETE FROM sessions WHERE id = %s", (_id(token),))


def forget_sessions(connection: Connection, limit: int) -> int:
    """Delete up to `limit` sessions that are over; return how many."""
    return driver(connection).execute(_FORGET, (limit,)).rowcount


def set_cookie(token: str, *, secure: bool) -> str:
    """Return the value of Set-Cookie that hands a session to a browser.

    Scripts cannot read it (HttpOnly), other sites' forms do not send it (SameSite), nor does anything unencrypted
    (Secure; only left out where the console itself is served over plain HTTP). It ends with the session.
    """
    return _cookie(token, HOURS * 3600, secure=secure)


def clear_cookie(*, secure: bool) -> str:
    """Return the value of Set-Cookie that makes a browser forget its session."""
    return _cookie("", 0, secure=secure)


def _cookie(value: str, seconds: int, *, secure: bool) -> str:
    name = SECURE_COOKIE if secure else COOKIE
    attributes = f"{name}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict"
    return f"{attributes}; Secure" if secure else attributes


def _id(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
