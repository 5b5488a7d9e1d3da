"""A service of somebody else's publishes with pika and pydantic installed, and nothing else of Millrace's needs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pika
import pytest

from shared.broker import declare

REPOSITORY = Path(__file__).parents[2]
ENOUGH = {"pika", "pydantic"}

COMPOSE = """
import json, pkgutil, sys
from importlib import import_module, metadata
for package in ("shared.contracts", "shared.broker"):
    for module in pkgutil.walk_packages(import_module(package).__path__, package + "."):
        import_module(module.name)
from shared.broker.publisher import Publisher
from shared.broker.wire import compose
from shared.contracts.kinds import CONTRACTS
message = compose(CONTRACTS, CONTRACTS.build("scrape.series.save", {"tvdb_id": 81189}), app_id="alone")
if len(sys.argv) > 1:
    with Publisher(sys.argv[1]) as publisher:
        publisher.publish(message)
installed = sorted(each.metadata["Name"].lower() for each in metadata.distributions())
print(json.dumps({"message_id": message.message_id, "key": message.routing_key, "installed": installed}))
"""

Run = Callable[..., dict[str, Any]]


def locked(lock: str, wanted: set[str]) -> list[str]:
    """Return the entries of a lock file for these packages and all they need, hashes included."""
    entries = re.split(r"\n(?=[a-z0-9])", lock.strip())
    by_name = {re.split(r"[=\[ ]", entry, maxsplit=1)[0]: entry for entry in entries}
    needed_by = {
        name: set(re.findall(r"^ +#(?: via)? +([a-z0-9._-]+)", entry, re.MULTILINE)) for name, entry in by_name.items()
    }
    closure = set(wanted)
    while more := {name for name, parents in needed_by.items() if parents & closure} - closure:
        closure |= more
    return [by_name[name] for name in sorted(closure)]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a function that runs `COMPOSE` where only what publishing needs is installed."""
    place = tmp_path_factory.mktemp("alone")
    requirements = place / "requirements.txt"
    requirements.write_text("\n".join(locked((REPOSITORY / "requirements.lock").read_text(), ENOUGH)) + "\n")
    uv = str(Path(sys.executable).parent / "uv")
    environment = place / "environment"
    python = str(environment / "bin" / "python")
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(environment)], check=True)
    install = [uv, "pip", "install", "-q", "--require-hashes", "-r", str(requirements), "--python", python]
    # The environment that runs this test has the same files in uv's cache, as a rule.
    if subprocess.run([*install, "--offline"], check=False, capture_output=True).returncode:
        subprocess.run(install, check=True)

    def ran(*words: str) -> dict[str, Any]:
        done = subprocess.run(
            [python, "-c", COMPOSE, *words],
            cwd=place,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    return ran


def test_contracts_and_broker_import_and_compose_with_pika_and_pydantic_alone(run: Run) -> None:
    told = run()

    assert told["key"] == "scrape.series.save"
    assert set(told["installed"]) >= ENOUGH
    assert not set(told["installed"]) & {"celery", "kombu", "sqlalchemy", "psycopg", "httpx", "pydantic-settings"}


def test_a_service_with_pika_and_pydantic_alone_really_publishes(run: Run, rabbitmq_url: str) -> None:
    declare.apply(rabbitmq_url)

    told = run(rabbitmq_url)

    with closing(pika.BlockingConnection(pika.URLParameters(rabbitmq_url))) as connection:
        _, properties, body = connection.channel().basic_get("content", auto_ack=True)
    assert (properties.message_id, properties.app_id) == (told["message_id"], "alone")
    assert json.loads(body) == {"tvdb_id": 81189}


def test_the_lock_is_followed_to_the_last_need() -> None:
    first = "a==1 \\\n    --hash=sha256:00\n    # via x"
    second = "b==2 \\\n    --hash=sha256:11\n    # via\n    #   a\n    #   c"
    third = "c==3 \\\n    --hash=sha256:22\n    # via d"

    assert locked(f"{first}\n{second}\n{third}\n", {"a"}) == [first, second]
