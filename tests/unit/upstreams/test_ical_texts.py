"""What an entry says: escapes, HTML, entities, and what is cancelled only in the title."""

from __future__ import annotations

import pytest

from tests.unit.upstreams.calendars import calendar, only


def test_escapes_are_resolved() -> None:
    description = r"DESCRIPTION:First\nSecond\NThird \\n and \"quotes\""
    found = only(calendar("SUMMARY:One\\, two\\; three\n" + description))
    assert found.title == "One, two; three"
    assert found.description == 'First\nSecond\nThird \\n and "quotes"'


def test_html_in_a_description_becomes_lines_of_text() -> None:
    html = r"<p>Doors at <b>seven</b>.</p><p>Bring &amp\; share<br/>soup</p><style>p{}</style><script>x()</script>"
    assert only(calendar(f"DESCRIPTION:{html}")).description == "Doors at seven.\nBring & share\nsoup"


def test_a_smaller_than_sign_is_no_html() -> None:
    assert only(calendar("DESCRIPTION:We <3 jazz & 5 > 4")).description == "We <3 jazz & 5 > 4"


def test_the_html_description_counts_where_there_is_no_plain_one() -> None:
    html = "X-ALT-DESC;FMTTYPE=text/html:<html><body><p>Soup</p></body></html>"
    assert only(calendar(f"DESCRIPTION:\n{html}")).description == "Soup"
    assert only(calendar(f"DESCRIPTION:Bread\n{html}")).description == "Bread"


def test_entities_in_a_title_are_resolved_and_bare_ampersands_are_not() -> None:
    assert (
        only(calendar(r"SUMMARY:Boys &amp\; Girls &#8211\; Q&A &copy2026")).title == "Boys & Girls \u2013 Q&A &copy2026"
    )


def test_a_title_is_one_line() -> None:
    assert only(calendar(r"SUMMARY:  Jazz\n  tonight <em>only</em> ")).title == "Jazz tonight only"


def test_a_location_may_hold_html() -> None:
    assert (
        only(calendar(r"LOCATION:<p>Large Room\, first floor.</p> - 637 First St")).venue
        == "Large Room, first floor. - 637 First St"
    )


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ("STATUS:CONFIRMED", "scheduled"),
        ("STATUS:TENTATIVE", "scheduled"),
        ("STATUS:CANCELLED", "cancelled"),
        ("STATUS:canceled", "cancelled"),
        ("STATUS:POSTPONED", "postponed"),
        ("STATUS:CONFIRMED\nSUMMARY:CANCELED: Jazz", "cancelled"),
        ("SUMMARY:Jazz - Cancelled", "cancelled"),
        ("SUMMARY:Jazz (cancelled)", "cancelled"),
        ("SUMMARY:Cancelled - Jazz", "cancelled"),
        ("SUMMARY:[POSTPONED] Jazz", "postponed"),
        ("SUMMARY:Cancelled Flights, a comedy", "scheduled"),
        ("SUMMARY:The Postponed Heart", "scheduled"),
    ],
)
def test_an_evening_is_cancelled_by_its_status_or_by_its_title(lines: str, status: str) -> None:
    assert only(calendar(lines)).status == status


def test_addresses_and_pictures_count_only_when_they_are_of_the_web() -> None:
    found = only(
        calendar(
            "URL:https://venue.example/e?a=1&amp;b=2\nATTACH;FMTTYPE=application/pdf:https://venue.example/a.pdf\n"
            "ATTACH;FMTTYPE=image/png:https://venue.example/my pic.png"
        )
    )
    assert (found.url, found.image) == ("https://venue.example/e?a=1&b=2", "https://venue.example/my%20pic.png")
    assert only(calendar("URL:/common/calendar.aspx")).url is None
    assert only(calendar("ATTACH:https://venue.example/poster.JPG?w=3")).image == "https://venue.example/poster.JPG?w=3"
    assert only(calendar("ATTACH:CID:poster.jpg")).image is None


def test_an_organizer_is_a_name_and_no_mailbox() -> None:
    assert only(calendar('ORGANIZER;CN="Great Hall: Jazz":MAILTO:box@venue.example')).organizer == "Great Hall: Jazz"
    assert only(calendar("ORGANIZER;CN=%22Great%20Hall%22:MAILTO:box@venue.example")).organizer == "Great Hall"
    assert only(calendar("ORGANIZER;CN=box@venue.example:MAILTO:box@venue.example")).organizer is None
    assert only(calendar("ORGANIZER:MAILTO:box@venue.example")).organizer is None


def test_categories_are_split_at_commas_that_are_not_escaped() -> None:
    lines = (r"CATEGORIES:Jazz\, Blues,Food &amp\; Drink,,Jazz\, Blues", "CATEGORIES:Free")
    assert only(calendar("\n".join(lines))).categories == ("Jazz, Blues", "Food & Drink", "Free")


def test_nothing_postgresql_refuses_gets_through() -> None:
    found = only(calendar("SUMMARY:Ja\x00zz\nDESCRIPTION:a\x00b&#0;"))
    assert "\x00" not in found.title + (found.description or "")


def test_a_description_of_megabytes_is_cut() -> None:
    assert len(only(calendar("DESCRIPTION:" + "word " * 100_000)).description or "") <= 20_000
