"""Who may do more than read: whoever has the admin token."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from producers.api import problems
from producers.api.problems import Problem
from shared.settings import Settings

_bearer = HTTPBearer(
    auto_error=False, scheme_name="admin", description="The token that the API was started with (MILLRACE_ADMIN_TOKEN)."
)

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="millrace"'}

PROBLEMS = (problems.TOKEN_MISSING, problems.TOKEN_WRONG, problems.ADMIN_DISABLED)
"""What every admin route may answer."""


async def require_token(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> None:
    """Let the request pass if it brings the admin token; raises Problem."""
    settings: Settings = request.app.state.settings
    wanted = "" if settings.admin_token is None else settings.admin_token.get_secret_value()
    if not wanted:
        raise Problem(problems.ADMIN_DISABLED, "No admin token was configured when this API was started.")
    if given is None:
        raise Problem(problems.TOKEN_MISSING, "The request has no bearer token.", headers=CHALLENGE)
    if not hmac.compare_digest(given.credentials.encode(), wanted.encode()):
        wrong = {"WWW-Authenticate": f'{CHALLENGE["WWW-Authenticate"]}, error="invalid_token"'}
        raise Problem(problems.TOKEN_WRONG, "The bearer token is another one.", headers=wrong)


async def actor(
    x_millrace_actor: Annotated[
        str | None,
        Header(max_length=100, description="Who does this, for the record; the token says only that they may."),
    ] = None,
) -> str:
    """Return the name that the record of an action keeps."""
    return x_millrace_actor or "api"


Actor = Annotated[str, Depends(actor)]
ADMIN = Depends(require_token)
