"""The Celery app with the probe kinds beside the real ones."""

from __future__ import annotations

from consumers.app import HANDLERS, create_app
from shared.settings import Settings
from tests.probe.kinds import PROBE_CONTRACTS

MORE = ("tests.probe.handlers",)
ALL = {pool: (*names, *MORE) for pool, names in HANDLERS.items()}

app = create_app(Settings(), PROBE_CONTRACTS, ALL)
