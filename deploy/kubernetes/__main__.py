"""`python -m deploy.kubernetes`: writes the rules of Prometheus as the object that its operator reads."""

from __future__ import annotations

from pathlib import Path

import yaml

RULES = Path(__file__).parents[1] / "prometheus" / "rules"
OBJECT = Path(__file__).parent / "base" / "rules.yaml"


def rendered() -> str:
    """Return the object with every group of every file of rules."""
    groups = [group for file in sorted(RULES.glob("*.yml")) for group in yaml.safe_load(file.read_text())["groups"]]
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "millrace"},
        "spec": {"groups": groups},
    }
    head = "# Written by `python -m deploy.kubernetes` from deploy/prometheus/rules; change it there.\n"
    return head + yaml.safe_dump(rule, sort_keys=False, width=120)


if __name__ == "__main__":
    OBJECT.write_text(rendered())
