"""eBay, stood in for under /ebay: tokens, and the search and items of the Browse API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.sandbox.brickset.catalogue import load
from deploy.sandbox.ebay import recorded
from deploy.sandbox.ebay.errors import Refused, detail, failure, refusal
from deploy.sandbox.ebay.listings import Market, shape
from deploy.sandbox.ebay.quota import Quota
from deploy.sandbox.ebay.search import found, page_of
from deploy.sandbox.ebay.tokens import Tokens
from deploy.sandbox.recordings import Recordings
from deploy.sandbox.standin import Standin, compact

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request

    from deploy.sandbox.options import Options
    from deploy.sandbox.recordings import Recording

NAME = "ebay"
PREFIX = "/ebay"
BROWSE = "/buy/browse/v1"
RATES = "/developer/analytics/v1_beta/rate_limit/"


class Desk:
    """What answers: recordings first where there are any, then the market."""

    def __init__(self, options: Options, clock: Callable[[], datetime], recordings: Recordings | None) -> None:
        self.tokens = Tokens(options.ebay_token_seconds, clock)
        self._market = Market(load())
        self._quota = Quota(options.ebay_per_second, options.ebay_calls, clock)
        self._recordings = recordings
        self._only_recorded = recordings is not None and not options.also_catalogue
        self._clock = clock

    async def search(self, request: Request) -> Response:
        """Answer a search."""
        return self._closed(request) or self._recorded(request) or self._found(request)

    async def item(self, request: Request) -> Response:
        """Answer what is known of one listing, as long as it is up."""
        return self._closed(request) or self._recorded(request) or self._item(request)

    async def rates(self, request: Request) -> Response:
        """Answer how many calls are left; asking costs none."""
        return self._stranger(request) or JSONResponse(self._quota.report())

    def _stranger(self, request: Request) -> Response | None:
        """Return why nobody but the owner of a good token comes in."""
        authorization = request.headers.get("authorization")
        if authorization is None:
            return refusal(1100)
        if self.tokens.valid(authorization):
            return None
        recording = self._recordings.find("GET", recorded.ANYTHING, {}) if self._recordings else None
        return _sent(recording) if recording else refusal(1001)

    def _closed(self, request: Request) -> Response | None:
        return self._stranger(request) or (None if self._quota.take() else refusal(2001))

    def _recorded(self, request: Request) -> Response | None:
        if self._recordings is None:
            return None
        path = request.scope["path"].removeprefix(PREFIX)
        recording = self._recordings.find("GET", path, dict(request.query_params))
        return _sent(recording) if recording else None

    def _found(self, request: Request) -> Response:
        asked = dict(request.query_params)
        try:
            limit, offset = page_of(asked)
            listings, warnings = found([] if self._only_recorded else self._market.live(self._clock()), asked)
        except Refused as error:
            return refusal(error.number)
        here = f"{request.url.scheme}://{request.url.netloc}{request.url.path}"

        def address(start: int) -> str:
            return f"{here}?{urlencode({**asked, 'limit': limit, 'offset': start})}"

        body: dict[str, Any] = {"href": address(offset), "total": len(listings), "limit": limit, "offset": offset}
        if offset + limit < len(listings):
            body["next"] = address(offset + limit)
        if offset:
            body["prev"] = address(max(offset - limit, 0))
        shown = [shape(one, f"https://api.ebay.com{BROWSE}") for one in listings[offset : offset + limit]]
        # Where nothing matches there is no list, not an empty one.
        body |= {"itemSummaries": shown} if shown else {}
        body |= {"warnings": [detail(number) for number in warnings]} if warnings else {}
        return JSONResponse(body)

    def _item(self, request: Request) -> Response:
        live = [] if self._only_recorded else self._market.live(self._clock())
        for one in live:
            if one.item_id == request.path_params["item_id"]:
                return JSONResponse(shape(one, f"https://api.ebay.com{BROWSE}"))
        return refusal(11001)


def build(options: Options, clock: Callable[[], datetime]) -> Standin:
    """Return the stand-in. Raises OSError or ValueError when catalogue or recordings cannot be read."""
    folder = options.recordings.get(NAME)
    recordings = Recordings(folder, recorded.read) if folder else None
    desk = Desk(options, clock, recordings)
    routes = [
        Route("/identity/v1/oauth2/token", desk.tokens.issue, methods=["POST"]),
        Route(f"{BROWSE}/item_summary/search", desk.search),
        Route(f"{BROWSE}/item/{{item_id}}", desk.item),
        Route(RATES, desk.rates),
    ]
    return Standin(
        name=NAME,
        prefix=PREFIX,
        app=Starlette(routes=routes),
        failure=failure,
        thin=_warned,
        log_out=desk.tokens.end_all,
        recorded=recordings.all if recordings else (),
        unread=recordings.unread if recordings else (),
    )


def _warned(body: bytes) -> bytes:
    """Return a good answer as one to a request part of which was ignored."""
    return compact({**json.loads(body), "warnings": [detail(12002)]})


def _sent(recording: Recording) -> Response:
    return Response(
        recording.file.read_bytes(),
        recording.status,
        headers=dict(recording.headers),
        media_type=recording.content_type,
    )
