"""Keeping the pools of one machine at what is recommended, until somebody says otherwise.

One autoscaler at a time works for a pool: it holds an advisory lock of the database for as long as its session lasts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

import psycopg

from producers.scaling.asking import resize
from producers.scaling.scale import spread
from producers.scaling.views import Instance, PoolView
from shared.broker import topology
from shared.errors import MillraceError
from shared.settings import Settings

LOCK: Final = 0x6D6C_7363
"""First half of the advisory locks; the second is the pool's place in the topology."""


class AnotherWorks(MillraceError):
    """Another autoscaler has the pool."""

    def __init__(self, pool: str) -> None:
        self.pool = pool
        super().__init__(f"another autoscaler works for the pool {pool}")


class Turn:
    """The right to scale some pools, from entering until leaving; entering raises AnotherWorks, or psycopg's errors."""

    def __init__(self, url: str, pools: Iterable[str]) -> None:
        self._url = url
        self._pools = tuple(pools)

    def __enter__(self) -> Self:
        names = [pool.name for pool in topology.POOLS]
        self._connection = psycopg.connect(
            self._url, autocommit=True, connect_timeout=5, application_name="millrace-autoscale"
        )
        for pool in self._pools:
            key = (LOCK, names.index(pool))
            row = self._connection.execute("SELECT pg_try_advisory_lock(%s, %s)", key).fetchone()
            if row is None or not row[0]:
                self._connection.close()
                raise AnotherWorks(pool)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def confirm(self) -> None:
        """Raise psycopg's OperationalError if the session is lost, and with it the right."""
        self._connection.execute("SELECT 1")


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done about a pool: `processes` of this machine's instances by their names, or nothing; and why.

    `left_alone` says why nothing ever will be done about it as things are; it is empty otherwise.
    """

    pool: str
    have: int
    want: int
    processes: Mapping[str, int]
    reason: str
    left_alone: str = ""


@dataclass(slots=True)
class Autoscaler:
    """Decides for the instances of one `host`, each pool with `most` processes there at most."""

    host: str
    most: int
    _told: dict[tuple[str, int], int] = field(default_factory=dict)
    """How often somebody had told each instance (name, process id) a number when it was first seen."""
    _begun: bool = False

    def decide(self, views: Sequence[PoolView]) -> list[Decision]:
        """Return what to do about pools, given a look at them; pure but for what it remembers of people's wishes."""
        decisions = [self._decide(view) for view in views]
        self._begun = True
        return decisions

    def _decide(self, view: PoolView) -> Decision:
        here = [one for one in view.instances if one.host == self.host]
        have = sum(one.processes for one in here)
        if not here:
            why = f"no instance on {self.host}; millrace pool start {view.name} starts one"
            return Decision(view.name, 0, 0, {}, why, left_alone=why)
        if by_hand := [one.node for one in view.instances if self._by_hand(one)]:
            why = f"somebody has told {', '.join(by_hand)}, and is respected until that, or this, is started anew"
            return Decision(view.name, have, have, {}, why, left_alone=why)
        elsewhere = view.processes - have
        want, reason = max(view.recommended - elsewhere, 1), view.reason
        if elsewhere:
            reason += f"; {elsewhere} work on other machines"
        if want > self.most:
            want, reason = self.most, f"{reason}, but this machine is to have {self.most} at most"
        if want < len(here):
            want, reason = len(here), f"{reason}; each of {len(here)} instances needs one"
        wanted = spread(want, {one.node: one.processes for one in here})
        changed = {one.node: wanted[one.node] for one in here if wanted[one.node] != one.processes}
        return Decision(view.name, have, want, changed if want != have else {}, reason)

    def _by_hand(self, one: Instance) -> bool:
        # What was told before this one began was told without knowing of it.
        before = self._told.setdefault((one.node, one.pid), 0 if self._begun else one.told)
        return one.told > before


def apply(settings: Settings, decision: Decision) -> list[Instance]:
    """Do what was decided, and return the instances that said they will; what was lost is decided again next time."""
    return resize(settings, decision.processes, by="autoscale") if decision.processes else []
