"""When a crontab, an interval or a moment is due, on every sort of day that clocks know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.schedules.trigger import Crontab, Interval, InvalidTrigger, Once, Trigger, trigger_of

NEW_YORK = "America/New_York"
MINUTE = timedelta(minutes=1)

# The day before clocks change: by one hour, by half of one, by two, at night, at midnight, and once by a whole day.
CHANGES = [
    (NEW_YORK, "2026-03-07"),
    (NEW_YORK, "2026-10-31"),
    ("Australia/Lord_Howe", "2026-04-04"),
    ("Australia/Lord_Howe", "2026-10-03"),
    ("Asia/Beirut", "2026-03-28"),
    ("Asia/Beirut", "2026-10-24"),
    ("America/Havana", "2026-03-07"),
    ("America/Nuuk", "2024-03-29"),
    ("Africa/Casablanca", "2026-02-14"),
    ("Europe/Dublin", "2026-10-24"),
    ("Pacific/Apia", "2011-12-29"),
    ("Antarctica/Troll", "2026-03-28"),
    ("Antarctica/Troll", "2026-10-24"),
    ("Asia/Kathmandu", "2026-06-01"),
    ("UTC", "2026-12-31"),
]


def due(trigger: Trigger, start: datetime) -> Iterator[datetime]:
    """Return the due times after a moment, one after the other."""
    moment = trigger.next_after(start)
    while moment is not None:
        yield moment
        moment = trigger.next_after(moment)


def shown(trigger: Crontab, start: str, count: int) -> list[str]:
    """Return the first due times after a moment as the clock there shows them."""
    zone = ZoneInfo(trigger.time_zone)
    found = islice(due(trigger, datetime.fromisoformat(start).replace(tzinfo=zone)), count)
    return [f"{moment.astimezone(zone):%d %H:%M %Z}" for moment in found]


def test_six_in_the_morning_comes_once_on_each_day_that_clocks_change() -> None:
    six = Crontab("0 6 * * *", NEW_YORK)
    assert shown(six, "2026-03-07T00:00", 3) == ["07 06:00 EST", "08 06:00 EDT", "09 06:00 EDT"]
    assert shown(six, "2026-10-31T00:00", 3) == ["31 06:00 EDT", "01 06:00 EST", "02 06:00 EST"]


def test_half_past_two_on_the_spring_day_is_due_once_at_half_past_three() -> None:
    assert shown(Crontab("30 2 * * *", NEW_YORK), "2026-03-07T00:00", 3) == [
        "07 02:30 EST",
        "08 03:30 EDT",
        "09 02:30 EDT",
    ]


def test_half_past_two_on_the_autumn_day_is_due_once() -> None:
    assert shown(Crontab("30 2 * * *", NEW_YORK), "2026-10-31T00:00", 3) == [
        "31 02:30 EDT",
        "01 02:30 EST",
        "02 02:30 EST",
    ]


def test_half_past_one_which_the_autumn_day_has_twice_is_due_the_first_time() -> None:
    assert shown(Crontab("30 1 * * *", NEW_YORK), "2026-10-31T00:00", 3) == [
        "31 01:30 EDT",
        "01 01:30 EDT",
        "02 01:30 EST",
    ]


def test_every_hour_means_every_hour_on_each_day_that_clocks_change() -> None:
    hourly = Crontab("0 * * * *", NEW_YORK)
    assert shown(hourly, "2026-03-08T00:30", 3) == ["08 01:00 EST", "08 03:00 EDT", "08 04:00 EDT"]
    assert shown(hourly, "2026-11-01T00:30", 3) == ["01 01:00 EDT", "01 01:00 EST", "01 02:00 EST"]


def test_of_an_hour_that_comes_again_two_hours_later_nothing_in_between_is_passed_over() -> None:
    hourly = Crontab("0 * * * *", "Antarctica/Troll")
    assert shown(hourly, "2026-10-25T00:30", 5) == [
        "25 01:00 +02",
        "25 02:00 +02",
        "25 01:00 +00",
        "25 02:00 +00",
        "25 03:00 +00",
    ]


def test_both_days_must_fit() -> None:
    friday_13 = Crontab("0 0 13 * fri", "UTC")
    assert next(due(friday_13, datetime(2026, 4, 1, tzinfo=UTC))).date().isoformat() == "2026-11-13"


def test_a_leap_day_on_a_monday_is_waited_for() -> None:
    assert Crontab("0 0 29 2 mon", "UTC").next_after(datetime(2072, 3, 1, tzinfo=UTC)) == datetime(
        2112, 2, 29, tzinfo=UTC
    )


Fields = tuple[set[int], set[int], set[int]]
"""Minutes, hours, days of the week."""


def brute(fields: Fields, zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """Return the due times between two moments by looking at every minute's clock, and at those it never showed."""
    minutes, hours, weekdays = fields

    def fits(clock: datetime) -> bool:
        return clock.minute in minutes and clock.hour in hours and clock.isoweekday() % 7 in weekdays

    found = set()
    # From a day earlier, for what was skipped by a whole day.
    moment = start - timedelta(days=1)
    before = (moment - MINUTE).astimezone(zone)
    while moment <= end:
        clock = moment.astimezone(zone)
        if fits(clock) and (clock.fold == 0 or len(hours) == 24):
            found.add(moment)
        missing = before.replace(tzinfo=None) + MINUTE
        late = moment
        while missing < clock.replace(tzinfo=None):
            if fits(missing):
                found.add(late)
            missing, late = missing + MINUTE, late + MINUTE
        moment, before = moment + MINUTE, clock
    return sorted(each for each in found if start < each <= end)


def some(first: int, last: int) -> st.SearchStrategy[set[int]]:
    return st.sets(st.integers(first, last), min_size=1, max_size=4)


DAYS = some(0, 6) | st.just(set(range(7)))
FIELDS: st.SearchStrategy[Fields] = st.one_of(
    st.tuples(some(0, 59), some(0, 23) | some(0, 4) | st.just(set(range(24))), DAYS),
    st.tuples(st.just(set(range(60))), some(0, 4), DAYS),
)


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(CHANGES), FIELDS, st.integers(0, 1440))
def test_due_times_are_those_that_looking_at_every_minute_of_the_clock_finds(
    change: tuple[str, str], fields: Fields, offset: int
) -> None:
    name, day = change
    zone = ZoneInfo(name)
    start = datetime.fromisoformat(day).replace(tzinfo=UTC) + offset * MINUTE
    end = start + timedelta(hours=48)
    words = [",".join(map(str, sorted(values))) for values in fields]
    crontab = Crontab(f"{words[0]} {words[1]} * * {words[2]}", name)

    found = []
    for moment in due(crontab, start):
        if moment > end:
            break
        found.append(moment)
    assert found == brute(fields, zone, start, end)


@given(st.integers(1, 100_000), st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_an_interval_is_due_at_its_multiples_whoever_asks_and_when(seconds: int, moment: datetime) -> None:
    interval = Interval(seconds)
    following = interval.next_after(moment)
    assert moment < following <= moment + timedelta(seconds=seconds)
    assert (following - datetime(1970, 1, 1, tzinfo=UTC)) % timedelta(seconds=seconds) == timedelta(0)
    assert interval.next_after(following) == following + timedelta(seconds=seconds)


def test_a_moment_is_due_once() -> None:
    moment = datetime(2026, 5, 1, 12, tzinfo=UTC)
    once = Once(moment)
    assert once.next_after(moment - MINUTE) == moment
    assert once.next_after(moment) is None


def test_a_moment_without_a_zone_is_what_the_clock_of_the_schedule_shows() -> None:
    given_there = datetime(2026, 7, 1, 6)  # noqa: DTZ001
    assert trigger_of(None, None, given_there, NEW_YORK) == Once(datetime(2026, 7, 1, 10, tzinfo=UTC), NEW_YORK)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("0 0 30 2 *", "never due"),
        ("0 0 31 4,6,9,11 *", "never due"),
        ("60 * * * *", "minute"),
        ("* 24 * * *", "hour"),
        ("0 0 0 * *", "day of month"),
        ("0 0 * 13 *", "month"),
        ("0 0 * * 7", "day of week"),
        ("0 0 * *", "4 fields"),
        ("0 0 * * * *", "6 fields"),
        ("", "0 fields"),
        ("@daily", "1 fields"),
        ("*/0 * * * *", "minute"),
        ("*/90 * * * *", "one value"),
        ("1;2 * * * *", "minute"),
        ("0 0 1-5-9 * *", "day of month"),
        ("jan * * * *", "minute"),
        ("* * * mon *", "month"),
        ("* * * * jan", "day of week"),
        ("-1 * * * *", "minute"),
        ("1,,2 * * * *", "minute"),
        ("99999999999999999999 * * * *", "minute"),
        ("\u0661 * * * *", "minute"),
    ],
)
def test_a_crontab_that_cannot_be_meant_is_refused_with_the_field_at_fault(expression: str, problem: str) -> None:
    with pytest.raises(InvalidTrigger, match=problem) as refused:
        Crontab(expression, "UTC").check()
    assert refused.value.field == "crontab"


@pytest.mark.parametrize(
    "expression",
    ["* * * * *", "*/15 0-23/2 1,15 jan-mar,12 mon-fri", "0 22-2 * * fri-mon", "59 23 31 12 6", " 0  6 * * SUN "],
)
def test_a_crontab_as_it_is_usually_written_is_taken(expression: str) -> None:
    Crontab(expression, "UTC").check()


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "", "America", "../etc/passwd", "localtime", "EST5EDT7", "utc+1", "\0"]
)
def test_an_unknown_zone_is_refused(zone: str) -> None:
    for trigger in (Crontab("0 6 * * *", zone), Interval(60, zone), Once(datetime(2030, 1, 1, tzinfo=UTC), zone)):
        with pytest.raises(InvalidTrigger) as refused:
            trigger.check()
        assert refused.value.field == "time_zone"


@pytest.mark.parametrize("seconds", [0, -5, 366 * 86_400 + 1])
def test_an_interval_that_is_none_is_refused(seconds: int) -> None:
    with pytest.raises(InvalidTrigger, match="interval_seconds"):
        Interval(seconds).check()


def test_exactly_one_sort_of_time_is_given() -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    for wrong in ((None, None, None), ("* * * * *", 60, None), ("* * * * *", None, moment), (None, 60, moment)):
        with pytest.raises(InvalidTrigger, match="exactly one"):
            trigger_of(*wrong)
