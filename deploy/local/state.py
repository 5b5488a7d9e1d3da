"""What a stack chooses once and keeps through every stop and start: its secrets, and its ports while they stay free."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from deploy.local.home import Home, write_private
from deploy.local.ports import free_port, is_free
from deploy.local.rabbitmq import Identity, new_identity


@dataclass(frozen=True, slots=True)
class State:
    """Secrets and ports. `ports` are those of our own programs, by name; `exported` is what `.millrace/env` said."""

    rabbitmq: Identity
    database_password: str
    admin_token: str
    ports: Mapping[str, int]
    exported: Mapping[str, str] = field(default_factory=dict)
    token_secret: str = ""
    """Signs the tokens of users; a state of before there were any has none yet."""
    flower_password: str = ""
    """Lets into Flower; likewise."""


def load(home: Home) -> State | None:
    """Return what was chosen before; None when nothing was, or when the file cannot be read any more."""
    try:
        told = json.loads(home.state.read_text())
        return State(**{**told, "rabbitmq": Identity(**told["rabbitmq"])})
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def save(home: Home, state: State) -> None:
    """Keep the state, for its owner's eyes."""
    write_private(home.state, json.dumps(asdict(state), indent=2) + "\n")


def choose(old: State | None, names: Sequence[str]) -> State:
    """Return a state with a free port for each name: the old secrets, and the old ports where nobody took them.

    Only while nothing of the stack runs: what listens already would look like a stranger.
    """
    rabbitmq = new_identity(old.rabbitmq if old else None)
    taken = {rabbitmq.amqp, rabbitmq.management, rabbitmq.prometheus, rabbitmq.distribution, rabbitmq.epmd}
    ports = {}
    for name in names:
        port = old.ports.get(name, 0) if old else 0
        ports[name] = port if port and port not in taken and is_free(port) else free_port(taken)
        taken.add(ports[name])
    return State(
        rabbitmq=rabbitmq,
        database_password=old.database_password if old else secrets.token_urlsafe(24),
        admin_token=old.admin_token if old else secrets.token_urlsafe(32),
        token_secret=(old.token_secret if old else "") or secrets.token_urlsafe(48),
        flower_password=(old.flower_password if old else "") or secrets.token_urlsafe(24),
        ports=ports,
        exported=old.exported if old else {},
    )
