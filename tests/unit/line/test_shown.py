"""What Celery's own views show of a message."""

from __future__ import annotations

import pytest

from consumers import shown
from shared.broker.wire import Delivery


def delivery(body: bytes, identity: str = "m-1", *, redelivered: bool = False) -> Delivery:
    return Delivery("content", "scrape", "scrape.series.save", identity, body, {}, {}, redelivered)


def test_one_message_shows_its_queue_its_id_and_its_payload() -> None:
    one = [delivery(b'{"tvdb_id": 81189}')]
    assert shown.place(one) == "content m-1"
    assert shown.payload(one) == '{"tvdb_id": 81189}'
    assert shown.place([delivery(b"{}", redelivered=True)]) == "content m-1 redelivered"


def test_a_bundle_shows_how_many_it_has_and_its_first() -> None:
    bundle = [delivery(b'{"key": %d}' % number, f"m-{number}") for number in range(32)]
    assert shown.place(bundle) == "content 32 messages: m-0, m-1, m-2, …"
    assert shown.payload(bundle) == '{"key": 0}'


def test_a_long_body_is_cut_and_says_so() -> None:
    text = shown.payload([delivery(b'{"a": "' + b"x" * 5000 + b'"}')])
    assert len(text) == shown.LONGEST + 1
    assert text.endswith("…")


@pytest.mark.parametrize(
    "body",
    [
        b'{"password": "hunter2", "a": 1}',
        b'{"a": 1, "api_key":"hunter2"}',
        b'{"Client-Secret" : "hun\\"hunter2"}',
        b'{"access_token": hunter2}',
        b'{"credentials": {"user": "x", "it": "hunter2"}}',
        b'{"tokens": ["x", "hunter2"]}',
        b'{"url": "https://me:hunter2@example.org/calendar"}',
        b'{"url": "amqp://:hunter2@example.org"}',
        b'{"filler": "' + b"x" * 270 + b'", "password": "hunter2hunter2hunter2"}',
    ],
)
def test_what_looks_like_a_secret_is_not_shown(body: bytes) -> None:
    text = shown.payload([delivery(body)])
    assert "hunter" not in text
    assert shown.MASK in text


def test_addresses_and_plain_words_stay_as_they_are() -> None:
    body = b'{"url": "https://example.org/a?b=c", "mail": "a@example.org", "name": "secret garden"}'
    assert shown.payload([delivery(body)]) == body.decode()
