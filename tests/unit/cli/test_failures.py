"""Every error that has a next step is one that exists, and a bug keeps its traceback."""

from __future__ import annotations

from pydoc import locate

import pytest

from producers.cli.failures import _KNOWN, USAGE, Failure, explain
from shared.errors import BrokerAway, ContractViolation, UnknownKind


@pytest.mark.parametrize("name", _KNOWN)
def test_a_known_error_is_called_what_the_table_calls_it(name: str) -> None:
    found = locate(name)

    assert isinstance(found, type)
    assert f"{found.__module__}.{found.__qualname__}" == name


def test_a_more_precise_error_wins_over_its_branch() -> None:
    unknown, violation = explain(UnknownKind("a.b")), explain(ContractViolation("a.b", ["x: missing"]))

    assert unknown is not None
    assert violation is not None
    assert unknown.next_step != violation.next_step
    assert (unknown.code, violation.code) == (USAGE, USAGE)


def test_the_cause_is_the_errors_own_words() -> None:
    failure = explain(BrokerAway("17", "no confirm"))

    assert failure is not None
    assert failure.cause == "message 17: no confirm"
    assert failure.code == 1


def test_a_commands_own_failure_stays_as_it_is() -> None:
    failure = Failure("a", "b", 2)

    assert explain(failure) is failure


def test_a_bug_is_not_explained_away() -> None:
    assert explain(KeyError("x")) is None
