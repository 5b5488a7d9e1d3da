"""Dashboards and rules, as they are committed: current, explained, and about metrics that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.grafana import boards, reading
from deploy.prometheus import scraping
from tests.unit.monitoring import names

ROOT = Path(__file__).parents[3]
FILES = sorted(boards.FOLDER.glob("*.json"))


def _panels() -> Iterator[tuple[str, reading.Panel]]:
    for file in FILES:
        for panel in reading.read(file, {}, window="1m").panels:
            yield f"{file.stem}: {panel.title}", panel


def _rules() -> Iterator[dict[str, Any]]:
    for file in sorted(scraping.RULES.glob("*.yml")):
        for group in yaml.safe_load(file.read_text())["groups"]:
            yield from group["rules"]


RULES = list(_rules())
ALERTS = [rule for rule in RULES if "alert" in rule]
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
EXPRESSIONS = [(where, query.expr) for where, panel in _panels() for query in panel.queries] + [
    (rule.get("alert", rule.get("record")), rule["expr"]) for rule in RULES
]


def test_what_is_committed_is_what_the_code_makes() -> None:
    assert {file: file.read_text() for file in FILES} == boards.written(), "run: python -m deploy.grafana"


def test_nobody_asks_for_a_metric_that_nobody_tells() -> None:
    known = {*names.declared(), *RECORDED, *names.OF_RABBITMQ, *names.OF_PROMETHEUS}
    unknown = {(where, name) for where, expr in EXPRESSIONS for name in names.asked(expr) - known}
    assert unknown == set()


def test_nobody_selects_by_a_label_that_a_metric_does_not_have() -> None:
    labels = names.declared() | names.OF_RABBITMQ | names.OF_PROMETHEUS
    wrong = {
        (where, name, label)
        for where, expr in EXPRESSIONS
        for name, label in names.selected(expr)
        if name in labels and label not in labels[name]
    }
    assert wrong == set()


def test_every_recorded_rule_is_asked_for() -> None:
    assert {name for _, expr in EXPRESSIONS for name in names.asked(expr)} >= RECORDED


def test_every_metric_of_the_exporter_is_on_a_dashboard_or_in_a_rule() -> None:
    used = {name for _, expr in EXPRESSIONS for name in names.asked(expr)}
    assert {name for name in names.declared() if name not in used} <= {
        "millrace_messages_received_total",  # what is handled says more
        *(name for name in names.declared() if name.endswith(("_sum", "_count"))),
    }


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ('sum by (queue) (rate(a_total{x="b or c"}[5m])) > 2 * 86400', {"a_total"}),
        ("a:b:c / on (queue) max by (queue) (d) or vector(0)", {"a:b:c", "d"}),
        ("# about e_f\n(g unless g offset 10m) and on () (up)", {"g", "up"}),
    ],
)
def test_names_are_read_out_of_promql(expr: str, expected: set[str]) -> None:
    assert names.asked(expr) == expected


def test_labels_are_read_out_of_promql() -> None:
    assert names.selected('rate(a{queue=~"x([.]y)?",state!="}"}[5m]) + b') == {("a", "queue"), ("a", "state")}


def test_each_panel_says_what_it_is_what_is_normal_and_what_to_do_otherwise() -> None:
    silent = [where for where, panel in _panels() if not re.search(r"\. Normal: .+\. Otherwise: .+", panel.description)]
    assert silent == []


def test_panels_have_titles_of_their_own_a_unit_and_queries() -> None:
    places = [where for where, _ in _panels()]
    assert len(places) == len(set(places))
    assert [where for where, panel in _panels() if not panel.queries or not panel.defaults.get("unit")] == []


def test_panels_lie_beside_each_other_and_not_over_each_other() -> None:
    for file in FILES:
        taken: set[tuple[int, int]] = set()
        for panel in reading.read(file, {}, window="1m").panels:
            rows, columns = range(panel.y, panel.y + panel.height), range(panel.x, panel.x + panel.width)
            cells = {(x, y) for x in columns for y in rows}
            assert panel.x + panel.width <= 24
            assert not cells & taken, f"{file.stem}: {panel.title}"
            taken |= cells


def test_dashboards_ask_the_source_that_is_provisioned() -> None:
    provisioned = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())
    (source,) = provisioned["datasources"]
    asked = {target["datasource"]["uid"] for _, panel in _panels() for target in panel.raw["targets"]}
    assert asked == {source["uid"]}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_an_alert_says_how_bad_it_is_with_a_number_and_where_to_read_on(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert alert["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert re.search(r"\bvalue\b", alert["annotations"]["description"])
    assert alert["annotations"]["runbook_url"] == f"deploy/runbook.md#{alert['alert'].lower()}"


def test_every_alert_has_a_heading_of_its_name_in_the_runbook() -> None:
    headings = re.findall(r"^### (.+)$", (ROOT / "deploy" / "runbook.md").read_text(), flags=re.MULTILINE)
    assert {alert["alert"] for alert in ALERTS} - set(headings) == set()


def test_what_alerts_tell_beside_their_value_is_asked_of_metrics_that_there_are() -> None:
    told = " ".join(text for alert in ALERTS for text in alert["annotations"].values())
    asked = set(re.findall(r"\b(?:millrace|rabbitmq)_[a-z0-9_]+", told))
    assert asked
    assert asked <= {*names.declared(), *names.OF_RABBITMQ}


def test_every_alert_is_named_on_the_page_about_monitoring() -> None:
    page = (ROOT / "docs" / "monitoring.md").read_text()
    assert {rule["alert"] for rule in ALERTS if f"`{rule['alert']}`" not in page} == set()
