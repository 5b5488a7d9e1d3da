"""The console's schedules: what the clock asks for, and the three buttons that operators need at night."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from producers.api.database import Database
from producers.api.schedule_bodies import WORDS
from producers.console.pages import page
from producers.console.visitors import Visitor, acts, looks
from shared.contracts.kinds import CONTRACTS
from shared.schedules import store, views
from shared.schedules.firing import moment

router = APIRouter(prefix="/schedules")

Name = Annotated[str, Path(max_length=100, pattern=WORDS)]
MOST: Final = 500
"""Schedules shown; there are some twenty."""


@router.get("")
async def listing(request: Request, _visitor: Annotated[Visitor, looks()]) -> Response:
    """List what the clock asks for, and when next."""
    database: Database = request.app.state.database
    return page(request, "schedules.html", schedules=await database.call(views.listing, "", MOST))


@router.post("/{name}/run-now")
async def run_now(request: Request, name: Name, visitor: Annotated[Visitor, acts("operator")]) -> Response:
    """Ask at once for what a schedule asks for; its due times stay as they are."""
    database: Database = request.app.state.database
    message_id = await database.call(_run_now, name, visitor.name)
    where = f"{request.scope['root_path']}/messages?id={quote(message_id, safe='')}&note=asked"
    return RedirectResponse(where, HTTPStatus.SEE_OTHER)


@router.post("/{name}/enable")
async def enable(request: Request, name: Name, visitor: Annotated[Visitor, acts("admin")]) -> Response:
    """Let a schedule fire again."""
    return await _set(request, name, visitor, enabled=True)


@router.post("/{name}/disable")
async def disable(request: Request, name: Name, visitor: Annotated[Visitor, acts("admin")]) -> Response:
    """Let a schedule fire no more."""
    return await _set(request, name, visitor, enabled=False)


async def _set(request: Request, name: str, visitor: Visitor, *, enabled: bool) -> Response:
    database: Database = request.app.state.database
    await database.call(_change, name, visitor.name, enabled=enabled)
    note = "enabled" if enabled else "disabled"
    return RedirectResponse(f"{request.scope['root_path']}/schedules?note={note}#{name}", HTTPStatus.SEE_OTHER)


def _run_now(connection: Connection, name: str, actor: str) -> str:
    return store.run_now(connection, CONTRACTS, name, actor, moment(connection))


def _change(connection: Connection, name: str, actor: str, *, enabled: bool) -> None:
    store.change(connection, CONTRACTS, name, {"enabled": enabled}, actor, moment(connection))
