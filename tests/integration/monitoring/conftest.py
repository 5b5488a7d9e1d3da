"""Prometheus' own programs, fetched where the project fetches them."""

from __future__ import annotations

import pytest

from deploy.local.home import Home
from deploy.local.progress import Progress
from deploy.prometheus import tools
from deploy.prometheus.tools import Tools


@pytest.fixture(scope="session")
def programs() -> Tools:
    """Give `prometheus` and `promtool`."""
    return tools.get(Home(), Progress(Home()))
