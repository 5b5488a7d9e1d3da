"""Reads the evenings a web page tells in schema.org's JSON-LD, and finds the calendars it links to."""

from shared.upstreams.jsonld.links import find_feeds
from shared.upstreams.jsonld.page import read_page

__all__ = ["find_feeds", "read_page"]
