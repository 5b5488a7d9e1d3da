"""The programs that read what is deployed; fetched once for a checkout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local import debian
from deploy.local.home import Home
from deploy.local.progress import Progress

Tool = Callable[[str], Path]


@pytest.fixture(scope="session")
def tool() -> Tool:
    """Return the function that gives a program by its name."""
    home = Home()
    return lambda name: debian.get(name, home, Progress(home))
