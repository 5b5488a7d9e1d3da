"""Test processes that start at once on a bare machine install one after the other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from deploy.local.home import Home

PROGRAM = """
import sys, time
from pathlib import Path
from deploy.local.home import Home
folder = Path(sys.argv[1])
with Home(folder).installing():
    mark = folder / "at-work"
    mark.touch(exist_ok=False)
    time.sleep(0.2)
    mark.unlink()
"""


def test_whoever_installs_something_waits_for_whoever_does_already(tmp_path: Path) -> None:
    Home(tmp_path).make()
    started = [subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)]) for _ in range(3)]
    assert [process.wait(30) for process in started] == [0, 0, 0]
