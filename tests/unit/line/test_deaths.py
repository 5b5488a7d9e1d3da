"""Why a message died, told by its worker or by the broker; and what deaths of one cause have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.broker.wire import DEATH_HEADER, Delivery
from shared.ledger import Death, read_death

NOW = 1_790_000_000_000


def dead(headers: dict[str, Any], **properties: Any) -> Death:
    return read_death(Delivery("dead-letters", "dead-letter", "content", "m", b"", properties, headers), NOW)


def test_the_worker_s_word_is_taken() -> None:
    told = {"queue": "person", "kind": "k", "reason": "rejected", "at": 5, "error": "E", "frame": "f", "other": 1}
    assert dead({DEATH_HEADER: told}) == Death("person", "k", "rejected", 5, "E", frame="f")


def test_the_broker_s_latest_word_is_taken_where_the_worker_said_nothing() -> None:
    moment = datetime(2026, 11, 22, 12)  # noqa: DTZ001 - as py-amqp reads it: UTC, without saying so
    first, latest = (
        {"queue": queue, "reason": "maxlen", "time": moment, "routing-keys": ["k"]} for queue in ("a", "b")
    )
    assert dead({"x-death": [latest, first]}) == Death(
        "b", "k", "maxlen", round(moment.replace(tzinfo=UTC).timestamp() * 1000)
    )


def test_nobody_s_word_leaves_the_routing_key_which_is_the_queue() -> None:
    assert dead({}) == Death("content", "content", "unknown", NOW)
    assert dead({}, type="scrape.series.save").kind == "scrape.series.save"


def test_a_reason_that_a_stranger_made_up_is_unknown() -> None:
    told = {"queue": "person", "kind": "k", "reason": "because", "at": 5}
    assert dead({DEATH_HEADER: told}).reason == "unknown"
    assert dead({"x-death": [{"queue": "a", "reason": "because"}]}).reason == "unknown"
    assert dead({"x-death": [{"queue": "a", "reason": ["expired"]}]}).reason == "unknown"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["queue", "kind", "reason", "at", "time", "routing-keys", "error"]), inner)
    ),
    max_leaves=8,
)


@settings(deadline=None)  # other people use this machine too
@given(st.dictionaries(st.sampled_from([DEATH_HEADER, "x-death"]), anything))
def test_no_stranger_s_word_can_make_reading_it_fail(headers: dict[str, Any]) -> None:
    death = dead(headers)
    assert isinstance(death.queue, str)
    assert isinstance(death.at, int)
    assert len(death.fingerprint) == 16


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"message": "another text"}, True),
        ({"at": 9, "queue": "person", "entity": "series:1"}, True),
        ({"error": "KeyError"}, False),
        ({"frame": "elsewhere"}, False),
        ({"kind": "another"}, False),
    ],
)
def test_a_fingerprint_is_error_place_and_kind_and_nothing_else(change: dict[str, Any], same: bool) -> None:
    told: dict[str, Any] = {"queue": "q", "kind": "k", "reason": "r", "at": 1, "error": "E", "frame": "f"}
    assert (Death(**told).fingerprint == Death(**(told | change)).fingerprint) is same
