"""The clock and chance of this process, in one place so that a test can put its own in their stead."""

import random
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


class _Source:
    now: Callable[[], datetime] = staticmethod(lambda: datetime.now(UTC))
    sleep: Callable[[float], None] = staticmethod(time.sleep)
    pick: Callable[[str], str] = staticmethod(secrets.choice)


def now() -> datetime:
    """This instant, in UTC."""
    return _Source.now()


def sleep(seconds: float) -> None:
    """Wait that long."""
    _Source.sleep(seconds)


def back_off(attempt: int) -> None:
    """Wait before trying again what others got in the way of: not at all the first time, then longer, never the same."""
    if attempt:
        sleep(min(random.uniform(0.002, 0.02) * attempt, 0.5))


def new_id(prefix: str, length: int = 12) -> str:
    """A fresh id that nobody can guess: the prefix and `length` letters and digits that are not mistaken for others."""
    return prefix + "".join(_Source.pick(_ALPHABET) for _ in range(length))


def replace(
    *,
    now: Callable[[], datetime] | None = None,
    sleep: Callable[[float], None] | None = None,
    pick: Callable[[str], str] | None = None,
) -> Callable[[], None]:
    """Put other sources of time, waiting and chance in place; returns what puts the old ones back. For tests."""
    before = (_Source.now, _Source.sleep, _Source.pick)
    _Source.now = now or _Source.now
    _Source.sleep = sleep or _Source.sleep
    _Source.pick = pick or _Source.pick

    def restore() -> None:
        _Source.now, _Source.sleep, _Source.pick = before

    return restore
