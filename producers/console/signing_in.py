"""Signing in to the console by name and password, and out of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import SecretStr
from starlette.responses import RedirectResponse, Response

from producers.api import problems
from producers.api.admin import same_site
from producers.api.database import Database
from producers.api.failures import TRANSLATION
from producers.api.problems import Problem
from producers.api.signing_in import Busy, SigningIn, SignInRefused
from producers.console.pages import page
from producers.console.visitors import NotSignedIn, Visitor, acts, form, visitor_of
from shared.accounts import passwords, sessions
from shared.accounts.sign_ins import TooManyAttempts

router = APIRouter()


@router.get("/sign-in")
async def ask(request: Request) -> Response:
    """Ask for name and password, unless somebody has signed in already."""
    try:
        await visitor_of(request)
    except NotSignedIn:
        return page(request, "sign_in.html", following=_following(request), name="", problem=None)
    return RedirectResponse(_following(request), HTTPStatus.SEE_OTHER)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Begin a session for who has the password, always a new one, and go where they wanted to go."""
    if not same_site(request):
        raise Problem(problems.CROSS_SITE, "Nothing shows that our own page sent this form.")
    given = await form(request)
    name, password = given.get("name", "").strip()[:100], given.get("password", "")[: passwords.LONGEST]
    way_in: SigningIn = request.app.state.signing_in
    database: Database = request.app.state.database
    address = "" if request.client is None else request.client.host
    try:
        user = await way_in.user(name, SecretStr(password), address)
    except (SignInRefused, TooManyAttempts, Busy) as error:
        problem = TRANSLATION[type(error)](error)
        headers = {key: value for key, value in problem.headers.items() if key == "Retry-After"}
        return page(
            request,
            "sign_in.html",
            status=problem.status,
            headers=headers,
            following=_following(request),
            name=name,
            problem=problem,
        )
    token = await database.call(sessions.open_session, user, request.headers.get("user-agent"))
    cookie = sessions.set_cookie(token, secure=request.url.scheme == "https")
    return RedirectResponse(_following(request), HTTPStatus.SEE_OTHER, {"Set-Cookie": cookie})


@router.post("/sign-out")
async def sign_out(request: Request, visitor: Annotated[Visitor, acts("viewer")]) -> Response:
    """End the session."""
    database: Database = request.app.state.database
    await database.call(sessions.close_session, visitor.session)
    forget = sessions.clear_cookie(secure=request.url.scheme == "https")
    return RedirectResponse(f"{request.scope['root_path']}/sign-in", HTTPStatus.SEE_OTHER, {"Set-Cookie": forget})


def _following(request: Request) -> str:
    """Return where to go after signing in: a page of the console, whatever the address says."""
    root: str = request.scope["root_path"]
    wanted = request.query_params.get("next", "")
    inside = wanted.startswith(f"{root}/") and wanted.isprintable() and "\\" not in wanted
    return wanted if inside else f"{root}/"
