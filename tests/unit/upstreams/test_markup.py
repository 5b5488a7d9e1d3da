"""Web pages of hostile shape cost no more than their length."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from shared.errors import UnreadableAnswer
from shared.upstreams.brickset.cards import is_challenge, is_list
from shared.upstreams.jsonld.links import find_feeds
from shared.upstreams.jsonld.page import page_of
from shared.upstreams.markup import is_absurd, page_from
from shared.upstreams.prose import prose
from shared.upstreams.sniff import sniff
from shared.upstreams.vanwezel.calendar import read_calendar

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG = 5.0
"""Seconds that none of these takes; without the limit each takes minutes, or more memory than there is."""

NESTED = "<html>" + "<div>" * 200_000
REOPENED = "<html><p>" + "".join(f"<b id={number}>" for number in range(3_000)) + "<p>x" * 60_000

READERS: dict[str, Callable[[str], object]] = {
    "page": lambda text: page_from(text, "it"),
    "json-ld": lambda text: page_of(text.encode()),
    "feeds of a page": lambda text: find_feeds(text.encode(), "https://hall.example/"),
    "sniffed": lambda text: sniff(text.encode(), "text/html"),
    "van wezel": lambda text: list(read_calendar([text], "https://hall.example", "UTC", NOW)),
    "brickset": is_list,
}


@pytest.mark.parametrize("text", [NESTED, REOPENED], ids=["nested", "reopened"])
@pytest.mark.parametrize("reader", READERS)
def test_a_page_of_tags_without_end_is_refused_at_once(reader: str, text: str) -> None:
    began = time.perf_counter()
    with pytest.raises(UnreadableAnswer, match="nested without end"):
        READERS[reader](text)
    assert time.perf_counter() - began < LONG


def test_a_challenge_is_looked_for_in_no_such_page_either() -> None:
    with pytest.raises(UnreadableAnswer):
        is_challenge("just a moment..." + NESTED)


def test_prose_of_tags_without_end_keeps_its_words() -> None:
    began = time.perf_counter()
    assert prose("An evening" + "<div>" * 15_000 + "of music") == "An evening of music"
    assert time.perf_counter() - began < LONG


@pytest.mark.parametrize(
    "text",
    [
        "<ul>" + "<li><p>A word<br><img src=a.png>" * 100_000,
        "<table>" + "<tr><td>1<td>2" * 100_000,
        "<div>" * 1_000 + "deep" + "</div>" * 1_000,
        "<p><b>bold</b> <i>slanted</i>" * 50_000,
        "</div>" * 100_000,
    ],
    ids=["items", "rows", "deep", "styled", "ends"],
)
def test_a_long_page_is_no_absurd_one(text: str) -> None:
    assert not is_absurd(text)
