"""The commands on a real broker, each test in a virtual host of its own."""

from __future__ import annotations

import json
import time

import httpx
import pytest

from shared.broker import definitions
from tests.eventually import eventually
from tests.integration.cli.places import Place


def test_the_topology_is_missing_until_it_is_applied(empty: Place) -> None:
    before = empty.run("topology", "check", "--json")
    assert before.exit_code == 1
    assert {item["what"] for item in json.loads(before.stdout)["differences"]} == {"missing"}

    assert empty.run("topology", "apply").exit_code == 0
    assert empty.run("topology", "apply").exit_code == 0, "it may be applied any number of times"

    after = empty.run("topology", "check")
    assert after.exit_code == 0, after.output
    assert "the broker is as the table says" in after.stdout


def test_imported_definitions_are_the_topology(empty: Place) -> None:
    with httpx.Client(base_url=empty.management_url, timeout=30) as client:
        client.post(f"/api/definitions/{empty.name}", json=definitions.export()).raise_for_status()

    result = empty.run("topology", "check")
    assert result.exit_code == 0, result.output


def test_a_binding_that_would_double_messages_is_found(place: Place) -> None:
    place.on_channel(lambda channel: channel.queue_bind("person", "scrape", "scrape.#"))

    result = place.run("topology", "check")

    assert result.exit_code == 1
    assert "surplus    binding scrape -> person (scrape.#)" in result.stdout


def test_a_queue_of_another_form_is_found_and_stands_in_the_way(place: Place) -> None:
    place.on_channel(lambda channel: channel.queue_delete("content"))
    place.on_channel(
        lambda channel: channel.queue_declare("content", durable=True, arguments={"x-queue-type": "quorum"})
    )

    checked = place.run("topology", "check")
    assert checked.exit_code == 1
    assert "different  queue content: x-delivery-limit is unset, not 5" in checked.stdout

    applied = place.run("topology", "apply")
    assert applied.exit_code == 1
    assert "content" in applied.stderr
    assert "next: millrace topology check" in applied.stderr


@pytest.mark.parametrize("words", [("topology", "check"), ("topology", "check", "--json")])
def test_without_a_management_address_only_the_table_is_checked(empty: Place, words: tuple[str, ...]) -> None:
    result = empty.run(*words, RABBITMQ_MANAGEMENT_URL="")

    assert result.exit_code == 0
    assert "RABBITMQ_MANAGEMENT_URL is not set" in result.stderr or json.loads(result.stdout)["differences"] is None


def test_a_published_message_is_in_its_queue_in_the_public_form(place: Place) -> None:
    result = place.run("publish", "scrape.series.save", "tvdb_id=81189", "--id", "mine", "--priority", "3", "--json")

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["message_id"] == "mine"
    properties, body = place.first("content")
    assert json.loads(body) == {"tvdb_id": 81189}
    assert (properties.message_id, properties.correlation_id, properties.type) == ("mine", "mine", "scrape.series.save")
    assert (properties.priority, properties.content_type, properties.delivery_mode) == (3, "application/json", 2)
    assert properties.headers["schema"] == 1


def test_an_urgent_message_is_in_the_urgent_lane(place: Place) -> None:
    assert place.run("publish", "scrape.series.save", "tvdb_id=81189", "--priority", "9").exit_code == 0

    assert place.first("content.urgent")[0].priority == 9


def test_a_delayed_message_reaches_its_queue_when_its_time_has_come(place: Place) -> None:
    began = time.time()
    assert place.run("publish", "scrape.series.save", "tvdb_id=81189", "--delay", "1.5").exit_code == 0

    assert place.depth("content") == 0
    properties, _ = place.first("content")
    assert time.time() - began >= 1.5
    assert properties.headers["not_before"] >= (began + 1.5) * 1000


def test_lines_are_published_and_the_bad_ones_named(place: Place) -> None:
    lines = [f'{{"tvdb_id": {number}}}' for number in range(1, 2501)]
    lines[1999] = '{"tvdb_id": 0}'
    lines[2200] = "not json"

    result = place.run("publish", "scrape.person.save", "-", "--json", stdin="\n".join(lines))

    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (told["published"], told["failed"]) == (2498, 2)
    assert [error["line"] for error in told["errors"]] == [2000, 2201]
    eventually(lambda: place.depth("person") == 2498, what="every good line in the queue")


def test_lines_that_are_all_good_are_a_success(place: Place) -> None:
    result = place.run("publish", "scrape.person.save", "-", stdin='{"tvdb_id": 1}\n\n{"tvdb_id": 2}\n')

    assert result.exit_code == 0
    assert result.stdout == "2 scrape.person.save published, 0 failed\n"


def test_a_message_without_a_queue_is_an_error_with_a_next_step(empty: Place) -> None:
    result = empty.run("publish", "scrape.series.save", "tvdb_id=81189")

    assert result.exit_code == 1
    assert "next: millrace topology apply" in result.stderr


def test_lines_without_a_queue_are_all_named(empty: Place) -> None:
    result = empty.run("publish", "scrape.series.save", "-", "--json", stdin='{"tvdb_id": 1}\n{"tvdb_id": 2}\n')

    assert result.exit_code == 1
    assert [error["line"] for error in json.loads(result.stdout)["errors"]] == [1, 2]


@pytest.mark.parametrize(
    "words",
    [
        ("publish", "scrape.series.save", "tvdb_id=81189", "--timeout", "0.5"),
        ("topology", "apply"),
    ],
)
def test_a_broker_that_is_away_is_an_error_with_a_next_step(empty: Place, words: tuple[str, ...]) -> None:
    result = empty.run(*words, RABBITMQ_URL="amqp://guest:guest@127.0.0.1:1/")

    assert result.exit_code == 1
    assert "next: check RABBITMQ_URL" in result.stderr
    assert "Traceback" not in result.output


def test_lines_end_early_when_the_broker_is_away(empty: Place) -> None:
    lines = '{"tvdb_id": 1}\n' * 2001

    result = empty.run(
        *("publish", "scrape.series.save", "-", "--timeout", "0.5"),
        stdin=lines,
        RABBITMQ_URL="amqp://guest:guest@127.0.0.1:1/",
    )

    assert result.exit_code == 1
    assert "the broker stopped answering" in result.stderr
    assert result.stdout == "0 scrape.series.save published, 2000 failed\n"


def test_a_management_api_that_refuses_us_is_an_error_with_a_next_step(place: Place) -> None:
    host = place.management_url.rpartition("@")[2]

    result = place.run("topology", "check", RABBITMQ_MANAGEMENT_URL=f"http://nobody:hunter2@{host}")

    assert result.exit_code == 1
    assert "401" in result.stderr
    assert "hunter2" not in result.output


def test_the_depth_of_every_queue_is_shown(place: Place) -> None:
    for number in (1, 2, 3):
        place.run("publish", "scrape.person.save", f"tvdb_id={number}")

    def waiting() -> bool:
        pools = json.loads(place.run("pool", "status", "--json").stdout)
        person = next(queue for pool in pools for queue in pool["queues"] if queue["name"] == "person")
        return bool((person["ready"], person["unacked"], person["consumers"]) == (3, 0, 0))

    eventually(waiting, what="three messages waiting in person")


def test_queues_that_are_not_declared_are_said_to_be_so(empty: Place) -> None:
    result = empty.run("pool", "status")

    assert result.exit_code == 0
    assert "not declared: content.urgent, content" in result.stderr
