"""The command line without a broker: what it says, and what it exits with."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from producers.cli.groups import GROUPS
from producers.cli.root import app

REPOSITORY = Path(__file__).parents[3]


def millrace(*words: str, stdin: str | None = None, **environment: str) -> Result:
    return CliRunner().invoke(app, words, input=stdin, env=environment, prog_name="millrace")


def test_help_lists_every_group() -> None:
    result = millrace("--help")

    assert result.exit_code == 0
    for group in GROUPS:
        assert group.name in result.stdout
        assert group.help.split(":")[0] in result.stdout


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_every_group_has_commands_that_explain_themselves(group: object) -> None:
    name = getattr(group, "name", "")
    result = millrace(name, "--help")

    assert result.exit_code == 0, result.output
    for command in import_module(getattr(group, "module", "")).app.registered_commands:
        assert (command.callback.__doc__ or "").strip(), f"{name} {command.callback.__name__} says nothing"


def test_help_imports_no_group_and_neither_broker_nor_http_client() -> None:
    program = (
        "import sys\n"
        "from producers.cli import main\n"
        "sys.argv = ['millrace', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'pika', 'httpx', 'celery', 'sqlalchemy', 'producers.cli.publish'} & set(sys.modules)))"
    )

    ran = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)

    assert ran.stdout.splitlines()[-1] == "[]"


def test_publishing_imports_neither_celery_nor_a_database() -> None:
    program = (
        "import sys, producers.cli.publish\n"
        "print(sorted({'celery', 'kombu', 'sqlalchemy', 'psycopg', 'httpx', 'fastapi'} & set(sys.modules)))"
    )

    ran = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "cause", "next_step"),
    [
        (("scrape.serie.save", "tvdb_id=1"), "no contract is called 'scrape.serie.save'", "millrace contracts list"),
        (("scrape.series.save", "tvdb_id=x"), "tvdb_id: Input should be a valid integer", "millrace contracts show"),
        (("scrape.series.save", "tvdbid=1"), "tvdb_id: Field required", "millrace contracts show"),
        (("scrape.series.save",), "tvdb_id: Field required", "millrace contracts show"),
        (("scrape.series.save", "81189"), "neither name=value nor a JSON object", "millrace contracts show"),
        (("scrape.series.save", '{"tvdb_id": '), "the body is not JSON", "millrace contracts show"),
        (("scrape.serie.save", "-"), "no contract is called", "millrace contracts list"),
        (("scrape.series.save", "-", "--id", "x"), "standard input holds many", "leave --id out"),
        (("scrape.series.save", "-", "--wait"), "standard input holds many", "leave --wait out"),
        (("facts.person.saved", "tvdb_id=1", "name=Up", "--wait"), "nobody works on it", "leave --wait out"),
        (("scrape.series.save", "tvdb_id=1", "--delay", "9", "--expires", "3"), "would expire before", "--expires"),
        (
            ("scrape.series.save", "tvdb_id=1", "--delay", "9", "--not-before", "2030-01-01T00:00"),
            "say the same thing twice",
            "give one of them",
        ),
        (
            ("facts.person.saved", "tvdb_id=1", "name=Up", "--delay", "9"),
            "is a fact: it happened, and cannot wait",
            "leave the delay out",
        ),
    ],
)
def test_a_message_asked_for_wrongly_is_refused_with_cause_and_next_step(
    words: tuple[str, ...], cause: str, next_step: str
) -> None:
    result = millrace("publish", *words)

    assert result.exit_code == 2
    assert result.stdout == ""
    first, second = result.stderr.splitlines()
    assert first.startswith("millrace: ")
    assert cause in first
    assert second.startswith("next: ")
    assert next_step in second


def test_a_wrong_address_is_named_without_being_quoted() -> None:
    result = millrace("topology", "apply", RABBITMQ_URL="redis://user:secret@host")

    assert result.exit_code == 2
    assert "RABBITMQ_URL: must begin with amqp://" in result.stderr
    assert "secret" not in result.output


def test_an_unknown_command_is_a_usage_error() -> None:
    assert millrace("topologie").exit_code == 2


def test_contracts_are_listed_for_programs_too() -> None:
    listed = json.loads(millrace("contracts", "list", "--json").stdout)

    assert {"kind": "scrape.series.save", "schema": 1, "queue": "content"}.items() <= listed[0].items()


def test_a_contract_is_shown_with_a_command_that_would_publish_it() -> None:
    result = millrace("contracts", "show", "scrape.series.save")

    assert result.exit_code == 0
    assert """millrace publish scrape.series.save '{"tvdb_id": 81189}'""" in result.stdout


def test_an_export_is_then_found_to_be_as_released(tmp_path: Path) -> None:
    record = ("--directory", str(tmp_path))

    assert millrace("contracts", "check", *record).exit_code == 1
    assert millrace("contracts", "export", *record).exit_code == 0
    assert millrace("contracts", "check", *record).exit_code == 0
    assert millrace("contracts", "export", *record).stdout.startswith("0 of ")


def test_an_export_refuses_to_overwrite_a_released_contract_that_the_code_breaks(tmp_path: Path) -> None:
    record = ("--directory", str(tmp_path))
    millrace("contracts", "export", *record)
    released = tmp_path / "scrape.series.save.v1.json"
    promised = released.read_text().replace('"integer"', '"string"')
    released.write_text(promised)

    checked = millrace("contracts", "check", *record)
    assert checked.exit_code == 1
    assert "BREAKING  scrape.series.save v1: field tvdb_id became integer" in checked.stdout

    assert millrace("contracts", "export", *record).exit_code == 1
    assert released.read_text() == promised

    assert millrace("contracts", "export", "--unreleased", *record).exit_code == 0
    assert millrace("contracts", "check", *record).exit_code == 0


def test_the_table_is_checked_without_a_broker() -> None:
    result = millrace("topology", "check", "--static", "--json")

    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"flaws": [], "differences": None}


def test_the_topology_is_shown_and_exported_alike(tmp_path: Path) -> None:
    file = tmp_path / "definitions.json"

    assert millrace("topology", "export", str(file)).exit_code == 0
    assert json.loads(file.read_text()) == json.loads(millrace("topology", "show", "--json").stdout)
    assert "scrape.series.#" in millrace("topology", "show").stdout


def test_a_pool_that_does_not_exist_is_refused_with_those_that_do() -> None:
    result = millrace("pool", "start", "contents")

    assert result.exit_code == 2
    assert "content, person, scraping, processing, maintenance" in result.stderr
