"""What a person reads when a command fails: the cause, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

FAILED, USAGE = 1, 2


class Failure(Exception):
    """An error that a command expects; `code` is its exit code."""

    def __init__(self, cause: str, next_step: str, code: int = FAILED) -> None:
        self.cause = cause
        self.next_step = next_step
        self.code = code
        super().__init__(cause)


def explain(error: BaseException) -> Failure | None:
    """Return cause and next step of an expected error, or None for one that deserves its traceback."""
    if isinstance(error, Failure):
        return error
    for cls in type(error).__mro__:
        # By name, since importing every library whose errors are known would take longer than most commands.
        known = _KNOWN.get(f"{cls.__module__}.{cls.__qualname__}")
        if known is not None:
            say, next_step, code = known
            said = say(error)
            return Failure(said, _IS_CERTIFICATE if _CERTIFICATE.search(said) else next_step, code)
    return None


def _as_said(error: Any) -> str:
    return str(error) or type(error).__name__


def _settings(error: Any) -> str:
    lines = (
        f"{'.'.join(map(str, problem['loc']))}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in error.errors()
    )
    return "the environment is wrong: " + "; ".join(lines)


def _broker(error: Any) -> str:
    # Pika's connection errors say nothing themselves; what they carry does.
    said = str(error) or (repr(error.args[0]) if error.args else type(error).__name__)
    return f"the broker cannot be reached: {said}"


def _first_line(what: str) -> Callable[[Any], str]:
    return lambda error: f"{what}: {_as_said(error).splitlines()[0]}"


_IS_BROKER_UP = "check RABBITMQ_URL; of a local stack, `make up`, then `. .millrace/env`"
_IS_DATABASE_UP = "check DATABASE_URL; of a local stack, `make up`, then `. .millrace/env`"
_IS_MANAGEMENT_UP = "check RABBITMQ_MANAGEMENT_URL, with user and password: http://user:password@host:15672"

_IS_CERTIFICATE = (
    "the host of the address must be one that the certificate names, and the authority that signed it a known one:"
    " RABBITMQ_CA_FILE for the broker, sslrootcert=FILE in DATABASE_URL"
)
_CERTIFICATE = re.compile("certificate.verify.failed|server certificate for|root certificate", re.IGNORECASE)
"""In the words of Python's ssl, and of libpq."""

_KNOWN: dict[str, tuple[Callable[[Any], str], str, int]] = {
    "shared.errors.UnknownKind": (_as_said, "millrace contracts list", USAGE),
    "shared.errors.InvalidMessage": (_as_said, "millrace contracts show KIND tells what it takes", USAGE),
    "shared.errors.Unroutable": (
        _as_said,
        "millrace topology apply declares the queues, topology check compares",
        FAILED,
    ),
    "shared.errors.Refused": (_as_said, "millrace pool status shows how full the queues are", FAILED),
    "shared.errors.BrokerAway": (_as_said, _IS_BROKER_UP, FAILED),
    "shared.broker.declare.TopologyConflict": (
        _as_said,
        "millrace topology check shows all differences; what is in the way must be emptied and deleted by hand",
        FAILED,
    ),
    "producers.scaling.asking.PoolsUnheard": (_as_said, _IS_BROKER_UP, FAILED),
    "shared.management.ManagementRefused": (_as_said, _IS_MANAGEMENT_UP, FAILED),
    "pika.exceptions.AMQPError": (_broker, _IS_BROKER_UP, FAILED),
    "socket.gaierror": (_broker, _IS_BROKER_UP, FAILED),
    "ssl.SSLError": (_broker, _IS_BROKER_UP, FAILED),
    "httpx.TransportError": (_first_line("no answer over HTTP"), _IS_MANAGEMENT_UP, FAILED),
    "httpx.InvalidURL": (_first_line("not an address"), _IS_MANAGEMENT_UP, FAILED),
    "sqlalchemy.exc.OperationalError": (_first_line("the database"), _IS_DATABASE_UP, FAILED),
    "psycopg.OperationalError": (_first_line("the database"), _IS_DATABASE_UP, FAILED),
    "pydantic_core._pydantic_core.ValidationError": (_settings, "correct the variables named above", USAGE),
}
