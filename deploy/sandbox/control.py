"""The routes through which a test or an operator steers the sandbox; they are never noted nor harmed."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from deploy.sandbox.faults import Fault
from deploy.sandbox.programme import FURTHEST_MOVE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deploy.sandbox.faults import Armed, FaultBook
    from deploy.sandbox.journal import Journal
    from deploy.sandbox.programme import Programme
    from deploy.sandbox.standin import Standin

Days = Annotated[int, Query(ge=-FURTHEST_MOVE, le=FURTHEST_MOVE)]


def routes(standins: Sequence[Standin], journal: Journal, faults: FaultBook) -> APIRouter:
    """Return the routes under /control."""
    router = APIRouter(prefix="/control")
    router.include_router(_fault_routes(faults))
    router.include_router(_programme_routes({one.name: one.programme for one in standins if one.programme}))

    @router.get("/requests")
    async def received(path: str = "*", limit: int = 1000) -> dict[str, Any]:
        """Show the totals, and the last `limit` requests whose path fits the glob `path`."""
        return journal.report(path, max(limit, 0))

    @router.delete("/requests")
    async def forget() -> dict[str, str]:
        """Start counting afresh."""
        journal.clear()
        return {"status": "empty"}

    @router.delete("/tokens")
    async def log_out() -> dict[str, str]:
        """End every login given so far, at every upstream."""
        for standin in standins:
            standin.log_out()
        return {"status": "logged out"}

    @router.get("/recordings")
    async def recordings() -> dict[str, Any]:
        """Which recorded file answers what, and which files answer nothing."""
        return {
            one.name: {"answers": [asdict(r, dict_factory=_plain) for r in one.recorded], "unread": one.unread}
            for one in standins
        }

    return router


def _fault_routes(faults: FaultBook) -> APIRouter:
    router = APIRouter()

    @router.post("/faults", status_code=201)
    async def arm(fault: Fault) -> dict[str, Any]:
        """Let something go wrong from the next request on."""
        return _shown(faults.add(fault))

    @router.get("/faults")
    async def list_faults() -> list[dict[str, Any]]:
        """Every fault, with how often it has struck."""
        return [_shown(armed) for armed in faults.listed()]

    @router.delete("/faults")
    async def disarm_all() -> dict[str, int]:
        """All is well again."""
        return {"removed": faults.clear()}

    @router.delete("/faults/{fault_id}")
    async def disarm(fault_id: int) -> dict[str, int]:
        """Remove one fault."""
        if not faults.remove(fault_id):
            raise HTTPException(404, f"no fault {fault_id}")
        return {"removed": 1}

    return router


def _programme_routes(programmes: Mapping[str, Programme]) -> APIRouter:
    router = APIRouter(prefix="/programmes")

    def of(name: str) -> Programme:
        if name not in programmes:
            raise HTTPException(404, f"no venue {name}")
        return programmes[name]

    @router.get("/{name}")
    async def show(name: str) -> list[dict[str, Any]]:
        """Every evening to come, the next first."""
        evenings = of(name).upcoming()
        return [{"key": one.key, "title": one.title, "starts": one.starts, "ends": one.ends} for one in evenings]

    @router.put("/{name}/{key}")
    async def change(name: str, key: str, days: Days = 0, title: str | None = None) -> dict[str, str]:
        """Put an evening off by so many days of its first date, or call it something else."""
        of(name).change(key, days, title)
        return {"status": "changed"}

    @router.delete("/{name}/{key}")
    async def remove(name: str, key: str) -> dict[str, str]:
        """Take an evening off."""
        of(name).remove(key)
        return {"status": "removed"}

    @router.delete("/{name}")
    async def restore(name: str) -> dict[str, str]:
        """Take back every change."""
        of(name).restore()
        return {"status": "as planned"}

    return router


def _shown(armed: Armed) -> dict[str, Any]:
    return {
        "id": armed.id,
        "seen": armed.seen,
        "used": armed.used,
        "left": armed.left,
        **armed.fault.model_dump(exclude_defaults=True),
    }


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: str(value) if name == "file" else value for name, value in pairs}
