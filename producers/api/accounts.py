"""`/v1/sign-in`, `/v1/sign-out` and `/v1/me`: tokens for whoever has a name and a password."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from producers.api import body, problems
from producers.api.admin import PROBLEMS, Caller, needs
from producers.api.database import Database
from producers.api.problems import Problem
from producers.api.signing_in import SigningIn
from shared import clock
from shared.accounts import passwords, sessions, tokens, users
from shared.accounts.roles import Role
from shared.settings import Settings, split_secrets

router = APIRouter(tags=["accounts"])

LARGEST: Final = 16 * 1024
"""Bytes of a name and a password."""


class Credentials(BaseModel):
    """A name and a password."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, Field(min_length=1, max_length=100)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=passwords.LONGEST)]


class SignedIn(BaseModel):
    """A token, and what it is good for."""

    token: Annotated[str, Field(description="Send it as `Authorization: Bearer …`")]
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - RFC 6750's word
    expires_at: datetime
    name: str
    role: Role


class Me(BaseModel):
    """Who you are to this API."""

    name: Annotated[str, Field(description="`admin-token` for whoever brings that")]
    role: Role
    via: Annotated[
        Literal["admin-token", "token", "session"], Field(description="By what you showed that you are who you are")
    ]
    expires_at: Annotated[datetime | None, Field(description="When your token expires; null where it is none")]


@router.post(
    "/v1/sign-in",
    summary="Get a token for a name and a password",
    openapi_extra=body.documented(Credentials, {"name": "anna", "password": "…"}),
    responses=problems.documented(
        problems.SIGN_IN_REFUSED,
        problems.TOO_LARGE,
        problems.INVALID_REQUEST,
        problems.TOO_MANY_ATTEMPTS,
        problems.SIGN_IN_DISABLED,
        problems.SIGN_IN_BUSY,
        problems.DATABASE_AWAY,
    ),
)
async def sign_in(request: Request, response: Response) -> SignedIn:
    """Look at the password and give a token; a wrong one, an unknown name and a disabled account answer alike."""
    settings: Settings = request.app.state.settings
    if settings.token_secret is None:
        said = "MILLRACE_TOKEN_SECRET was not set when this API was started."
        raise Problem(problems.SIGN_IN_DISABLED, said, headers=problems.retry_after(60))
    given = await body.read_as(Credentials, request, LARGEST)
    way_in: SigningIn = request.app.state.signing_in
    address = "" if request.client is None else request.client.host
    user = await way_in.user(given.name, given.password, address)
    token, claims = tokens.issue(
        split_secrets(settings.token_secret)[0],
        user.id,
        user.role,
        user.generation,
        at=clock.now(),
        lifetime=timedelta(minutes=settings.token_minutes),
    )
    response.headers["Cache-Control"] = "no-store"
    return SignedIn(token=token, expires_at=claims.expires_at, name=user.name, role=user.role)


@router.post(
    "/v1/sign-out",
    summary="Let the token, or the session, that this comes with count no more",
    status_code=204,
    dependencies=[needs("viewer")],
    responses=problems.documented(*PROBLEMS, problems.NOT_SIGNED_IN),
)
async def sign_out(request: Request) -> Response:
    """Revoke what the request was let in with."""
    caller: Caller = request.state.caller
    database: Database = request.app.state.database
    if caller.claims is not None:
        await database.call(users.revoke, caller.claims)
        return Response(status_code=204)
    if caller.session is not None:
        await database.call(sessions.close_session, caller.session)
        forget = sessions.clear_cookie(secure=request.url.scheme == "https")
        return Response(status_code=204, headers={"Set-Cookie": forget})
    raise Problem(problems.NOT_SIGNED_IN, "You came with the admin token, which no sign-out ends.")


@router.get("/v1/me", summary="Who you are", dependencies=[needs("viewer")], responses=problems.documented(*PROBLEMS))
async def me(request: Request, response: Response) -> Me:
    """Tell name and role."""
    caller: Caller = request.state.caller
    response.headers["Cache-Control"] = "no-store"
    return Me(name=caller.name, role=caller.role, via=caller.via, expires_at=caller.expires_at)
