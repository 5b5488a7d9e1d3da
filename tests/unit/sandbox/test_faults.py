"""What an operator asks to go wrong goes wrong, and nothing else does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Sandbox

SERIES = "/series/81189/extended"


def statuses(sandbox: Sandbox, count: int, path: str = SERIES) -> list[int]:
    return [sandbox.get(path).status_code for _ in range(count)]


def test_a_status_comes_so_many_times_with_its_headers(sandbox: Sandbox) -> None:
    sandbox.arm(SERIES, status=429, headers={"Retry-After": "7"}, times=3)
    answer = sandbox.get(SERIES)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert statuses(sandbox, 3) == [429, 429, 200]


def test_a_fault_without_a_count_lasts_until_it_is_removed(sandbox: Sandbox) -> None:
    fault = sandbox.arm(SERIES, status=503).json()
    assert statuses(sandbox, 5) == [503] * 5
    assert sandbox.client.delete(f"/control/faults/{fault['id']}").status_code == 200
    assert statuses(sandbox, 1) == [200]


def test_all_faults_can_be_removed_at_once(sandbox: Sandbox) -> None:
    sandbox.arm(SERIES, status=500)
    sandbox.arm("/people/*", status=500)
    assert sandbox.client.delete("/control/faults").json() == {"removed": 2}
    assert statuses(sandbox, 1) == [200]


def test_a_glob_harms_what_it_fits_and_nothing_else(sandbox: Sandbox) -> None:
    sandbox.arm("/series/*/extended", status=500)
    assert statuses(sandbox, 1, "/series/78878/extended") == [500]
    assert statuses(sandbox, 1, "/series/78878") == [200]
    assert statuses(sandbox, 1, "/movies/290/extended") == [200]


def test_a_fault_can_be_for_one_page_or_one_method(sandbox: Sandbox) -> None:
    sandbox.arm("/series/8990002/episodes/*", status=502, query={"page": "1"})
    sandbox.arm("/login", status=500, method="POST")
    path = "/series/8990002/episodes/official"
    assert [sandbox.get(path, page=page).status_code for page in (0, 1, 2)] == [200, 502, 200]
    assert sandbox.login().status_code == 500


def test_faults_for_the_same_path_follow_one_another(sandbox: Sandbox) -> None:
    sandbox.arm(SERIES, status=429, times=2)
    sandbox.arm(SERIES, status=500, times=1)
    assert statuses(sandbox, 4) == [429, 429, 500, 200]


def test_a_fault_can_skip_some_and_strike_each_third(sandbox: Sandbox) -> None:
    sandbox.arm(SERIES, status=500, skip=2, every=3)
    assert statuses(sandbox, 9) == [200, 200, 500, 200, 200, 500, 200, 200, 500]


def test_a_slow_answer_is_the_true_one_later(sandbox: Sandbox) -> None:
    sandbox.arm(SERIES, delay_seconds=12.5, times=1)
    assert sandbox.get(SERIES).json()["data"]["id"] == 81189
    assert sandbox.time.pauses == [12.5]
    assert sandbox.requests()["requests"][-1]["took_ms"] == 12500


def test_a_truncated_answer_looks_complete_but_cannot_be_read(sandbox: Sandbox) -> None:
    whole = sandbox.get(SERIES).content
    sandbox.arm(SERIES, truncate=200, times=1)
    answer = sandbox.get(SERIES)
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, whole[:200], "200")
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_connection_can_be_cut_in_the_middle(sandbox: Sandbox) -> None:
    sandbox.arm(SERIES, cut=300, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        sandbox.get(SERIES)
    assert sandbox.requests()["requests"][-1]["status"] == 0
    assert statuses(sandbox, 1) == [200]


def test_garbage_can_be_sent_as_a_good_answer(sandbox: Sandbox) -> None:
    sandbox.arm(SERIES, body="<html>maintenance</html>", content_type="text/html", times=1)
    answer = sandbox.get(SERIES)
    assert (answer.status_code, answer.text) == (200, "<html>maintenance</html>")
    assert answer.headers["content-type"] == "text/html"


def test_an_error_may_carry_a_body_that_looks_valid(sandbox: Sandbox) -> None:
    sandbox.arm(SERIES, status=500, keep_body=True, times=1)
    answer = sandbox.get(SERIES)
    assert (answer.status_code, answer.json()["data"]["id"]) == (500, 81189)


def test_a_thin_answer_has_only_the_first_season_and_no_links(sandbox: Sandbox) -> None:
    sandbox.arm("/series/78878/*", thin=True)
    seasons = sandbox.data("/series/78878/extended")["seasons"]
    answer = sandbox.get("/series/78878/episodes/official").json()
    assert {season["number"] for season in seasons} == {0}
    assert {episode["seasonNumber"] for episode in answer["data"]["episodes"]} == {0}
    assert "links" not in answer


@pytest.mark.parametrize(
    ("status", "opening"),
    [
        (401, '{"message":"Unauthorized"}'),
        (404, '{"status":"failure","message":"NotFoundException: error fetching series","data":null}'),
        (429, '{"message":"Too Many Requests"}'),
        (502, "<!DOCTYPE HTML"),
    ],
)
def test_a_status_without_a_body_is_worded_by_the_upstream(sandbox: Sandbox, status: int, opening: str) -> None:
    sandbox.arm(SERIES, status=status, times=1)
    assert sandbox.get(SERIES).text.startswith(opening)


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"sttus": 500},
        {"status": 99},
        {"status": 500, "times": 0},
        {"delay_seconds": -1},
        {"status": 500, "path": "x"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    answer = sandbox.client.post("/control/faults", json={"path": "/*", **fault})
    assert answer.status_code == 422
    assert sandbox.client.get("/control/faults").json() == []


def test_a_fault_shows_how_often_it_struck(sandbox: Sandbox) -> None:
    sandbox.arm(SERIES, status=500, times=3)
    statuses(sandbox, 2)
    [shown] = sandbox.client.get("/control/faults").json()
    assert (shown["used"], shown["left"]) == (2, 1)
    assert sandbox.requests()["requests"][-1]["fault"] == shown["id"]


def test_removing_a_fault_that_is_not_there_is_404(sandbox: Sandbox) -> None:
    assert sandbox.client.delete("/control/faults/99").status_code == 404


def test_health_and_control_are_never_harmed(sandbox: Sandbox) -> None:
    sandbox.client.post("/control/faults", json={"path": "/*", "status": 500})
    assert sandbox.client.get("/health").json()["status"] == "ok"
    assert sandbox.client.get("/control/faults").status_code == 200
    assert statuses(sandbox, 1) == [500]
