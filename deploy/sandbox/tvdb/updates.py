"""What changed lately: as if one record after another had been edited, a minute apart, until the sandbox started."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from deploy.sandbox.tvdb import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.sandbox.tvdb.facts import Record
    from deploy.sandbox.tvdb.library import Library

LONGEST = 92 * 24 * 3600
"""Seconds: `since` may be three months back."""

STEP = 60
METHODS = {"create": 1, "update": 2, "delete": 3}

SPECIAL: tuple[dict[str, Any], ...] = (
    {"entityType": "episodes", "recordId": 4553042, "method": "update", "seriesId": 81189},
    {"entityType": "seasons", "recordId": 490110, "method": "update", "seriesId": 81189},
    {"entityType": "translatedepisodes", "recordId": 4553042, "method": "update", "seriesId": 81189},
    {"entityType": "series", "recordId": 8990000, "method": "create"},
    {
        "entityType": "series",
        "recordId": 8990003,
        "method": "delete",
        "mergeToId": 78878,
        "mergeToEntityType": "series",
    },
    {
        "entityType": "people",
        "recordId": 8990199,
        "method": "delete",
        "mergeToId": 8990101,
        "mergeToEntityType": "people",
    },
    {"entityType": "movies", "recordId": 8990009, "method": "delete"},
)


def since(text: str | None, now: float) -> float:
    """Return the moment asked for, in Unix seconds; raises Refused when it is missing or too long ago."""
    try:
        moment = float(text or 0)
    except ValueError:
        raise answers.invalid("since") from None
    if moment < now - LONGEST:
        raise answers.invalid("since greater than 3 months ago")
    return moment


def rows(library: Library, started: float, moment: float, kind: str | None, action: str | None) -> Iterator[Record]:
    """Yield what changed after `moment`, oldest first; computed one by one."""
    everything = len(SPECIAL) + len(library.series_ids) + len(library.movie_ids) + len(library.person_ids)
    for place, change in enumerate(_changes(library)):
        stamp = int(started - STEP * (everything - place))
        if stamp < moment or (kind and change["entityType"] != kind) or (action and change["method"] != action):
            continue
        yield {
            "recordType": "",
            "recordId": change["recordId"],
            "methodInt": METHODS[change["method"]],
            "method": change["method"],
            "extraInfo": "",
            "userId": 0,
            "timeStamp": stamp,
            **change,
        }


def _changes(library: Library) -> Iterator[dict[str, Any]]:
    lists = (("people", library.person_ids), ("movies", library.movie_ids), ("series", library.series_ids))
    edited = (
        {"entityType": kind, "recordId": number, "method": "update"} for kind, numbers in lists for number in numbers
    )
    return chain(edited, SPECIAL)
