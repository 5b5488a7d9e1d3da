"""Tokens: only ours are read, each as what it said when it was signed."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from pydantic import ValidationError

from shared import clock
from shared.accounts import tokens
from shared.accounts.roles import ROLES, may
from shared.accounts.tokens import BadToken, TokenExpired
from shared.settings import Settings, split_secrets

SECRET = "a-secret-of-more-than-thirty-two-characters"
HOUR = timedelta(hours=1)


def fresh(**changes: Any) -> str:
    """Return a token of ours, signed by us, with claims changed; None leaves one out."""
    token, _ = tokens.issue(SECRET, 7, "viewer", 3, at=clock.now(), lifetime=HOUR)
    body = jwt.decode(token, options={"verify_signature": False}) | changes
    kept = {name: value for name, value in body.items() if value is not None}
    return jwt.PyJWS().encode(json.dumps(kept).encode(), SECRET, "HS256")


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def test_what_was_issued_is_read() -> None:
    token, claims = tokens.issue(SECRET, 7, "viewer", 3, at=clock.now(), lifetime=HOUR)
    assert tokens.read([SECRET], token) == claims
    assert (claims.user_id, claims.generation) == (7, 3)


def test_no_two_tokens_are_the_same() -> None:
    at = clock.now()
    ids = {tokens.issue(SECRET, 7, "viewer", 3, at=at, lifetime=HOUR)[1].jti for _ in range(50)}
    assert len(ids) == 50


def test_a_token_ends_when_it_said_give_or_take_the_clocks_of_two_machines() -> None:
    now = clock.now()
    just, _ = tokens.issue(SECRET, 7, "viewer", 3, at=now - HOUR + timedelta(seconds=1), lifetime=HOUR)
    tokens.read([SECRET], just)
    over, _ = tokens.issue(SECRET, 7, "viewer", 3, at=now - HOUR - timedelta(seconds=tokens.LEEWAY + 2), lifetime=HOUR)
    with pytest.raises(TokenExpired):
        tokens.read([SECRET], over)


@pytest.mark.parametrize("claim", ["iss", "sub", "gen", "jti", "iat", "exp"])
def test_a_token_without_one_of_its_claims_is_none(claim: str) -> None:
    tokens.read([SECRET], fresh())
    with pytest.raises(BadToken):
        tokens.read([SECRET], fresh(**{claim: None}))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody else"},
        {"sub": "anna"},
        {"sub": 7},
        {"gen": "3"},
        {"jti": 5},
        {"exp": "tomorrow"},
        {"exp": 10**30},
        {"iat": 2**40},
        {"nbf": 2**40},
    ],
    ids=str,
)
def test_claims_that_we_never_make_are_refused_even_when_they_are_signed(changes: dict[str, Any]) -> None:
    with pytest.raises(BadToken):
        tokens.read([SECRET], fresh(**changes))


def test_a_token_does_not_choose_how_it_is_checked() -> None:
    head, body, signature = fresh().split(".")
    for algorithm in ("none", "None", "HS512", "RS256", ""):
        with pytest.raises(BadToken):
            tokens.read([SECRET], f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{body}.{signature}")
        with pytest.raises(BadToken):
            tokens.read([SECRET], f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{body}.")
    more = jwt.decode(fresh(), options={"verify_signature": False}) | {"sub": "1"}
    with pytest.raises(BadToken):
        tokens.read([SECRET], f"{head}.{encoded(more)}.{signature}")


@pytest.mark.parametrize("junk", ["", ".", "..", "a.b.c", "\u00e9.\u00e9.\u00e9", "\0", "x" * 100_000, "." * 4000])
def test_junk_is_refused(junk: str) -> None:
    with pytest.raises(BadToken):
        tokens.read([SECRET], junk)


def test_a_token_of_any_of_several_secrets_is_believed_and_one_of_another_is_not() -> None:
    old, new, other = SECRET, SECRET[::-1], SECRET.upper()
    for secret in (old, new):
        token, claims = tokens.issue(secret, 7, "viewer", 3, at=clock.now(), lifetime=HOUR)
        assert tokens.read([new, old], token) == claims
    expired, _ = tokens.issue(new, 7, "viewer", 3, at=clock.now() - 2 * HOUR, lifetime=HOUR)
    with pytest.raises(TokenExpired):
        tokens.read([new, old], expired)
    foreign, _ = tokens.issue(other, 7, "viewer", 3, at=clock.now(), lifetime=HOUR)
    with pytest.raises(BadToken):
        tokens.read([new, old], foreign)


@pytest.mark.parametrize("between", [" ", ",", ", ", "\n"])
def test_several_secrets_are_separated_by_spaces_or_commas(between: str) -> None:
    settings = Settings(MILLRACE_TOKEN_SECRET=f"{SECRET}{between}{SECRET[::-1]}\n")
    assert settings.token_secret is not None
    assert split_secrets(settings.token_secret) == [SECRET, SECRET[::-1]]


def test_each_of_several_secrets_must_be_long_enough() -> None:
    with pytest.raises(ValidationError, match="and so must each of several"):
        Settings(MILLRACE_TOKEN_SECRET=f"{SECRET} too-short-a-secret")


def test_a_secret_that_is_too_short_stops_the_process_at_start_and_is_not_quoted() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(MILLRACE_TOKEN_SECRET="too-short-a-secret")
    assert "MILLRACE_TOKEN_SECRET" in str(caught.value)
    assert "too-short-a-secret" not in str(caught.value)


def test_a_printed_settings_object_does_not_show_the_secret() -> None:
    assert SECRET not in repr(Settings(MILLRACE_TOKEN_SECRET=SECRET))


def test_each_role_may_all_that_those_before_it_may() -> None:
    assert [[may(role, least) for least in ROLES] for role in ROLES] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
