"""Mote Marine's calendar, which The Events Calendar keeps: its iCalendar feeds by month, and its REST answers."""

from shared.upstreams.mote.client import Feed, Mote, open_mote
from shared.upstreams.mote.rest import read_rest

__all__ = ["Feed", "Mote", "open_mote", "read_rest"]
