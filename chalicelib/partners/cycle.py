"""Cycles: on which days an aggregate invoice is made, and so through which day it reaches. Pure.

An invoice is made on an *invoice day* and covers everything through the day before it, which is the *end* of the cycle.
Days are those of the child; a cycle knows nothing of hours, so that a change of the clock is no matter to it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from chalicelib.core.dates import ONE_DAY, days_in_month

MAX_EVERY_DAYS = 366
DAYS_OF_WEEK = 7


class CycleKind(StrEnum):
    """How often invoices are made."""

    WEEKLY = "weekly"
    DAYS = "days"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"

    @property
    def months(self) -> int:
        """How many months lie between two invoices; 0 for the kinds that do not go by months."""
        return {"monthly": 1, "quarterly": 3}.get(self.value, 0)


@dataclass(frozen=True)
class Cycle:
    """When invoices are made: each `weekday` (1 is Monday), every so many days, or on a `day` of the month or quarter.

    In a month that is too short the day is the month's last. Quarters begin in January, April, July and October.
    """

    kind: CycleKind
    weekday: int = 1
    every_days: int = 30
    day: int = 1

    def next_end(self, after: date, counted_from: date) -> date:
        """The first end of a cycle after that day. Every so many days is counted from `counted_from`, its first day."""
        if self.kind is CycleKind.WEEKLY:
            return after + timedelta(days=(self.weekday - after.isoweekday() - 2) % DAYS_OF_WEEK + 1)
        if self.kind is CycleKind.DAYS:
            passed = max(0, (after - counted_from).days + 1)
            return counted_from + timedelta(days=(passed // self.every_days + 1) * self.every_days - 1)
        month = after.year * 12 + after.month - 1
        month -= month % self.kind.months
        while (end := self._invoice_day(month) - ONE_DAY) <= after:
            month += self.kind.months
        return end

    def _invoice_day(self, month: int) -> date:
        """The invoice day in a month, of those counted from the year 0."""
        first = date(month // 12, month % 12 + 1, 1)
        return first.replace(day=min(self.day, days_in_month(first)))


def check_cycle(cycle: Cycle) -> None:
    """`ValueError` (`field: what is wrong`) for a cycle that cannot be."""
    if not 1 <= cycle.weekday <= DAYS_OF_WEEK:
        raise ValueError("weekday: must be 1 (Monday) to 7")
    if not 1 <= cycle.every_days <= MAX_EVERY_DAYS:
        raise ValueError(f"every_days: must be 1 to {MAX_EVERY_DAYS}")
    if not 1 <= cycle.day <= 31:
        raise ValueError("day: must be 1 to 31")
