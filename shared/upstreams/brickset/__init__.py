"""Brickset: sets through its API v3, minifigures from its catalogue pages. Only this folder knows how they look."""

from shared.upstreams.brickset.cards import read_minifigs
from shared.upstreams.brickset.client import Brickset, open_brickset
from shared.upstreams.brickset.sets import read_sets

__all__ = ["Brickset", "open_brickset", "read_minifigs", "read_sets"]
