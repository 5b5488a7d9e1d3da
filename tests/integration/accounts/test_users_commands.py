"""`millrace users` on a real PostgreSQL."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from producers.cli.root import app
from shared.accounts import passwords, users
from tests.integration.accounts.conftest import PASSWORD, World

REPOSITORY = Path(__file__).parents[3]

Run = Callable[..., Result]


@pytest.fixture
def run(world: World) -> Run:
    def command(*words: str, stdin: str | None = None) -> Result:
        environment = {"DATABASE_URL": world.database_url, "COLUMNS": "200"}
        return CliRunner().invoke(app, ["users", *words], input=stdin, env=environment, prog_name="millrace")

    return command


def opens(world: World, name: str, password: str) -> bool:
    found = world.do(users.credentials, name)
    return found is not None and passwords.verify(password, found[1])[0]


def test_a_user_is_added_with_a_password_from_standard_input(run: Run, world: World) -> None:
    result = run("add", "Berta", "--role", "operator", "--password-stdin", stdin="another good password\r\n")
    assert (result.exit_code, result.stdout) == (0, "Berta is added as operator\n")
    assert opens(world, "berta", "another good password")
    assert "password" not in result.stderr


def test_a_password_that_is_made_up_is_shown_once(run: Run, world: World) -> None:
    told = json.loads(run("add", "berta", "--generate", "--json").stdout)
    assert (told["name"], told["role"], told["disabled_at"]) == ("berta", "viewer", None)
    assert opens(world, "berta", told["password"])
    listed = json.loads(run("list", "--json").stdout)
    assert [user["name"] for user in listed] == ["anna", "berta", "otto@example.org", "Vera"]
    assert not any("password" in field for user in listed for field in user)
    again = run("set-password", "berta", "--generate")
    password = again.stdout.splitlines()[1].removeprefix("password: ")
    assert opens(world, "berta", password)
    assert not opens(world, "berta", told["password"])


def test_a_password_is_asked_for_twice_and_never_shown(world: World) -> None:
    """On a terminal, where a person types."""
    terminal, theirs = pty.openpty()
    command = [sys.executable, "-m", "producers.cli", "users", "add", "berta"]
    environment = {**os.environ, "DATABASE_URL": world.database_url}
    shown, answers = b"", ["typed it one way", "and then another", PASSWORD, PASSWORD]
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        with contextlib.suppress(OSError):  # the other end is closed
            while piece := os.read(terminal, 1000):
                shown += piece
                # The space comes once nothing is shown any more; what was typed before that is thrown away.
                if answers and shown.endswith(b": "):
                    os.write(terminal, answers.pop(0).encode() + b"\n")
    os.close(terminal)
    assert process.returncode == 0, shown
    assert b"added as viewer" in shown
    assert not [word for word in (b"typed it", b"another", PASSWORD.encode()) if word in shown]
    assert opens(world, "berta", PASSWORD)


def test_a_poor_password_is_refused_and_nobody_is_added(run: Run, world: World) -> None:
    for poor in ("", "short", "a" * 20, "an.outstanding.name", "x" * 1001):
        result = run("add", "an.outstanding.name", "--password-stdin", stdin=f"{poor}\n")
        assert (result.exit_code, "--generate" in result.stderr) == (1, True), poor
    assert world.sql("SELECT count(*) FROM users") == [{"count": 3}]


def test_a_name_that_users_cannot_have_is_refused(run: Run) -> None:
    for name in ("", " anna", "an na", "änna", "anna\n", ".x", "-x", "x" * 101, "x;y"):
        result = run("add", "--generate", "--", name)
        assert (result.exit_code, "begins with a letter or digit" in result.stderr) == (2, True), name


def test_a_name_is_taken_in_whatever_case(run: Run) -> None:
    result = run("add", "ANNA", "--generate")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there is a user ANNA already" in result.stderr


def test_nobody_to_ask_is_told_what_else_there_is(run: Run) -> None:
    result = run("add", "berta", stdin="")
    assert result.exit_code == 2
    assert "--password-stdin or --generate" in result.stderr
    assert run("add", "berta", "--password-stdin", "--generate", stdin="").exit_code == 2


def test_roles_are_changed_and_others_refused(run: Run, world: World) -> None:
    assert run("set-role", "VERA", "operator").stdout == "Vera is operator now\n"
    assert run("set-role", "vera", "root").exit_code == 2
    assert world.sql("SELECT role FROM users WHERE name = 'Vera'") == [{"role": "operator"}]


def test_disabling_and_enabling(run: Run, world: World) -> None:
    assert run("disable", "vera").exit_code == 0
    assert not opens(world, "vera", PASSWORD)
    assert "disabled" in run("list").stdout
    assert run("enable", "vera").exit_code == 0
    assert opens(world, "vera", PASSWORD)


def test_removing_asks_first(run: Run, world: World) -> None:
    refused = run("remove", "vera", stdin="n\n")
    assert refused.exit_code == 1
    assert opens(world, "vera", PASSWORD)
    assert run("remove", "vera", "--yes").stdout == "vera is removed\n"
    assert run("list", "--json").stdout.count('"name"') == 2


def test_a_user_that_is_not_there(run: Run) -> None:
    for command, more in (
        ("set-role", "viewer"),
        ("set-password", "--generate"),
        ("disable", "--json"),
        ("enable", "--json"),
        ("remove", "--yes"),
    ):
        result = run(command, "nobody", more)
        assert (result.exit_code, result.stdout) == (1, ""), command
        assert "there is no user nobody" in result.stderr
        assert "millrace users list" in result.stderr


def test_listing_loads_neither_argon2_nor_jwt(world: World) -> None:
    program = (
        "import sys\nfrom producers.cli import main\n"
        "sys.argv = ['millrace', 'users', 'list']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(sorted({'argon2', 'pwdlib', 'jwt'} & set(sys.modules)))"
    )
    environment: dict[str, Any] = {**os.environ, "DATABASE_URL": world.database_url}
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == "[]"


def test_every_change_is_recorded_with_who_did_it_and_none_that_failed(run: Run, world: World) -> None:
    run("add", "Berta", "--role", "operator", "--generate")
    run("set-role", "berta", "viewer")
    run("set-password", "berta", "--generate")
    run("disable", "berta")
    run("enable", "berta")
    run("remove", "berta", "--yes")
    assert run("set-role", "berta", "admin").exit_code == 1
    assert run("add", "Anna", "--generate").exit_code == 1

    told = json.loads(run("history", "--json").stdout)

    assert [(one["action"], one["account"], one["detail"]) for one in reversed(told)] == [
        ("add", "Berta", "operator"),
        ("set-role", "Berta", "viewer"),
        ("set-password", "Berta", None),
        ("disable", "Berta", None),
        ("enable", "Berta", None),
        ("remove", "berta", None),
    ]
    assert all("@" in one["actor"] for one in told)
    assert "set-password" in run("history", "--limit", "4").stdout
    assert world.sql("SELECT count(*) AS n FROM account_changes") == [{"n": 6}]
