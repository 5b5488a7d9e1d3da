"""Which zone a feed means by a name: IANA's, with a prefix, Windows', one of its own making, or none we know."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from shared.upstreams.ical.parts import parts_of

_OFFSET: Final = re.compile(
    r"\(?(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d\d))?\)?(.*)", re.ASCII | re.IGNORECASE | re.DOTALL
)
_UTC: Final = frozenset({"UTC", "Etc/UTC", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal"})
_LOCATION: Final = re.compile(rb"^X-LIC-LOCATION[^:\r\n]*:([^\r\n]+)", re.IGNORECASE | re.MULTILINE)
_RULE: Final = re.compile(rb"^RRULE[^:\r\n]*:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
# Clocks change by the year. Other rules are expanded for hours, or fail on some days only.
_YEARLY: Final = frozenset({"FREQ", "INTERVAL", "BYMONTH", "BYDAY", "BYMONTHDAY", "UNTIL", "COUNT", "WKST"})
_LONGEST_DEFINITION: Final = 100_000  # bytes; a real one with its whole history has some thousand
_OWN_ERRORS: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

# The texts Outlook shows for zones, where they name no city.
_SHOWN: Final = {
    "eastern time": "America/New_York",
    "central time": "America/Chicago",
    "mountain time": "America/Denver",
    "pacific time": "America/Los_Angeles",
    "atlantic time": "America/Halifax",
    "alaska": "America/Anchorage",
    "hawaii": "Pacific/Honolulu",
    "arizona": "America/Phoenix",
    "indiana": "America/Indiana/Indianapolis",
    "newfoundland": "America/St_Johns",
    "saskatchewan": "America/Regina",
    "coordinated universal time": "UTC",
}


class Zones:
    """The zones of a calendar; `home` is where it says its venue is, and what a name nobody knows is taken for."""

    def __init__(self, home: ZoneInfo, definitions: dict[str, bytes]) -> None:
        self.home = home
        self._definitions = definitions
        self._known: dict[str, tzinfo] = {}

    def named(self, name: str) -> tzinfo:
        """Return the zone a TZID stands for; the feed's own definition counts only for names that are nobody's.

        Definitions contradict their names: those of The Events Calendar change the clocks at 7 in the morning.
        """
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

    def _find(self, name: str) -> tzinfo:
        known = zone_named(name)
        if known is not None:
            return UTC if known.key in _UTC else known
        definition = self._definitions.get(name)
        if definition is not None:
            location = _LOCATION.search(definition)
            known = zone_named(location[1].decode("utf-8", "replace")) if location else None
            return known or _built(definition) or self.home
        return _offset(name) or self.home


@cache
def zone_named(name: str) -> ZoneInfo | None:
    """Return the IANA zone a name stands for; None for a name that is nobody's."""
    name = name.strip().strip("\"'").strip()
    words = [word for word in name.split("/") if word]
    # A prefix may stand before it: /freeassociation.sourceforge.net/Tzfile/Europe/Berlin.
    for start in range(max(len(words) - 3, 0), len(words)):
        found = _by_lower_name().get("/".join(words[start:]).lower())
        if found and (start == 0 or "/" in found):
            return ZoneInfo(found)
    if name in WINDOWS_TO_OLSON:
        return ZoneInfo(WINDOWS_TO_OLSON[name])
    return _shown(name)


def _shown(name: str) -> ZoneInfo | None:
    """Return the zone of a text such as `(UTC+10:00) Canberra, Melbourne, Sydney`."""
    text = re.sub(r"^\s*\([^)]*\)\s*", "", name).lower()
    for words, zone in _SHOWN.items():
        if re.match(rf"{words}(?:$|\s*\()", text):
            return ZoneInfo(zone)
    if text == name.lower().strip():
        return None
    for city in text.rpartition(" : ")[2].split(","):
        found = _by_city().get(city.strip().replace(" ", "_"))
        if found:
            return ZoneInfo(found)
    return None


def _built(definition: bytes) -> tzinfo | None:
    if len(definition) > _LONGEST_DEFINITION:
        return None
    try:
        for rule in _RULE.findall(definition):
            parts = parts_of(rule.decode("ascii"))
            if parts["FREQ"] != "YEARLY" or parts.keys() - _YEARLY:
                return None
        component = Timezone.from_ical(definition)
        zone = component.to_tz(lookup_tzid=False) if isinstance(component, Timezone) else None
        datetime(2026, 7, 1, tzinfo=zone).utcoffset()
    except _OWN_ERRORS:
        return None
    return zone


def _offset(name: str) -> tzinfo | None:
    found = _OFFSET.fullmatch(name.strip())
    if found is None:
        return None
    span = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    if span >= timedelta(hours=15):
        return None
    return timezone(-span if found[1] == "-" else span) if span else UTC


@cache
def _by_lower_name() -> dict[str, str]:
    return {name.lower(): name for name in sorted(available_timezones())} | {"z": "UTC"}


@cache
def _by_city() -> dict[str, str]:
    return {name.rpartition("/")[2].lower(): name for name in sorted(available_timezones()) if "/" in name}
