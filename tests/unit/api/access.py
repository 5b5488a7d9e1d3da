"""Which role each route needs: the table that the unit tests hold the document to, the integration tests the API.

A route that is not here fails them, whatever it answers: write down who may before anybody does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from producers.api.app import create_app
from shared.accounts.roles import Role
from shared.settings import Settings

Route = tuple[str, str]

PUBLIC: Final[frozenset[Route]] = frozenset(
    {
        ("GET", "/series/{tvdb_id}"),
        ("GET", "/movie/{tvdb_id}"),
        ("GET", "/person/{tvdb_id}"),
        ("GET", "/search"),
        ("GET", "/adaptations"),
        ("GET", "/works/{wikidata_id}"),
        ("GET", "/screen-works/{wikidata_id}"),
        ("GET", "/venue-listings"),
        ("GET", "/sources"),
        ("GET", "/minifigures"),
        ("GET", "/minifigures/{set_number}"),
        ("GET", "/minifigures/{set_number}/prices"),
        ("GET", "/minifigures/{set_number}/snapshots"),
        ("GET", "/discounts"),
        ("GET", "/discounts/{sku}/{lot}"),
        ("GET", "/statistics"),
        ("GET", "/health"),
        ("GET", "/ready"),
        ("GET", "/metrics"),
        ("GET", "/v1/contracts"),
        ("GET", "/asyncapi.json"),
        ("POST", "/v1/sign-in"),
    }
)
"""All that anybody may do: read what is public, and sign in."""

NEEDS: Final[dict[Route, Role]] = {
    ("GET", "/v1/me"): "viewer",
    ("POST", "/v1/sign-out"): "viewer",
    ("GET", "/v1/messages/{message_id}"): "viewer",
    ("POST", "/v1/messages/{kind}"): "operator",
    ("GET", "/v1/dead-letters"): "viewer",
    ("GET", "/v1/dead-letters/{letter}"): "viewer",
    ("POST", "/v1/dead-letters/{letter}/replay"): "operator",
    ("GET", "/v1/pools"): "viewer",
    ("POST", "/v1/pools/{pool}/scale"): "operator",
    ("GET", "/v1/schedules"): "viewer",
    ("GET", "/v1/schedules/{name}"): "viewer",
    ("POST", "/v1/schedules/{name}/run-now"): "operator",
    ("POST", "/v1/schedules"): "admin",
    ("PATCH", "/v1/schedules/{name}"): "admin",
    ("DELETE", "/v1/schedules/{name}"): "admin",
    ("POST", "/v1/schedules/sync"): "admin",
    ("GET", "/v1/admin/discount-tiers"): "viewer",
    ("PUT", "/v1/admin/discount-tiers"): "admin",
    ("POST", "/v1/admin/sync-catalog"): "operator",
    ("POST", "/v1/admin/fetch-prices/{minifigure_id}"): "operator",
    ("POST", "/v1/admin/aggregate-snapshots"): "operator",
    ("GET", "/v1/backfills"): "viewer",
    ("POST", "/v1/backfills/{backfill}/cancel"): "operator",
    ("POST", "/v1/backfills/{backfill}/resume"): "operator",
    ("POST", "/api/v1/admin/discounts/trigger-recompute"): "operator",
    ("GET", "/api/v1/admin/discounts/task-status/{task_id}"): "viewer",
}
"""The least role of every other."""


def routes(app: FastAPI) -> Iterator[Route]:
    """Return every route that there is, whether or not the document shows it."""
    for route in iter_route_contexts(app.routes):
        path = re.sub(r":path}", "}", route.path or "")
        for method in sorted(route.methods or {"MOUNT"}):
            if method != "HEAD":
                yield method, path


OF_FASTAPI: Final = frozenset(("GET", path) for path in ("/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json"))
"""The document and its two faces: public, too."""

CONSOLE: Final = frozenset({("GET", "/console"), ("MOUNT", "/console")})
"""An application of its own, with pages and a table of its own: tests/unit/console/access.py."""

ROUTES: Final = sorted(set(routes(create_app(Settings()))) - OF_FASTAPI - CONSOLE)
GUARDED: Final = [route for route in ROUTES if route not in PUBLIC]


def address(path: str) -> str:
    """Return a path whose parameters are made up."""
    return re.sub(r"\{[^}]+\}", "1", path)
