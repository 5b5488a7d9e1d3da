"""A real browser for tests and pictures: Debian's headless Chromium, installed when it is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from deploy.local.home import Home

PROGRAMS: Final = ("chromium-headless-shell", "chromium", "google-chrome")
"""What may be there, the smallest first."""

PACKAGES: Final = ("chromium-headless-shell", "fonts-dejavu-core")
"""Of Debian; neither starts anything, now or at the next boot."""

FLAGS: Final = (
    "--headless",
    "--no-sandbox",  # tests run as root in containers, where there is none to be had
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_or_install() -> str:
    """Return the path of a Chromium; raises AssertionError, with the way out, where none can be had."""
    return _found() or _installed()


@contextmanager
def a_browser() -> Iterator[Browser]:
    """Start a browser that asks nobody but the pages it is sent to."""
    program = find_or_install()
    # A profile of its own, and no proxy: everything it looks at is on this machine.
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with tempfile.TemporaryDirectory(prefix="millrace-browser-") as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=list(FLAGS), env={**environment, "HOME": home}, timeout=60_000
        )
        try:
            yield browser
        finally:
            browser.close()


def _installed() -> str:
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    assert shutil.which("apt-get"), "no Chromium is here, and no apt-get to install it: install chromium"
    print(f"Chromium is not here: installing {' '.join(PACKAGES)} with apt-get; no service is started")  # noqa: T201
    install = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=120"]
    with Home().installing():
        done = _run([*install, "install", "-y", "--no-install-recommends", *PACKAGES])
        if done.returncode != 0:
            _run([*install, "update"])
            done = _run([*install, "install", "-y", "--no-install-recommends", *PACKAGES])
    found = _found()
    assert found is not None, f"Chromium could not be installed; install chromium yourself:\n{done.stdout[-2000:]}"
    return found


def _found() -> str | None:
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
