"""What `millrace flower` gives Flower."""

from __future__ import annotations

import pytest
from flower.options import default_options

from producers.cli.failures import Failure
from producers.cli.flower import DEFAULTS, flower_environment
from shared.settings import Settings


def settings(users: str | None, management: str | None = None) -> Settings:
    return Settings.model_validate({"flower_basic_auth": users, "rabbitmq_management_url": management})


def test_every_option_is_one_that_flower_has() -> None:
    assert {name.removeprefix("FLOWER_").lower() for name in DEFAULTS} <= set(default_options)


@pytest.mark.parametrize("users", [None, "operator", "operator:", ":secret", "a:b,c", ","])
def test_without_user_and_password_it_does_not_start(users: str | None) -> None:
    with pytest.raises(Failure, match="FLOWER_BASIC_AUTH"):
        flower_environment(settings(users), {})


def test_what_the_environment_says_counts_more_than_a_default() -> None:
    given = flower_environment(settings("a:b,c:d"), {"FLOWER_MAX_TASKS": "5", "PATH": "/bin"})
    assert (given["FLOWER_MAX_TASKS"], given["PATH"]) == ("5", "/bin")
    assert (given["FLOWER_ADDRESS"], given["FLOWER_READ_ONLY"]) == ("127.0.0.1", "true")
    assert given["FLOWER_BASIC_AUTH"] == "a:b,c:d"
    assert "FLOWER_BROKER_API" not in given


def test_the_management_api_is_given_where_flower_looks_for_it() -> None:
    given = flower_environment(settings("a:b", "http://u:p@127.0.0.1:15672"), {})
    assert given["FLOWER_BROKER_API"] == "http://u:p@127.0.0.1:15672/api/"


def test_a_password_from_a_file_is_not_given_twice() -> None:
    given = flower_environment(settings("a:b"), {"FLOWER_BASIC_AUTH_FILE": "/run/secrets/flower"})
    assert given["FLOWER_BASIC_AUTH"] == "a:b"
    assert "FLOWER_BASIC_AUTH_FILE" not in given
