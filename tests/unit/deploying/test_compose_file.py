"""docker-compose.rabbit.yml, read as it stands: what it starts, with what, and what it lets them do."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from consumers.task import HARD_LIMIT
from producers.cli.flower import DEFAULTS
from shared.broker import accounts, topology
from shared.secret_files import secret_variables
from shared.settings import Settings
from tests.unit.deploying.words import parse

ROOT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.rabbit.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("millrace:")}
JOBS = {"migrate", "grants", "schedules", "accounts", "topology", "operator"}
POOLS = {pool.name for pool in topology.POOLS}


def each(services: dict[str, dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("service", services.values(), ids=services.keys())


@each(OURS)
def test_every_command_is_one_that_millrace_knows(service: dict[str, Any]) -> None:
    parse(service["command"])
    if "healthcheck" in service:
        first, millrace, *words = service["healthcheck"]["test"]
        assert (first, millrace) == ("CMD", "millrace")
        parse(words)


def test_every_pool_is_a_service_of_its_own() -> None:
    started = {service["command"][2] for service in OURS.values() if service["command"][:2] == ["pool", "start"]}

    assert started == POOLS


@each({name: service for name, service in OURS.items() if name in POOLS})
def test_a_pool_can_run_several_times_and_has_as_long_to_end_as_an_attempt_may_take(service: dict[str, Any]) -> None:
    assert "ports" not in service
    assert service["stop_signal"] == "SIGTERM"
    assert re.fullmatch(r"\d+m", service["stop_grace_period"])
    assert int(service["stop_grace_period"][:-1]) * 60 > HARD_LIMIT


@each(OURS)
def test_every_variable_is_a_setting_and_every_secret_comes_from_a_file_that_is_mounted(
    service: dict[str, Any],
) -> None:
    secret = set(secret_variables(Settings.model_fields))
    known = {str(field.validation_alias) for field in Settings.model_fields.values()} | DEFAULTS.keys()
    mounted = {f"/run/secrets/{one}" for one in service.get("secrets", ()) if isinstance(one, str)}
    for variable, value in service.get("environment", {}).items():
        if variable.endswith("_FILE"):
            assert variable.removesuffix("_FILE") in secret
            assert value in mounted
        else:
            assert variable in known
            assert "@" not in value, "an address with a password comes from a file"


@each(SERVICES)
def test_nobody_may_more_than_needed(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "container_name" not in service
    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert all(volume.endswith(":ro") for volume in service.get("volumes", ()) if volume.startswith("."))


@each({name: service for name, service in SERVICES.items() if name not in JOBS})
def test_whoever_stays_is_asked_how_it_is_and_comes_back(service: dict[str, Any]) -> None:
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["restart"] == "unless-stopped"


@each({name: service for name, service in SERVICES.items() if name not in OURS})
def test_what_is_not_ours_is_of_a_version_that_is_named(service: dict[str, Any]) -> None:
    assert re.search(r":v?\d+\.\d+(\.\d+)?(-[a-z]+)?$", service["image"])


def test_whoever_may_do_much_does_one_thing_and_ends() -> None:
    def secrets(service: dict[str, Any]) -> set[str]:
        return {one if isinstance(one, str) else one["source"] for one in service.get("secrets", ())}

    owners = {name for name, service in SERVICES.items() if "database-owner.url" in secrets(service)}
    holders = {name for name, service in SERVICES.items() if any("admin." in one for one in secrets(service))}
    operators = {name for name, service in SERVICES.items() if "millrace-operator.url" in secrets(service)}

    assert owners == {"migrate", "grants"}
    assert holders == {"rabbitmq", "accounts"}
    assert operators == {"topology", "operator"}


def test_every_role_of_the_broker_has_its_account() -> None:
    mounted = {secret["source"] for secret in SERVICES["accounts"]["secrets"] if not isinstance(secret, str)}

    assert mounted == {f"{account}.password" for account in accounts.FIRST}


def test_every_file_that_is_mounted_is_there() -> None:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", ()):
            if volume.startswith("./"):
                assert (ROOT / volume.split(":")[0]).exists(), f"{name}: {volume}"


def test_the_script_makes_every_secret_once_and_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "deploy" / "docker").mkdir(parents=True)
    script = tmp_path / "deploy" / "docker" / "secrets.sh"
    script.write_bytes((ROOT / "deploy" / "docker" / "secrets.sh").read_bytes())

    def run() -> dict[str, str]:
        subprocess.run(["sh", str(script)], check=True, capture_output=True)
        return {file.name: file.read_text() for file in (tmp_path / ".millrace" / "secrets").iterdir()}

    made = run()

    assert {secret["file"] for secret in COMPOSE["secrets"].values()} <= {f".millrace/secrets/{name}" for name in made}
    assert run() == made
    assert (tmp_path / ".millrace" / "secrets").stat().st_mode & 0o777 == 0o700
    passwords = [text for name, text in made.items() if name.endswith(".password")]
    assert len(set(passwords)) == len(passwords)
    assert all(len(password) == 32 for password in passwords)
    for account in (
        name.removesuffix(".password") for name in made if re.fullmatch(r"millrace-[\w-]+\.password", name)
    ):
        assert f":{made[account + '.password']}@rabbitmq:" in made[f"{account}.url"]
