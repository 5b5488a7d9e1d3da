"""Who may do more than read: whoever brings a user's token, a session's cookie, or the admin token."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final, Literal, cast
from urllib.parse import urlsplit

import structlog
from fastapi import Depends, Header, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from producers.api import problems
from producers.api.database import Database
from producers.api.problems import CHALLENGE, Problem
from shared.accounts import sessions, tokens, users
from shared.accounts.roles import Role, may
from shared.accounts.users import Claims
from shared.settings import Settings, split_secrets

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="A token of POST /v1/sign-in, or the token that the API was started with (MILLRACE_ADMIN_TOKEN).",
)
_cookie = APIKeyCookie(
    name=sessions.COOKIE,
    auto_error=False,
    scheme_name="session",
    description=f"A browser's session; over HTTPS the cookie is {sessions.SECURE_COOKIE}. What changes something needs"
    " the header X-Millrace-Request as well, unless the browser says that it comes from this very site.",
)

PROBLEMS = (
    problems.TOKEN_MISSING,
    problems.TOKEN_WRONG,
    problems.TOKEN_EXPIRED,
    problems.TOKEN_REVOKED,
    problems.SESSION_OVER,
    problems.ADMIN_DISABLED,
    problems.ROLE_TOO_LOW,
    problems.CROSS_SITE,
    problems.DATABASE_AWAY,
)
"""What every admin route may answer."""

_INVALID: Final = {"WWW-Authenticate": f'{CHALLENGE["WWW-Authenticate"]}, error="invalid_token"'}
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and by what they showed that they may."""

    name: str
    role: Role
    via: Literal["admin-token", "token", "session"]
    expires_at: datetime | None = None
    claims: Claims | None = None
    session: str | None = field(default=None, repr=False)


async def permitted(
    request: Request,
    least: SecurityScopes,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    _cookie: Annotated[str | None, Depends(_cookie)],
) -> Caller:
    """Return who asks if they may do what needs the role in `least`; raises Problem.

    Nothing of it is remembered from one request to the next: whoever is disabled, or has another role or password,
    or signed out, is found to be so by every process at once.
    """
    # Where a router and its route both need a role, who it is has been found already.
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None:
        caller = request.state.caller = await _caller(request, bearer)
        structlog.contextvars.bind_contextvars(user=caller.name)
    for role in least.scopes:
        if not may(caller.role, cast("Role", role)):
            raise Problem(problems.ROLE_TOO_LOW, f"This needs the role {role}; {caller.name} is {caller.role}.")
    return caller


async def refused_unseen(request: Request) -> Problem | None:
    """Return the problem of a caller that nobody has looked at yet, where the route needs a role; else None.

    FastAPI reads a body before it looks who sent it: who may not ask at all is to hear that, and nothing of the body.
    """
    dependant = getattr(request.scope.get("route"), "dependant", None)
    if hasattr(request.state, "caller") or dependant is None:
        return None
    if not any(part.call is permitted for part in dependant.dependencies):
        return None
    try:
        request.state.caller = await _caller(request, await _bearer(request))
    except Problem as problem:
        return problem
    return None


def needs(least: Role) -> Any:
    """Return the dependency of a route for which this role is the least."""
    return Security(permitted, scopes=[least])


async def actor(
    request: Request,
    x_millrace_actor: Annotated[
        str | None,
        Header(
            max_length=100,
            description="Who does this, for the record, where the admin token does not say; a user has a name.",
        ),
    ] = None,
) -> str:
    """Return the name that the record of an action keeps; only for routes that need a role."""
    caller: Caller = request.state.caller
    return (x_millrace_actor or "api") if caller.via == "admin-token" else caller.name


Actor = Annotated[str, Depends(actor)]


async def _caller(request: Request, bearer: HTTPAuthorizationCredentials | None) -> Caller:
    settings: Settings = request.app.state.settings
    secure = request.url.scheme == "https"
    session = request.cookies.get(sessions.SECURE_COOKIE if secure else sessions.COOKIE)
    if bearer is None and session is not None:
        return await _of_session(request, session)
    admin = "" if settings.admin_token is None else settings.admin_token.get_secret_value()
    if not admin and settings.token_secret is None:
        raise Problem(problems.ADMIN_DISABLED, "Neither was configured when this API was started.")
    if bearer is None:
        raise Problem(problems.TOKEN_MISSING, "The request has no bearer token.", headers=CHALLENGE)
    # Compared by their digests, so that the time it takes tells not even the length.
    if admin and hmac.compare_digest(_digest(bearer.credentials), _digest(admin)):
        return Caller("admin-token", "admin", "admin-token")
    if settings.token_secret is None:
        raise Problem(problems.TOKEN_WRONG, "The bearer token is another one.", headers=_INVALID)
    return await _of_token(request, split_secrets(settings.token_secret), bearer.credentials)


async def _of_token(request: Request, secrets: Sequence[str], token: str) -> Caller:
    try:
        claims = tokens.read(secrets, token)
    except tokens.TokenExpired as error:
        raise Problem(problems.TOKEN_EXPIRED, "It was good until a while ago.", headers=_INVALID) from error
    except tokens.BadToken as error:
        raise Problem(problems.TOKEN_WRONG, "The bearer token is none that this API gave.", headers=_INVALID) from error
    database: Database = request.app.state.database
    user = await database.call(users.of_token, claims)
    if user is None:
        said = "It was signed out, or the password has changed, or the account is disabled or gone."
        raise Problem(problems.TOKEN_REVOKED, said, headers=_INVALID)
    return Caller(user.name, user.role, "token", claims.expires_at, claims=claims)


async def _of_session(request: Request, session: str) -> Caller:
    if request.method not in _SAFE and not same_site(request):
        raise Problem(problems.CROSS_SITE, "Nothing shows that our own pages, or a program of yours, sent it.")
    database: Database = request.app.state.database
    user = await database.call(sessions.session_user, session)
    if user is None:
        raise Problem(problems.SESSION_OVER, "It has ended, or the account is disabled or gone.", headers=CHALLENGE)
    return Caller(user.name, user.role, "session", session=session)


def same_site(request: Request) -> bool:
    """Say whether no other site can have made a browser send this.

    Another site's script may set no header of ours without asking first (CORS), which nobody here answers; a form can
    set none at all, but the browser says where it stood.
    """
    if "x-millrace-request" in request.headers:
        return True
    if (told := request.headers.get("sec-fetch-site")) is not None:
        return told == "same-origin"
    origin = urlsplit(request.headers.get("origin", ""))
    return (origin.scheme, origin.netloc) == (request.url.scheme, request.headers.get("host"))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
