"""Who may do what on the broker, as one table of roles: each account has one, and no more than its work needs.

RabbitMQ knows three permissions of an account in a virtual host, each a pattern of the names of exchanges and queues:
`configure` (declare, delete), `write` (publish, bind a queue) and `read` (consume, purge, bind to an exchange).
The default exchange goes by the name `amq.default`, which no pattern here matches but the operator's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.broker import topology

PREFIX = "millrace-"
"""Of the account that each role has from the start; more accounts of a role may have any name."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""A name that an account may have: it is a file's name, too."""

# What Celery 5.7 makes for itself (kombu/pidbox.py, celery/events): a worker hears commands and sends events and
# replies; who commands hears replies; who watches hears events.
COMMANDS, REPLIES, EVENTS = "celery.pidbox", "reply.celery.pidbox", "celeryev"
_ID = "[0-9a-f-]{36}"
_WORKERS_QUEUE = r"[^@]+@.+\.celery\.pidbox"
_REPLY_QUEUE = rf"{_ID}\.reply\.celery\.pidbox"
_EVENT_QUEUE = rf"celeryev\.{_ID}"

LISTENERS = "listeners."
"""How the names of queues begin in which others listen to facts."""

_LISTENERS_QUEUE = re.escape(LISTENERS) + ".+"


@dataclass(frozen=True, slots=True)
class Role:
    """What an account may do; the patterns match whole names, `tags` are RabbitMQ's for the management API."""

    name: str
    purpose: str
    configure: str = "^$"
    write: str = "^$"
    read: str = "^$"
    tags: tuple[str, ...] = ()

    @property
    def account(self) -> str:
        """Name of the role's first account."""
        return PREFIX + self.name

    def permissions(self) -> dict[str, str]:
        """Return the patterns as the management API takes and gives them."""
        return {"configure": self.configure, "write": self.write, "read": self.read}

    def definitions(self, account: str, vhost: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return a user of this role, without password, and its permission, as RabbitMQ's definitions have them."""
        return {"name": account, "tags": list(self.tags)}, {"user": account, "vhost": vhost, **self.permissions()}


def _names(names: Iterable[str]) -> str:
    return "|".join(map(re.escape, names))


def _pattern(*alternatives: str) -> str:
    return f"^({'|'.join(alternatives)})$"


_TOPICS = _names(topology.TOPICS)
_TIERS = _names(tier.name for tier in topology.TIERS)
_QUEUES = _names(queue for pool in topology.POOLS for queue in pool.queues)

ROLES = (
    Role("producer", "another service that asks for work", write=_pattern(_TOPICS)),
    Role(
        "producer-urgent",
        "one that may also ask ahead of everything else",
        write=_pattern(_TOPICS, topology.URGENT),
    ),
    Role(
        "listener",
        f"another service that hears facts, in queues whose names begin with {LISTENERS}",
        configure=_pattern(_LISTENERS_QUEUE),
        write=_pattern(_LISTENERS_QUEUE),
        read=_pattern(_LISTENERS_QUEUE, topology.FACTS),
    ),
    Role(
        "consumer",
        "the pools",
        configure=_pattern(re.escape(COMMANDS), re.escape(REPLIES), EVENTS, _WORKERS_QUEUE),
        write=_pattern(topology.WORK, _TIERS, topology.DEAD_LETTER, re.escape(REPLIES), EVENTS, _WORKERS_QUEUE),
        read=_pattern(_QUEUES, re.escape(COMMANDS), _WORKERS_QUEUE),
    ),
    Role(
        "line",
        "relay, scheduler, exporter, API and its console, and the commands that publish and scale",
        configure=_pattern(re.escape(COMMANDS), re.escape(REPLIES), _REPLY_QUEUE),
        write=_pattern(
            *(_TOPICS, topology.URGENT, topology.FACTS, topology.WORK, _TIERS, re.escape(COMMANDS), _REPLY_QUEUE)
        ),
        read=_pattern(re.escape(REPLIES), _REPLY_QUEUE),
        tags=("management",),
    ),
    Role(
        "operator",
        "a person who mends: everything inside the virtual host, policies, and no accounts",
        configure="^.*$",
        write="^.*$",
        read="^.*$",
        tags=("policymaker", "monitoring"),
    ),
    # Flower cannot so much as hear events without a word to all workers, and Celery's remote control knows no words
    # that are harmless: who may speak may stop them.
    Role(
        "monitoring",
        "Flower and Prometheus: the management API, Celery's events, and what workers say when they are asked",
        configure=_pattern(re.escape(COMMANDS), re.escape(REPLIES), _REPLY_QUEUE, EVENTS, _EVENT_QUEUE),
        write=_pattern(re.escape(COMMANDS), _REPLY_QUEUE, _EVENT_QUEUE),
        read=_pattern(re.escape(REPLIES), _REPLY_QUEUE, EVENTS, _EVENT_QUEUE),
        tags=("monitoring",),
    ),
)
"""Every role there is."""

FIRST: Mapping[str, Role] = {role.account: role for role in ROLES}
"""The account that each role has from the start, by name."""


def role_named(name: str) -> Role:
    """Return the role of that name; raises ValueError with the names there are."""
    for role in ROLES:
        if role.name == name:
            return role
    raise ValueError(f"no role is called {name!r}; there are {', '.join(role.name for role in ROLES)}")


def export(vhost: str, accounts: Mapping[str, Role] = FIRST) -> dict[str, Any]:
    """Return accounts and permissions as RabbitMQ's definitions have them, without any password."""
    both = [role.definitions(account, vhost) for account, role in accounts.items()]
    return {"users": [user for user, _ in both], "permissions": [permission for _, permission in both]}
