"""Passwords: argon2id, and what a password may be.

argon2 is imported where it is used: only signing in and setting a password pay for it, no read does.
"""

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.aws.config import config
from chalicelib.core.errors import invalid_field

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 10
LONGEST = 200
TIME_COST = 2
PARALLELISM = 1


def check_password(password: str, email: str, field: str) -> None:
    """422 on that field unless the password is 10 to 200 characters of text and not the e-mail address."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise invalid_field(field, f"must be {SHORTEST} to {LONGEST} characters long")
    if not _is_text(password):
        raise invalid_field(field, "must be text")
    if password.casefold() == email.casefold():
        raise invalid_field(field, "must not be the e-mail address")


def hash_password(password: str) -> str:
    """The hash to store, with its salt and parameters in it."""
    return _hasher().hash(_composed(password))


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether this is the password. Without a hash (nobody has that e-mail) it takes as long and says no."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > LONGEST or not _is_text(password):
        password, password_hash = "", None
    try:
        return _hasher().verify(password_hash or _decoy(), _composed(password)) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than ours are now."""
    return _hasher().check_needs_rehash(password_hash)


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=TIME_COST, memory_cost=config().password_memory_kib, parallelism=PARALLELISM)


def _decoy() -> str:
    """A hash that no password has, as slow to check as a real one. It was never computed: making it costs nothing."""
    parameters = f"m={config().password_memory_kib},t={TIME_COST},p={PARALLELISM}"
    return f"$argon2id$v=19${parameters}${'A' * 22}${'A' * 43}"


def _composed(password: str) -> str:
    """One spelling for what looks the same: keyboards compose letters and marks differently."""
    return unicodedata.normalize("NFC", password)


def _is_text(password: str) -> bool:
    """JSON can carry half of a surrogate pair, which no encoding takes."""
    return not any("\ud800" <= character <= "\udfff" for character in password)
