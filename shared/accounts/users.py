"""Users as they are stored: making them, changing them, and whose token or session it is that somebody brings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from sqlalchemy import Connection

from shared.accounts.roles import Role
from shared.database.engine import driver
from shared.errors import MillraceError

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")
"""A name or an e-mail address. ASCII alone: two names that look alike are the same name."""

SEEN: Final = 5
"""Minutes to within which `last_seen_at` is true: no request but the first in a while writes it."""


class NoSuchUser(MillraceError):
    """Nobody has this name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is no user {name}")


class NameTaken(MillraceError):
    """Somebody has this name, perhaps in other letters."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is a user {name} already")


class BadName(MillraceError):
    """A name that users cannot have."""

    def __init__(self) -> None:
        super().__init__(
            "a name has 1 to 100 of the characters A-Z a-z 0-9 . _ @ + - and begins with a letter or digit"
        )


@dataclass(frozen=True, slots=True)
class User:
    """An account, without its password."""

    id: int
    name: str
    role: Role
    generation: int
    created_at: datetime
    disabled_at: datetime | None
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says; `generation` is that of the account when it was issued."""

    user_id: int
    generation: int
    jti: str
    expires_at: datetime


_COLUMNS: Final = "id, name, role, generation, created_at, disabled_at, last_seen_at"

_ADD: Final = f"""
INSERT INTO users (name, role, password_hash) VALUES (%s, %s, %s)
ON CONFLICT (lower(name)) DO NOTHING RETURNING {_COLUMNS}
"""  # noqa: S608 - constants

# Whoever is disabled, or has another password since, has no token any more, whatever it says itself.
_OF_TOKEN: Final = f"""
SELECT {_COLUMNS} FROM users
WHERE id = %(user_id)s AND generation = %(generation)s AND disabled_at IS NULL
    AND NOT EXISTS (SELECT FROM revoked_tokens WHERE jti = %(jti)s)
"""  # noqa: S608

_SEEN: Final = f"""
UPDATE users SET last_seen_at = now()
WHERE id = %s AND (last_seen_at IS NULL OR last_seen_at < now() - interval '{SEEN} minutes')
"""  # noqa: S608

_END_ALL: Final = "DELETE FROM sessions WHERE user_id = %s"


def add(connection: Connection, name: str, role: Role, password_hash: str) -> User:
    """Make a user; raises BadName and NameTaken."""
    if not NAME.fullmatch(name):
        raise BadName
    added = _cursor(connection).execute(_ADD, (name, role, password_hash)).fetchone()
    if added is None:
        raise NameTaken(name)
    return added


def everybody(connection: Connection) -> list[User]:
    """Return all users by name."""
    return _cursor(connection).execute(f"SELECT {_COLUMNS} FROM users ORDER BY lower(name)").fetchall()  # noqa: S608


def credentials(connection: Connection, name: str) -> tuple[User, str] | None:
    """Return the user of a name who may sign in, and their password's hash; None when there is none."""
    if not NAME.fullmatch(name):
        return None
    statement = f"SELECT {_COLUMNS}, password_hash FROM users WHERE lower(name) = lower(%s) AND disabled_at IS NULL"  # noqa: S608
    row = driver(connection).execute(statement, (name,)).fetchone()
    return None if row is None else (User(*row[:-1]), row[-1])


def set_role(connection: Connection, name: str, role: Role) -> User:
    """Give a user another role, which counts from their next request on; raises NoSuchUser."""
    return _change(connection, name, "role = %(role)s", role=role)


def set_password(connection: Connection, name: str, password_hash: str) -> User:
    """Give a user another password, and end their sessions and tokens; raises NoSuchUser."""
    user = _change(connection, name, "password_hash = %(hash)s, generation = generation + 1", hash=password_hash)
    driver(connection).execute(_END_ALL, (user.id,))
    return user


def disable(connection: Connection, name: str) -> User:
    """Let a user in no more, and end their sessions and tokens for good; raises NoSuchUser."""
    change = "disabled_at = coalesce(disabled_at, now()), generation = generation + 1"
    user = _change(connection, name, change)
    driver(connection).execute(_END_ALL, (user.id,))
    return user


def enable(connection: Connection, name: str) -> User:
    """Let a user sign in again; raises NoSuchUser."""
    return _change(connection, name, "disabled_at = NULL")


def remove(connection: Connection, name: str) -> None:
    """Delete a user with their sessions; what they did keeps their name. Raises NoSuchUser."""
    if driver(connection).execute("DELETE FROM users WHERE lower(name) = lower(%s)", (name,)).rowcount == 0:
        raise NoSuchUser(name)


def rehash(connection: Connection, user: User, old: str, better: str) -> None:
    """Store the same password in a better hash, unless it was changed meanwhile."""
    statement = "UPDATE users SET password_hash = %s WHERE id = %s AND password_hash = %s"
    driver(connection).execute(statement, (better, user.id, old))


def of_token(connection: Connection, claims: Claims) -> User | None:
    """Return whose token this is, as they are now; None for one that was revoked in whatever way."""
    values = {"user_id": claims.user_id, "generation": claims.generation, "jti": claims.jti}
    user = _cursor(connection).execute(_OF_TOKEN, values).fetchone()
    if user is not None:
        seen(connection, user)
    return user


def seen(connection: Connection, user: User) -> None:
    """Note that a user is active, at most once in some minutes."""
    driver(connection).execute(_SEEN, (user.id,))


def revoke(connection: Connection, claims: Claims) -> None:
    """Let a token count no more; harmless when repeated."""
    statement = (
        "INSERT INTO revoked_tokens (jti, user_id, expires_at)"
        " SELECT %s, id, %s FROM users WHERE id = %s ON CONFLICT (jti) DO NOTHING"
    )
    driver(connection).execute(statement, (claims.jti, claims.expires_at, claims.user_id))


def forget_revoked(connection: Connection, days: int, limit: int) -> int:
    """Forget up to `limit` revoked tokens that expired more than `days` ago; return how many."""
    statement = """
        DELETE FROM revoked_tokens WHERE jti IN (
            SELECT jti FROM revoked_tokens WHERE expires_at < now() - %s * interval '1 day'
            ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED
        )
    """
    return driver(connection).execute(statement, (days, limit)).rowcount


def _change(connection: Connection, name: str, change: str, **values: Any) -> User:
    statement = f"UPDATE users SET {change} WHERE lower(name) = lower(%(name)s) RETURNING {_COLUMNS}"  # noqa: S608
    changed = _cursor(connection).execute(statement, {"name": name, **values}).fetchone()
    if changed is None:
        raise NoSuchUser(name)
    return changed


def _cursor(connection: Connection) -> psycopg.Cursor[User]:
    return driver(connection).cursor(row_factory=class_row(User))
