"""What travels, and what stands in for everything a sender left out or got wrong."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.broker import wire
from shared.broker.ids import new_id
from shared.broker.wire import Delivery, Message, compose, later, storable, storable_json
from shared.errors import Undecodable, UnknownKind
from tests.probe.kinds import PROBE_CONTRACTS, Nothing, Sleep, Store

NOW = 1_800_000_000_000

NO_COUNTS: list[object] = ["3", -1, True, 2.0, None, 2**62, [1]]
NO_TIMES: list[object] = ["noon", 0, -1, 2**62, True, {}]
ANY_SCHEMA: list[object] = [1, 7, "one", True, None, []]


def received(headers: Any = None, **properties: Any) -> Message:
    """Return the message that a delivery stands for."""
    return Delivery("content", "scrape", "scrape.series.save", "m-1", b"{}", properties, headers or {}).message(NOW)


def test_a_bare_body_gets_a_defined_default_for_everything() -> None:
    assert received() == Message(
        kind="scrape.series.save",
        body=b"{}",
        exchange="scrape",
        routing_key="scrape.series.save",
        message_id="m-1",
        correlation_id="m-1",
        published_at=NOW,
        app_id="",
        priority=5,
        schema=1,
        attempt=0,
        replay=0,
        cause=None,
        traceparent=None,
        not_before=None,
        expires_at=None,
        content_type="application/json",
        content_encoding=None,
        headers={},
    )


@pytest.mark.parametrize(
    ("properties", "field", "value"),
    [
        ({"type": "scrape.movie.save"}, "kind", "scrape.movie.save"),
        ({"type": ""}, "kind", "scrape.series.save"),
        ({"type": 7}, "kind", "scrape.series.save"),
        ({"correlation_id": "root"}, "correlation_id", "root"),
        ({"correlation_id": "nul \0"}, "correlation_id", "nul \ufffd"),
        ({"app_id": b"bytes"}, "app_id", "bytes"),
        ({"priority": 9}, "priority", 9),
        ({"priority": 0}, "priority", 0),
        ({"priority": 200}, "priority", 9),
        ({"priority": "high"}, "priority", 5),
        ({"timestamp": 1_700_000_000}, "published_at", 1_700_000_000_000),
        ({"timestamp": datetime(2026, 1, 1, tzinfo=UTC)}, "published_at", 1_767_225_600_000),
        ({"timestamp": 2**62}, "published_at", NOW),
        ({"timestamp": -1}, "published_at", NOW),
        ({"content_type": "text/html"}, "content_type", "text/html"),
    ],
)
def test_a_property_is_taken_where_it_makes_sense(properties: dict[str, Any], field: str, value: object) -> None:
    assert getattr(received(**properties), field) == value


@pytest.mark.parametrize(
    ("header", "sent", "value"),
    [
        *((name, 3, 3) for name in ("attempt", "replay")),
        *((name, sent, 0) for name in ("attempt", "replay") for sent in NO_COUNTS),
        *((name, 1_750_000_000_000, 1_750_000_000_000) for name in ("not_before", "expires_at", "published_at")),
        *((name, sent, None) for name in ("not_before", "expires_at") for sent in NO_TIMES),
        *(("published_at", sent, NOW) for sent in NO_TIMES),
        ("cause", "c", "c"),
        ("cause", 7, None),
        ("cause", "lone \ud800", "lone ?"),
        ("traceparent", "", None),
        *(("schema", sent, sent) for sent in ANY_SCHEMA),
    ],
)
def test_a_header_is_taken_where_it_makes_sense(header: str, sent: object, value: object) -> None:
    assert getattr(received({header: sent}), header) == value


def test_the_header_s_milliseconds_are_more_exact_than_the_property_s_seconds() -> None:
    assert received({"published_at": 1_750_000_000_123}, timestamp=1_750_000_000).published_at == 1_750_000_000_123


def test_a_publisher_s_own_headers_are_kept_and_those_of_one_delivery_are_not() -> None:
    headers = {
        "tenant": "blue",
        "x-delay": 5,
        "x-death": [{}],
        "x-first-death-queue": "q",
        "x-last-death-reason": "r",
        "x-delivery-count": 2,
        wire.DEATH_HEADER: {},
        "attempt": 1,
    }
    assert received(headers).headers == {"tenant": "blue", "x-delay": 5}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from([*sorted(wire.OURS), wire.DEATH_HEADER, "x-death", "id", "eta", "task"]) | st.text()
properties = st.sampled_from(
    ["type", "correlation_id", "timestamp", "priority", "app_id", "content_type", "content_encoding", "message_id"]
)


@settings(deadline=None)  # other people use this machine too
@given(headers=st.dictionaries(names, anything), properties=st.dictionaries(properties, anything))
def test_no_sender_can_make_reading_a_delivery_fail(headers: dict[str, Any], properties: dict[str, Any]) -> None:
    message = Delivery("q", "e", "k", "m", b"", properties, headers).message(NOW)
    assert 0 <= message.priority <= 9
    assert message.attempt >= 0
    datetime.fromtimestamp(message.published_at / 1000, UTC)
    message.properties()


def test_a_message_survives_its_own_properties() -> None:
    message = compose(
        PROBE_CONTRACTS,
        Store(key=1),
        app_id="a",
        correlation_id="root",
        priority=1,
        cause="c",
        traceparent="t",
        not_before=NOW,
        expires_at=NOW + 1,
    )
    properties = message.properties()
    headers = properties.pop("headers")
    assert message == Delivery(
        "q", message.exchange, message.routing_key, message.message_id, message.body, properties, headers
    ).message(NOW)


def test_a_composed_message_is_addressed_and_identified() -> None:
    message = compose(PROBE_CONTRACTS, Sleep(key=1, seconds=0.5))
    assert (message.exchange, message.routing_key, message.kind) == ("scrape", *["scrape.series.probe_sleep"] * 2)
    assert message.correlation_id == message.message_id
    assert json.loads(message.body) == {"key": 1, "seconds": 0.5}
    assert message.properties()["delivery_mode"] == 2


@pytest.mark.parametrize(("priority", "exchange"), [(0, "scrape"), (6, "scrape"), (7, "urgent"), (9, "urgent")])
def test_whoever_waits_goes_by_the_urgent_door(priority: int, exchange: str) -> None:
    assert compose(PROBE_CONTRACTS, Sleep(key=1, seconds=0), priority=priority).exchange == exchange


@pytest.mark.parametrize("priority", [-1, 10])
def test_other_priorities_than_0_to_9_are_refused(priority: int) -> None:
    with pytest.raises(ValueError, match="priority"):
        compose(PROBE_CONTRACTS, Nothing(), priority=priority)


def test_a_payload_without_a_kind_is_refused() -> None:
    class Stranger(Nothing):
        pass

    with pytest.raises(UnknownKind):
        compose(PROBE_CONTRACTS, Stranger())


@pytest.mark.parametrize(
    ("delay", "tier", "expiration"),
    [
        (0.0, "retry.5s", 1),
        (0.2, "retry.5s", 200),
        (5.0, "retry.5s", 5_000),
        (5.001, "retry.30s", 5_001),
        (45.0, "retry.2m", 45_000),
        (600.0, "retry.10m", 600_000),
        (3_600.0, "retry.1h", 3_600_000),
    ],
)
def test_a_retry_waits_in_the_shortest_tier_that_is_long_enough(delay: float, tier: str, expiration: int) -> None:
    message = compose(PROBE_CONTRACTS, Nothing(), correlation_id="root")
    again = later(message, "content", delay, attempt=2)
    assert (again.exchange, again.routing_key, again.expiration) == (tier, "content", expiration)
    assert again.properties()["expiration"] == str(expiration)
    assert (again.message_id, again.body, again.attempt, again.not_before) == (
        message.message_id,
        message.body,
        2,
        None,
    )


def test_a_wait_longer_than_the_longest_tier_goes_round_again_until_its_moment() -> None:
    again = later(compose(PROBE_CONTRACTS, Nothing()), "content", 7 * 3_600.0)
    assert (again.exchange, again.expiration) == ("retry.1h", 3_600_000)
    assert again.not_before is not None
    assert 0 <= again.not_before - (again.published_at + 7 * 3_600_000) < 1_000


def test_ids_are_uuids_of_version_7_and_sort_by_age() -> None:
    ids = [new_id() for _ in range(2_000)]
    assert len(set(ids)) == 2_000
    assert {(uuid.UUID(one).version, uuid.UUID(one).variant) for one in ids} == {(7, uuid.RFC_4122)}
    assert [one[:13] for one in ids] == sorted(one[:13] for one in ids)


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"content_type": "application/json"},
        {"content_type": "Application/JSON; charset=utf-8"},
        {"content_encoding": "UTF8"},
    ],
)
def test_json_in_utf_8_is_understood_however_it_is_called(properties: dict[str, Any]) -> None:
    received(**properties).require_json()


@pytest.mark.parametrize(
    ("properties", "headers", "says"),
    [
        ({"content_type": "text/html"}, {}, "content type is 'text/html'"),
        ({"content_type": "application/x-python-serialize"}, {}, "content type"),
        ({"content_encoding": "utf-16"}, {}, "content encoding is 'utf-16'"),
        ({"content_encoding": "gzip"}, {}, "content encoding"),
        ({}, {"compression": "gzip"}, "compressed"),
        ({}, {wire.UNREADABLE_HEADER: {"error": "it is bytes"}}, "cannot be decoded .it is bytes."),
        ({}, {wire.UNREADABLE_HEADER: "a lie"}, "cannot be decoded"),
    ],
)
def test_a_body_that_says_it_is_something_else_is_not_guessed_at(
    properties: dict[str, Any], headers: dict[str, Any], says: str
) -> None:
    with pytest.raises(Undecodable, match=says):
        received(headers, **properties).require_json()


@settings(deadline=None)  # other people use this machine too
@given(st.text())
def test_any_text_becomes_text_that_postgresql_can_hold(text: str) -> None:
    clean = storable(text)
    clean.encode()
    assert "\0" not in clean
    assert storable(clean) == clean


@settings(deadline=None)  # other people use this machine too
@given(st.recursive(st.text() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_json_becomes_json_that_postgresql_can_hold(value: Any) -> None:
    def texts(it: Any) -> list[str]:
        if isinstance(it, str):
            return [it]
        if isinstance(it, dict):
            return [text for pair in it.items() for one in pair for text in texts(one)]
        return [text for one in it or () for text in texts(one)]

    written = texts(json.loads(storable_json(value)))
    assert all("\0" not in text and text.encode() is not None for text in written)


def test_a_backslash_before_u0000_is_left_as_it_is() -> None:
    text = "\\u0000 \\\\u0000 \0 \\\0"
    assert json.loads(storable_json(text)) == text.replace("\0", "\ufffd")
