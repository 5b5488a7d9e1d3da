"""Every dashboard, and where its JSON is committed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.api import api
from deploy.grafana.dead_letters import dead_letters
from deploy.grafana.overview import overview
from deploy.grafana.pool import pool
from deploy.grafana.schedules import schedules
from deploy.grafana.upstreams import upstreams

FOLDER: Final = Path(__file__).parent / "dashboards"

BOARDS: Final[tuple[Callable[[], dashboard.Dashboard], ...]] = (
    overview,
    pool,
    dead_letters,
    upstreams,
    api,
    schedules,
)


def written() -> dict[Path, str]:
    """Return what each file should contain; panels are numbered in their order."""
    files = {}
    for make in BOARDS:
        made = make().build()
        for number, panel in enumerate(made.panels or [], start=1):
            panel.id_val = number
        text = JSONEncoder(sort_keys=True, indent=2, ensure_ascii=False).encode(made)
        files[FOLDER / f"{make.__name__}.json"] = text + "\n"
    return files
