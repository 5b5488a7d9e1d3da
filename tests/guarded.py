"""A virtual host with the topology and an account of each role, and a database with a login of each."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pika
import psycopg

from deploy.local.rabbitmq import Broker
from shared.broker import declare
from shared.broker.accounts import ROLES
from shared.broker.addresses import signed_in
from shared.broker_accounts import Accounts
from shared.management import connect, vhost_of
from tests import services

PASSWORD = "hunter2/with?signs"


@dataclass(frozen=True, slots=True)
class Guarded:
    """Where the broker is, and the addresses that each role's account has."""

    url: str
    management_url: str
    urls: dict[str, str]
    management_urls: dict[str, str]

    @property
    def vhost(self) -> str:
        return vhost_of(self.url)

    @contextmanager
    def channel(self, role: str | None = None) -> Iterator[Any]:
        """Open a channel in confirm mode as a role's account, or as the administrator."""
        parameters = pika.URLParameters(self.url if role is None else self.urls[role])
        with closing(pika.BlockingConnection(parameters)) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            yield channel


@contextmanager
def guarded(broker: Broker) -> Iterator[Guarded]:
    """Make the virtual host and the accounts, whose names are its own; take them away again."""
    with services.a_virtual_host(broker) as url, connect(broker.management_url) as client:
        declare.apply(url)
        accounts = Accounts(client, vhost_of(url))
        names = {role.name: f"{role.account}-{uuid.uuid4().hex[:8]}" for role in ROLES}
        for role in ROLES:
            accounts.put(names[role.name], role, PASSWORD)
        try:
            yield Guarded(
                url,
                broker.management_url,
                {role: signed_in(url, name, PASSWORD) for role, name in names.items()},
                {role: signed_in(broker.management_url, name, PASSWORD) for role, name in names.items()},
            )
        finally:
            for name in names.values():
                accounts.remove(name)


ROLES_SQL = Path(__file__).parents[1] / "deploy" / "postgres" / "roles.sql"


@contextmanager
def logins(database_url: str) -> Iterator[dict[str, str]]:
    """Apply deploy/postgres/roles.sql to a database; give the addresses of a login of `line`, `reader` and neither."""
    names = {role: f"t_{role}_{uuid.uuid4().hex[:8]}" for role in ("line", "reader", "nobody")}
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(ROLES_SQL.read_bytes())
        for role, name in names.items():
            member = "" if role == "nobody" else f"IN ROLE millrace_{role}"
            owner.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}' {member}".encode())
        try:
            yield {role: signed_in(database_url, name, PASSWORD) for role, name in names.items()}
        finally:
            for name in names.values():
                owner.execute(f"DROP ROLE {name}".encode())
