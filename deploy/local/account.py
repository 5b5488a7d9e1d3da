"""Whom PostgreSQL runs as when we are root: it refuses root, and so it should."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from deploy.local.program import NotReady

NAME = "nobody"
"""An account that every system has, owns nothing, and spares this machine a new user."""

PASSING = (("dac_read_search", 1 << 2), ("dac_override", 1 << 1))
"""Linux capabilities that let an account pass a closed folder, the weaker one first."""


class AccountError(NotReady):
    """The unprivileged account cannot be used; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account."""

    name: str
    uid: int
    gid: int


def unprivileged() -> Account | None:
    """Return the account to run PostgreSQL as, None when we are not root and simply run it as ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError as error:
        raise AccountError(f"this machine has no account {NAME!r}; run the stack as an ordinary user") from error
    return Account(NAME, entry.pw_uid, entry.pw_gid)


def passage(account: Account, places: Iterable[Path]) -> tuple[str, ...]:
    """Return the words to put before a command so that it reaches `places` as `account`; usually none.

    A checkout in /root lies behind a folder that nobody else may enter. Rather than open that folder to
    everybody, the program gets one capability. Raises AccountError where there is none to give.
    """
    if all(_open_to_others(place) for place in places):
        return ()
    setpriv = shutil.which("setpriv")
    held = _held()
    for name, bit in PASSING:
        if setpriv and held & bit:
            ids = (f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups")
            return (setpriv, *ids, f"--inh-caps=+{name}", f"--ambient-caps=+{name}")
    closed = next(place for place in places if not _open_to_others(place))
    raise AccountError(
        f"PostgreSQL does not run as root, and {account.name} may not enter {closed}; "
        "move the checkout to a folder open to others, such as /opt, or run as an ordinary user"
    )


def _open_to_others(place: Path) -> bool:
    """Say whether every folder above a place may be passed by anybody."""
    return all(folder.stat().st_mode & 0o001 for folder in place.resolve().parents)


def _held() -> int:
    """Return the capabilities of this process as Linux's bit set; 0 elsewhere."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except FileNotFoundError:
        return 0
    return next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff")), 0)
