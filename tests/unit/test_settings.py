"""Settings are read once, say what is wrong by name, and keep secrets to themselves."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from shared.settings import Settings


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("RABBITMQ_URL", "redis://user:hunter2@host", "must begin with amqp:// or amqps:// and a host"),
        ("RABBITMQ_URL", "amqp://user:hunter2@host:port/", "Port could not be cast"),
        ("RABBITMQ_URL", "amqp:///hunter2", "and a host"),
        ("RABBITMQ_MANAGEMENT_URL", "user:hunter2@host:15672", "must begin with http:// or https:// and a host"),
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
