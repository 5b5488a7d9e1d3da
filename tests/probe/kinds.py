"""Kinds that only tests and benchmarks know: they do nothing, store one row, sleep, or fail as told."""

from __future__ import annotations

from shared.contracts.kind import Kind, Payload
from shared.contracts.kinds import CONTRACTS
from shared.contracts.registry import Contracts


class Nothing(Payload):
    """Do nothing."""


class Store(Payload):
    """Upsert one row of `probe_rows`."""

    key: int
    value: int = 0


class Observe(Payload):
    """Upsert one row of `probe_rows`, together with many others; `spoil` makes the statement fail."""

    key: int
    spoil: bool = False


class Sleep(Payload):
    """Sleep, then upsert the row `key`, counting how often that happened."""

    key: int
    seconds: float


class Fail(Payload):
    """Fail with the named error until the run log shows `times` attempts."""

    error: str
    times: int = 1_000_000


class OldStore(Payload):
    """A kind that has had a first version with another field."""

    key: int


class Die(Payload):
    """Kill the process that handles it."""


class Crash(Payload):
    """Upsert the row `key`, or kill the process instead."""

    key: int
    crash: bool = False


class Dawdle(Payload):
    """Take longer than the kind's soft limit allows."""


class Hang(Payload):
    """Take longer than the kind's hard limit allows."""


class Ask(Payload):
    """Upsert the row `key`, ask for `children` further rows after it, then fail if told so."""

    key: int
    children: int = 1
    fail: bool = False


NOTHING = Kind("maintenance.probe.nothing", Nothing, "Do nothing.", example={})
STORE = Kind("maintenance.probe.store", Store, "Upsert a row.", example={"key": 1})
OBSERVE = Kind("maintenance.probe.observe", Observe, "Upsert a row, with others.", example={"key": 1})
SLEEP = Kind(
    "scrape.series.probe_sleep", Sleep, "Sleep, then store.", example={"key": 1, "seconds": 1.0}, entity="probe:{key}"
)
FAIL = Kind("maintenance.probe.fail", Fail, "Fail.", example={"error": "UpstreamAway"})
LIFTED = Kind(
    "maintenance.probe.lifted",
    OldStore,
    "Had another form once.",
    example={"key": 1},
    schema=2,
    upcasters={1: lambda fields: {"key": fields["number"]}},
)
DIE = Kind("scrape.series.probe_die", Die, "Kill its own process.", example={})
CRASH = Kind("maintenance.probe.crash", Crash, "Store a row or kill its own process.", example={"key": 1})
DAWDLE = Kind("scrape.series.probe_dawdle", Dawdle, "Take too long.", example={})
HANG = Kind("scrape.series.probe_hang", Hang, "Take far too long.", example={})
ASK = Kind("maintenance.probe.ask", Ask, "Store a row and ask for more.", example={"key": 1})

PROBE_CONTRACTS = Contracts((*CONTRACTS, NOTHING, STORE, OBSERVE, SLEEP, FAIL, LIFTED, DIE, CRASH, DAWDLE, HANG, ASK))

TABLE = "CREATE TABLE IF NOT EXISTS probe_rows (key bigint PRIMARY KEY, value bigint NOT NULL, times int NOT NULL)"
