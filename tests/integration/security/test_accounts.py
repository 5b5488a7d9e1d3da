"""What each role's account may do on a real broker, and that it may do nothing else: every role, every action."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pika
import pytest
from pika.exceptions import ChannelClosedByBroker

from deploy.local.rabbitmq import Broker
from shared.broker import declare
from shared.broker.accounts import COMMANDS, EVENTS, REPLIES, ROLES, export, role_named
from shared.broker.addresses import signed_in
from shared.broker.publisher import Publisher
from shared.broker.topology import POOLS, TIERS, TOPICS, exchange_for, queues
from shared.broker.wire import Message
from shared.broker_accounts import Accounts
from shared.contracts.kinds import CONTRACTS
from shared.management import ManagementRefused, connect, vhost_of
from tests.guarded import PASSWORD, Guarded
from tests.integration.cli.places import Place

Act = Callable[[Any], object]


def _publish(exchange: str, key: str, *, mandatory: bool = True) -> Act:
    properties = pika.BasicProperties(expiration="60000")
    return lambda channel: channel.basic_publish(exchange, key, b"{}", properties, mandatory=mandatory)


def _get(queue: str) -> Act:
    # Taken, and given back when the channel closes.
    return lambda channel: channel.basic_get(queue)


def _consume(queue: str) -> Act:
    return lambda channel: channel.basic_consume(queue, lambda *_: None)


ID = str(uuid.uuid4())
WORKERS_QUEUE = "content.1@host.celery.pidbox"
REPLY_QUEUE = f"{ID}.reply.celery.pidbox"
EVENT_QUEUE = f"celeryev.{ID}"
LISTENERS_QUEUE = "listeners.shop.series"

BROKER: dict[str, Act] = {
    **{f"publish to {name}": _publish(name, f"{name}.any", mandatory=False) for name in (*TOPICS, "urgent", "facts")},
    "publish to work": _publish("work", "content"),
    **{f"publish to {tier.name}": _publish(tier.name, "content") for tier in TIERS},
    "publish to dead-letter": _publish("dead-letter", "content"),
    "publish to the default exchange": _publish("", "content"),
    "command workers": _publish(COMMANDS, "", mandatory=False),
    "reply to commands": _publish(REPLIES, ID, mandatory=False),
    "send events": _publish(EVENTS, "worker.heartbeat", mandatory=False),
    **{f"take from {name}": _get(name) for pool in POOLS for name in pool.queues},
    "take from retry.5s": _get("retry.5s"),
    "consume content": _consume("content"),
    "purge content": lambda channel: channel.queue_purge("content"),
    "declare content again": lambda channel: channel.queue_declare("content", durable=True, arguments=_arguments()),
    "declare a queue": lambda channel: channel.queue_declare("mine", durable=True),
    "declare an exchange": lambda channel: channel.exchange_declare("mine", "fanout"),
    "delete an exchange": lambda channel: channel.exchange_delete("retry.1h"),
    "delete a queue": lambda channel: channel.queue_delete("retry.1h"),
    "bind content to facts": lambda channel: channel.queue_bind("content", "facts", "facts.#"),
    "unbind content": lambda channel: channel.queue_unbind("content", "scrape", "scrape.series.#"),
    "copy scrape to an exchange": lambda channel: channel.exchange_bind("facts", "scrape", "#"),
    "hear commands": lambda channel: _listen(channel, WORKERS_QUEUE, COMMANDS, "", durable=False),
    "hear replies": lambda channel: _listen(channel, REPLY_QUEUE, REPLIES, ID, durable=False),
    "hear events": lambda channel: _listen(channel, EVENT_QUEUE, EVENTS, "#", durable=False),
    "hear facts": lambda channel: _listen(channel, LISTENERS_QUEUE, "facts", "facts.series.#", durable=True),
    "hear requests": lambda channel: _listen(channel, LISTENERS_QUEUE, "scrape", "#", durable=True),
}
"""What can be tried over AMQP; whatever a role is not given below must be refused."""


def _arguments() -> dict[str, Any]:
    return next(queue.arguments for queue in queues() if queue.name == "content")


def _listen(channel: Any, queue: str, exchange: str, key: str, *, durable: bool) -> None:
    channel.queue_declare(queue, durable=durable, exclusive=not durable)
    channel.queue_bind(queue, exchange, key)
    channel.basic_consume(queue, lambda *_: None)


ASKING = {f"publish to {name}" for name in TOPICS}
RETRYING = {f"publish to {tier.name}" for tier in TIERS}
WORKING = {f"take from {name}" for pool in POOLS for name in pool.queues}

MAY: dict[str, set[str]] = {
    "producer": ASKING,
    "producer-urgent": {*ASKING, "publish to urgent"},
    "listener": {"hear facts"},
    "consumer": {
        *(*WORKING, "consume content", "purge content"),
        *(*RETRYING, "publish to dead-letter", "publish to work"),
        *("hear commands", "reply to commands", "send events"),
    },
    "line": {
        *(*ASKING, "publish to urgent", "publish to facts", "publish to work", *RETRYING),
        *("command workers", "hear replies"),
    },
    "operator": set(BROKER),
    "monitoring": {"hear events", "command workers", "hear replies"},
}


@pytest.mark.parametrize("role", [role.name for role in ROLES])
def test_an_account_may_do_what_its_role_says_and_nothing_else(place: Guarded, role: str) -> None:
    with place.channel(role) as first:
        connection = first.connection
        done, refused = set(), []
        for action, act in BROKER.items():
            channel = connection.channel()
            channel.confirm_delivery()
            try:
                act(channel)
            except ChannelClosedByBroker as error:
                refused.append((action, error.reply_code))
            else:
                done.add(action)
                channel.close()

    if "delete a queue" in done:
        _mend(place)
    assert done == MAY[role]
    assert {code for _, code in refused} <= {403}, refused


def _mend(place: Guarded) -> None:
    with place.channel() as channel:
        for queue in ("mine", LISTENERS_QUEUE):
            channel.queue_delete(queue)
        channel.exchange_delete("mine")
        channel.queue_unbind("content", "facts", "facts.#")
        channel.exchange_unbind("facts", "scrape", "#")
    declare.apply(place.url)


MANAGEMENT: dict[str, Callable[[httpx.Client, str], httpx.Response]] = {
    "sign in": lambda client, _: client.get("/whoami"),
    "look at queues": lambda client, vhost: client.get(f"/queues/{vhost}"),
    "look at the node": lambda client, _: client.get("/nodes"),
    "set a policy": lambda client, vhost: client.put(
        f"/policies/{vhost}/mine", json={"pattern": "^mine$", "definition": {"max-length": 1}}
    ),
    "look at accounts": lambda client, _: client.get("/users"),
    "make an account": lambda client, _: client.put("/users/mine", json={"password": "p", "tags": ""}),
}

MAY_MANAGE: dict[str, set[str]] = {
    "producer": set(),
    "producer-urgent": set(),
    "listener": set(),
    "consumer": set(),
    "line": {"sign in", "look at queues"},
    "operator": {"sign in", "look at queues", "look at the node", "set a policy"},
    "monitoring": {"sign in", "look at queues", "look at the node"},
}


@pytest.mark.parametrize("role", [role.name for role in ROLES])
def test_the_management_api_lets_an_account_do_what_its_role_says(place: Guarded, role: str) -> None:
    with connect(place.management_urls[role]) as client:
        # The broker closes a connection over which it refused a body.
        client.headers["Connection"] = "close"
        done = {action for action, ask in MANAGEMENT.items() if ask(client, place.vhost).is_success}

    assert done == MAY_MANAGE[role]


def test_a_producer_publishes_every_kind_with_a_confirm(place: Guarded) -> None:
    kinds = [kind for kind in CONTRACTS if not kind.name.startswith("facts.")]
    messages = [
        Message(kind.name, b"{}", exchange_for(kind.name, 5), kind.name, str(uuid.uuid4()), "c", 1) for kind in kinds
    ]

    with Publisher(place.urls["producer"], name="producer") as publisher:
        assert publisher.publish_many(messages) == []


def test_an_account_is_good_for_its_virtual_host_alone(place: Guarded, rabbitmq_url: str) -> None:
    elsewhere = place.urls["operator"].rpartition("/")[0] + "/" + rabbitmq_url.rpartition("/")[2]

    with pytest.raises(pika.exceptions.ProbableAccessDeniedError):
        pika.BlockingConnection(pika.URLParameters(elsewhere))


def test_whoever_may_not_make_accounts_hears_so(place: Guarded) -> None:
    with connect(place.management_urls["operator"]) as client, pytest.raises(ManagementRefused, match="401"):
        Accounts(client, place.vhost).put("mine", role_named("operator"), "p")


def test_this_broker_has_no_guest(place: Guarded) -> None:
    with connect(place.management_url) as client:
        assert "guest" not in {user["name"] for user in client.get("/users").json()}


def test_accounts_are_made_and_made_again_by_a_command_that_shows_no_password(
    rabbitmq_url: str, broker: Broker, tmp_path: Path
) -> None:
    name = f"shop-{uuid.uuid4().hex[:8]}"
    place = Place("", rabbitmq_url, broker.management_url)
    folder = tmp_path / "accounts"
    words = ("topology", "accounts", "apply", f"{name}=producer", "--folder", str(folder))
    try:
        first = place.run(*words)
        password = (folder / f"{name}.password").read_text().strip()
        again = place.run(*words)
        checked = place.run("topology", "accounts", "check", f"{name}=producer")
        other = place.run("topology", "accounts", "check", f"{name}=listener")
        url = (folder / f"{name}.url").read_text().strip()
        # The whole address, from its file, is all that another service needs.
        asked = place.run(
            "publish",
            "scrape.series.save",
            "tvdb_id=81189",
            RABBITMQ_URL="",
            RABBITMQ_URL_FILE=str(folder / f"{name}.url"),
        )
        refused = place.run("topology", "apply", RABBITMQ_URL=url)
    finally:
        removed = place.run("topology", "accounts", "remove", name)

    results = (first, again, checked, other, asked, refused, removed)
    assert [result.exit_code for result in results] == [0, 0, 0, 1, 0, 1, 0]
    assert "configure is '^$'" in other.stdout
    assert "next: " in refused.stderr
    assert all(password not in result.output for result in results)
    assert {oct(file.stat().st_mode & 0o777) for file in folder.iterdir()} == {"0o600"}
    assert oct(folder.stat().st_mode & 0o777) == "0o700"


def test_what_another_has_widened_is_found_and_made_narrow_again(rabbitmq_url: str, broker: Broker) -> None:
    name, role = f"shop-{uuid.uuid4().hex[:8]}", role_named("producer")
    with connect(broker.management_url) as client:
        accounts = Accounts(client, vhost_of(rabbitmq_url))
        accounts.put(name, role_named("operator"), PASSWORD)
        try:
            found = [one.detail for one in accounts.differences({name: role})]
            accounts.put(name, role, PASSWORD)
            left = list(accounts.differences({name: role}))
        finally:
            accounts.remove(name)

    assert len(found) == 4
    assert "tags are monitoring, policymaker, not none" in found
    assert left == []


def test_exported_accounts_can_be_imported_and_signed_in_with_by_nobody(rabbitmq_url: str, broker: Broker) -> None:
    name = f"shop-{uuid.uuid4().hex[:8]}"
    role = role_named("operator")
    with connect(broker.management_url) as client:
        accounts = Accounts(client, vhost_of(rabbitmq_url))
        try:
            client.post("/definitions", json=export(vhost_of(rabbitmq_url), {name: role})).raise_for_status()
            left = list(accounts.differences({name: role}))
            for password in ("", "guest", name):
                with connect(signed_in(broker.management_url, name, password)) as other:
                    assert other.get("/whoami").status_code == 401
        finally:
            accounts.remove(name)

    assert left == []
