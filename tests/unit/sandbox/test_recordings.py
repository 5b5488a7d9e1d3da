"""A folder of recorded answers is served byte for byte."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from deploy.sandbox.recordings import Recordings
from deploy.sandbox.tvdb import recorded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.sandbox.conftest import Sandbox

ODD = b'{\n  "status": "success",\n\t"data": {"id": 5, "name": "Odd", "seasonTypes": null}, "extra": 1e2}\n'


def good(data: Any, **more: Any) -> bytes:
    return json.dumps({"status": "success", "data": data, **more}).encode()


def write(folder: Path, **files: bytes) -> Path:
    for name, content in files.items():
        (folder / f"{name}.json").write_bytes(content)
    return folder


def test_a_recording_is_sent_byte_for_byte(start: Callable[..., Sandbox], tmp_path: Path) -> None:
    sandbox = start(recordings={"tvdb": write(tmp_path, series_5_extended=ODD)})
    answer = sandbox.get("/series/5/extended")
    assert (answer.status_code, answer.content) == (200, ODD)
    assert answer.headers["content-type"] == "application/json"


def test_what_is_not_recorded_is_404_in_the_true_form(start: Callable[..., Sandbox], tmp_path: Path) -> None:
    sandbox = start(recordings={"tvdb": write(tmp_path, series_5_extended=ODD)})
    answer = sandbox.get("/movies/290/extended")
    message = "NotFoundException: error fetching movie"
    assert (answer.status_code, answer.json()["message"]) == (404, message)


def test_the_catalogue_can_stand_behind_the_recordings(start: Callable[..., Sandbox], tmp_path: Path) -> None:
    write(tmp_path, series_81189=ODD)
    sandbox = start(recordings={"tvdb": tmp_path}, also_catalogue=True)
    assert sandbox.get("/series/81189").content == ODD
    assert sandbox.data("/movies/290")["id"] == 290


def test_recordings_need_a_login_like_everything_else(start: Callable[..., Sandbox], tmp_path: Path) -> None:
    sandbox = start(recordings={"tvdb": write(tmp_path, series_5_extended=ODD)})
    sandbox.headers = {}
    assert sandbox.get("/series/5/extended").status_code == 401


def test_a_recorded_login_is_sent_and_its_token_is_good(start: Callable[..., Sandbox], tmp_path: Path) -> None:
    write(tmp_path, login_ok=good({"token": "RECORDED"}), series_5_extended=ODD)
    sandbox = start(recordings={"tvdb": tmp_path})
    assert sandbox.headers == {"Authorization": "Bearer RECORDED"}
    assert sandbox.get("/series/5/extended").status_code == 200


def test_asking_for_more_detail_than_was_recorded_still_finds_the_record(
    start: Callable[..., Sandbox], tmp_path: Path
) -> None:
    short = good({"id": 5, "characters": None})
    sandbox = start(recordings={"tvdb": write(tmp_path, series_5_extended=ODD, series_5_extended_short=short)})
    assert sandbox.get("/series/5/extended", meta="translations").content == ODD
    assert sandbox.get("/series/5/extended", short="true").content == short


def test_a_page_that_was_not_recorded_is_never_another_page(start: Callable[..., Sandbox], tmp_path: Path) -> None:
    first, second = good({"episodes": [], "series": {"id": 5}}), good({"episodes": [1], "series": {"id": 5}})
    write(tmp_path, series_5_episodes_official=first, series_5_episodes_official_page1=second)
    sandbox = start(recordings={"tvdb": tmp_path})
    path = "/series/5/episodes/official"
    assert sandbox.get(path).content == sandbox.get(path, page=0).content == first
    assert sandbox.get(path, page=1).content == second
    assert sandbox.get(path, page=2).status_code == 404
    assert sandbox.get(path, season=3).status_code == 404


def test_a_search_is_found_by_what_the_answer_says_was_asked(start: Callable[..., Sandbox], tmp_path: Path) -> None:
    links = {"self": "https://api4.thetvdb.com/v4/search?query=Yu Gi Oh&type=series&limit=50&page=0", "next": None}
    body = good([], links=links)
    sandbox = start(recordings={"tvdb": write(tmp_path, search_whatever=body)})
    assert sandbox.get("/search", query="yu gi oh", offset=0, limit=20).content == body
    assert sandbox.get("/search", query="something else").status_code == 404


def test_recorded_failures_are_sent_where_they_belong(start: Callable[..., Sandbox], tmp_path: Path) -> None:
    gone, denied, late = b'{"recorded": 404}', b'{"recorded": 401}', b'{"recorded": 400}'
    page = good([{"entityType": "series"}], links={"self": "https://api4.thetvdb.com/v4/updates?since=1&page=0"})
    write(tmp_path, error_404_series=gone, error_401_unauthorized=denied, error_400_updates_no_since=late, updates=page)
    sandbox = start(recordings={"tvdb": tmp_path})
    missing = sandbox.get("/series/9/extended")
    assert (missing.status_code, missing.content) == (404, gone)
    assert (sandbox.get("/updates").status_code, sandbox.get("/updates").content) == (400, late)
    assert sandbox.get("/updates", since=1).content == page
    sandbox.headers = {}
    assert (sandbox.get("/series/9").status_code, sandbox.get("/series/9").content) == (401, denied)


def test_an_index_says_what_names_cannot(start: Callable[..., Sandbox], tmp_path: Path) -> None:
    write(tmp_path, a=ODD, b=b"<html>busy</html>")
    rows = [
        {"file": "a.json", "path": "/series/77/extended?meta=translations"},
        {
            "file": "b.json",
            "method": "get",
            "path": "series/78/extended",
            "query": "meta=translations",
            "status": 503,
            "content_type": "text/html",
            "headers": {"Retry-After": "3"},
        },
    ]
    (tmp_path / "requests.json").write_text(json.dumps(rows))
    sandbox = start(recordings={"tvdb": tmp_path})
    assert sandbox.get("/series/77/extended", meta="translations").content == ODD
    busy = sandbox.get("/series/78/extended", meta="translations")
    assert (busy.status_code, busy.headers["retry-after"], busy.headers["content-type"][:9]) == (503, "3", "text/html")


def test_an_index_that_names_a_missing_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "requests.json").write_text('{"requests": [{"file": "gone.json", "path": "/series/1"}]}')
    with pytest.raises(ValueError, match=r"gone\.json"):
        Recordings(tmp_path, recorded.read)


def test_a_file_that_answers_nothing_is_shown(start: Callable[..., Sandbox], tmp_path: Path) -> None:
    sandbox = start(recordings={"tvdb": write(tmp_path, series_5_extended=ODD, holiday=b'{"data": {"x": 1}}')})
    shown = sandbox.client.get("/control/recordings").json()["tvdb"]
    assert shown["unread"] == ["holiday.json"]
    assert [one["path"] for one in shown["answers"]] == ["/series/5/extended"]


@pytest.mark.parametrize(
    ("name", "data", "path", "query"),
    [
        ("series_81189.json", {"id": 81189}, "/series/81189", {}),
        ("series-81189-extended.json", {"id": 81189}, "/series/81189/extended", {}),
        ("81189_series_extended_episodes.json", {"id": 81189}, "/series/81189/extended", {"meta": "episodes"}),
        ("series_extended.json", {"id": 81189}, "/series/81189/extended", {}),
        ("movie_290_extended.json", {"id": 290}, "/movies/290/extended", {}),
        ("movies.290.extended.translations.json", {}, "/movies/290/extended", {"meta": "translations"}),
        ("people_312388_extended.json", {"id": 312388}, "/people/312388/extended", {}),
        ("person_312388.json", {"id": 312388}, "/people/312388", {}),
        ("season_6365_extended.json", {"id": 6365, "episodes": []}, "/seasons/6365/extended", {}),
        ("episode_127396.json", {"id": 127396}, "/episodes/127396", {}),
        ("series_5_episodes_dvd.json", {"series": {"id": 5}, "episodes": []}, "/series/5/episodes/dvd", {}),
        ("series_5_episodes_official_eng.json", {"id": 5, "episodes": []}, "/series/5/episodes/official/eng", {}),
        ("episodes_default.json", {"series": {"id": 5}, "episodes": []}, "/series/5/episodes/default", {}),
        ("series_5_translations_eng.json", {"language": "eng"}, "/series/5/translations/eng", {}),
        ("series_5_next_aired.json", {"id": 5, "nextAired": ""}, "/series/5/nextAired", {}),
        ("series_slug.json", {"id": 5, "slug": "five"}, "/series/slug/five", {}),
        ("series_page3.json", [{"id": 5}], "/series", {"page": "3"}),
        ("people_types.json", [{"id": 3}], "/people/types", {}),
        ("artwork_types.json", [{"id": 3}], "/artwork/types", {}),
        ("capture1.json", {"id": 5, "seasonTypes": [], "characters": []}, "/series/5", {}),
        ("search_macross.json", [{"objectID": "movie-12586"}], "/search", {"query": "macross"}),
    ],
)
def test_a_files_name_and_content_tell_what_it_answers(name: str, data: Any, path: str, query: dict[str, str]) -> None:
    assert recorded.read(name, good(data)) == [("GET", path, query, 200)]
