"""When something that recurs is due: every week, month, quarter or year from a first day on. Pure."""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum

from chalicelib.core.dates import LAST_DAY, days_in_month


class Every(StrEnum):
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.YEAR: 12}


def day_of(starts_on: date, every: Every, number: int) -> date | None:
    """The day of that occurrence, the first being 0; None when it lies behind all days.

    A day that a month does not have is its last one: 31 January, 28 February, 31 March.
    """
    if every is Every.WEEK:
        weeks = timedelta(days=7 * number)
        return starts_on + weeks if weeks <= LAST_DAY - starts_on else None
    month = starts_on.year * 12 + starts_on.month - 1 + _MONTHS[every] * number
    year, month = divmod(month, 12)
    if year > LAST_DAY.year:
        return None
    first = date(year, month + 1, 1)
    return first.replace(day=min(starts_on.day, days_in_month(first)))


def days_from(starts_on: date, every: Every, ends_on: date | None, number: int) -> Iterator[date]:
    """The days of that occurrence and all after it, up to and with the last day there may be one."""
    day = day_of(starts_on, every, number)
    while day is not None and (ends_on is None or day <= ends_on):
        yield day
        number += 1
        day = day_of(starts_on, every, number)


def number_from(starts_on: date, every: Every, number: int, day: date) -> int:
    """The first occurrence, from that number on, that is not before the day."""
    at = day_of(starts_on, every, number)
    while at is not None and at < day:
        number += 1
        at = day_of(starts_on, every, number)
    return number
