"""What the sandbox can be told when it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

API_KEY = "00000000-5a4d-4b0c-8000-6d696c6c7261"
"""Project key that the TVDB stand-in accepts without a PIN. It opens nothing but a sandbox."""

SUBSCRIBER_KEY = "00000000-5a4d-4b0c-8000-737562736372"
"""User-subscription key: the TVDB stand-in asks for `PIN` with it."""

PIN = "SANDBOX1"
"""The PIN that goes with `SUBSCRIBER_KEY`."""

TMDB_TOKEN = "sandbox.tmdb.read-access-token"  # noqa: S105 - it opens nothing
"""Read access token that the TMDb stand-in accepts as a bearer."""

TMDB_API_KEY = "5a4d4b0c80006d696c6c726163650000"
"""API key that it accepts as a parameter."""

BRICKSET_API_KEY = "3-sand-box0-0000"
"""Key that the Brickset stand-in accepts."""

EBAY_CLIENT_ID = "Millrace-sandbox-PRD-000000000-00000000"
EBAY_CLIENT_SECRET = "PRD-sandbox00000-0000-0000-0000-0000"  # noqa: S105 - it opens nothing
"""The keyset that the eBay stand-in gives tokens for."""

PAGE_SIZE = 500
"""Records on a page of TheTVDB's lists, in every recording."""

TOKEN_SECONDS = 30 * 24 * 3600.0
"""A login lasts about a month."""


@dataclass(frozen=True)
class Options:
    """How the stand-ins behave; the defaults are what the true upstreams do.

    `recordings` maps an upstream's name to a folder of recorded answers. With one, only what is recorded is
    answered, unless `also_catalogue`. `synthetic` is in thousands of generated series, `latency` in seconds.
    """

    recordings: Mapping[str, Path] = field(default_factory=dict)
    also_catalogue: bool = False
    synthetic: int = 0
    latency: float = 0.0
    api_key: str = API_KEY
    subscriber_key: str = SUBSCRIBER_KEY
    pin: str = PIN
    token_seconds: float = TOKEN_SECONDS
    page_size: int = PAGE_SIZE
    brickset_calls: int = 100
    """Calls of getSets in a day."""
    ebay_token_seconds: float = 7200.0
    ebay_calls: int = 5000
    """Calls in a day, which ends in California."""
    ebay_per_second: int = 20
