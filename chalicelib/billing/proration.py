"""Proration: what a part of a month costs, day-additive and exact over the whole (`domain.md`, money and days).

For a price P over a period of n days `cum(k) = round_half_up(P*k/n)`, and days a..b cost `cum(b) - cum(a-1)`. Any way of
cutting the period sums to the same, and the whole period costs exactly P.
"""

from datetime import date, timedelta

from chalicelib.core.dates import days_in_month
from chalicelib.core.money import round_half_up
from chalicelib.crm.model import DayCount

FIXED_DAYS = 30


def period_of(day: date, day_count: DayCount, month_starts_on: int = 1) -> tuple[date, int]:
    """The first day and the length in days of the period a day is priced in.

    `service_period` runs from the buyer's own first day of month (1 to 28) to the day before the next; the two others
    are calendar months.
    """
    if day_count is not DayCount.SERVICE_PERIOD or month_starts_on == 1:
        return day.replace(day=1), days_in_month(day)
    first = day.replace(day=month_starts_on)
    if day < first:
        first = (day.replace(day=1) - timedelta(days=1)).replace(day=month_starts_on)
    following = (first.replace(day=1) + timedelta(days=32)).replace(day=month_starts_on)
    return first, (following - first).days


def cumulative(price_minor: int, days: int, period_days: int, day_count: DayCount) -> int:
    """What the first `days` days of a period cost. Under `fixed_30` the last day costs what is left of the price."""
    if days <= 0:
        return 0
    if days >= period_days:
        return price_minor
    if day_count is DayCount.FIXED_30:
        return round_half_up(price_minor * min(days, FIXED_DAYS), FIXED_DAYS)
    return round_half_up(price_minor * days, period_days)


def day_price(price_minor: int, day: date, day_count: DayCount, month_starts_on: int = 1) -> int:
    """What that one day costs, in minor units."""
    first, length = period_of(day, day_count, month_starts_on)
    number = (day - first).days + 1
    return cumulative(price_minor, number, length, day_count) - cumulative(price_minor, number - 1, length, day_count)


def days_price(price_minor: int, first: date, last: date, day_count: DayCount, month_starts_on: int = 1) -> int:
    """What the days from first to last cost, both included, over as many periods as they touch."""
    total = 0
    day = first
    while day <= last:
        begins, length = period_of(day, day_count, month_starts_on)
        until = min(last, begins + timedelta(days=length - 1))
        total += cumulative(price_minor, (until - begins).days + 1, length, day_count)
        total -= cumulative(price_minor, (day - begins).days, length, day_count)
        day = until + timedelta(days=1)
    return total
