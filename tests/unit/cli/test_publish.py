"""From words to a message: what `millrace publish` makes of what somebody typed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from producers.cli.payload import payload_of
from producers.cli.terms import Terms
from shared.contracts.kind import Kind, Payload
from shared.contracts.kinds import CONTRACTS
from shared.contracts.registry import Contracts
from shared.errors import ContractViolation

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SAVE = CONTRACTS.build("scrape.series.save", {"tvdb_id": 81189})


class Everything(Payload):
    number: int = 0
    share: float = 0.0
    name: str = ""
    flag: bool = False
    day: date | None = None
    maybe: int | None = 1
    ids: tuple[int, ...] = ()


KINDS = Contracts([Kind("scrape.test.words", Everything, "A test.", example={})])


@pytest.mark.parametrize(
    ("word", "field", "value"),
    [
        ("number=81189", "number", 81189),
        ("share=0.5", "share", 0.5),
        ("share=1", "share", 1.0),
        ("name=Breaking Bad", "name", "Breaking Bad"),
        ("name=75192", "name", "75192"),
        ("name=true", "name", "true"),
        ("name=a=b", "name", "a=b"),
        ("name=", "name", ""),
        ("flag=true", "flag", True),
        ("day=2026-11-22", "day", date(2026, 11, 22)),
        ("maybe=null", "maybe", None),
        ("ids=[1, 2]", "ids", (1, 2)),
    ],
)
def test_a_word_becomes_what_the_contract_says_it_is(word: str, field: str, value: object) -> None:
    payload = payload_of(KINDS, "scrape.test.words", [word])

    assert getattr(payload, field) == value


def test_a_json_object_is_taken_as_it_is() -> None:
    assert payload_of(KINDS, "scrape.test.words", ['{"number": 3, "name": "x"}']) == Everything(number=3, name="x")


@pytest.mark.parametrize("word", ["number=x", "number=1.5", "flag=1", "day=tomorrow", "other=1"])
def test_a_word_that_fits_no_field_is_refused(word: str) -> None:
    with pytest.raises(ContractViolation):
        payload_of(KINDS, "scrape.test.words", [word])


def test_the_refusal_of_a_number_speaks_of_the_number() -> None:
    with pytest.raises(ContractViolation, match="greater than 0"):
        payload_of(CONTRACTS, "scrape.series.save", ["tvdb_id=0"])


def test_a_message_goes_straight_to_its_exchange() -> None:
    message = Terms.from_options(NOW, 5, None, None, None).message(SAVE)

    assert (message.exchange, message.routing_key) == ("scrape", "scrape.series.save")
    assert message.app_id == "millrace-cli"


def test_an_urgent_message_goes_through_the_urgent_door() -> None:
    assert Terms.from_options(NOW, 7, None, None, None).message(SAVE).exchange == "urgent"


def test_an_id_is_kept_and_a_missing_one_is_fresh() -> None:
    terms = Terms.from_options(NOW, 5, None, None, None)

    assert terms.message(SAVE, "mine").message_id == "mine"
    assert terms.message(SAVE).message_id != terms.message(SAVE).message_id


def test_a_delayed_message_waits_in_a_tier_on_its_way_to_its_queue() -> None:
    message = Terms.from_options(NOW, 5, 20.0, None, None).message(SAVE)

    assert (message.exchange, message.routing_key) == ("retry.30s", "content")
    assert message.expiration == 20_000
    assert message.attempt == 0
    assert message.not_before == int((NOW.timestamp() + 20) * 1000)


def test_a_delayed_urgent_message_comes_back_to_the_urgent_lane() -> None:
    assert Terms.from_options(NOW, 9, 20.0, None, None).message(SAVE).routing_key == "content.urgent"


@pytest.mark.parametrize("moment", [NOW + timedelta(hours=5), (NOW + timedelta(hours=5)).replace(tzinfo=None)])
def test_a_moment_further_away_than_any_tier_waits_in_the_longest(moment: datetime) -> None:
    message = Terms.from_options(NOW, 5, None, moment, None).message(SAVE)

    assert (message.exchange, message.expiration) == ("retry.1h", 3_600_000)
    assert message.not_before == int((NOW.timestamp() + 5 * 3600) * 1000)


def test_a_moment_that_has_passed_is_no_delay() -> None:
    assert Terms.from_options(NOW, 5, None, NOW - timedelta(days=1), None).message(SAVE).exchange == "scrape"


def test_a_deadline_travels_with_the_message() -> None:
    message = Terms.from_options(NOW, 5, None, None, 60.0).message(SAVE)

    assert message.properties()["headers"]["expires_at"] == int((NOW.timestamp() + 60) * 1000)
