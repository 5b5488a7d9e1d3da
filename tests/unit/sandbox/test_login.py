"""Logging in, and what happens without."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from deploy.sandbox.options import API_KEY, PIN, SUBSCRIBER_KEY
from tests.unit.sandbox.conftest import TVDB

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.sandbox.conftest import Sandbox, Time


def test_a_token_looks_like_a_jwt_and_says_when_it_runs_out(sandbox: Sandbox, time: Time) -> None:
    token = sandbox.login().json()["data"]["token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert len(token.split(".")) == 3
    assert claims["exp"] == time.now().timestamp() + 30 * 24 * 3600


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"apikey": "0123456789ABCDEF"}, 401, "InvalidAPIKey: apikey invalid"),
        ({"apikey": SUBSCRIBER_KEY}, 400, "InvalidValueType: pin required"),
        ({"apikey": SUBSCRIBER_KEY, "pin": "WRONG"}, 401, "InvalidAPIKey: pin invalid"),
        ({}, 400, "InvalidValueType: apikey required"),
        (["apikey"], 400, "InvalidValueType: apikey required"),
    ],
)
def test_a_login_is_refused_in_the_true_words(sandbox: Sandbox, body: object, status: int, message: str) -> None:
    answer = sandbox.client.post(f"{TVDB}/login", json=body)
    assert answer.status_code == status
    assert answer.json() == {"status": "failure", "message": message, "data": None}


def test_a_subscriber_logs_in_with_a_pin(sandbox: Sandbox) -> None:
    assert sandbox.login(SUBSCRIBER_KEY, pin=PIN).status_code == 200


@pytest.mark.parametrize("authorization", [None, "Bearer", f"Bearer {API_KEY}", "Bearer a.b.c", "Basic x", "Bearer é"])
def test_without_a_good_token_the_gateway_says_unauthorized(sandbox: Sandbox, authorization: str | None) -> None:
    headers = [(b"Authorization", authorization.encode())] if authorization else []
    answer = sandbox.client.get(f"{TVDB}/series/81189", headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {"message": "Unauthorized"}


def test_a_token_runs_out_after_the_time_that_was_set(start: Callable[..., Sandbox], time: Time) -> None:
    sandbox = start(token_seconds=60)
    time.advance(59)
    assert sandbox.get("/series/81189").status_code == 200
    time.advance(1)
    assert sandbox.get("/series/81189").status_code == 401


def test_an_operator_can_end_every_login(sandbox: Sandbox) -> None:
    sandbox.client.delete("/control/tokens")
    assert sandbox.get("/series/81189").status_code == 401
    token = sandbox.login().json()["data"]["token"]
    sandbox.headers = {"Authorization": f"Bearer {token}"}
    assert sandbox.get("/series/81189").status_code == 200
