"""Reads iCalendar feeds (RFC 5545) as the world writes them, in memory that does not grow with their objects."""

from shared.upstreams.ical.feed import read_calendar

__all__ = ["read_calendar"]
