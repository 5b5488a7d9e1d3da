"""Signing in by name and password: limited, in constant time, and never by more processors than one."""

from __future__ import annotations

from typing import Final

import structlog
from anyio import CapacityLimiter, to_thread
from pydantic import SecretStr
from sqlalchemy import Connection

from producers.api.database import Database
from shared.accounts import passwords, sign_ins, users
from shared.accounts.users import User
from shared.errors import MillraceError

AT_ONCE: Final = 1
"""Passwords that one process looks at, at the same time: each takes 64 MiB and a processor for a good moment."""

WAITING: Final = 20
"""Who may wait for that; more are sent away, lest a flood of them holds up the process."""

log = structlog.get_logger(__name__)


class SignInRefused(MillraceError):
    """The password is wrong, or the user is disabled or does not exist: nobody is told which."""

    def __init__(self) -> None:
        super().__init__("There is no such user, or the password is another one, or the account is disabled.")


class Busy(MillraceError):
    """Too many are waiting already."""

    def __init__(self) -> None:
        super().__init__(f"{WAITING} others are waiting for their passwords to be looked at.")


class SigningIn:
    """The way in, for tokens and for sessions alike; one for each process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns = CapacityLimiter(AT_ONCE)

    async def user(self, name: str, password: SecretStr, address: str) -> User:
        """Return who this is; `address` is where they are.

        Raises SignInRefused, TooManyAttempts, Busy and DatabaseAway.
        """
        if self._turns.statistics().tasks_waiting >= WAITING:
            raise Busy
        attempt, found = await self._database.call(_begin, name, address)
        stored = None if found is None else found[1]
        right, better = await to_thread.run_sync(_look, password, stored, limiter=self._turns)
        if found is None or not right:
            # Not the name: what people type there by mistake is at times a password.
            log.warning("sign-in refused", address=address)
            raise SignInRefused
        user, old = found
        await self._database.call(_welcome, attempt, user, old, better)
        log.info("signed in", user=user.name, address=address)
        return user


def _begin(connection: Connection, name: str, address: str) -> tuple[int, tuple[User, str] | None]:
    return sign_ins.begin(connection, name, address), users.credentials(connection, name)


def _look(password: SecretStr, stored: str | None) -> tuple[bool, str | None]:
    return passwords.verify(password.get_secret_value(), stored)


def _welcome(connection: Connection, attempt: int, user: User, old: str, better: str | None) -> None:
    sign_ins.succeed(connection, attempt)
    users.seen(connection, user)
    if better is not None:
        users.rehash(connection, user, old, better)
