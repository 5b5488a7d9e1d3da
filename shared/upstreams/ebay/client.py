"""Fetches from eBay's Browse API: the only place that knows its addresses; `offers` reads what it answers.

The API knows live listings only: one that ended is not found any more, and what it was sold for is told nowhere.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from shared import clock
from shared.contracts.minifigures import Condition
from shared.errors import (
    LimitReached,
    MissingSetting,
    Permanent,
    RateLimited,
    Transient,
    UnreadableAnswer,
    UpstreamAway,
    UpstreamGone,
    UpstreamRefused,
)
from shared.upstreams.ebay import quota
from shared.upstreams.ebay.offers import AUCTION, BEST_OFFER, FIXED_PRICE
from shared.upstreams.ebay.tokens import UPSTREAM, Tokens
from shared.upstreams.fields import Audit, Fields
from shared.upstreams.gateway import Gateway
from shared.upstreams.http import Params
from shared.upstreams.pace import Limit

PAGE_SIZE: Final = 200  # items on a full page; more is refused
MOST_ITEMS: Final = 10_000  # of one search; beyond, the offset is refused
ENDED: Final = b"11001"  # of the several reasons for a 404, the one that is about the item
OK, BAD_REQUEST, UNAUTHORIZED = 200, 400, 401
CONDITIONS: Final[dict[Condition, str]] = {"NEW": "NEW", "USED": "USED", "SEALED": "NEW"}
"""eBay's word for each of ours. It has none for an unopened box: the domain's rules tell that from the title."""

# Since November 2025 eBay says so now and then of offsets that are, and takes them a moment later.
_WRONG_OFFSET: Final = re.compile(r"offset.{0,60}multiple", re.IGNORECASE | re.DOTALL)

Raw = dict[str, Any]


def limit_of(calls: int) -> Limit:
    """Return the limit of a keyset: so many calls in one of eBay's days, which end in California, and five a second."""
    return Limit(5, per_day=calls, day_zone="America/Los_Angeles", patience=15.0)


class Ebay:
    """eBay through a gateway; safe to share between threads. `ticks` is monotonic, `now` tells what has ended.

    Every method raises the errors of `Upstream.get`.
    """

    def __init__(
        self,
        gateway: Gateway,
        client_id: str,
        client_secret: str,
        *,
        ticks: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._base = gateway.settings.ebay_url.rstrip("/")
        self._browse = f"{self._base}/buy/browse/v1"
        self._marketplace = gateway.settings.ebay_marketplace
        self._upstream = gateway.upstream(
            UPSTREAM, limit_of(gateway.settings.ebay_calls_per_day), secrets=[client_id, client_secret]
        )
        self._tokens = Tokens(self._upstream, self._base, client_id, client_secret, ticks)
        self._now = now

    def fetch_offers(self, query: str, condition: Condition, most: int = PAGE_SIZE) -> list[Raw]:
        """Fetch the items that `read_offer` reads: at most so many live listings, as eBay ranks them.

        Listings come and go between pages, so one that comes twice counts once.
        """
        size = min(most, PAGE_SIZE)
        options = f"{FIXED_PRICE}|{AUCTION}|{BEST_OFFER}"
        asked: Params = {
            "q": query,
            "filter": f"buyingOptions:{{{options}}},conditions:{{{CONDITIONS[condition]}}}",
            "limit": size,
        }
        items: dict[str, Raw] = {}
        for offset in range(0, min(most, MOST_ITEMS), size) if size > 0 else ():
            what = f"offers for {query!r} from {offset}"
            answer = self._search({**asked, "offset": offset}, what)
            found = _items(answer, what)
            for item_id, item in found:
                items.setdefault(item_id, item)
            # The address in `next` is not followed: it may lead to another host, and our token with it.
            if not found or not answer.get("next"):
                break
        return list(items.values())[:most]

    def is_over(self, item_id: str) -> bool:
        """Return whether a listing has ended, or was taken off."""
        what = f"item {item_id}"
        try:
            raw = self._get(f"/item/{quote(item_id, safe='')}", what)
        except UpstreamGone as error:
            if ENDED not in error.body:
                raise
            return True
        ends_at = Fields(raw, "item", Audit(UPSTREAM)).moment_or_none("itemEndDate")
        return ends_at is not None and ends_at <= self._now()

    def _search(self, params: Params, what: str) -> Raw:
        try:
            answer = self._get("/item_summary/search", what, params)
        except UpstreamRefused as error:
            if error.status == BAD_REQUEST and _WRONG_OFFSET.search(str(error)):
                raise UpstreamAway(UPSTREAM, f"{what}: calls an offset wrong that is not") from error
            raise
        warnings = answer.get("warnings")
        if warnings:
            # What eBay warns of it has left out of the search: its answer is one to another question.
            raise UpstreamRefused(UPSTREAM, OK, f"{what}: part of it was ignored: {_said(warnings)}")
        return answer

    def _get(self, path: str, what: str, params: Params | None = None) -> Raw:
        """Return an answer's object; a token that is refused is renewed, once."""
        token = self._tokens.get()
        try:
            return self._ask(self._browse + path, what, params, token)
        except RateLimited as error:
            if error.retry_after is None:
                self._rest_if_closed(token)
            raise
        except UpstreamRefused as error:
            if error.status != UNAUTHORIZED:
                raise
        return self._ask(self._browse + path, what, params, self._tokens.get(refused=token))

    def _rest_if_closed(self, token: str) -> None:
        """Raise LimitReached, and let nobody ask, when the day's calls are used up; by others, or we had counted them.

        A 429 says only that it is one too many: of this second, or of this day.
        """
        try:
            raw = self._ask(self._base + quota.PATH, "calls left", quota.ASKED, token)
            seconds = quota.closed_for(raw, self._now())
        except (Permanent, Transient):
            return  # the 429 itself is what there is to say
        if seconds is not None:
            self._upstream.rest(seconds)
            raise LimitReached(UPSTREAM, seconds)

    def _ask(self, address: str, what: str, params: Params | None, token: str) -> Raw:
        headers = {"Authorization": f"Bearer {token}", "X-EBAY-C-MARKETPLACE-ID": self._marketplace}
        answer = self._upstream.get(address, what, params=params, headers=headers)
        body = answer.json()
        if not isinstance(body, dict):
            raise UnreadableAnswer(UPSTREAM, f"{what} is no object", answer.body)
        return body


def open_ebay(gateway: Gateway) -> Ebay:
    """Return eBay as the settings have it; raises MissingSetting without a keyset."""
    settings = gateway.settings
    why = "eBay answers nobody without a keyset"
    if settings.ebay_client_id is None:
        raise MissingSetting("EBAY_CLIENT_ID", why)
    if settings.ebay_client_secret is None:
        raise MissingSetting("EBAY_CLIENT_SECRET", why)
    return Ebay(gateway, settings.ebay_client_id.get_secret_value(), settings.ebay_client_secret.get_secret_value())


def _items(answer: Raw, what: str) -> list[tuple[str, Raw]]:
    """Return the items of a page with their ids; where nothing matches the list is left out."""
    items = answer.get("itemSummaries")
    if items is None:
        return []
    if not isinstance(items, list):
        raise UnreadableAnswer(UPSTREAM, f"{what}: itemSummaries is no list", json.dumps(answer))
    audit = Audit(UPSTREAM)
    return [(Fields(item, f"itemSummaries[{place}]", audit).text("itemId"), item) for place, item in enumerate(items)]


def _said(warnings: object) -> str:
    """Return the numbers and words of warnings, one after another."""
    each = warnings if isinstance(warnings, list) else [warnings]
    return "; ".join(
        f"{one.get('errorId')} {one.get('message')}" if isinstance(one, dict) else str(one) for one in each
    )[:500]
