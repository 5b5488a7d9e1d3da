"""Signing in and out by HTTP; what limits guessing, and whom it does not lock out."""

from __future__ import annotations

import asyncio
import io
import logging
from datetime import timedelta

import httpx
import jwt
import pytest
import structlog
from pydantic import SecretStr

from producers.api.app import create_app
from shared import clock
from shared.accounts import sign_ins, tokens
from shared.accounts.sign_ins import KEPT, OF_A_NAME, OF_AN_ADDRESS, WINDOW
from shared.telemetry import logs
from tests.integration.accounts.conftest import HERE, PASSWORD, SECRET, Client, World, reached, settings_of

pytestmark = pytest.mark.anyio

WRONG = "wrong horse battery"


async def sign_in(client: httpx.AsyncClient, name: str = "anna", password: str = PASSWORD) -> httpx.Response:
    return await client.post("/v1/sign-in", json={"name": name, "password": password})


def failed(world: World, times: int, name: str = "anna", address: str = "192.0.2.1") -> None:
    """Let so many attempts fail, without the time that a password takes."""
    for _ in range(times):
        world.do(sign_ins.begin, name, address)


async def test_a_name_in_any_case_and_a_password_give_a_token_that_opens_doors(client: httpx.AsyncClient) -> None:
    answer = await sign_in(client, "ANNA")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert (told["name"], told["role"], told["token_type"]) == ("anna", "admin", "Bearer")
    me = await client.get("/v1/me", headers={"Authorization": f"Bearer {told['token']}"})
    assert me.json() == {"name": "anna", "role": "admin", "via": "token", "expires_at": told["expires_at"]}


async def test_a_token_says_who_and_until_when_and_nothing_secret(client: httpx.AsyncClient, world: World) -> None:
    claims = jwt.decode((await sign_in(client)).json()["token"], SECRET, algorithms=["HS256"], issuer="millrace")
    assert claims.keys() == {"iss", "sub", "role", "gen", "jti", "iat", "exp"}
    assert claims["sub"] == str(world.people["admin"].id)
    assert timedelta(minutes=59) < timedelta(seconds=claims["exp"] - clock.now().timestamp()) < timedelta(minutes=61)


async def test_signing_out_ends_the_token_for_every_process(client: httpx.AsyncClient, world: World) -> None:
    headers = {"Authorization": f"Bearer {(await sign_in(client)).json()['token']}"}
    other = {"Authorization": f"Bearer {(await sign_in(client)).json()['token']}"}
    assert (await client.post("/v1/sign-out", headers=headers)).status_code == 204
    assert (await client.post("/v1/sign-out", headers=headers)).status_code == 401
    second = create_app(settings_of(world))
    async with second.router.lifespan_context(second), reached(second, ("192.0.2.9", 1), "http://api") as there:
        assert (await there.get("/v1/me", headers=headers)).status_code == 401
        assert (await there.get("/v1/me", headers=other)).status_code == 200


async def test_unknown_wrong_disabled_and_impossible_are_refused_alike(client: httpx.AsyncClient, world: World) -> None:
    world.sql("UPDATE users SET disabled_at = now() WHERE name = 'Vera'")
    told = []
    for name, password in (("anna", WRONG), ("nobody", PASSWORD), ("vera", PASSWORD), ("no such näme", PASSWORD)):
        answer = await sign_in(client, name, password)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        told.append({field: value for field, value in answer.json().items() if field != "request_id"})
    assert told[1:] == told[:1] * 3
    assert told[0]["type"] == "urn:millrace:problem:sign-in-refused"


async def test_a_name_that_failed_too_often_has_to_wait_even_with_the_right_password(
    client: httpx.AsyncClient, world: World
) -> None:
    failed(world, OF_A_NAME - 1)
    assert (await sign_in(client, password=WRONG)).status_code == 401
    for name in ("anna", "ANNA"):
        answer = await sign_in(client, name)
        assert (answer.status_code, answer.json()["type"]) == (429, "urn:millrace:problem:too-many-attempts")
        assert 0 < int(answer.headers["retry-after"]) <= WINDOW * 60
    assert (await sign_in(client, "vera")).status_code == 200


async def test_nothing_tells_that_a_name_which_has_to_wait_does_not_exist(
    client: httpx.AsyncClient, world: World
) -> None:
    failed(world, OF_A_NAME, "nobody")
    answer = await sign_in(client, "nobody")
    assert (answer.status_code, answer.json()["type"]) == (429, "urn:millrace:problem:too-many-attempts")


async def test_the_wait_ends_and_waiting_is_not_prolonged_by_asking(client: httpx.AsyncClient, world: World) -> None:
    failed(world, OF_A_NAME)
    before = world.sql("SELECT count(*) FROM sign_ins")
    assert (await sign_in(client)).status_code == 429
    assert world.sql("SELECT count(*) FROM sign_ins") == before
    world.sql("UPDATE sign_ins SET at = at - %s * interval '1 minute'", WINDOW)
    assert (await sign_in(client)).status_code == 200


async def test_retry_after_is_when_the_oldest_failure_that_counts_is_forgotten(
    client: httpx.AsyncClient, world: World
) -> None:
    failed(world, OF_A_NAME)
    world.sql("UPDATE sign_ins SET at = at - interval '14 minutes' WHERE id = (SELECT min(id) FROM sign_ins)")
    assert 50 < int((await sign_in(client)).headers["retry-after"]) <= 60


async def test_an_address_that_failed_too_often_has_to_wait_whatever_the_name(
    client: httpx.AsyncClient, world: World, elsewhere: Client
) -> None:
    for number in range(OF_AN_ADDRESS):
        failed(world, 1, f"guess{number}")
    assert (await sign_in(client)).status_code == 429
    assert (await sign_in(await elsewhere())).status_code == 200


async def test_a_stranger_who_keeps_failing_locks_nobody_out_from_where_they_are_known(
    client: httpx.AsyncClient, world: World, elsewhere: Client
) -> None:
    assert (await sign_in(client)).status_code == 200
    failed(world, OF_A_NAME, "anna", "203.0.113.5")
    assert (await sign_in(await elsewhere("203.0.113.5"))).status_code == 429
    assert (await sign_in(await elsewhere("203.0.113.6"))).status_code == 429
    assert (await sign_in(client)).status_code == 200


async def test_at_a_known_address_guessing_is_limited_as_well(client: httpx.AsyncClient, world: World) -> None:
    assert (await sign_in(client)).status_code == 200
    failed(world, OF_A_NAME)
    assert (await sign_in(client)).status_code == 429


async def test_who_gets_it_right_begins_to_count_anew(client: httpx.AsyncClient, world: World) -> None:
    failed(world, OF_A_NAME - 1)
    assert (await sign_in(client)).status_code == 200
    failed(world, OF_A_NAME - 1)
    assert (await sign_in(client)).status_code == 200


async def test_an_address_is_known_for_a_month(client: httpx.AsyncClient, world: World) -> None:
    assert (await sign_in(client)).status_code == 200
    world.sql("UPDATE sign_ins SET at = now() - %s * interval '1 day'", KEPT + 1)
    failed(world, OF_A_NAME, "anna", "203.0.113.5")
    assert (await sign_in(client)).status_code == 429
    assert world.sql("SELECT count(*) AS n FROM sign_ins WHERE succeeded")[0]["n"] == 0


async def test_of_thirty_guesses_at_one_moment_no_more_than_ten_are_looked_at(world: World) -> None:
    def guess() -> int:
        try:
            world.do(sign_ins.begin, "anna", "192.0.2.77")
        except sign_ins.TooManyAttempts:
            return 429
        return 401

    told = await asyncio.gather(*(asyncio.to_thread(guess) for _ in range(30)))
    assert (told.count(401), told.count(429)) == (OF_A_NAME, 20)


def test_the_addresses_of_one_ipv6_household_are_one(world: World) -> None:
    for number in range(OF_A_NAME):
        failed(world, 1, "anna", f"2001:db8:1:2::{number:x}")
    assert {row["address"] for row in world.sql("SELECT address FROM sign_ins")} == {"2001:db8:1:2::/64"}
    with pytest.raises(sign_ins.TooManyAttempts):
        failed(world, 1, "anna", "2001:db8:1:2:ffff::1")


async def test_a_hash_of_weaker_parameters_is_replaced_at_the_next_sign_in(
    client: httpx.AsyncClient, world: World
) -> None:
    from pwdlib.hashers.argon2 import Argon2Hasher  # noqa: PLC0415

    weak = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    world.sql("UPDATE users SET password_hash = %s WHERE name = 'anna'", weak)
    assert (await sign_in(client)).status_code == 200
    (row,) = world.sql("SELECT password_hash FROM users WHERE name = 'anna'")
    assert row["password_hash"].startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert (await sign_in(client)).status_code == 200


async def test_neither_log_nor_answer_nor_database_has_a_password_a_token_or_a_mistyped_name(
    client: httpx.AsyncClient, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    heard = io.StringIO()
    logs.configure(level="DEBUG")
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(heard), cache_logger_on_first_use=False)
    root.handlers[:] = [logging.StreamHandler(heard)]
    try:
        good = await sign_in(client)
        bad = await sign_in(client, "typed-my-password-here", WRONG)
        headers = {"Authorization": f"Bearer {good.json()['token']}"}
        await client.get("/v1/me", headers=headers)
        await client.post("/v1/sign-out", headers=headers)
        await client.get("/v1/me", headers=headers)
    finally:
        root.handlers[:], root.level = before
        structlog.reset_defaults()
    text = heard.getvalue() + capsys.readouterr().err
    assert '"signed in"' in text
    assert '"sign-in refused"' in text
    stored = str(world.sql("SELECT * FROM users")) + str(world.sql("SELECT * FROM sign_ins"))
    stored += str(world.sql("SELECT * FROM revoked_tokens"))
    for secret in (PASSWORD, WRONG, good.json()["token"], SECRET, "typed-my-password-here", "let-me-in"):
        assert secret not in text + bad.text + stored


async def test_the_log_tells_which_user_a_request_was_of(client: httpx.AsyncClient, world: World) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        await client.post("/v1/admin/sync-catalog", headers=world.token("operator"))
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["user"] == "otto@example.org"


async def test_a_header_that_names_another_address_leads_nobody_around_the_count(
    client: httpx.AsyncClient, world: World
) -> None:
    for number in range(3):
        claimed = f"198.51.100.{number}"
        headers = {"X-Forwarded-For": claimed, "X-Real-IP": claimed, "Forwarded": f"for={claimed}"}
        answer = await client.post("/v1/sign-in", json={"name": "anna", "password": WRONG}, headers=headers)
        assert answer.status_code == 401
    assert {row["address"] for row in world.sql("SELECT address FROM sign_ins")} == {HERE[0]}


async def test_a_secret_is_replaced_without_ending_what_it_signed(world: World) -> None:
    new = SECRET[::-1]
    settings = settings_of(world).model_copy(update={"token_secret": SecretStr(f"{new} {SECRET}")})
    api = create_app(settings)
    async with api.router.lifespan_context(api), reached(api, HERE, "http://api") as client:
        assert (await client.get("/v1/me", headers=world.token("viewer"))).status_code == 200
        given = (await sign_in(client)).json()["token"]
        assert (await client.get("/v1/me", headers={"Authorization": f"Bearer {given}"})).status_code == 200

    assert tokens.read([new], given)
    with pytest.raises(tokens.BadToken):
        tokens.read([SECRET], given)
