"""What to do with a schedule whose time has come, and the id of the message that does it. Pure."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.schedules.definition import MissedRun
from shared.schedules.trigger import Trigger

IDS: Final = uuid.UUID("6a1c9d0e-3f0b-5d53-9c7a-2f2f6f0b8d11")
"""The namespace of all ids made here; with another one, every due time would fire again."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What happens now: `due` is the due time to fire for, None for nothing; `following` is the next one."""

    due: datetime | None
    following: datetime | None


def turn(trigger: Trigger, due: datetime, now: datetime, missed_run: MissedRun, grace_seconds: float) -> Turn:
    """Return what happens at `now` with a schedule that was due at `due`; raises InvalidTrigger.

    However many due times have passed, there is one run at most, and the next is in the future. A run is missed when
    it is more than the grace late; of a schedule that skips those, a later due time may still be within it.
    """
    following = trigger.next_after(now)
    in_time = now - timedelta(seconds=grace_seconds)
    if missed_run == "run_once" or due >= in_time:
        return Turn(due, following)
    latest = trigger.next_after(in_time)
    return Turn(latest if latest is not None and latest <= now else None, following)


def message_id(name: str, due: datetime) -> str:
    """Return the id of the message that a schedule fires for a due time: always the same one."""
    return str(uuid.uuid5(IDS, f"{name}\n{due.astimezone(UTC).isoformat()}"))
