"""The table of roles, and the file it is committed as."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.broker import accounts, topology
from shared.contracts.documents import rendered

COMMITTED = Path(__file__).parents[3] / "deploy" / "rabbitmq" / "accounts.json"


def test_the_committed_accounts_are_what_the_table_says() -> None:
    refresh = "run `millrace topology export --accounts deploy/rabbitmq/accounts.json` and commit what it wrote"

    assert COMMITTED.read_text("utf-8") == rendered(accounts.export("/")), refresh
    assert "password" not in COMMITTED.read_text("utf-8")


@pytest.mark.parametrize("role", accounts.ROLES, ids=lambda role: role.name)
def test_every_pattern_is_of_whole_names(role: accounts.Role) -> None:
    for pattern in role.permissions().values():
        assert pattern.startswith("^")
        assert pattern.endswith("$")
        re.compile(pattern)


def test_a_producer_writes_to_the_four_exchanges_and_does_nothing_else() -> None:
    names = {exchange.name for exchange in topology.exchanges()} | {
        "amq.default",
        "amq.topic",
        "",
        "scrape.x",
        "xscrape",
    }
    role = accounts.role_named("producer")

    assert {name for name in names if re.search(role.write, name)} == set(topology.TOPICS)
    assert (role.configure, role.read, role.tags) == ("^$", "^$", ())


def test_a_role_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(ValueError, match="there are producer, producer-urgent"):
        accounts.role_named("king")
