"""Passwords: how they are kept (Argon2id), what they must be, and making one up.

The library is loaded when a password is hashed, not when this is imported: most who import accounts never do.
"""

from __future__ import annotations

import functools
import secrets
import unicodedata
from typing import TYPE_CHECKING, Final

from shared.errors import MillraceError

if TYPE_CHECKING:
    from pwdlib import PasswordHash

SHORTEST: Final = 12
"""Characters. Length is all that is asked for: rules about kinds of characters make passwords worse."""

LONGEST: Final = 1000
"""Characters; hashing takes no longer for more, but reading does."""

MADE_UP: Final = 18
"""Random bytes of a password that was made up: 144 bits."""


class PoorPassword(MillraceError):
    """A password that is refused; the message says why, and never what it was."""


def check(password: str, name: str = "") -> None:
    """Raise PoorPassword for one that is too short, too long, the name itself, or the same character all along."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PoorPassword(f"a password has {SHORTEST} to {LONGEST} characters")
    if len(set(password)) == 1 or password.casefold() == name.casefold():
        raise PoorPassword("this password is the first that anybody would try")


def make_up() -> str:
    """Return a password nobody guesses."""
    return secrets.token_urlsafe(MADE_UP)


def hashed(password: str) -> str:
    """Return the hash to store, with its salt and parameters."""
    return _argon2().hash(_normal(password))


def verify(password: str, stored: str | None) -> tuple[bool, str | None]:
    """Say whether a password is the one stored, and return a better hash to store if parameters have changed.

    Takes as long for None, somebody who does not exist, as for a wrong password.
    """
    nobody, argon2 = _nobody(), _argon2()
    # A hash of another sort is no password's either; the library's own error would quote it.
    known = stored is not None and argon2.current_hasher.identify(stored)
    right, better = argon2.verify_and_update(_normal(password), stored if known and stored is not None else nobody)
    return (right, better) if known else (False, None)


@functools.cache
def _argon2() -> PasswordHash:
    from pwdlib import PasswordHash  # noqa: PLC0415 - see above
    from pwdlib.hashers.argon2 import Argon2Hasher  # noqa: PLC0415

    # RFC 9106's second choice, for machines that do other work as well: 64 MiB, three passes, four lanes.
    return PasswordHash((Argon2Hasher(time_cost=3, memory_cost=64 * 1024, parallelism=4),))


@functools.cache
def _nobody() -> str:
    """Return a hash that no password has, made with today's parameters."""
    return _argon2().hash(secrets.token_urlsafe(MADE_UP))


def _normal(password: str) -> str:
    """Return the form in which every keyboard writes the same password."""
    return unicodedata.normalize("NFC", password)
