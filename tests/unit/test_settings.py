"""Settings are read once, say what is wrong by name, and keep secrets to themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from shared.broker import addresses
from shared.secret_files import secret_variables
from shared.settings import Settings

SECRETS = sorted(secret_variables(Settings.model_fields))

GOOD = {
    "RABBITMQ_URL": "amqp://user:hunter2@host/",
    "RABBITMQ_MANAGEMENT_URL": "http://user:hunter2@host/",
    "DATABASE_URL": "postgresql://user:hunter2@host/millrace",
    "SENTRY_DSN": "https://hunter2@host/1",
}


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("RABBITMQ_URL", "redis://user:hunter2@host", "must begin with amqp:// or amqps:// and a host"),
        ("RABBITMQ_URL", "amqp://user:hunter2@host:port/", "Port could not be cast"),
        ("RABBITMQ_URL", "amqp:///hunter2", "and a host"),
        ("RABBITMQ_MANAGEMENT_URL", "user:hunter2@host:15672", "must begin with http:// or https:// and a host"),
        ("RABBITMQ_URL", "amqp://user:hunter2@one/;redis://user:hunter2@two/", "must begin with amqp://"),
        ("RABBITMQ_URL", "amqp://user:hunter2@one/a;amqp://user:hunter2@two/b", "several of the same virtual host"),
        ("RABBITMQ_URL", "amqp://user:hunter2@one/;amqps://user:hunter2@two/", "all with TLS or all without"),
        ("RABBITMQ_URL", " ; ", "must be one address"),
        ("DATABASE_URL", "user:hunter2@host/millrace", "must begin with postgresql://"),
        ("DATABASE_URL", "postgresql://user:hunter2%zz@host/millrace", "write % as %25"),
        ("SENTRY_DSN", "https://host/1?hunter2", "as Sentry shows it"),
        ("SENTRY_DSN", "hunter2@host/1", "as Sentry shows it"),
        ("SENTRY_DSN", "https://hunter2@host", "as Sentry shows it"),
    ],
)
def test_an_address_that_is_none_is_named_and_never_quoted(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(ValidationError) as caught:
        Settings()

    assert caught.value.errors()[0]["loc"] == (variable,)
    assert complaint in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TVDB_API_KEY", "")
    monkeypatch.setenv("RABBITMQ_MANAGEMENT_URL", "")

    settings = Settings()

    assert settings.tvdb_api_key is None
    assert settings.rabbitmq_management_url is None


def test_a_printed_settings_object_shows_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RABBITMQ_URL", "amqp://user:hunter2@host/")

    assert "hunter2" not in repr(Settings())


@pytest.mark.parametrize("variable", SECRETS)
def test_every_secret_may_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str) -> None:
    monkeypatch.delenv(variable, raising=False)
    secret = GOOD.get(variable, "hunter2-and-more-than-thirty-two-characters")
    file = tmp_path / "secret"
    file.write_text(secret + "\n")
    monkeypatch.setenv(f"{variable}_FILE", str(file))

    settings = Settings()

    values = [value for _, value in settings if isinstance(value, SecretStr)]
    assert secret in [value.get_secret_value() for value in values]
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "No such file or directory"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff\xfehunter2", "is no text in UTF-8"),
    ],
)
def test_a_secret_file_that_cannot_be_used_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("TVDB_API_KEY_FILE", str(file))

    with pytest.raises(ValidationError) as caught:
        Settings()

    (problem,) = caught.value.errors()
    assert problem["loc"] == ("TVDB_API_KEY_FILE",)
    assert complaint in problem["msg"]
    assert "hunter2" not in str(caught.value)


def test_a_secret_that_is_given_twice_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("hunter2")
    monkeypatch.setenv("TVDB_API_KEY", "hunter3")
    monkeypatch.setenv("TVDB_API_KEY_FILE", str(file))

    with pytest.raises(ValidationError, match="TVDB_API_KEY is set as well; give one of them") as caught:
        Settings()

    assert "hunter" not in str(caught.value)


def test_what_is_no_secret_is_not_read_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "level"
    file.write_text("DEBUG")
    monkeypatch.setenv("MILLRACE_LOG_LEVEL_FILE", str(file))

    assert Settings().log_level == "INFO"


def test_the_addresses_of_a_cluster_are_taken_and_none_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RABBITMQ_URL", "amqp://user:hunter2@one/line; amqp://user:hunter2@two:5673/line")
    monkeypatch.setenv("RABBITMQ_MANAGEMENT_URL", "http://user:hunter2@one:15672;http://user:hunter2@two:15672/")

    settings = Settings()

    assert addresses.split(settings.rabbitmq_url.get_secret_value())[1] == "amqp://user:hunter2@two:5673/line"
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize("hosts", ["http://inside", "inside/feed", "inside:port", ":80", "user@inside"])
def test_a_host_inside_is_named_by_itself_or_with_its_port(monkeypatch: pytest.MonkeyPatch, hosts: str) -> None:
    monkeypatch.setenv("MILLRACE_INTERNAL_SITES", f"10.0.0.7:8080 calendar.inside [fd00::1]:80 {hosts}")

    with pytest.raises(ValidationError) as caught:
        Settings()

    assert caught.value.errors()[0]["loc"] == ("MILLRACE_INTERNAL_SITES",)
