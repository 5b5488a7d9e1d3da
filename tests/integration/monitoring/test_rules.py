"""What Prometheus' own tool says of the configuration, of the rules, and of when each alert calls."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.prometheus import scraping
from deploy.prometheus.scraping import Target
from deploy.prometheus.tools import Tools

SITUATIONS = sorted((Path(__file__).parent / "rules").glob("*.yml"))
COMPOSE = scraping.RULES.parent / "prometheus.yml"


def promtool(programs: Tools, *arguments: str | Path) -> None:
    done = subprocess.run([programs.promtool, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_well_formed(programs: Tools) -> None:
    promtool(programs, "check", "rules", *sorted(scraping.RULES.glob("*.yml")))


def test_the_configuration_of_the_compose_deployment_is_well_formed(programs: Tools) -> None:
    promtool(programs, "check", "config", COMPOSE)


def test_the_configuration_written_for_a_local_stack_is_well_formed(programs: Tools, tmp_path: Path) -> None:
    targets = [Target("pool", "http://127.0.0.1:9/metrics", {"pool": "content"}), Target("api", "http://127.0.0.1:7/m")]
    file = tmp_path / "prometheus.json"
    file.write_text(scraping.configuration(targets, own="127.0.0.1:5", every=0.5))
    promtool(programs, "check", "config", file)


@pytest.mark.parametrize("situations", SITUATIONS, ids=lambda file: file.stem)
def test_alerts_call_when_they_should_and_are_silent_when_they_should_not(programs: Tools, situations: Path) -> None:
    promtool(programs, "test", "rules", situations)


def test_every_alert_is_seen_calling_at_every_severity_and_seen_silent() -> None:
    alerts = list(_alerts())
    calling = {(name, calls["exp_labels"]["severity"]) for name, expected in _expected() for calls in expected}
    assert calling == {(rule["alert"], rule["labels"]["severity"]) for rule in alerts}
    assert {name for name, expected in _expected() if not expected} == {rule["alert"] for rule in alerts}


def _alerts() -> Iterator[dict[str, Any]]:
    for file in scraping.RULES.glob("*.yml"):
        for group in yaml.safe_load(file.read_text())["groups"]:
            yield from (rule for rule in group["rules"] if "alert" in rule)


def _expected() -> Iterator[tuple[str, list[Any]]]:
    for file in SITUATIONS:
        for situation in yaml.safe_load(file.read_text())["tests"]:
            for look in situation["alert_rule_test"]:
                yield look["alertname"], look["exp_alerts"]
