"""docker-compose.rabbit.yml, read by Compose itself."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.integration.deploying.conftest import Tool

ROOT = Path(__file__).parents[3]


def config(compose: Path, file: Path) -> subprocess.CompletedProcess[str]:
    command = [str(compose), "--file", str(file), "config", "--format", "json"]
    # Nothing of ours in the environment: what has no default there shows as a warning.
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"}, check=False)


def test_compose_accepts_the_file_without_a_warning(tool: Tool) -> None:
    done = config(tool("docker-compose"), ROOT / "docker-compose.rabbit.yml")

    assert (done.returncode, done.stderr) == (0, "")
    services = json.loads(done.stdout)["services"]
    assert services["content"]["command"] == ["pool", "start", "content"]
    assert services["content"]["stop_grace_period"] == "31m0s"
    assert services["api"]["ports"][0]["host_ip"] == "127.0.0.1"


def test_compose_finds_out_a_secret_that_is_not_declared(tool: Tool, tmp_path: Path) -> None:
    text = (ROOT / "docker-compose.rabbit.yml").read_text()
    broken = tmp_path / "docker-compose.rabbit.yml"
    broken.write_text(text.replace("  admin-token: {file", "  another: {file"))

    done = config(tool("docker-compose"), broken)

    assert done.returncode != 0
    assert "undefined secret admin-token" in done.stderr
