"""The pages of the hall's site, in the markup of its CMS (Carbonhouse) as far as a reader of it can tell."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from deploy.sandbox.vanwezel.acts import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from deploy.sandbox.programme import Evening

INCREMENT = 9
TICKETS = {
    "": ("https://tickets.sandbox.invalid/?agency=HALL&amp;orgid=42&amp;eventid={number}", "Buy Tickets"),
    "own": ("/vanwezel/events/detail/{key}", "Buy Tickets"),
    "form": ("https://forms.sandbox.invalid/respond?id={number}", "Register here!"),
    "office": ("{base}plan-your-visit/tours", "Call the box office to purchase!"),
}


def calendar(evenings: Sequence[Evening], base: str) -> str:
    """Return /events: the first cards, and the button that says from where on there are more."""
    choices = "".join(
        f'<li><span tabindex="0" class="event_filter_item " data-category="{number}" data-increment="{INCREMENT}">'
        f"{name}</span></li>"
        for number, name in CATEGORIES.items()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Events | A hall in a sandbox</title></head>'
        '<body id="events" class="index"><div id="content"><h1>Upcoming Events</h1>'
        '<div class="category-dropdown m-eventList__filter"><ul><li><span class="event_filter_item display_all_events" '
        f'data-category="0" data-increment="{INCREMENT}">Category</span></li>{choices}</ul></div>'
        '<div class="eventList event_list"><div class="eventList__wrapper list" id="list">'
        f"{cards(evenings, base)}</div>"
        '<button id="loadMoreEvents" class="eventList__showMore" disabled="disabled" data-options="events" '
        f'data-category="0" data-venue="0" data-team="0" data-offset="{INCREMENT}" data-increment="{INCREMENT}" '
        'data-camefrom="event-list-page"> More Events </button></div></div>'
        '<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Organization", '
        f'"name": "A hall in a sandbox", "url": "{base}"}}</script></body></html>'
    )


def cards(evenings: Sequence[Evening], base: str) -> str:
    """Return evenings as cards."""
    return " ".join(_card(one, base, "alt " if place % 2 else "") for place, one in enumerate(evenings))


def detail(evening: Evening, base: str) -> str:
    """Return an evening's own page."""
    title = _raw(evening.title)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f'<body id="events" class="detail"><h1>{title}</h1><div class="sidebar_event_date">{_day(evening.day)}</div>'
        f'<div class="m-showings"><div class="listItem"><span class="date">{_day(evening.day)}</span>'
        f'<span class="time">{evening.starts:%I:%M %p}</span></div></div>'
        f'<div class="event_description"><p>{title} at the hall.</p></div><a href="{base}events">All events</a></body>'
        "</html>"
    )


def _card(evening: Evening, base: str, alternate: str) -> str:
    told = evening.act.details
    title, page = _raw(evening.title), f"{base}events/detail/{evening.key}"
    link, words = TICKETS[told.get("tickets", "")]
    by, tagline = told.get("by"), told.get("tagline")
    return (
        f'<div class="eventItem entry {alternate}{told["classes"]} clearfix"> <div class="thumb"> <a href="{page}" '
        f'title="More Info for {title}" tabindex="-1"><img src="/vanwezel/assets/img/{evening.act.slug}.jpg" '
        f'alt="More Info for {title}"/></a> </div> <div class="info clearfix"> <div class="date"> {_dates(evening)} '
        f"</div> "
        + (f'<div class="presented-by">{by}</div> ' if by else "")
        + f'<h3 class="title "> <a href="{page}" title="More Info">{title}</a> </h3> '
        + (f'<h4 class="tagline"> {tagline} </h4> ' if tagline else "")
        + f'</div> <div class="buttons"> <a href="{link.format(base=base, key=evening.key, number=evening.number)}" '
        f'target="_blank" class="tickets {told.get("sale", "onsalenow")} " title="Buy Tickets for {title} ">{words}</a>'
        f'<a href="{page}" class="more buttons-hide" title="{title} More Info">More Info</a></div> </div>'
    )


def _dates(evening: Evening) -> str:
    first, last = evening.day, evening.last_day
    if evening.act.details.get("form") == "first alone":
        return f'<span class="m-date__rangeFirst">{_day(first)}</span>'
    if first == last:
        return f'<span class="m-date__singleDate">{_day(first)}</span>'
    same = (first.year, first.month) == (last.year, last.month)
    return (
        f'<span class="m-date__rangeFirst">{_day(first, year=not same)}</span>'
        '<span class="m-date__separator"> - </span>'
        f'<span class="m-date__rangeLast">{_day(last, month=not same)}</span>'
    )


def _day(day: date, *, month: bool = True, year: bool = True) -> str:
    """Return a day as spans: its number padded with a space, the comma within the year's."""
    parts = [f'<span class="m-date__weekday">{day:%a}. </span>'] if month and year else []
    parts += [f'<span class="m-date__month">{day:%b} </span>'] if month else []
    parts += [f'<span class="m-date__day">{day.day:2}</span>']
    parts += [f'<span class="m-date__year">, {day.year}</span>'] if year else []
    return "".join(parts)


def _raw(title: str) -> str:
    """Return a title as the site writes it: with a bare & as often as with an entity."""
    return escape(title.replace("&amp;", "&")).replace("&amp; ", "& ") if "&amp;" not in title else title
