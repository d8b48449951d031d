"""Days and instants. A day is a `date` in some tenant's time zone; an instant is UTC. The clock is never read here."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2199, 12, 31)

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_ZONE = re.compile(r"[A-Za-z0-9+_-]+(/[A-Za-z0-9+_-]+){0,2}", re.ASCII)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII | re.IGNORECASE,
)
_OF_THE_HOST = ("localtime", "Factory", "posixrules", "posix/", "right/")
"""Zone files that a machine may have and that mean something else on another."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_day(text: str) -> date:
    """The day of a text `2026-11-22`; `ValueError` when it is not written so, does not exist or is out of 2000..2199."""
    if _DAY.fullmatch(text) is None:
        raise ValueError("must be a date written like 2026-11-22")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError("is a date that does not exist") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError("must lie between 2000-01-01 and 2199-12-31")
    return day


@lru_cache(maxsize=512)
def zone(name: str) -> ZoneInfo:
    """The IANA time zone of that name; `ValueError` when there is none."""
    if _ZONE.fullmatch(name) is None or name.startswith(_OF_THE_HOST):
        raise ValueError("must be the name of a time zone, such as Asia/Dhaka")
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError("must be the name of a time zone, such as Asia/Dhaka") from None


def day_at(instant: datetime, timezone: str) -> date:
    """Which day it is at that instant in that time zone."""
    return instant.astimezone(zone(timezone)).date()


def start_of(day: date, timezone: str) -> datetime:
    """The instant (UTC) at which the day begins in that time zone."""
    return datetime(day.year, day.month, day.day, tzinfo=zone(timezone)).astimezone(UTC)


def last_ended_day(instant: datetime, timezone: str) -> date:
    """The newest day that is over at that instant in that time zone."""
    return day_at(instant, timezone) - ONE_DAY


def days_in_month(day: date) -> int:
    """How many days the month of that day has."""
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return (following - first).days


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from first to last, both included; none when last is before first."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970 of an instant, exactly."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """The instant (UTC) of that many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=micros)


def format_instant(instant: datetime) -> str:
    """RFC 3339 in UTC with microseconds: `2026-11-22T06:30:00.000000Z`."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def parse_instant(text: str) -> datetime:
    """The instant of an RFC 3339 text with an offset; `ValueError` when it is not one."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError("must be an instant written like 2026-11-22T06:30:00Z")
    if match.group(2) is None:
        raise ValueError("must say its offset from UTC, such as Z or +06:00")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be an instant written like 2026-11-22T06:30:00Z") from None
