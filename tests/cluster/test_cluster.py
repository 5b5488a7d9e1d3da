"""A node of a cluster may die at any moment. `make cluster` has more ways to die, and ten times the messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.postgres import Database
from tests.cluster.happenings import leader_killed
from tests.cluster.nodes import NODES, a_cluster
from tests.cluster.trial import QUEUE, Line

MESSAGES = 2000

RECOVERED = 30.0
"""Seconds within which work goes on, on a machine that does much else."""


# Of which it takes less than one on a quiet machine with two cores.
pytestmark = pytest.mark.timeout(420)


@pytest.fixture
def line(database: Database, database_url: str, tmp_path: Path) -> Iterator[Line]:
    with a_cluster() as cluster:
        made = Line(cluster, database, database_url, tmp_path)
        try:
            yield made.begin()
        finally:
            made.stop()


def test_nothing_is_lost_or_repeated_when_the_leader_is_killed_amid_publishing_and_consuming(line: Line) -> None:
    replicas = line.cluster.queue(line.vhost, QUEUE)["members"]

    outcome = leader_killed(line, MESSAGES)

    assert len(replicas) == NODES
    assert outcome.messages >= MESSAGES
    assert (outcome.lost, outcome.repeated) == (0, 0)
    assert outcome.until_confirmed < RECOVERED
    assert outcome.until_effect < RECOVERED
    assert line.rows("SELECT id FROM dead_letters") == []
