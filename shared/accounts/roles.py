"""What people may do, as three roles of which each may all that those before it may."""

from __future__ import annotations

from typing import Final, Literal

Role = Literal["viewer", "operator", "admin"]
"""viewer looks at everything; operator also sets work going and mends it; admin also decides who and when."""

ROLES: Final[tuple[Role, ...]] = ("viewer", "operator", "admin")


def may(role: Role, least: Role) -> bool:
    """Say whether a role may do what needs `least`."""
    return ROLES.index(role) >= ROLES.index(least)
