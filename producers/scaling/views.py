"""What is known of a pool at one moment: its queues, its instances, and how many processes it should have."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instance:
    """A running worker of a pool, by its own word.

    `node` is its name for Celery's remote control. `processes` is how many it is to have; `starting` of them are not up
    yet, and `stopping` more are finishing what they do. `busy` processes work on a message, and `prefetch` messages may
    be held in all. `handled` messages were finished since it started, in `seconds` of its processes' time.
    `told` is how often a person has told it a number of processes.
    """

    pool: str
    node: str
    host: str
    pid: int
    processes: int
    busy: int
    prefetch: int
    handled: int
    seconds: float
    starting: int
    stopping: int
    told: int = 0


@dataclass(frozen=True, slots=True)
class QueueView:
    """One queue of a pool, by the broker's word, which is a few seconds old.

    Numbers are None while the queue is not declared, or was declared a moment ago. `oldest_age` is an estimate, in
    seconds, of how long the first waiting message has waited; 0 when none waits. `guessed` says that it
    was there before anybody looked: then it is reckoned from how fast messages leave, and the first look knows least.
    """

    name: str
    ready: int | None
    unacked: int | None
    consumers: int | None
    declared: bool
    oldest_age: float | None
    guessed: bool


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool: what waits, who works, and what is recommended.

    `processes` and `busy` are sums over its instances. `oldest_age` is that of the queue that is worst off. `arrivals`
    (messages a second) and `mean_seconds` (of a process, for one message) are None until two looks can be compared.
    `objective` is the age in seconds that the oldest message should not reach; `reason` says why so many processes are
    recommended, in words.
    """

    name: str
    queues: tuple[QueueView, ...]
    instances: tuple[Instance, ...]
    processes: int
    busy: int
    ready: int
    oldest_age: float | None
    guessed: bool
    arrivals: float | None
    mean_seconds: float | None
    objective: float
    recommended: int
    reason: str
