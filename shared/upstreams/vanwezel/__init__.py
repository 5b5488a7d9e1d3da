"""The Van Wezel Performing Arts Hall's calendar, read from the pages of its site."""

from shared.upstreams.vanwezel.calendar import read_calendar
from shared.upstreams.vanwezel.client import VanWezel, open_vanwezel

__all__ = ["VanWezel", "open_vanwezel", "read_calendar"]
