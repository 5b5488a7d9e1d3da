"""eBay's Browse API: what is offered right now. Nothing outside this folder knows its addresses or fields."""

from shared.upstreams.ebay.client import Ebay, open_ebay
from shared.upstreams.ebay.offers import read_offer

__all__ = ["Ebay", "open_ebay", "read_offer"]
