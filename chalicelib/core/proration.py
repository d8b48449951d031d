"""Proration: what a part of a period costs, day-additive and exact over the whole (`domain.md`, money and days).

For a price P over a period of n days `cum(k) = round_half_up(P*k/n)`, and days a..b cost `cum(b) - cum(a-1)`. Any way of
cutting the period sums to the same, and the whole period costs exactly P.
"""

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from chalicelib.core.dates import days_in_month
from chalicelib.core.money import round_half_up

FIXED_DAYS = 30


class DayCount(StrEnum):
    """How the price of a period is spread over its days (`domain.md`, money and days)."""

    CALENDAR_MONTH = "calendar_month"
    SERVICE_PERIOD = "service_period"
    FIXED_30 = "fixed_30"


class Span(StrEnum):
    """How long the period is that a price is for."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def months(self) -> int:
        return {"month": 1, "quarter": 3, "year": 12}[self.value]


class Period(NamedTuple):
    """The days that one price is for, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def period_of(day: date, day_count: DayCount, month_starts_on: int = 1, months: int = 1) -> Period:
    """The period that a day is priced in: a month, or `months` of them (3, 12), of the year that begins in January.

    `service_period` runs from the buyer's own first day of month (1 to 31) to the day before the next; the two others
    are calendar periods. In a month that is too short the first day is the month's last, and is back in the next.
    """
    own = month_starts_on if day_count is DayCount.SERVICE_PERIOD else 1
    at = day.year * 12 + day.month - 1
    if day < _first_of(at, own):
        at -= 1
    begins = at - at % months
    return Period(_first_of(begins, own), _first_of(begins + months, own) - timedelta(days=1))


def _first_of(month: int, starts_on: int) -> date:
    """The first day of a billing month; months are counted from the year 0."""
    first = date(month // 12, month % 12 + 1, 1)
    return first if starts_on == 1 else first.replace(day=min(starts_on, days_in_month(first)))


def cumulative(price_minor: int, days: int, period_days: int, day_count: DayCount, months: int = 1) -> int:
    """What the first `days` days of a period cost. Under `fixed_30` the last day costs what is left of the price."""
    if days <= 0:
        return 0
    if days >= period_days:
        return price_minor
    if day_count is DayCount.FIXED_30:
        return round_half_up(price_minor * min(days, FIXED_DAYS * months), FIXED_DAYS * months)
    return round_half_up(price_minor * days, period_days)


def day_price(price_minor: int, day: date, day_count: DayCount, month_starts_on: int = 1, months: int = 1) -> int:
    """What that one day costs, in minor units, of a price for the whole period."""
    period = period_of(day, day_count, month_starts_on, months)
    number = (day - period.first).days + 1
    through = cumulative(price_minor, number, period.days, day_count, months)
    return through - cumulative(price_minor, number - 1, period.days, day_count, months)


def days_price(
    price_minor: int, first: date, last: date, day_count: DayCount, month_starts_on: int = 1, months: int = 1
) -> int:
    """What the days from first to last cost, both included, over as many periods as they touch."""
    total = 0
    day = first
    while day <= last:
        period = period_of(day, day_count, month_starts_on, months)
        until = min(last, period.last)
        total += cumulative(price_minor, (until - period.first).days + 1, period.days, day_count, months)
        total -= cumulative(price_minor, (day - period.first).days, period.days, day_count, months)
        day = until + timedelta(days=1)
    return total
