"""The units of systemd, read as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from consumers.task import HARD_LIMIT
from shared.broker import topology
from shared.secret_files import secret_variables
from shared.settings import Settings
from tests.unit.deploying.roles import of_compose, of_systemd
from tests.unit.deploying.words import parse

FOLDER = Path(__file__).parents[3] / "deploy" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))


def values(unit: Path, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", unit.read_text(), flags=re.MULTILINE)


def test_systemd_and_compose_start_the_same_and_millrace_knows_it_all() -> None:
    # Accounts are made once by a person there (deploy/systemd/README.md), by a job here.
    assert of_systemd() == {words for words in of_compose() if words[:2] != ("topology", "accounts")}
    for words in of_systemd():
        parse(words)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_every_variable_is_a_setting_and_every_secret_a_credential_of_the_unit(unit: Path) -> None:
    secret = set(secret_variables(Settings.model_fields))
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    loaded = {value.partition(":")[0] for value in values(unit, "LoadCredential")}
    used = set()
    for variable, _, value in (one.partition("=") for one in values(unit, "Environment")):
        if value.startswith("%d/"):
            assert variable.removesuffix("_FILE") in secret
            used.add(value.removeprefix("%d/"))
        else:
            assert variable in known
    assert used == loaded


def test_only_the_worker_itself_is_asked_to_end_and_it_has_as_long_as_an_attempt_may_take() -> None:
    pool = FOLDER / "millrace-pool@.service"

    assert values(pool, "KillMode") == ["mixed"]
    (minutes,) = values(pool, "TimeoutStopSec")
    assert minutes.endswith("min")
    assert int(minutes.removesuffix("min")) * 60 > HARD_LIMIT


def test_everything_is_in_the_target_and_no_two_have_the_same_port() -> None:
    wanted = {name for line in values(FOLDER / "millrace.target", "Wants") for name in line.split()}
    pools = {f"millrace-pool@{pool.name}.service" for pool in topology.POOLS}
    ports = [
        port
        for file in [*UNITS, *(FOLDER / "etc").glob("*.env")]
        for port in re.findall(r"MILLRACE_METRICS_PORT=(\d+)", file.read_text())
    ]

    assert wanted == {unit.name for unit in UNITS if "@" not in unit.name} | pools
    assert {file.stem for file in (FOLDER / "etc").glob("*.env")} == {f"pool-{pool.name}" for pool in topology.POOLS}
    assert len(set(ports)) == len(ports) == len(topology.POOLS) + 3
