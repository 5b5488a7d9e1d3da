"""Where `prometheus` and `promtool` come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deploy.local import debian
from deploy.local.home import Home
from deploy.local.progress import Progress


@dataclass(frozen=True, slots=True)
class Tools:
    """The two programs."""

    prometheus: Path
    promtool: Path


def get(home: Home, progress: Progress) -> Tools:
    """Return the programs, of this machine or of Debian's package; raises `debian.ToolMissing`."""
    return Tools(debian.get("prometheus", home, progress), debian.get("promtool", home, progress))
