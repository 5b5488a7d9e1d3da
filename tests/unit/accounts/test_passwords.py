"""Passwords: hashed so that looking takes long, alike for whoever exists and whoever does not."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.accounts import passwords
from shared.accounts.passwords import PoorPassword

REPOSITORY = Path(__file__).parents[3]
GOOD = "correct horse battery"


@pytest.fixture(scope="module")
def stored() -> str:
    return passwords.hashed(GOOD)


def test_only_the_same_password_is_right(stored: str) -> None:
    assert passwords.verify(GOOD, stored) == (True, None)
    for wrong in ("", GOOD + " ", GOOD.upper(), stored):
        assert passwords.verify(wrong, stored) == (False, None)


def test_nobody_has_a_password() -> None:
    assert passwords.verify(GOOD, None) == (False, None)
    assert passwords.verify("", None) == (False, None)


def test_what_is_no_hash_of_ours_is_nobodys_password_and_quoted_in_no_error() -> None:
    for stored in (
        "",
        "plain text",
        "$2b$12$abcdefghijklmnopqrstuv",
        "$argon2id$v=19$m=1",
        "$argon2id$v=19$m=8,t=1,p=1$",
    ):
        assert passwords.verify("plain text", stored) == (False, None)


def test_the_same_password_is_never_stored_the_same(stored: str) -> None:
    again = passwords.hashed(GOOD)
    assert again != stored
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert GOOD not in stored


def test_one_password_may_be_typed_on_keyboards_that_write_it_differently() -> None:
    composed, decomposed = "pass\u00e9partout pour tous", "passe\u0301partout pour tous"
    assert passwords.verify(decomposed, passwords.hashed(composed))[0]


def test_looking_takes_as_long_for_somebody_who_does_not_exist(stored: str) -> None:
    def fastest(whose: str | None) -> float:
        times = []
        for _ in range(5):
            started = time.perf_counter()
            passwords.verify("wrong", whose)
            times.append(time.perf_counter() - started)
        return min(times)

    passwords.verify("wrong", None)  # loads the library
    somebody, nobody = fastest(stored), fastest(None)
    assert 0.4 < nobody / somebody < 2.5


@pytest.mark.parametrize("poor", ["", "short", "a" * 11, "a" * 40, "x" * 1001, "Anna.Example"])
def test_a_poor_password_is_refused_and_not_quoted(poor: str) -> None:
    with pytest.raises(PoorPassword) as caught:
        passwords.check(poor, "anna.example")
    assert not poor or poor not in str(caught.value)


def test_length_is_all_that_is_asked_for() -> None:
    passwords.check("all small letters")
    passwords.check(passwords.make_up(), "anna")


def test_what_is_made_up_is_never_the_same() -> None:
    assert len({passwords.make_up() for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "module",
    ["shared.accounts.users", "shared.accounts.sessions", "shared.accounts.passwords", "consumers.maintenance.cleanup"],
)
def test_nobody_waits_for_a_library_that_only_signing_in_needs(module: str) -> None:
    program = f"import sys, {module}\nprint(sorted({{'argon2', 'pwdlib', 'jwt'}} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
