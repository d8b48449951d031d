"""Slowing down who guesses passwords: by e-mail address strictly, by network address generously.

An attempt on an e-mail address is written down as failed before the password is looked at, and struck out when the
password was right: a hundred guesses sent at once are then no more than five.
"""

import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.auth.store import AttemptsRow
from chalicelib.aws import keys
from chalicelib.aws.config import config
from chalicelib.aws.tables import ConditionFailed, Delete, Put, read_many, write
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import TooMany

WINDOW_SECONDS = 15 * 60
WRITE_TRIES = 10
_WINDOW_MICROS = WINDOW_SECONDS * 1_000_000


@dataclass(frozen=True)
class Subject:
    """Whose attempts are counted, and how many may fail within fifteen minutes."""

    name: str
    failures: int

    @property
    def key(self) -> keys.Key:
        return keys.sign_in_attempts(config().operator_id, self.name)


def of_email(email: str) -> Subject:
    return Subject(f"email:{email.casefold()}", 5)


def of_address(source_ip: str) -> Subject:
    """A network address; of IPv6 the /64 that one customer line has. Offices share one, so many may fail."""
    try:
        address = ipaddress.ip_address(source_ip)
    except ValueError:
        return Subject("address:unknown", 100)
    if address.version == 6:
        return Subject(f"address:{ipaddress.ip_network((address, 64), strict=False)}", 100)
    return Subject(f"address:{address}", 100)


def begin_attempt(email: Subject, address: Subject, now: datetime) -> None:
    """Take one attempt of this e-mail; `TooMany` (`too-many-attempts`) when it or the network address has none left."""
    by_email, by_address = read_many([(AttemptsRow, email.key), (AttemptsRow, address.key)])
    _check(address, by_address, now)
    _add_failure(email, by_email, now)


def attempt_failed(address: Subject, now: datetime) -> None:
    """Count a failure against the network address too."""
    (row,) = read_many([(AttemptsRow, address.key)])
    _add_failure(address, row, now)


def attempt_succeeded(email: Subject) -> None:
    """Forget the failures of this e-mail address."""
    write(Delete(AttemptsRow.at(email.key)))


def _add_failure(subject: Subject, row: AttemptsRow | None, now: datetime) -> None:
    for _ in range(WRITE_TRIES):
        _check(subject, row, now)
        failed = [*_recent(row, now), to_micros(now)]
        new = AttemptsRow.at(
            subject.key,
            failed_at_micros=failed,
            revision=row.revision + 1 if row else 1,
            expires_at=math.ceil(now.timestamp()) + WINDOW_SECONDS,
        )
        unchanged = AttemptsRow.revision == row.revision if row else AttemptsRow.pk.does_not_exist()
        put = Put(new, unchanged)
        try:
            return write(put)
        except ConditionFailed as failure:
            found = failure.rows[put]
            row = found if isinstance(found, AttemptsRow) else None
    raise _too_many(1)


def _check(subject: Subject, row: AttemptsRow | None, now: datetime) -> None:
    recent = _recent(row, now)
    if len(recent) >= subject.failures:
        free_at = recent[-subject.failures] + _WINDOW_MICROS
        raise _too_many(max(1, math.ceil((free_at - to_micros(now)) / 1_000_000)))


def _recent(row: AttemptsRow | None, now: datetime) -> list[int]:
    since = to_micros(now - timedelta(seconds=WINDOW_SECONDS))
    return [at for at in row.failed_at_micros if at > since] if row else []


def _too_many(wait_seconds: int) -> TooMany:
    return TooMany("too-many-attempts", "Too many attempts to sign in failed; please wait.", wait_seconds)
