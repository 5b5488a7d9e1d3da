"""From a frame of the socket to a request for a task: nothing that a stranger sends may fail on this way."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from amqp.basic_message import Message as RawMessage
from amqp.serialization import decode_properties_basic
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.acks import Acks
from consumers.bundles import Bundler, disguise
from consumers.consumer import DEEPEST, Sealed, received
from consumers.frames import DELIVER, FIXED, HEADER, METHOD, FrameHandler, readable_delivery, set_aside
from shared.broker.wire import UNREADABLE_HEADER, Delivery
from tests.acceptance.foreign import Raw, raw_header


class Connection:
    """As much of py-amqp's connection as reading frames needs."""

    bytes_recv = 0


def header(properties: Raw, size: int = 3) -> bytes:
    """Return a content header as it comes from the socket."""
    return struct.pack(">HHQ", 60, 0, size) + b"".join(properties.encode())


def delivery(key: bytes, exchange: bytes = b"scrape", tag: int = 1) -> bytes:
    """Return the arguments of a delivery as they come from the socket."""
    short = [bytes([len(name)]) + name for name in (b"consumer", exchange, key)]
    return DELIVER + short[0] + struct.pack(">QB", tag, 0) + short[1] + short[2]


def read(properties: Raw, body: bytes = b"{ }") -> Any:
    """Return the message that py-amqp makes of three frames."""
    arrived: list[Any] = []
    on_frame = FrameHandler()(Connection(), lambda *arguments: arrived.append(arguments[-1]))
    on_frame((METHOD, 1, delivery(b"k")))
    on_frame((HEADER, 1, header(properties, len(body))))
    if body:
        on_frame((3, 1, body))
    (message,) = arrived
    return message


UNREADABLE = {
    "a name in Latin-1": Raw(app_id=b"Caf\xe9"),
    "a time beyond all calendars": Raw(headers=raw_header(b"x", b"T", struct.pack(">Q", 2**62))),
    "an unknown type": Raw(headers=raw_header(b"x", b"?", b"\1")),
    "a number that ends too soon": Raw(headers=raw_header(b"x", b"l", b"\1")),
}


@pytest.mark.parametrize("properties", UNREADABLE.values(), ids=UNREADABLE.keys())
@pytest.mark.parametrize("body", [b"{ }", b""], ids=["a body", "no body"])
def test_properties_that_cannot_be_decoded_are_set_aside_and_the_message_goes_on(properties: Raw, body: bytes) -> None:
    message = read(properties, body)
    told = message.properties["application_headers"][UNREADABLE_HEADER]
    assert message.properties.keys() == {"application_headers"}
    assert bytes.fromhex(told["properties"]) == b"".join(properties.encode())
    assert told["error"]


def test_properties_that_can_be_decoded_are_as_they_were() -> None:
    message = read(Raw(app_id="Café".encode(), message_id=b"m-1", headers=raw_header(b"x", b"t", b"\1")))
    assert message.properties == {"app_id": "Café", "message_id": "m-1", "application_headers": {"x": True}}
    assert message.body == b"{ }"


def test_an_error_of_whoever_takes_the_message_is_not_mistaken_for_one_of_its_properties() -> None:
    def taker(*_: object) -> None:
        raise ValueError("of its own")

    on_frame = FrameHandler()(Connection(), taker)
    on_frame((METHOD, 1, delivery(b"k")))
    with pytest.raises(ValueError, match="of its own"):
        on_frame((HEADER, 1, header(Raw(), 0)))


@settings(deadline=None)  # other people use this machine too
@given(st.binary(max_size=200))
def test_whatever_bytes_stand_for_properties_a_readable_header_comes_out(noise: bytes) -> None:
    payload = struct.pack(">HHQ", 60, 0, 3) + noise
    decode_properties_basic(set_aside(payload, ValueError("x")), FIXED)


@settings(deadline=None)  # other people use this machine too
@given(st.binary(max_size=255), st.binary(max_size=255), st.integers(0, 2**64 - 1))
def test_whatever_bytes_a_routing_key_is_it_arrives_as_text_of_the_same_length(
    key: bytes, exchange: bytes, tag: int
) -> None:
    payload = delivery(key, exchange, tag)
    readable = readable_delivery(payload)
    assert len(readable) == len(payload)
    start = payload.index(b"consumer") + len(b"consumer") + 9
    assert readable[:start] == payload[:start]
    end = start + 1 + len(exchange)
    for bytes_in, text in ((exchange, readable[start + 1 : end]), (key, readable[end + 1 :])):
        assert text.decode().isascii() or text == bytes_in


def test_the_header_of_the_transport_s_options_can_be_shown_as_json() -> None:
    assert FrameHandler().__json__() == "consumers.frames"


def info(tag: int, **told: Any) -> dict[str, Any]:
    return {"delivery_tag": tag, "exchange": "e", "routing_key": "k", "redelivered": False} | told


def arrived(body: bytes = b"{}", headers: Any = None, **properties: Any) -> Delivery:
    raw = RawMessage(**properties)
    raw.body = body
    raw.properties["application_headers"] = headers or {}
    raw.delivery_info = {
        "delivery_tag": 1,
        "exchange": "scrape",
        "routing_key": "scrape.series.save",
        "redelivered": True,
    }
    return received(Sealed(raw), "content")


def test_a_delivery_is_what_the_broker_handed_over() -> None:
    it = arrived(b'{"tvdb_id": 1}', {"tenant": "blue"}, message_id="m-1", app_id="a", priority=9)
    assert it == Delivery(
        queue="content",
        exchange="scrape",
        routing_key="scrape.series.save",
        message_id="m-1",
        body=b'{"tvdb_id": 1}',
        properties={"message_id": "m-1", "app_id": "a", "priority": 9},
        headers={"tenant": "blue"},
        redelivered=True,
    )


def test_a_message_without_an_id_gets_a_fresh_one_each_time() -> None:
    first, second = arrived().message_id, arrived(message_id="").message_id
    assert first != second
    assert len(first) == len(second) == 36


def test_an_id_that_cannot_be_stored_becomes_the_same_other_one_each_time() -> None:
    ids = {arrived(message_id="nul \0 \ud800").message_id for _ in range(3)}
    assert ids == {"nul \ufffd ?"}


def test_a_body_stays_packed_whatever_its_compression_header_says() -> None:
    assert arrived(b"\x1f\x8b...", {"compression": "gzip"}).body == b"\x1f\x8b..."


def test_headers_are_made_fit_to_travel_on() -> None:
    deep: Any = []
    for _ in range(DEEPEST + 5):
        deep = [deep]
    headers = arrived(headers={b"Caf\xe9": 0.5, "x": {b"\xff": "nul \0"}, "deep": deep}).headers
    assert headers["Café"] == "0.5"
    assert headers["x"] == {"ÿ": "nul \ufffd"}
    levels = 0
    value = headers["deep"]
    while isinstance(value, list):
        value, levels = value[0], levels + 1
    assert (value, levels) == ("nested too deeply", DEEPEST - 1)


class Channel:
    """Takes note of what is acknowledged and rejected."""

    no_ack_consumers: ClassVar[set[str]] = set()

    def __init__(self) -> None:
        self.settled: list[tuple[str, int]] = []
        self.later: list[Callable[[], None]] = []
        self.acks = Acks(self, lambda _, function: self.later.append(function))

    def basic_ack(self, tag: int, multiple: bool = False) -> None:
        self.settled.append(("ack up to" if multiple else "ack", tag))

    def basic_reject(self, tag: int, requeue: bool) -> None:
        self.settled.append(("requeue" if requeue else "reject", tag))


def message(channel: Channel, number: int) -> tuple[Any, Delivery]:
    raw = RawMessage(message_id=f"m-{number}")
    raw.body = b"{}"
    raw.delivery_info = info(number)
    it = Sealed(raw, channel=channel)
    channel.acks.arrived(number)
    return it, received(it, "q")


@pytest.fixture
def channel() -> Channel:
    return Channel()


def bundler(processes: int) -> tuple[Bundler, list[Any], Callable[[], list[int]]]:
    sent: list[Any] = []
    return Bundler(sent.append, processes, lambda *_: None), sent, lambda: [len(it.payload["args"]) for it in sent]


def test_while_a_process_is_free_a_message_goes_to_it_alone(channel: Channel) -> None:
    it, _, sizes = bundler(2)
    for number in (1, 2):
        it.add("task", 32, 0.0, *message(channel, number))
    assert sizes() == [1, 1]


def test_while_all_are_busy_messages_are_gathered_for_the_first_that_is_done(channel: Channel) -> None:
    it, sent, sizes = bundler(1)
    for number in range(1, 8):
        it.add("task", 4, 0.0, *message(channel, number))
    assert sizes() == [1]
    sent[0].ack_log_error(None, ())
    assert sizes() == [1, 4]
    sent[1].reject_log_error(None, (), requeue=True)
    assert sizes() == [1, 4, 2]
    assert channel.settled == [("ack up to", 1), *(("requeue", number) for number in (2, 3, 4, 5))]


def test_a_bundle_that_is_settled_twice_frees_one_process(channel: Channel) -> None:
    it, sent, sizes = bundler(1)
    for number in range(1, 7):
        it.add("task", 2, 0.0, *message(channel, number))
    sent[0].ack_log_error(None, ())
    sent[0].ack_log_error(None, ())
    assert sizes() == [1, 2]


def test_kinds_take_turns(channel: Channel) -> None:
    it, sent, _ = bundler(1)
    for number in range(1, 10):
        it.add("ab"[number % 2], 2, 0.0, *message(channel, number))
    while any(not bundle.acknowledged for bundle in sent):
        next(bundle for bundle in sent if not bundle.acknowledged).ack_log_error(None, ())
    assert [bundle.payload["task"] for bundle in sent] == ["b", "a", "b", "a", "b"]
    assert channel.settled[-1] == ("ack up to", 9)


def test_a_grown_pool_is_given_what_waits(channel: Channel) -> None:
    it, _, sizes = bundler(1)
    for number in range(1, 5):
        it.add("task", 2, 0.0, *message(channel, number))
    it.resize(1)
    assert sizes() == [1, 2]


def test_a_disguised_message_is_what_celery_expects_of_a_decoded_one(channel: Channel) -> None:
    it, came = message(channel, 1)
    disguise(it, "scrape.series.save", [came])
    payload = it.decode()
    assert (payload["task"], payload["id"], payload["args"]) == ("scrape.series.save", "m-1", [came])
    assert (payload["kwargsrepr"], payload["retries"]) == ("{}", 0)
    assert it.headers == {}


def test_a_dead_message_that_is_kept_is_another_task_than_the_one_that_failed(channel: Channel) -> None:
    it, came = message(channel, 1)
    disguise(it, "millrace.dead_letters.keep", [replace(came, queue="dead-letters")])
    payload = it.decode()
    assert payload["id"] != "m-1"
    assert payload["argsrepr"] == "dead-letters m-1"
