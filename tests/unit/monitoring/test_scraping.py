"""What is scraped: of a local stack all that it exports, of the compose deployment every service that tells."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local import exports, programs
from deploy.local.exports import Given
from deploy.local.home import CHECKOUT, Home
from deploy.local.rabbitmq import Identity
from deploy.local.state import State
from deploy.prometheus import __main__ as command
from deploy.prometheus import scraping
from deploy.prometheus.scraping import Target
from shared.broker import topology

COMPOSE = yaml.safe_load((CHECKOUT / "docker-compose.rabbit.yml").read_text())["services"]
JOBS: dict[str, Any] = {
    job["job_name"]: job
    for job in yaml.safe_load((scraping.RULES.parent / "prometheus.yml").read_text())["scrape_configs"]
}
POOLS = [pool.name for pool in topology.POOLS]


@pytest.fixture
def chosen(tmp_path: Path) -> State:
    """Give what a stack has chosen, and what it exports."""
    node = Identity("millrace@localhost", "its-password", "cookie", 1, 2, 3, 4, 5)
    ports = {name: 20_000 + place for place, name in enumerate(programs.LISTENERS)}
    made = State(rabbitmq=node, database_password="secret", admin_token="token", ports=ports)
    return replace(made, exported=exports.addresses(Home(tmp_path), made, Given({}), programs.METRICS))


def test_every_address_of_a_stack_is_scraped_under_the_name_of_its_program(chosen: State) -> None:
    targets = scraping.of_stack(chosen)
    assert {target.url for target in targets} >= set(chosen.exported["MILLRACE_METRICS_URLS"].split())
    assert {target.job for target in targets} == {*JOBS} - {"prometheus"}
    assert [target.labels for target in targets if target.job == "pool"] == [{"pool": name} for name in POOLS]


def test_no_password_is_written_into_the_configuration(chosen: State) -> None:
    written = scraping.configuration(scraping.of_stack(chosen), own="127.0.0.1:1", every=5)
    assert "@" not in written
    assert chosen.rabbitmq.password not in written


def test_a_broker_that_was_given_is_not_scraped(chosen: State) -> None:
    given = replace(chosen, exported={**chosen.exported, "RABBITMQ_URL": "amqp://elsewhere"})
    assert "rabbitmq" not in {target.job for target in scraping.of_stack(given)}


def test_one_job_has_all_targets_of_its_name_and_prometheus_itself_is_one() -> None:
    targets = [Target("pool", f"http://127.0.0.1:{port}/metrics", {"pool": str(port)}) for port in (1, 2)]
    told = json.loads(scraping.configuration(targets, own="127.0.0.1:9", every=0.5))
    assert [job["job_name"] for job in told["scrape_configs"]] == ["pool", "prometheus"]
    assert [one["targets"] for one in told["scrape_configs"][0]["static_configs"]] == [["127.0.0.1:1"], ["127.0.0.1:2"]]
    assert told["global"]["scrape_interval"] == "500ms"


def test_the_compose_deployment_s_services_are_scraped_by_their_names_and_ports() -> None:
    for name, job in JOBS.items():
        for found in job.get("dns_sd_configs", []):
            # Without an A record for each replica, only one of them would be found.
            assert found["type"] == "A"
            assert set(found["names"]) <= COMPOSE.keys()
            assert set(found["names"]) == (set(POOLS) if name == "pool" else {name})
            for service in found["names"]:
                assert _port(service) == found["port"], service


def _port(service: str) -> int:
    environment = COMPOSE[service].get("environment", {})
    if service == "rabbitmq":
        return 15692
    return int(environment["MILLRACE_API_PORT" if service == "api" else "MILLRACE_METRICS_PORT"])


def test_every_service_that_opens_a_port_for_metrics_is_scraped() -> None:
    scraped = {name for job in JOBS.values() for found in job.get("dns_sd_configs", []) for name in found["names"]}
    once = {"migrate", "schedules", "operator"}  # they end before anybody could look
    assert {name for name in COMPOSE if "MILLRACE_METRICS_PORT" in (COMPOSE[name].get("environment") or {})} <= (
        scraped | once
    )


def test_without_a_stack_the_command_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--home", str(tmp_path)]) == 1
    assert "make up" in capsys.readouterr().out
