"""The Celery app of Millrace's workers in the benchmark: the real line, with the probe's and the benchmark's kinds."""

from __future__ import annotations

from consumers.app import HANDLERS, create_app
from shared.settings import Settings
from tests.bench.kinds import BENCH_CONTRACTS

MORE = (
    "tests.probe.handlers",
    "tests.bench.handlers",
)
ALL = {pool: (*names, *MORE) for pool, names in HANDLERS.items()}

app = create_app(Settings(), BENCH_CONTRACTS, ALL)
