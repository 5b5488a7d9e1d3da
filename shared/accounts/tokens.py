"""Tokens for the API: signed (HS256), good for an hour or so, and only as good as the account they are of.

A token says who somebody is and until when; whether they may still do anything is asked of the database each time.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt

from shared.accounts.roles import Role
from shared.accounts.users import Claims
from shared.errors import MillraceError

ALGORITHM: Final = "HS256"
ISSUER: Final = "millrace"
LEEWAY: Final = 5
"""Seconds by which the clocks of two API machines may differ."""

LONGEST: Final = 4096
"""Characters; ours have some 300, and nothing longer is worth looking into."""


class BadToken(MillraceError):
    """Not a token of ours, or not one that we would issue."""


class TokenExpired(MillraceError):
    """A token of ours whose time is over."""


def issue(
    secret: str, user_id: int, role: Role, generation: int, *, at: datetime, lifetime: timedelta
) -> tuple[str, Claims]:
    """Return a new token and its claims. `role` is in it for whoever holds it to read; nobody here trusts it."""
    expires_at = at.replace(microsecond=0) + lifetime
    claims = Claims(user_id, generation, str(uuid.uuid4()), expires_at)
    body: dict[str, Any] = {
        "iss": ISSUER,
        "sub": str(user_id),
        "role": role,
        "gen": generation,
        "jti": claims.jti,
        "iat": at,
        "exp": expires_at,
    }
    return jwt.encode(body, secret, algorithm=ALGORITHM), claims


def read(secrets: Sequence[str], token: str) -> Claims:
    """Return what a token says that one of the secrets has signed; raises TokenExpired or BadToken."""
    if len(token) > LONGEST:
        raise BadToken("too long")
    for secret in secrets[:-1]:
        with contextlib.suppress(BadToken):
            return _read(secret, token)
    return _read(secrets[-1], token)


def _read(secret: str, token: str) -> Claims:
    try:
        body = jwt.decode(
            token,
            secret,
            # Named, so that no token chooses for itself how it is checked.
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            leeway=LEEWAY,
            options={"require": ["sub", "gen", "jti", "iat", "exp"]},
        )
        user_id, generation, jti = int(body["sub"]), body["gen"], body["jti"]
        expires_at = datetime.fromtimestamp(body["exp"], UTC)
    except jwt.ExpiredSignatureError as error:
        raise TokenExpired("it has expired") from error
    except (jwt.InvalidTokenError, ValueError, OverflowError, OSError, TypeError) as error:
        raise BadToken(f"it cannot be read ({type(error).__name__})") from error
    if not isinstance(generation, int) or not isinstance(jti, str):
        raise BadToken("its claims are not ours")
    return Claims(user_id, generation, jti, expires_at)
