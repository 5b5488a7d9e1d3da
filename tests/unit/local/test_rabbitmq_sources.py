"""Where RabbitMQ comes from: what is executed, and what stays off the command line."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from deploy.local import docker, packages, rabbitmq
from deploy.local.docker import Docker
from deploy.local.home import Home
from deploy.local.process import Command
from deploy.local.progress import Progress
from deploy.local.rabbitmq import Identity
from deploy.local.rabbitmq_found import Installed, RabbitMQMissing, find_installed

IDENTITY = Identity("millrace-1@localhost", "rabbit-secret", "cookie", 20001, 20002, 20003, 20004, 20005)


def script(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder the only one on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def container(tmp_path: Path, path: Path) -> Command:
    script(path, "docker", "exit 0")
    return Docker().program(tmp_path / "rabbitmq", IDENTITY, {}).command()


def test_docker_is_used_only_when_its_daemon_answers(path: Path) -> None:
    assert not docker.usable()
    script(path, "docker", 'echo "cannot connect" >&2; exit 1')
    assert not docker.usable()
    script(path, "docker", "exit 0")
    assert docker.usable()


def test_a_container_publishes_its_ports_on_loopback_only(container: Command) -> None:
    words = list(container.argv)
    published = [words[number + 1] for number, word in enumerate(words) if word == "-p"]

    assert published == ["127.0.0.1:20001:5672", "127.0.0.1:20002:15672", "127.0.0.1:20003:15692"]


def test_a_container_gets_its_password_from_the_environment(container: Command) -> None:
    assert not any("rabbit-secret" in word for word in container.argv)
    assert container.env["RABBITMQ_DEFAULT_PASS"] == "rabbit-secret"


def test_a_container_may_read_which_plugins_it_is_to_start(tmp_path: Path, container: Command) -> None:
    file = tmp_path / "rabbitmq" / "enabled_plugins"

    assert f"{file}:/etc/rabbitmq/enabled_plugins:ro,z" in container.argv
    assert file.stat().st_mode & stat.S_IROTH


def test_a_node_gets_no_secret_on_its_command_line_and_none_readable_by_others(tmp_path: Path) -> None:
    installed = Installed(Path("/usr/lib/rabbitmq/bin/rabbitmq-server"), Path("/usr/bin/epmd"))
    command = rabbitmq.program(tmp_path, IDENTITY, installed, {}).command()

    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert files
    assert not any(file.stat().st_mode & 0o077 for file in files)
    assert not any("rabbit-secret" in word for word in (*command.argv, *command.env.values()))
    assert not any("rabbit-secret" in file.read_text() for file in files), "a node needs the password's hash only"


def test_the_distributions_wrapper_is_not_taken_for_the_server(path: Path) -> None:
    wrapper = path.parent / "rabbitmq-script-wrapper"
    wrapper.write_text("#!/bin/sh\n")
    wrapper.chmod(0o755)
    (path / "rabbitmq-server").symlink_to(wrapper)
    script(path, "epmd", "exit 0")

    found = find_installed()

    assert found is None or found.server.name == "rabbitmq-server"
    assert found is None or found.server.parent != path


def test_without_any_package_manager_the_message_names_every_way(tmp_path: Path, path: Path) -> None:
    assert list(path.iterdir()) == []
    with pytest.raises(RabbitMQMissing) as caught:
        packages.install_rabbitmq(Progress(Home(tmp_path)))

    for way in ("apt-get install rabbitmq-server", "Docker", "RABBITMQ_URL"):
        assert way in str(caught.value)
