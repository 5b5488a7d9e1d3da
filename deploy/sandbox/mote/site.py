"""The addresses of a WordPress site with The Events Calendar: every view as a page and as an export."""

from __future__ import annotations

import json
import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from deploy.sandbox.mote import ics, rest
from deploy.sandbox.mote.acts import AHEAD, SITE
from deploy.sandbox.pages import ROBOTS, site

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.sandbox.programme import Evening, Programme

PREFIX = "/mote"
PAGE = 30
"""Entries of an export; the plugin's limit."""


@dataclass(frozen=True)
class Site:
    """What is on, and what time it is."""

    programme: Programme
    clock: Callable[[], datetime]

    def routes(self) -> APIRouter:
        """Return every address there is."""
        router = APIRouter()
        answers: dict[str, Callable[..., Any]] = {
            "/robots.txt": self.robots,
            "/": self.by_query,
            "/events": self.slashed,
            "/events/list": self.slashed,
            "/events/": self.calendar,
            "/events/list/": self.list_view,
            "/events/list/page/{page}/": self.list_view,
            "/events/month/{month}/": self.month_view,
            "/event/{slug}/": self.event,
            "/wp-json/tribe/events/v1/events": self.archive,
            "/wp-json/tribe/events/v1/events/": self.archive,
        }
        for path, answer in answers.items():
            router.add_api_route(path, answer, response_model=None)
        return router

    async def robots(self) -> Response:
        """Let robots read all but what is nobody's."""
        return PlainTextResponse(ROBOTS)

    async def by_query(self, request: Request) -> Response:
        """Send a view by its query, as WordPress finds everything by one; else the site's first page."""
        asked = request.query_params
        if asked.get("post_type") != "tribe_events" or asked.get("ical") != "1":
            return HTMLResponse(f"<html><head><title>{SITE}</title></head><body><h1>{SITE}</h1></body></html>")
        if asked.get("eventDisplay") == "month":
            return self._month(request, asked.get("eventDate", ""))
        page = asked.get("paged", "1")
        return self._list(request, int(page) if re.fullmatch("[1-9][0-9]{0,3}", page) else 1)

    async def slashed(self, request: Request) -> Response:
        """Lead to the address with a slash at its end."""
        return RedirectResponse(str(request.url.replace(path=request.url.path + "/")), 301)

    async def calendar(self, request: Request) -> Response:
        """Send the calendar's page; its export is empty, with 200, as was seen of mote.org."""
        if "ical" in request.query_params:
            return Response(b"", media_type="text/calendar; charset=UTF-8")
        return self._page(request, self.programme.upcoming()[:PAGE])

    async def list_view(self, request: Request, page: int = 1) -> Response:
        """Send a page of what is to come."""
        if "ical" in request.query_params:
            return self._list(request, max(page, 1))
        return self._page(request, self.programme.upcoming()[(max(page, 1) - 1) * PAGE :][:PAGE])

    async def month_view(self, request: Request, month: str) -> Response:
        """Send a month, 2026-11."""
        if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month):
            raise HTTPException(404)
        if "ical" in request.query_params:
            return self._month(request, month)
        return self._page(request, self.programme.upcoming()[:PAGE])

    async def event(self, request: Request, slug: str) -> Response:
        """Send an evening's own page."""
        evenings = [one for one in self.programme.upcoming() if one.key == slug]
        if not evenings:
            raise HTTPException(404)
        return self._page(request, evenings)

    async def archive(self, request: Request, page: int = 1, per_page: int = 10) -> Response:
        """Send a page of the REST archive, which ends with 404."""
        asked, today = request.query_params, self.programme.today()
        since, until = asked.get("start_date", f"{today} 00:00:00"), asked.get("end_date", f"{today.year + 2}-12-31")
        evenings = self._between(_day(since, today), _day(until, today))
        size = min(max(per_page, 1), 50)
        answer = rest.archive(
            evenings, site(request, PREFIX), max(page, 1), size, f"start_date={since}&end_date={until}"
        )
        return JSONResponse(rest.PAST_THE_END, 404) if answer is None else JSONResponse(answer)

    def _list(self, request: Request, page: int) -> Response:
        """Return an export of the list from today on, or from the day that is asked for."""
        since = _day(request.query_params.get("tribe-bar-date"), self.programme.today())
        return self._export(request, self._between(since, date.max)[(page - 1) * PAGE :])

    def _month(self, request: Request, month: str) -> Response:
        first = _day(f"{month}-01", self.programme.today().replace(day=1))
        return self._export(request, self._between(first, first.replace(day=monthrange(first.year, first.month)[1])))

    def _between(self, first: date, last: date) -> list[Evening]:
        return self.programme.between(first, min(last, self.programme.today() + timedelta(days=AHEAD)))

    def _export(self, request: Request, evenings: list[Evening]) -> Response:
        text = ics.export(evenings[:PAGE], site(request, PREFIX), request.url.hostname or "", self.clock())
        name = re.sub("[^a-z]+", "-", unescape(SITE).lower())
        headers = {"Content-Disposition": f'attachment; filename="{name}.ics"'}
        return Response(text, media_type="text/calendar; charset=UTF-8", headers=headers)

    def _page(self, request: Request, evenings: list[Evening]) -> Response:
        """Return a page that lists evenings, with JSON-LD in which the plugin has escaped everything twice."""
        base = site(request, PREFIX)
        events = [
            {
                "@context": "http://schema.org",
                "@type": "Event",
                "name": one.title,
                "description": f"&lt;p&gt;{ics.description(one)}&lt;/p&gt;\\n",
                "url": f"{base}event/{one.key}/",
                "eventStatus": "https://schema.org/EventScheduled",
                "startDate": one.starts.isoformat(),
                "endDate": one.ends.isoformat(),
                "performer": "Organization",
            }
            for one in evenings
        ]
        items = "".join(f'<li><a href="{base}event/{one.key}/">{one.title}</a></li>' for one in evenings)
        return HTMLResponse(
            f'<!doctype html><html lang="en-US"><head><title>Events - {SITE}</title>'
            f'<script type="application/ld+json">\n{json.dumps(events)}\n</script></head>'
            f'<body class="post-type-archive-tribe_events"><ul>{items}</ul></body></html>'
        )


def _day(text: str | None, otherwise: date) -> date:
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return otherwise
