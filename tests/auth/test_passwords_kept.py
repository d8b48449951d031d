"""Passwords: what they must be, and how they are kept."""

import subprocess
import sys

import argon2
import pytest

from chalicelib.auth import passwords
from chalicelib.auth.passwords import check_password, hash_password, is_outdated, password_matches
from chalicelib.core.errors import Invalid

GOOD = "correct horse 1"


def test_a_password_is_kept_as_argon2id_and_found_again() -> None:
    kept = hash_password(GOOD)
    assert kept.startswith("$argon2id$v=19$m=64,t=2,p=1$")
    assert GOOD not in kept
    assert password_matches(kept, GOOD)
    assert not password_matches(kept, GOOD + " ")
    assert hash_password(GOOD) != kept


def test_letters_composed_in_different_ways_are_one_password() -> None:
    assert password_matches(hash_password("passwörter gut"), "passwo\u0308rter gut")


def test_where_nobody_is_the_check_takes_as_long_and_says_no(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    real = argon2.PasswordHasher.verify

    def verify(self: argon2.PasswordHasher, kept: str, password: str) -> bool:
        seen.append(kept)
        return real(self, kept, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", verify)
    kept = hash_password(GOOD)
    assert password_matches(kept, GOOD)
    assert not password_matches(None, GOOD)
    assert not password_matches(None, "")
    parameters = [argon2.extract_parameters(one) for one in seen]
    assert parameters == [argon2.extract_parameters(kept)] * 3


@pytest.mark.parametrize("password", ["", "x" * 201, "\ud800" * 12, "x" * 1_000_000])
def test_what_cannot_be_a_password_is_just_wrong(password: str) -> None:
    assert not password_matches(hash_password(GOOD), password)


def test_a_broken_hash_lets_nobody_in() -> None:
    assert not password_matches("not a hash", GOOD)


@pytest.mark.parametrize("password", ["x" * 9, "x" * 201, "\ud800" * 12, "A.User@Isp.Test"])
def test_a_password_that_will_not_do_is_named_by_its_field(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password, "a.user@isp.test", "owner.password")
    assert [error.field for error in refused.value.errors] == ["owner.password"]


def test_ten_and_two_hundred_characters_will_do() -> None:
    check_password("x" * 10, "a.user@isp.test", "password")
    check_password("x" * 200, "a.user@isp.test", "password")


def test_a_hash_with_other_parameters_is_outdated() -> None:
    assert not is_outdated(hash_password(GOOD))
    assert is_outdated(argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(GOOD))


def test_reads_do_not_pay_for_argon2() -> None:
    code = "import sys, chalicelib.auth.routes; print('argon2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert passwords.LONGEST == 200
