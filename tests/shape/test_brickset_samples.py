"""Every recorded Brickset answer at hand is read; runs where such recordings are (MILLRACE_SAMPLES, or a sibling)."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from shared.catalog.minifigures.records import Item
from shared.errors import LimitReached, UpstreamRefused
from shared.upstreams.answer import Answer
from shared.upstreams.brickset import read_minifigs, read_sets
from shared.upstreams.brickset.envelope import opened
from shared.upstreams.fields import EARLIEST_YEAR, LATEST_YEAR

SIBLING = Path(__file__).parents[3] / "shared" / "upstreams" / "samples"
SAMPLES = Path(os.environ.get("MILLRACE_SAMPLES") or SIBLING) / "brickset"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no recorded answers here; MILLRACE_SAMPLES says where")

SPARSE = Item(
    set_number="0012-1",
    item_type="set",
    name="Space minifigures",
    theme="Space",
    subtheme="Minifigure Pack",
    year=1979,
    image="https://images.brickset.com/sets/images/0012-1.jpg",
    pieces=4,
    minifigs=2,
)


def names(pattern: str) -> list[str]:
    return sorted(path.name for path in SAMPLES.glob(pattern)) if SAMPLES.is_dir() else []


def envelope(name: str) -> dict[str, Any]:
    return opened(Answer("brickset", name, 200, httpx.Headers(), (SAMPLES / name).read_bytes()), NOON)


@pytest.mark.parametrize("name", names("getSets*.json"))
def test_every_set_of_a_recording_is_read_and_nothing_in_it_is_new_to_us(name: str) -> None:
    raw = envelope(name)["sets"]
    with capture_logs() as logs:
        items = list(read_sets(raw))
    assert logs == []
    assert len(items) == len({each["setID"] for each in raw}) > 0
    assert all(each.item_type == "set" and each.theme and each.year for each in items)
    assert [each.image for each in items] == [each["image"].get("imageURL") for each in raw]


def test_a_year_of_sets_is_read_with_what_is_left_out_unknown() -> None:
    items = list(read_sets(envelope("getSets_2020.json")["sets"]))
    assert len(items) == 50
    assert {each.year for each in items} == {2020}
    left_out = Counter(name for each in items for name in ("pieces", "minifigs", "subtheme") if not getattr(each, name))
    assert left_out == {"pieces": 5, "minifigs": 28, "subtheme": 35}


def test_a_sparse_old_set_is_read() -> None:
    assert list(read_sets(envelope("getSets_one_sparse.json")["sets"])) == [SPARSE]


@pytest.mark.parametrize("name", names("legacy_v2*.jsonl"))
def test_every_set_of_the_forerunner_is_read(name: str) -> None:
    raw = [json.loads(line) for line in (SAMPLES / name).read_text().splitlines() if line.strip()]
    with capture_logs() as logs:
        items = list(read_sets(raw))
    assert logs == []
    assert len(items) == len(raw)
    assert all(each.year and each.theme == "Star Wars" for each in items)


@pytest.mark.parametrize("name", [name for name in names("*.json") if not name.startswith("minifig_catalogue")])
def test_every_other_answer_is_opened_or_refused_in_its_own_words(name: str) -> None:
    if name.startswith("error_limit"):
        with pytest.raises(LimitReached):
            envelope(name)
    elif name.startswith("error_"):
        with pytest.raises(UpstreamRefused):
            envelope(name)
    else:
        assert envelope(name)["status"] == "success"


@pytest.mark.parametrize("name", names("minifigs_page*.html"))
def test_every_card_of_a_page_is_read(name: str) -> None:
    page = (SAMPLES / name).read_text()
    items = list(read_minifigs([page]))
    assert len(items) == page.count("<h1>") > 0
    assert all(isinstance(each, Item) for each in items)


def test_the_card_that_is_known_is_read() -> None:
    (item,) = read_minifigs([(SAMPLES / "minifigs_page_card.html").read_text()])
    assert item == Item(
        "sw0509", "minifigure", "Luke Skywalker", image="https://img.bricklink.com/ItemImage/MN/0/sw0509.png"
    )


@pytest.mark.parametrize("name", names("minifig_catalogue*.json"))
def test_every_figure_of_a_catalogue_would_be_read_from_its_card(name: str) -> None:
    rows = json.loads((SAMPLES / name).read_bytes())
    distinct = {row["Number"].lower(): row for row in rows}
    page = "".join(
        f'<article class="set"><img src="{row["productImage"]}"><h1><a href="/minifigs/{row["Number"]}/x">'
        f"<span>{row['Number'].upper()}: </span> {row['Minifig name']}</a></h1>"
        f'<a class="year" href="/minifigs/year-{row["Year"]}">{row["Year"]}</a></article>'
        for row in rows
    )
    items = {each.set_number: each for each in read_minifigs([page]) if isinstance(each, Item)}
    assert items.keys() == distinct.keys()
    for number, row in distinct.items():
        year = int(row["Year"] or 0)
        assert items[number].year == (year if EARLIEST_YEAR <= year <= LATEST_YEAR else None)
        assert items[number].image == row["productImage"]
        assert items[number].name.casefold() == " ".join(row["Minifig name"].split()).casefold()
