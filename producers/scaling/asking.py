"""Asking the running pools themselves, over the broker, by Celery's remote control.

Who asks imports nothing of the workers, nor Celery: kombu knows the way to them, and `consumers/remote.py` answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from kombu.connection import Connection
from kombu.exceptions import OperationalError
from kombu.pidbox import Mailbox

from producers.scaling.views import Instance
from shared.broker import addresses, tls, topology
from shared.errors import MillraceError
from shared.settings import Settings

_Connection: Any = Connection  # kombu says nothing of types
_Mailbox: Any = Mailbox

WITHIN: Final = 1.0
"""Seconds without a further answer after which nobody else is waited for."""


class PoolsUnheard(MillraceError):
    """The pools could not be asked: the broker does not answer."""


def instances(settings: Settings, within: float = WITHIN) -> list[Instance]:
    """Return every running instance of every pool, by its own word, in the order of pools and names.

    It takes `within` seconds: an instance that does not answer in that time (its machine is very busy) is missing.
    Raises PoolsUnheard when the broker is away.
    """
    return _instances(_ask(settings, "standing", within=within))


def resize(
    settings: Settings, processes: Mapping[str, int], *, by: str = "operator", within: float = 15.0
) -> list[Instance]:
    """Tell instances, by their names, how many processes to have, and return those that said they will.

    Each number is absolute: telling it again changes nothing. `by` is who tells it: an `operator`, whom an autoscaler
    respects, or the `autoscale` itself. Raises PoolsUnheard when the broker is away.
    """
    told: list[Instance] = []
    for number in sorted(set(processes.values())):
        nodes = [node for node, wanted in processes.items() if wanted == number]
        answers = _ask(settings, "resize", {"processes": number, "by": by}, nodes, within=within)
        told += _instances(answers)
    return told


def _ask(
    settings: Settings,
    command: str,
    arguments: Mapping[str, Any] | None = None,
    nodes: Sequence[str] | None = None,
    *,
    within: float,
) -> list[dict[str, Any]]:
    url = settings.rabbitmq_url.get_secret_value()
    told = tls.for_kombu(url)
    try:
        # A connection of its own: one that was kept might be found broken only now, and its reply queue is gone then.
        with _Connection(told["broker_url"], ssl=told.get("broker_use_ssl", False), connect_timeout=5) as connection:
            # Each node of a cluster, and the first of them once more.
            connection.ensure_connection(max_retries=len(addresses.split(url)), interval_start=0.1, timeout=5)
            # Celery's own would publish over a second connection, and keep that.
            mailbox = _Mailbox("celery", type="fanout", connection=connection, accept=["json"], serializer="json")
            if nodes is None:
                answers = mailbox.multi_call(command, dict(arguments or {}), timeout=within)
            else:
                answers = mailbox.call(list(nodes), command, dict(arguments or {}), timeout=within)
    except (OperationalError, OSError) as error:
        raise PoolsUnheard(f"the pools could not be asked: {error}") from error
    return list(answers or ())


def _instances(answers: Sequence[Mapping[str, Any]]) -> list[Instance]:
    """Return the instances among all answers: other Celery workers of the same broker answer that they do not know."""
    names = [pool.name for pool in topology.POOLS]
    wanted = {field.name for field in fields(Instance)}
    found = {
        node: Instance(**{**told, "node": node})
        for answer in answers
        for node, told in answer.items()
        if isinstance(told, Mapping)
        and wanted - {"node", "told"} <= told.keys() <= wanted
        and told.get("pool") in names
    }
    return sorted(found.values(), key=lambda instance: (names.index(instance.pool), instance.node))
