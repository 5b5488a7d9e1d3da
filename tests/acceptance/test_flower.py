"""Flower, started as everybody starts it, on workers and queues of the line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psutil
import pytest

from deploy.local.ports import free_port
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually
from tests.probe.kinds import Fail, Store

PASSWORD = "of-flower-0123456789"


@pytest.fixture(scope="module")
def program(stack: Stack, content: Running) -> Iterator[Running]:  # noqa: ARG001
    def answers(it: Running) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{it.metrics_port}/healthcheck", timeout=2).is_success
        except httpx.HTTPError:
            return False

    port = free_port()
    running = stack.start(
        "flower",
        *(sys.executable, "-m", "producers.cli", "flower", "--port", str(port)),
        ready=lambda it: answers(Running(it.process, it.log, port)),
        environment={"FLOWER_BASIC_AUTH": f"operator:{PASSWORD}"},
    )
    running.metrics_port = port
    yield running
    running.stop()


@pytest.fixture(scope="module")
def flower(program: Running) -> Iterator[httpx.Client]:
    address = f"http://127.0.0.1:{program.metrics_port}"
    with httpx.Client(base_url=address, auth=("operator", PASSWORD), timeout=20) as client:
        # It asks workers for their events every five seconds; what is done before that, it does not see.
        eventually(lambda: client.get("/workers?json=true").json()["data"], within=30, what="workers that tell events")
        yield client


def shown(flower: httpx.Client, state: str, ask: Callable[[], Any]) -> dict[str, Any]:
    """Ask for something until Flower has seen all of it, and it come to a state; return what it shows of it."""

    def look() -> dict[str, Any] | None:
        answer = flower.get(f"/api/task/info/{ask()}")
        told: dict[str, Any] = answer.json() if answer.is_success else {}
        # Of a message that was received before the events were switched on it knows no name.
        return told if told.get("state") == state and told["name"] else None

    return eventually(look, within=40, what=f"a task in the state {state} in Flower") or {}


@pytest.mark.parametrize("page", ["/", "/tasks", "/broker", "/api/tasks", "/api/workers", "/api/queues/length"])
def test_nobody_sees_anything_without_the_password(flower: httpx.Client, page: str) -> None:
    assert httpx.get(flower.base_url.join(page)).status_code == 401
    assert httpx.get(flower.base_url.join(page), auth=("operator", "another")).status_code == 401
    assert flower.get(page).is_success


def test_the_password_is_on_no_command_line_and_nobody_else_is_listened_to(program: Running) -> None:
    process = psutil.Process(program.pid)
    assert PASSWORD not in " ".join(process.cmdline())
    assert {at.laddr.ip for at in process.net_connections("tcp") if at.status == psutil.CONN_LISTEN} == {"127.0.0.1"}


def test_a_message_is_shown_by_its_kind_with_queue_id_and_payload(
    stack: Stack, flower: httpx.Client, sleep: Any
) -> None:
    def ask() -> str:
        result = sleep.delay(key=stack.keys(1)[0], seconds=0.3)
        result.get(timeout=20)
        return str(result.id)

    task = shown(flower, "SUCCESS", ask)
    assert task["name"] == "scrape.series.probe_sleep"
    assert task["args"] == f"content {task['uuid']}"
    assert json.loads(task["kwargs"])["seconds"] == 0.3
    assert task["result"] == "'done'"
    assert task["runtime"] >= 0.3
    assert task["received"] <= task["started"] <= task["succeeded"]
    assert task["worker"].startswith("content.")
    assert task["uuid"] in flower.get("/api/tasks", params={"taskname": "scrape.series.probe_sleep"}).json()


def test_one_in_work_is_started_and_one_that_died_has_failed(stack: Stack, flower: httpx.Client, sleep: Any) -> None:
    running = sleep.delay(key=stack.keys(1)[0], seconds=2.0)
    shown(flower, "STARTED", lambda: running.id)

    def ask() -> str:
        (identity,) = stack.ask(Fail(error="UpstreamGone"))
        stack.letter(identity)
        return identity

    task = shown(flower, "FAILURE", ask)
    assert task["name"] == "maintenance.probe.fail"
    assert "UpstreamGone" in task["exception"]
    running.get(timeout=20)


def test_a_bundle_is_one_task_that_says_how_many_messages_it_is(stack: Stack, flower: httpx.Client) -> None:
    def bundled() -> dict[str, Any] | None:
        stack.ask(*(Store(key=key) for key in stack.keys(200)))
        tasks = flower.get("/api/tasks", params={"taskname": "maintenance.probe.store"}).json().values()
        return next((task for task in tasks if " messages: " in task["args"]), None)

    task = eventually(bundled, within=30, what="a bundle") or {}
    assert task["args"].startswith("maintenance ")
    assert '"key":' in task["kwargs"]


def test_the_broker_page_and_its_api_tell_how_long_quorum_queues_are(flower: httpx.Client) -> None:
    def queues() -> dict[str, Any] | None:
        told = flower.get("/api/queues/length").json()["active_queues"]
        found = {queue["name"]: queue for queue in told}
        # Of a queue that was declared a moment ago the broker has no numbers yet.
        return found if {"content", "content.urgent"} <= {name for name in found if "messages" in found[name]} else None

    told = eventually(queues, within=20, what="queues") or {}
    assert (told["content"]["type"], told["content"]["messages_ready"]) == ("quorum", 0)
    assert told["content"]["consumers"] == 1
    assert "content.urgent" in flower.get("/broker").text


def test_no_page_shows_a_password_of_ours(stack: Stack, flower: httpx.Client, content: Running) -> None:
    secrets = {httpx.URL(url).password for url in (stack.rabbitmq_url, stack.database_url)} - {""}
    assert secrets
    eventually(lambda: flower.get("/api/workers", params={"refresh": "true"}).json(), what="workers inspected")
    for page in ("/", "/broker", f"/worker/{content.node}", "/api/workers"):
        answer = flower.get(page).raise_for_status()
        assert not [secret for secret in secrets if secret in answer.text], page


def test_its_buttons_change_nothing(flower: httpx.Client, content: Running) -> None:
    assert flower.post(f"/api/worker/shutdown/{content.node}").status_code == 403
    assert content.alive()
