"""What tickets cost and whether there are any, from the many forms of `offers`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urljoin

from shared.catalog.venues.records import Availability
from shared.upstreams.fields import LARGEST_AMOUNT
from shared.upstreams.jsonld.nodes import Node, Nodes, as_list, last_word
from shared.upstreams.prose import one_line, web_address

_AVAILABLE: Final[dict[str, Availability]] = {
    "InStock": "on_sale",
    "LimitedAvailability": "on_sale",
    "OnlineOnly": "on_sale",
    "InStoreOnly": "on_sale",
    "PreOrder": "coming_soon",
    "PreSale": "coming_soon",
    "SoldOut": "sold_out",
    "OutOfStock": "sold_out",
    "Discontinued": "sold_out",
}
# As long as something can be bought, it can be bought.
_BEST_FIRST: Final[tuple[Availability, ...]] = ("on_sale", "coming_soon", "sold_out")
_AMOUNT: Final = re.compile(
    r"\d{1,3}(?:[ ,.\u00a0]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d{1,12}(?:[.,]\d{1,2}(?!\d))?", re.ASCII
)
_PLAIN: Final = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_PRICES: Final = ("price", "lowPrice", "highPrice", "minPrice", "maxPrice")
_DEEPEST: Final = 4


@dataclass(frozen=True, slots=True)
class Tickets:
    """What a page says of an evening's tickets."""

    url: str | None = None
    availability: Availability | None = None
    price_text: str | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    currency: str | None = None


def tickets_of(event: Node, nodes: Nodes, base: str) -> Tickets:
    """Return what an event's offers say together; `base` is the page's address."""
    offers = _flat(event.get("offers"), nodes)
    said = [text for offer in offers for name in _PRICES if (text := _said(offer.get(name)))]
    amounts = [amount for text in said for amount in _amounts(text)]
    states = {_AVAILABLE.get(last_word(str(offer.get("availability")))) for offer in offers}
    state = next((state for state in _BEST_FIRST if state in states), None)
    free = str(event.get("isAccessibleForFree")).lower() == "true" or (bool(amounts) and not any(amounts))
    words = [text for text in said if not _PLAIN.fullmatch(text)]
    return Tickets(
        url=next((url for offer in offers if (url := address(offer.get("url"), base))), None),
        availability="free" if free and state != "sold_out" else state,
        price_text=", ".join(dict.fromkeys(words)) or None,
        low=min(amounts, default=None),
        high=max(amounts, default=None),
        currency=next((code for offer in offers if (code := _currency(offer.get("priceCurrency")))), None),
    )


def address(value: Any, base: str) -> str | None:
    """Return an absolute address of the web; a relative one is taken from the page's."""
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        return web_address(urljoin(base, value.strip()))
    except ValueError:
        return None


def _flat(value: Any, nodes: Nodes, depth: int = 0) -> list[Node]:
    """Return the offers, those within a collecting offer and the price's own object included."""
    found = []
    for offer in (nodes.resolved(each) for each in as_list(value)):
        if isinstance(offer, dict) and depth < _DEEPEST:
            found.append(offer)
            for inner in ("offers", "priceSpecification"):
                found.extend(_flat(offer.get(inner), nodes, depth + 1))
    return found


def _said(price: Any) -> str | None:
    """Return a price as text; true is no price, though Python takes it for 1."""
    if isinstance(price, bool) or not isinstance(price, str | int | float):
        return None
    return one_line(str(price))[:200] or None


def _amounts(text: str) -> list[Decimal]:
    """Return the amounts in a price; one that is told as free costs nothing."""
    found = [_amount(amount) for amount in _AMOUNT.findall(text)]
    if not found and text.lower() in {"free", "gratis", "kostenlos", "gratuit"}:
        found = [Decimal(0)]
    return [amount for amount in found if amount < LARGEST_AMOUNT]


def _amount(text: str) -> Decimal:
    """Return an amount as a number, whichever of comma and point is the decimal one."""
    cents = re.fullmatch(r"(.*)[.,](\d{1,2})", text, re.ASCII)
    whole = re.sub(r"\D", "", cents[1] if cents else text)
    return Decimal(f"{whole}.{cents[2]}") if cents else Decimal(whole)


def _currency(value: Any) -> str | None:
    code = value.strip().upper() if isinstance(value, str) else ""
    return code if re.fullmatch(r"[A-Z]{3}", code) else None
