"""Which role each page and form of the console needs: the table that the tests hold the console to."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI
from starlette.datastructures import State

from producers.console.app import create_console
from shared.accounts.roles import Role
from shared.settings import Settings
from tests.unit.api.access import Route, address, routes

PUBLIC: Final[frozenset[Route]] = frozenset({("GET", "/sign-in"), ("POST", "/sign-in"), ("MOUNT", "/static")})
"""What is answered before anybody has signed in."""

NEEDS: Final[dict[Route, Role]] = {
    ("GET", "/"): "viewer",
    ("GET", "/dead-letters"): "viewer",
    ("GET", "/dead-letters/{letter}"): "viewer",
    ("POST", "/dead-letters/{letter}/replay"): "operator",
    ("GET", "/schedules"): "viewer",
    ("POST", "/schedules/{name}/run-now"): "operator",
    ("POST", "/schedules/{name}/enable"): "admin",
    ("POST", "/schedules/{name}/disable"): "admin",
    ("GET", "/upstreams"): "viewer",
    ("GET", "/messages"): "viewer",
    ("POST", "/sign-out"): "viewer",
}
"""The least role of everything else; where the API has the same, it is the same there."""

FORMS: Final = sorted(route for route in NEEDS if route[0] == "POST")

IN_API: Final = {
    ("POST", "/dead-letters/{letter}/replay"): ("POST", "/v1/dead-letters/{letter}/replay"),
    ("POST", "/schedules/{name}/run-now"): ("POST", "/v1/schedules/{name}/run-now"),
    ("POST", "/schedules/{name}/enable"): ("PATCH", "/v1/schedules/{name}"),
    ("POST", "/schedules/{name}/disable"): ("PATCH", "/v1/schedules/{name}"),
    ("POST", "/sign-out"): ("POST", "/v1/sign-out"),
}
"""The route of the API that does the same."""


def console() -> FastAPI:
    return create_console(Settings(), State())


ROUTES: Final = sorted(set(routes(console())))


def where(route: Route) -> str:
    """Return the address of a page whose parameters are made up."""
    return f"/console{address(route[1])}"
