"""`.millrace/env`, and what of the environment counts as given by a person."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local import exports
from deploy.local.home import Home
from deploy.local.programs import LISTENERS, METRICS
from deploy.local.rabbitmq import Identity
from deploy.local.state import State, load, save
from deploy.sandbox import tvdb
from deploy.sandbox.options import API_KEY

STATE = State(
    rabbitmq=Identity("millrace-1@localhost", "rabbit-secret", "cookie", 20001, 20002, 20003, 20004, 20005),
    database_password="database-secret",
    admin_token="token",
    token_secret="secret",
    flower_password="flower-secret",
    ports={name: 21000 + number for number, name in enumerate(LISTENERS)},
)
NOTHING = exports.Given({})


def told(home: Home, outside: exports.Given = NOTHING) -> dict[str, str]:
    return exports.addresses(home, STATE, outside, METRICS)


def test_every_promised_address_is_exported(tmp_path: Path) -> None:
    assert set(told(Home(tmp_path))) == {
        "RABBITMQ_URL",
        "RABBITMQ_MANAGEMENT_URL",
        "DATABASE_URL",
        "MILLRACE_API_URL",
        "FLOWER_URL",
        "FLOWER_BASIC_AUTH",
        "MILLRACE_METRICS_URLS",
        "MILLRACE_ADMIN_TOKEN",
        "MILLRACE_TOKEN_SECRET",
        "SANDBOX_URL",
        "TVDB_URL",
        "TVDB_API_KEY",
        "WIKIDATA_URL",
        "TMDB_URL",
        "TMDB_TOKEN",
        "BRICKSET_URL",
        "BRICKSET_API_KEY",
        "EBAY_URL",
        "EBAY_CLIENT_ID",
        "EBAY_CLIENT_SECRET",
    }


def test_the_stand_in_answers_where_tvdb_url_says(tmp_path: Path) -> None:
    assert told(Home(tmp_path))["TVDB_URL"].endswith(tvdb.PREFIX)


def test_there_is_one_metrics_address_for_each_program_that_opens_one(tmp_path: Path) -> None:
    addresses = told(Home(tmp_path))["MILLRACE_METRICS_URLS"].split()

    assert len(set(addresses)) == len(METRICS)


def test_a_shell_reads_back_every_value_whatever_is_in_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "it's a $HOME `folder`")
    home.make()
    values = {"RABBITMQ_URL": "amqp://a:p'\"$(x)`y`@h/v h", "MILLRACE_ADMIN_TOKEN": "plain"}
    exports.write(home, values)

    script = f'. "$1"; printf "%s\\n" {" ".join(f"${{{name}}}".join(chr(34) * 2) for name in values)}'
    shown = subprocess.run(["/bin/sh", "-c", script, "sh", str(home.env)], capture_output=True, text=True, check=True)

    assert shown.stdout.splitlines() == list(values.values())


def test_the_commands_of_this_environment_come_first_on_the_path(tmp_path: Path) -> None:
    home = Home(tmp_path)
    exports.write(home, {})

    script = f'. "{home.env}"; printf %s "$PATH"'
    shown = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)

    first, _, rest = shown.stdout.partition(os.pathsep)
    assert first == str(exports.scripts())
    assert rest == os.environ["PATH"]


def test_only_the_owner_reads_addresses_and_secrets(tmp_path: Path) -> None:
    home = Home(tmp_path)
    exports.write(home, told(home))
    save(home, STATE)

    assert [file.stat().st_mode & 0o777 for file in (home.env, home.state)] == [0o600, 0o600]


def test_state_is_read_back_as_it_was_kept(tmp_path: Path) -> None:
    home = Home(tmp_path)
    kept = replace(STATE, exported=told(home))
    save(home, kept)

    assert load(home) == kept


def test_a_state_of_before_there_were_users_keeps_its_secrets(tmp_path: Path) -> None:
    home = Home(tmp_path)
    save(home, STATE)
    before = json.loads(home.state.read_text())
    del before["token_secret"], before["flower_password"]
    home.state.write_text(json.dumps(before))

    assert load(home) == replace(STATE, token_secret="", flower_password="")


def test_a_shell_that_read_our_exports_gives_nothing(tmp_path: Path) -> None:
    ours = told(Home(tmp_path))

    assert exports.given(ours, STATE) == NOTHING


def test_our_exports_of_an_earlier_start_on_other_ports_give_nothing_either(tmp_path: Path) -> None:
    elsewhere = replace(STATE, rabbitmq=replace(STATE.rabbitmq, amqp=29999, management=29998), ports={"sandbox": 1})

    assert exports.given(told(Home(tmp_path)), elsewhere) == NOTHING


def test_a_broker_and_a_database_of_somebody_else_are_used(tmp_path: Path) -> None:
    theirs = {"RABBITMQ_URL": "amqp://me:pw@broker/", "DATABASE_URL": "postgresql://me:pw@db/x"}
    outside = exports.given(theirs, STATE)
    addresses = told(Home(tmp_path), outside)

    assert (outside.broker, outside.database) == (True, True)
    assert {name: addresses[name] for name in theirs} == theirs
    assert "RABBITMQ_MANAGEMENT_URL" not in addresses


@pytest.mark.parametrize("url", exports.STANDINS)
def test_with_a_key_of_one_s_own_the_true_upstream_is_asked_and_the_others_are_stood_in_for(
    url: str, tmp_path: Path
) -> None:
    key = exports.OF_UPSTREAMS[url][-1]
    addresses = told(Home(tmp_path), exports.given({key: "mine"}, STATE))

    assert addresses[key] == "mine"
    assert set(exports.STANDINS) - set(addresses) == ({url} if key != url else set())


def test_with_a_key_for_thetvdb_the_true_one_is_asked(tmp_path: Path) -> None:
    addresses = told(Home(tmp_path), exports.given({"TVDB_API_KEY": "mine"}, STATE))

    assert addresses["TVDB_API_KEY"] == "mine"
    assert "TVDB_URL" not in addresses


def test_the_sandboxs_own_key_at_another_loopback_port_is_ours() -> None:
    values = {"TVDB_API_KEY": API_KEY, "TVDB_URL": "http://127.0.0.1:1/tvdb/v4"}

    assert exports.given(values, STATE) == NOTHING


def test_empty_variables_give_nothing() -> None:
    assert exports.given({"RABBITMQ_URL": "", "DATABASE_URL": ""}, None) == NOTHING
