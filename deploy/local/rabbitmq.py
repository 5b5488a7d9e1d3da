"""A private RabbitMQ node: its own name, ports, data, users and cookie, and nothing listening beyond loopback."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import secrets
import shutil
import signal
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pika
from pika.exceptions import AMQPError

from deploy.local.ports import LOOPBACK, free_port, is_free, is_open
from deploy.local.process import Command, Push
from deploy.local.program import Program, Service
from deploy.local.rabbitmq_found import Installed, find_installed, missing

USER = "millrace"
VHOST = "millrace"

PLUGINS = ("rabbitmq_management", "rabbitmq_prometheus")

STOP = (Push(signal.SIGTERM, 20),)
"""A node closes its stores in moments; its management plugin then takes another five seconds over it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a node keeps for life: the name its data is filed under, its ports, and its secrets."""

    node: str
    password: str
    cookie: str
    amqp: int
    management: int
    prometheus: int
    distribution: int
    epmd: int

    @property
    def url(self) -> str:
        """The AMQP address of the node's virtual host."""
        return f"amqp://{USER}:{self.password}@{LOOPBACK}:{self.amqp}/{VHOST}"

    @property
    def management_url(self) -> str:
        """The management API's address, user and password in it."""
        return f"http://{USER}:{self.password}@{LOOPBACK}:{self.management}"

    @property
    def metrics_url(self) -> str:
        """Where the node tells its own figures to Prometheus."""
        return f"http://{LOOPBACK}:{self.prometheus}/metrics"


PORTS = ("amqp", "management", "prometheus", "distribution", "epmd")


def new_identity(old: Identity | None = None) -> Identity:
    """Return a node's identity: the old one where there is one, with fresh ports where others took the old."""
    taken: set[int] = set()
    ports = {}
    for name in PORTS:
        port = getattr(old, name) if old else 0
        ports[name] = port if port and is_free(port) else free_port(taken)
        taken.add(ports[name])
    if old is not None:
        return Identity(**{**asdict(old), **ports})
    # `@localhost`: the node's name and with it its data survive a change of the machine's name.
    return Identity(
        f"millrace-{uuid.uuid4().hex[:8]}@localhost", secrets.token_urlsafe(24), secrets.token_hex(20), **ports
    )


def write_configuration(home: Path, identity: Identity, peers: Sequence[str] = ()) -> None:
    """Write everything the node reads at boot below `home`, for the eyes of its owner only.

    `peers` are the names of a cluster's nodes, this one among them; a new node joins those that are there.
    """
    for folder in (home, home / "data", home / "log"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(home / "rabbitmq.conf", _configuration(home, identity, peers))
    _write(home / "enabled_plugins", f"[{','.join(PLUGINS)}].\n")
    _write(home / "definitions.json", json.dumps(_definitions(identity.password), indent=2))
    cookie = home / ".erlang.cookie"
    if not cookie.exists():
        cookie.touch(mode=0o600)
        cookie.write_text(identity.cookie)
        cookie.chmod(0o400)


def _configuration(home: Path, identity: Identity, peers: Sequence[str]) -> str:
    return f"""\
listeners.tcp.1 = {LOOPBACK}:{identity.amqp}
management.tcp.ip = {LOOPBACK}
management.tcp.port = {identity.management}
prometheus.tcp.ip = {LOOPBACK}
prometheus.tcp.port = {identity.prometheus}
load_definitions = {home / "definitions.json"}
default_vhost = {VHOST}
log.file.level = info
log.console = false
""" + (_membership(peers) if peers else "")


def _membership(peers: Sequence[str]) -> str:
    nodes = "".join(
        f"cluster_formation.classic_config.nodes.{number} = {name}\n" for number, name in enumerate(peers, 1)
    )
    # Nodes that see less than half of the cluster stop serving, so that no two halves go on without each other.
    return f"""\
cluster_partition_handling = pause_minority
cluster_formation.peer_discovery_backend = classic_config
{nodes}"""


def _definitions(password: str) -> dict[str, object]:
    """Return what the node holds from its first moment. Loading any, a new node makes no guest and no `/`."""
    salt = os.urandom(4)
    digest = base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
    user = {
        "name": USER,
        "password_hash": digest,
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": ["administrator"],
        "limits": {},
    }
    allowed = {"user": USER, "vhost": VHOST, "configure": ".*", "write": ".*", "read": ".*"}
    return {"users": [user], "vhosts": [{"name": VHOST}], "permissions": [allowed]}


def _write(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text)


def program(
    home: Path, identity: Identity, installed: Installed, environment: Mapping[str, str], peers: Sequence[str] = ()
) -> Program:
    """Return the node as an entry of the runner's table; `peers` are those of `write_configuration`."""

    def command() -> Command:
        write_configuration(home, identity, peers)
        if peers:  # they find each other in one register, which must survive each of them
            return Command((str(installed.server),), {**environment, **node_environment(home, identity)}, home)
        # epmd, Erlang's register of names, is started by us and not by the node: as part of this program's process
        # group it hears on loopback only and goes when the node goes, where the node's own would stay for ever.
        script = f'"$0" -port {identity.epmd} -address {LOOPBACK} & exec "$1"'
        return Command(
            ("/bin/sh", "-c", script, str(installed.epmd), str(installed.server)),
            {**environment, **node_environment(home, identity)},
            home,
        )

    return Program(
        "rabbitmq",
        command,
        ready=lambda: accepts(identity.url, identity.amqp),
        stop=STOP,
    )


def node_environment(home: Path, identity: Identity) -> dict[str, str]:
    """Return the variables by which a node, or a tool that talks to it, is this one and no other."""
    return {
        "HOME": str(home),  # where Erlang looks for its cookie
        "RABBITMQ_NODENAME": identity.node,
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",  # whatever /etc/rabbitmq says is about another node
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_PID_FILE": str(home / "node.pid"),
        "RABBITMQ_DIST_PORT": str(identity.distribution),
        # Two schedulers do for a laptop's load; waiting in a loop for work (`sbwt`) would take a core from the pools.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none"
        " -kernel inet_dist_use_interface {127,0,0,1}",
        "ERL_EPMD_PORT": str(identity.epmd),
        "ERL_EPMD_ADDRESS": LOOPBACK,
    }


def accepts(url: str, port: int) -> bool:
    """Say whether the broker lets us in: a connection opens, with user and virtual host."""
    if not is_open(port):
        return False
    parameters = pika.URLParameters(url)
    parameters.connection_attempts = 1
    parameters.blocked_connection_timeout = parameters.socket_timeout = parameters.stack_timeout = 5
    with contextlib.suppress(AMQPError, OSError):
        pika.BlockingConnection(parameters).close()
        return True
    return False


class Broker(Service):
    """A throw-away node for tests; `kill` and `start` give it back with the same ports and data."""

    def __init__(self, home: Path, identity: Identity, node: Program) -> None:
        self.url = identity.url
        self.management_url = identity.management_url
        self.metrics_url = identity.metrics_url
        home.mkdir(parents=True, exist_ok=True)
        super().__init__(node, home / "rabbitmq.log")


def start(home: Path) -> Broker:
    """Start a node of its own below `home` from this machine's `rabbitmq-server`, and wait until it lets us in.

    Raises RabbitMQMissing when there is none, NotReady when it does not come up.
    """
    installed = find_installed()
    if installed is None:
        raise missing()
    home, identity = home.resolve(), new_identity()
    broker = Broker(home, identity, program(home, identity, installed, os.environ))
    broker.start()
    return broker


def discard(broker: Broker, home: Path) -> None:
    """End a throw-away node without ceremony and delete what it kept."""
    broker.kill()
    shutil.rmtree(home, ignore_errors=True)
