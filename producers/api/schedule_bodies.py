"""What `/v1/schedules` takes and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from producers.api.paging import Next
from shared.broker.wire import NORMAL
from shared.schedules.definition import GRACE, MissedRun
from shared.schedules.seeding import Outcome

WORDS: Final = "^[^\\x00]*$"
Text = Annotated[str, Field(pattern=WORDS, max_length=500)]
Whole = Annotated[int, Field(strict=True, ge=-(2**31), lt=2**31)]
Crontab = Annotated[
    Text | None, Field(description="Minute, hour, day of month, month, day of week", examples=["0 6 * * *"])
]
Interval = Annotated[Whole | None, Field(description="Or: due at each multiple of so many seconds since 1970")]
Moment = Annotated[
    datetime | None, Field(description="Or: due at this moment alone; one without an offset is in time_zone")
]
Missed = Annotated[MissedRun, Field(description="What becomes of a run that is later than grace_seconds")]
Payload = Annotated[dict[str, Any], Field(description="As GET /v1/contracts describes it")]


class NewSchedule(BaseModel):
    """A schedule of an operator's own; exactly one of crontab, interval_seconds and once_at."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Text, Field(examples=["breaking-bad"])]
    kind: Annotated[Text, Field(examples=["scrape.series.save"])]
    payload: Payload = {}
    crontab: Crontab = None
    interval_seconds: Interval = None
    once_at: Moment = None
    time_zone: Annotated[Text, Field(description="IANA zone", examples=["America/New_York"])] = "UTC"
    priority: Whole = NORMAL
    enabled: Annotated[bool, Field(strict=True)] = True
    missed_run: Missed = "run_once"
    grace_seconds: Whole = GRACE
    description: Text = ""


class Changes(BaseModel):
    """What is to be another; of crontab, interval_seconds and once_at the one given takes the place of what was."""

    model_config = ConfigDict(extra="forbid")

    kind: Text | None = None
    payload: Payload | None = None
    crontab: Crontab = None
    interval_seconds: Interval = None
    once_at: Moment = None
    time_zone: Text | None = None
    priority: Whole | None = None
    enabled: Annotated[bool, Field(strict=True)] | None = None
    missed_run: Missed | None = None
    grace_seconds: Whole | None = None
    description: Text | None = None


class Schedule(BaseModel):
    """A schedule, and what came of it."""

    name: str
    state: Annotated[
        Literal["waiting", "disabled", "finished", "broken"],
        Field(description="finished: its one moment has come; broken: nobody can tell when it is due, see problem"),
    ]
    kind: str
    payload: dict[str, Any]
    when: Annotated[str, Field(examples=["0 6 * * * America/New_York"])]
    crontab: str | None
    interval_seconds: int | None
    once_at: datetime | None
    time_zone: str
    priority: int
    enabled: bool
    missed_run: MissedRun
    grace_seconds: int
    description: str
    seeded: Annotated[bool, Field(description="Whether it comes from the code")]
    next_due_at: Annotated[datetime | None, Field(description="In UTC")]
    next_due_local: Annotated[str | None, Field(description="The same as the clock of its own zone shows it")]
    last_due_at: datetime | None
    last_fired_at: datetime | None
    last_message_id: str | None
    problem: Annotated[str | None, Field(description="Why nothing could be fired at the last due time")]
    changed_by: Annotated[str | None, Field(description="The operator whom the code no longer overwrites")]
    changed_at: datetime


class ListedSchedule(Schedule):
    """A schedule, and when a message of it last succeeded."""

    last_success_at: datetime | None


class Firing(BaseModel):
    """A message of a schedule."""

    message_id: str
    due_at: datetime
    fired_at: datetime
    asked_by: Annotated[str | None, Field(description="The operator who did not wait for the due time")]
    status: Literal["pending", "running", "retrying", "succeeded", "failed"]
    started_at: datetime | None
    finished_at: datetime | None


class WholeSchedule(ListedSchedule):
    """A schedule with its latest messages, the newest first."""

    firings: list[Firing]


class Schedules(BaseModel):
    """In the order of their names."""

    schedules: list[ListedSchedule]
    next: Next


class Synced(BaseModel):
    """What became of one schedule of the code."""

    name: str
    outcome: Outcome
    why: str
