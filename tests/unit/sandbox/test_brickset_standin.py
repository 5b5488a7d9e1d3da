"""The Brickset stand-in answers, and refuses, as the true one does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from deploy.sandbox.options import BRICKSET_API_KEY
from shared.catalog.minifigures.records import Item
from shared.errors import LimitReached, UpstreamAway, UpstreamRefused
from shared.settings import Settings
from shared.upstreams.brickset import Brickset, open_brickset, read_minifigs, read_sets
from tests.unit.upstreams.brickset_answers import Unhurried

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    from tests.unit.sandbox.conftest import Sandbox, Time

API = "/brickset/api/v3.asmx"
PAGES = "/brickset/minifigs"


def call(sandbox: Sandbox, method: str = "getSets", key: str = BRICKSET_API_KEY, **asked: Any) -> httpx.Response:
    params = {"apiKey": key, "userHash": "", "params": json.dumps(asked)}
    return sandbox.client.get(f"{API}/{method}", params=params)


def client(sandbox: Sandbox) -> Brickset:
    settings = Settings(brickset_url="http://sandbox/brickset", brickset_api_key=BRICKSET_API_KEY)
    return open_brickset(Unhurried(sandbox.client, settings))


def fault(sandbox: Sandbox, path: str, **harm: Any) -> None:
    assert sandbox.client.post("/control/faults", json={"path": f"/brickset{path}", **harm}).status_code == 201


# The API


def test_a_good_answer_is_json_as_plain_text(sandbox: Sandbox) -> None:
    answer = call(sandbox, theme="Star Wars", year="2020")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.json()["matches"] == 3
    assert {each["number"] for each in answer.json()["sets"]} == {"75275", "75290", "75292"}


@pytest.mark.parametrize(
    ("key", "asked", "message"),
    [
        ("wrong", {"year": "2020"}, "Invalid API key"),
        (BRICKSET_API_KEY, {}, "Parameter error: no valid parameters"),
        (BRICKSET_API_KEY, {"year": "2020", "pageSize": 501}, "Parameter error: pageSize must be between 1 and 500"),
        (BRICKSET_API_KEY, {"year": "2020", "pageNumber": 0}, "Parameter error: pageNumber must be between 1 and"),
        (BRICKSET_API_KEY, {"yaer": "2020"}, "Parameter error: unknown parameter yaer"),
        (BRICKSET_API_KEY, {"year": "2020", "orderBy": "Colour"}, "Parameter error: orderBy"),
    ],
)
def test_a_failure_is_http_200_with_a_message(sandbox: Sandbox, key: str, asked: dict[str, Any], message: str) -> None:
    answer = call(sandbox, key=key, **asked)
    assert (answer.status_code, answer.json()["status"]) == (200, "error")
    assert answer.json()["message"].startswith(message)


def test_the_user_hash_is_required_but_may_be_empty(sandbox: Sandbox) -> None:
    without = sandbox.client.get(f"{API}/getSets", params={"apiKey": BRICKSET_API_KEY, "params": "{}"})
    assert (without.status_code, without.text) == (500, "Missing parameter: userHash.")
    form = {"apiKey": BRICKSET_API_KEY, "userHash": "", "params": '{"year":"2020"}'}
    assert sandbox.client.post(f"{API}/getSets", data=form).json()["status"] == "success"
    assert (
        sandbox.client.post(f"{API}/getSets", data={**form, "userHash": "x"}).json()["message"] == "Invalid user hash"
    )


def test_a_page_holds_20_sets_unless_told_otherwise_and_matches_counts_all(sandbox: Sandbox) -> None:
    first = call(sandbox, query="e", pageSize=5).json()
    second = call(sandbox, query="e", pageSize=5, pageNumber=2).json()
    assert (len(first["sets"]), first["matches"]) == (5, second["matches"])
    assert not {each["number"] for each in first["sets"]} & {each["number"] for each in second["sets"]}
    assert len(call(sandbox, query="").json()["sets"]) == 13


def test_what_is_unknown_is_left_out_or_not_specified(sandbox: Sandbox) -> None:
    (series,) = call(sandbox, setNumber="8683-1").json()["sets"]
    assert "pieces" not in series
    assert (series["packagingType"], series["ageRange"]) == ("{Not specified}", {})


def test_updated_since_leaves_what_changed_lately(sandbox: Sandbox) -> None:
    assert {each["number"] for each in call(sandbox, updatedSince="2026-10-01").json()["sets"]} == {
        "75192",
        "75290",
        "75292",
    }


def test_only_get_sets_is_counted_and_100_a_day_are_too_many(sandbox: Sandbox, time: Time) -> None:
    for _ in range(100):
        assert call(sandbox, year="2020").json()["status"] == "success"
    refused = call(sandbox, year="2020")
    assert (refused.status_code, refused.json()) == (200, {"status": "error", "message": "API limit exceeded"})
    assert call(sandbox, "getThemes").json()["status"] == "success"
    assert call(sandbox, "getKeyUsageStats").json()["apiKeyUsage"] == [
        {"dateStamp": "2026-11-01T00:00:00Z", "count": 100}
    ]
    time.advance(12 * 3600)
    assert call(sandbox, year="2020").json()["status"] == "success"


def test_themes_and_years_are_told_a_year_as_text(sandbox: Sandbox) -> None:
    assert "Star Wars" in {each["theme"] for each in call(sandbox, "getThemes").json()["themes"]}
    answer = sandbox.client.get(f"{API}/getYears", params={"apiKey": BRICKSET_API_KEY, "Theme": "Technic"})
    assert answer.json()["years"] == [{"theme": "Technic", "year": "2020", "setCount": 1}]


def test_the_collection_of_figures_wants_a_member(sandbox: Sandbox) -> None:
    assert call(sandbox, "getMinifigCollection", owned=1).json()["message"] == "Invalid user hash"


def test_an_unknown_method_is_an_error_of_the_server(sandbox: Sandbox) -> None:
    assert call(sandbox, "getMinifigs").status_code == 500


# The catalogue's pages


def test_a_page_repeats_a_card_of_the_one_before_and_links_to_the_next(sandbox: Sandbox) -> None:
    first = sandbox.client.get(f"{PAGES}/category-Star-Wars").text
    second = sandbox.client.get(f"{PAGES}/category-Star-Wars/page-2").text
    assert "/minifigs/category-Star-Wars/page-2" in first
    assert "/page-3" not in second
    numbers = [
        [each.set_number for each in read_minifigs([page]) if isinstance(each, Item)] for page in (first, second)
    ]
    assert numbers[0][-1] == numbers[1][0]
    assert len(set(numbers[0]) | set(numbers[1])) == 20


def test_a_page_beyond_the_last_is_an_empty_list(sandbox: Sandbox) -> None:
    assert list(read_minifigs([sandbox.client.get(f"{PAGES}/category-Star-Wars/page-9").text])) == []


def test_an_address_that_is_none_is_404(sandbox: Sandbox) -> None:
    assert sandbox.client.get(f"{PAGES}/colour-red").status_code == 404


# Our own client


def test_our_client_reads_sets_and_figures(sandbox: Sandbox) -> None:
    brickset = client(sandbox)
    assert {each.set_number for each in read_sets(brickset.fetch_sets("Star Wars", 2020))} == {
        "75275-1",
        "75290-1",
        "75292-1",
    }
    figures = list(read_minifigs(brickset.fetch_minifigs("Star Wars")))
    assert len(figures) == 20
    assert (
        Item(
            "sw0059",
            "minifigure",
            "Zam Wesell",
            "Star Wars",
            "Star Wars Episode 2",
            2002,
            "https://img.bricklink.com/ItemImage/MN/0/sw0059.png",
        )
        in figures
    )
    assert len(list(read_minifigs(brickset.fetch_minifigs("Collectible Minifigures", 2010)))) == 16


def test_our_client_is_refused_in_words(start: Callable[..., Sandbox]) -> None:
    sandbox = start(brickset_calls=1)
    brickset = client(sandbox)
    with pytest.raises(UpstreamRefused, match="no valid parameters"):
        brickset.fetch_sets()
    with pytest.raises(LimitReached):
        brickset.fetch_sets(year=2020)


def test_a_challenge_can_be_put_before_the_pages(sandbox: Sandbox) -> None:
    brickset = client(sandbox)
    fault(sandbox, "/minifigs/*", status=403, times=1)
    fault(sandbox, "/minifigs/*", status=503, times=1)
    fault(sandbox, "/minifigs/*", thin=True, times=1)
    for error in (UpstreamRefused, UpstreamAway, UpstreamRefused):
        with pytest.raises(error, match="behind a challenge"):
            brickset.fetch_minifigs("Star Wars")
    assert brickset.fetch_minifigs("Adventurers")


def test_an_answer_can_be_wrapped_and_the_service_down(sandbox: Sandbox) -> None:
    brickset = client(sandbox)
    fault(sandbox, "/api/*", thin=True, times=1)
    fault(sandbox, "/api/*", status=503, times=1)
    assert len(brickset.fetch_sets(year=2020)) == 6
    with pytest.raises(UpstreamAway):
        brickset.fetch_sets(year=2020)


# Recordings


def test_recordings_are_sent_byte_for_byte_and_only_to_who_asked_that(
    start: Callable[..., Sandbox], tmp_path: Path
) -> None:
    sets = b'{"status": "success",  "matches": 700, "sets": []}'
    page = '<article class="set"><h1><a href="/minifigs/zz001/x">Žž</a></h1></article>'.encode()
    (tmp_path / "getSets_2020.json").write_bytes(sets)
    (tmp_path / "minifigs_category-Star-Wars_page-2.html").write_bytes(page)
    (tmp_path / "notes.txt").write_bytes(b"-")
    sandbox = start(recordings={"brickset": tmp_path})
    assert call(sandbox, year="2020", pageSize=500, orderBy="Number").content == sets
    assert call(sandbox, key="wrong", year="2020").json()["message"] == "Invalid API key"
    assert call(sandbox, year="2021").json() == {"status": "success", "matches": 0, "sets": []}
    assert call(sandbox, year="2020", pageNumber=2).json()["sets"] == []
    assert sandbox.client.get(f"{PAGES}/category-Star-Wars/page-2").content == page
    assert sandbox.client.get(f"{PAGES}/category-Star-Wars").status_code == 404
    assert sandbox.client.get("/control/recordings").json()["brickset"]["unread"] == ["notes.txt"]
    both = start(recordings={"brickset": tmp_path}, also_catalogue=True)
    assert call(both, year="2020").content == sets
    assert call(both, year="2019").json()["matches"] == 2
