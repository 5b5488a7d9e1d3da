"""How Brickset's catalogue pages are asked for, and what stands before them."""

from __future__ import annotations

import httpx
import pytest

from shared.errors import UnreadableAnswer, UpstreamAway, UpstreamRefused
from tests.unit.upstreams.brickset_answers import CHALLENGE, Server, card, listing, numbers


@pytest.mark.parametrize(
    ("theme", "year", "path"),
    [
        ("Star Wars", None, "/minifigs/category-Star-Wars"),
        (None, 2023, "/minifigs/year-2023"),
        ("Star Wars", 2020, "/minifigs/category-Star-Wars/year-2020"),
        ("Pokémon", None, "/minifigs/category-Pokemon"),
        ("Pirates of the Caribbean", None, "/minifigs/category-Pirates-of-the-Caribbean"),
        ("Collectable Minifigures", None, "/minifigs/category-Collectible-Minifigures"),
        ("../sets", None, "/minifigs/category-sets"),
    ],
)
def test_a_theme_a_year_or_both_have_a_page(theme: str | None, year: int | None, path: str) -> None:
    server = Server(pages={path: listing(card("sw0001a"))})
    assert numbers(server.client().fetch_minifigs(theme, year)) == ["sw0001a"]


def test_figures_of_neither_theme_nor_year_are_refused_unasked() -> None:
    server = Server()
    with pytest.raises(UpstreamRefused, match="by theme or by year"):
        server.client().fetch_minifigs()
    assert server.asked == []


def test_pages_are_followed_while_they_link_to_the_next() -> None:
    path = "/minifigs/year-2023"
    pages = {
        path: listing(card("aa001"), next_page=f"{path}/page-2"),
        f"{path}/page-2": listing(card("aa002"), next_page=f"https://brickset.com{path}/page-3"),
        f"{path}/page-3": listing(card("aa003")),
    }
    server = Server(pages=pages)
    assert numbers(server.client().fetch_minifigs(year=2023)) == ["aa001", "aa002", "aa003"]
    assert [each.path for each in server.asked] == list(pages)


def test_pages_end_at_the_limit_and_at_one_that_brings_nothing_new() -> None:
    path = "/minifigs/year-2023"
    again = listing(card("aa001"), next_page=f"{path}/page-3")
    pages = {path: listing(card("aa001"), next_page=f"{path}/page-2"), f"{path}/page-2": again}
    server = Server(pages=pages)
    assert len(server.client().fetch_minifigs(year=2023, limit=1)) == 1
    assert len(server.client().fetch_minifigs(year=2023)) == 1
    assert len(server.asked) == 3


def test_a_category_that_is_not_there_is_refused_and_a_page_that_went_away_is_the_end() -> None:
    path = "/minifigs/year-2023"
    server = Server(pages={path: listing(card("aa001"), next_page=f"{path}/page-2")})
    assert numbers(server.client().fetch_minifigs(year=2023)) == ["aa001"]
    with pytest.raises(UpstreamRefused, match="there is no /minifigs/category-Nothing"):
        server.client().fetch_minifigs("Nothing")


@pytest.mark.parametrize("status", [200, 403])
def test_a_challenge_with_200_or_403_is_a_refusal_that_names_the_other_way(status: int) -> None:
    server = Server(pages={"/minifigs/year-2023": httpx.Response(status, html=CHALLENGE)})
    with pytest.raises(UpstreamRefused, match="behind a challenge; `millrace minifigures import FILE`") as caught:
        server.client().fetch_minifigs(year=2023)
    assert caught.value.status == status


def test_a_challenge_with_503_is_an_absence_that_names_the_other_way() -> None:
    server = Server(pages={"/minifigs/year-2023": httpx.Response(503, html=CHALLENGE)})
    with pytest.raises(UpstreamAway, match="millrace minifigures import FILE"):
        server.client().fetch_minifigs(year=2023)


def test_a_503_without_a_challenge_is_only_an_absence() -> None:
    server = Server(pages={"/minifigs/year-2023": httpx.Response(503, html="<h1>down</h1>")})
    with pytest.raises(UpstreamAway) as caught:
        server.client().fetch_minifigs(year=2023)
    assert "import" not in str(caught.value)


def test_an_attention_required_page_is_a_challenge_too() -> None:
    page = "<html><title>Attention Required! | Cloudflare</title><h1>Sorry, you have been blocked</h1></html>"
    with pytest.raises(UpstreamRefused, match="behind a challenge"):
        Server(pages={"/minifigs/year-2023": page}).client().fetch_minifigs(year=2023)


def test_a_good_page_that_carries_cloudflares_script_is_no_challenge() -> None:
    page = listing(card("aa001")) + '<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>'
    assert numbers(Server(pages={"/minifigs/year-2023": page}).client().fetch_minifigs(year=2023)) == ["aa001"]


def test_a_page_that_is_no_list_is_unreadable_and_an_empty_list_is_one() -> None:
    with pytest.raises(UnreadableAnswer, match="no page of the catalogue"):
        Server(pages={"/minifigs/year-1900": "<h1>Maintenance</h1>"}).client().fetch_minifigs(year=1900)
    assert numbers(Server(pages={"/minifigs/year-1900": listing()}).client().fetch_minifigs(year=1900)) == []


def test_robots_txt_is_obeyed() -> None:
    server = Server(pages={"/minifigs/year-2023": listing(card("aa001"))}, robots="User-agent: *\nDisallow: /minifigs")
    with pytest.raises(UpstreamRefused, match=r"robots\.txt"):
        server.client().fetch_minifigs(year=2023)
    assert server.asked == []
