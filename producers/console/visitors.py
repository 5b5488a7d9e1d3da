"""Who looks at the console: a browser with a session, and the proof that a form was one of our own pages."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, quote

import structlog
from fastapi import Depends, Request

from producers.api import body, problems
from producers.api.admin import same_site
from producers.api.database import Database
from producers.api.problems import Problem
from shared.accounts import sessions
from shared.accounts.roles import Role, may

LARGEST: Final = 16 * 1024
"""Bytes of a form."""

MOST_FIELDS: Final = 20


class NotSignedIn(Exception):
    """The request has no session, or one that has ended."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who has signed in; `session` is the token of their cookie."""

    name: str
    role: Role
    session: str = field(repr=False)

    @property
    def proof(self) -> str:
        """What every form of theirs holds, and no other site can know."""
        return hashlib.sha256(f"console form {self.session}".encode()).hexdigest()

    def may(self, least: Role) -> bool:
        """Say whether they may do what needs this role."""
        return may(self.role, least)


async def visitor_of(request: Request) -> Visitor:
    """Return who asks; raises NotSignedIn."""
    name = sessions.SECURE_COOKIE if request.url.scheme == "https" else sessions.COOKIE
    token = request.cookies.get(name)
    if not token:
        raise NotSignedIn
    database: Database = request.app.state.database
    user = await database.call(sessions.session_user, token)
    if user is None:
        raise NotSignedIn
    structlog.contextvars.bind_contextvars(user=user.name)
    visitor = request.state.visitor = Visitor(user.name, user.role, token)
    return visitor


def looks(least: Role = "viewer") -> Any:
    """Return the dependency of a page for which this role is the least; it gives the Visitor."""
    return Depends(_with_role(least))


def acts(least: Role) -> Any:
    """Return the dependency of a form for which this role is the least; it gives the Visitor.

    A form must hold the proof of its session, and the browser must say that it comes from this very site.
    """
    known = _with_role(least)

    async def proven(request: Request) -> Visitor:
        visitor = await known(request)
        given = (await form(request)).get("proof", "")
        if not same_site(request) or not hmac.compare_digest(given.encode(), visitor.proof.encode()):
            raise Problem(problems.CROSS_SITE, "Nothing shows that one of our own pages sent this form.")
        return visitor

    return Depends(proven)


async def form(request: Request) -> dict[str, str]:
    """Return the fields of a form; raises Problem for one that is too long or cannot be read."""
    try:
        pairs = parse_qsl(
            (await body.read(request, LARGEST)).decode(),
            keep_blank_values=True,
            max_num_fields=MOST_FIELDS,
            errors="strict",
        )
    except ValueError as error:  # UnicodeDecodeError is one
        raise Problem(problems.INVALID_REQUEST, "This is no form of ours.") from error
    return dict(pairs)


def sign_in_address(request: Request) -> str:
    """Return where to sign in, and where to come back to; what was to be changed is not repeated."""
    root = request.scope["root_path"]
    if request.method != "GET":
        return f"{root}/sign-in"
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{root}/sign-in?next={quote(wanted, safe='')}"


def _with_role(least: Role) -> Callable[[Request], Coroutine[Any, Any, Visitor]]:
    async def known(request: Request) -> Visitor:
        visitor = await visitor_of(request)
        if not visitor.may(least):
            said = f"This needs the role {least}; {visitor.name} is {visitor.role}."
            raise Problem(problems.ROLE_TOO_LOW, said)
        return visitor

    return known
