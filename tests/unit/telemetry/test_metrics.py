"""Every metric is declared in one place, is documented, and has labels whose values are a closed set."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics import MetricWrapperBase

from consumers import verdict
from shared.broker import topology
from shared.contracts.kinds import CONTRACTS
from shared.ledger import REASONS
from shared.telemetry import labels, metrics

ROOT = Path(__file__).parents[3]

DECLARED = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]

ALLOWED = {
    "queue": "of the topology",
    "kind": "with a contract, of Celery's keeper of dead letters, or unknown",
    "exchange": "of the topology",
    "outcome": "by the code",
    "reason": "shared.ledger.REASONS",
    "state": "by the code, or a check of the database",
    "upstream": "a word of each client",
    "status": "an HTTP status, or by the code",
    "method": "by the code",
    "route": "templates of routes",
    "source": "by the code",
    "schedule": "rows that operators make",
    "entity": "tables",
}
"""Labels whose values are a closed set, and which."""


def told(metric: MetricWrapperBase) -> tuple[str, str, tuple[str, ...]]:
    """Return name as it is exported, meaning and labels."""
    (family,) = metric.describe()
    name = family.name + ("_total" if isinstance(metric, Counter) else "")
    return name, family.documentation, tuple(metric._labelnames)


def rows() -> list[str]:
    """Return the rows that docs/metrics.md must have."""
    made = []
    for metric in DECLARED:
        name, meaning, names = told(metric)
        sort = {Counter: "counter", Gauge: "gauge", Histogram: "histogram"}[type(metric)]
        made.append(f"| `{name}` | {sort} | {', '.join(f'`{label}`' for label in names)} | {meaning} |")
    return made


def makes_metrics(tree: ast.Module) -> bool:
    """Tell whether a module calls anything of prometheus_client that is a metric, or a family of samples."""
    imported = {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("prometheus_client")
        for name in node.names
        if name.name in {"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"} or name.name.endswith("Family")
    }
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return any(isinstance(called, ast.Name) and called.id in imported for called in calls)


def test_every_metric_is_ours_by_name_and_says_what_it_means() -> None:
    assert len(DECLARED) >= 30
    for metric in DECLARED:
        name, meaning, _ = told(metric)
        assert name.startswith("millrace_")
        assert meaning.endswith((".", "told.")), name


@pytest.mark.parametrize("metric", DECLARED, ids=lambda metric: told(metric)[0])
def test_every_label_is_one_whose_values_are_a_closed_set(metric: MetricWrapperBase) -> None:
    assert set(told(metric)[2]) <= ALLOWED.keys()


def test_no_metric_is_declared_anywhere_else() -> None:
    paths = [path for folder in ("producers", "consumers", "shared") for path in (ROOT / folder).rglob("*.py")]
    making = {str(path.relative_to(ROOT)) for path in paths if makes_metrics(ast.parse(path.read_text()))}
    assert making == {"shared/telemetry/metrics.py"}


def test_the_page_about_metrics_has_every_one_as_it_is_declared_and_no_other() -> None:
    page = (ROOT / "docs/metrics.md").read_text().splitlines()
    listed = [line for line in page if line.startswith("| `millrace_")]
    missing = [row for row in rows() if row not in listed]
    assert not missing, "put these rows into docs/metrics.md:\n" + "\n".join(missing)
    assert not [line for line in listed if line not in rows()], "these rows are of no metric"


def test_when_a_process_began_to_count_is_no_series() -> None:
    registry = CollectorRegistry()
    registry.register(metrics.publish_seconds)
    assert "_created" not in generate_latest(registry).decode()


def test_whatever_a_stranger_makes_up_is_unknown_in_a_label() -> None:
    assert {labels.queue(queue.name) for queue in topology.queues()} == {queue.name for queue in topology.queues()}
    assert {labels.exchange(one.name) for one in topology.exchanges()} == {one.name for one in topology.exchanges()}
    assert {labels.kind(kind.name, CONTRACTS) for kind in CONTRACTS} == {kind.name for kind in CONTRACTS}
    assert {labels.reason(reason) for reason in REASONS} == set(REASONS)
    made_up = [labels.queue("x"), labels.exchange("x"), labels.kind("x", CONTRACTS), labels.reason("x")]
    assert made_up == ["unknown"] * 4


def test_every_reason_that_a_verdict_gives_is_known() -> None:
    tree = ast.parse(Path(verdict.__file__).read_text())
    given = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Dead"
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(given) >= 5
    assert given <= REASONS
