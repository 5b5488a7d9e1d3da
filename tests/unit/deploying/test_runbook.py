"""The runbook has a heading for each alert, and no link of it or to it leads nowhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

DEPLOY = Path(__file__).parents[3] / "deploy"
RUNBOOK = (DEPLOY / "runbook.md").read_text("utf-8")
RULES = [
    rule
    for file in sorted((DEPLOY / "prometheus" / "rules").glob("*.yml"))
    for group in yaml.safe_load(file.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
]
HEADINGS = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", RUNBOOK, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
ANCHORS = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in HEADINGS}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_every_alert_leads_to_a_heading_of_its_name(rule: dict[str, dict[str, str]]) -> None:
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")

    assert page.endswith("deploy/runbook.md")
    assert anchor == str(rule["alert"]).lower()
    assert rule["alert"] in HEADINGS


def test_every_link_within_the_runbook_has_its_end() -> None:
    links = set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK))

    assert links
    assert links <= ANCHORS


def test_whatever_is_under_alerts_is_an_alert_or_says_that_it_has_none() -> None:
    sections = re.split(r"^## ", RUNBOOK, flags=re.MULTILINE)
    headed = {
        name for part in sections if part.startswith("Alerts") for name in re.findall(r"^### (.*)$", part, re.MULTILINE)
    }

    assert headed - {"Database full"} == {rule["alert"] for rule in RULES}
