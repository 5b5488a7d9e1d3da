"""The Celery app of Millrace's workers in the benchmark: the real line, with the probe's and the benchmark's kinds."""

from __future__ import annotations

from consumers.app import HANDLERS, create_app
from shared.settings import Settings
from tests.bench import handlers
from tests.bench.kinds import BENCH_CONTRACTS
from tests.probe import handlers as probe_handlers

app = create_app(Settings(), BENCH_CONTRACTS, (*HANDLERS, probe_handlers, handlers))
