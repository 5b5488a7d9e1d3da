"""What the routes are handed: the library and what else the stand-in was made with, kept on the application."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from deploy.sandbox.tvdb.library import Library


async def _library(request: Request) -> Library:
    found: Library = request.app.state.library
    return found


async def _page_size(request: Request) -> int:
    return int(request.app.state.page_size)


async def _now(request: Request) -> float:
    return float(request.app.state.clock().timestamp())


async def _started(request: Request) -> float:
    return float(request.app.state.started)


Books = Annotated[Library, Depends(_library)]
PageSize = Annotated[int, Depends(_page_size)]
Moment = Annotated[float, Depends(_now)]
"""The present, in Unix seconds."""
Started = Annotated[float, Depends(_started)]
"""When the sandbox started, in Unix seconds."""
