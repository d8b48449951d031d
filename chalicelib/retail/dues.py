"""What a subscriber owes, told in either of two ways: cumulative or monthly (`domain.md`, books). Pure.

Bills of 500, 500 and 500 and payments of 300, 0 and 600 in three months are cumulative dues of 200, 700 and 600, and
monthly dues of 200, 500 and 0.

A bill counts for the month of its own day. A payment counts for the month of the day it was received on, whatever invoice
it is allocated to: in the third month above 600 came in against a bill of 500, so nothing is due of that month, and the
100 beyond it lower no other month's dues, but they do lower what is due altogether. A credit note and a write-off count
like a payment, for the month of their own day; a refund and a payment that is taken back count as so much less received.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import NamedTuple


class DuesKind(StrEnum):
    """Which of the two a tenant tells its subscribers."""

    CUMULATIVE = "cumulative"
    MONTHLY = "monthly"


class Counted(NamedTuple):
    """What one document counts for: on its day so much was billed, credited, received (each may be negative)."""

    on: date
    billed_minor: int = 0
    credited_minor: int = 0
    received_minor: int = 0


class MonthFigures(NamedTuple):
    """What counts for one month, `2026-11`, of one subscriber."""

    month: str
    billed_minor: int = 0
    credited_minor: int = 0
    received_minor: int = 0

    @property
    def net_minor(self) -> int:
        return self.billed_minor - self.credited_minor - self.received_minor

    @property
    def due_minor(self) -> int:
        """What is due of this month alone: never less than nothing."""
        return max(0, self.net_minor)

    def plus(self, counted: Counted) -> "MonthFigures":
        """The figures with that document, which is of this month."""
        return MonthFigures(
            self.month,
            self.billed_minor + counted.billed_minor,
            self.credited_minor + counted.credited_minor,
            self.received_minor + counted.received_minor,
        )


class MonthDues(NamedTuple):
    """A month and what is due at its end both ways. `balance_minor` is negative for what is paid ahead."""

    figures: MonthFigures
    balance_minor: int

    @property
    def monthly_minor(self) -> int:
        return self.figures.due_minor

    @property
    def cumulative_minor(self) -> int:
        return max(0, self.balance_minor)

    def due_minor(self, kind: DuesKind) -> int:
        """What is due as that tenant tells it."""
        return self.cumulative_minor if kind is DuesKind.CUMULATIVE else self.monthly_minor


def month_of(day: date) -> str:
    """The calendar month of a day: `2026-11`."""
    return day.isoformat()[:7]


def in_newest_month(newest: MonthFigures | None, counted: Counted) -> MonthFigures | None:
    """The figures of the newest month with one more document: a later month begins anew, an earlier one is left out."""
    month = month_of(counted.on)
    if newest is None or month > newest.month:
        newest = MonthFigures(month)
    return newest.plus(counted) if month == newest.month else newest


def dues_by_month(documents: Iterable[Counted], through: date) -> list[MonthDues]:
    """Every month from that of the first document to that of `through`, in order, with the dues at its end."""
    by_month: dict[str, MonthFigures] = {}
    for counted in documents:
        month = month_of(counted.on)
        by_month[month] = by_month.get(month, MonthFigures(month)).plus(counted)
    found: list[MonthDues] = []
    balance = 0
    for month in _months(min(by_month, default=month_of(through)), max([*by_month, month_of(through)])):
        figures = by_month.get(month, MonthFigures(month))
        balance += figures.net_minor
        found.append(MonthDues(figures, balance))
    return found


def _months(first: str, last: str) -> Iterable[str]:
    """The months from first to last, both included."""
    year, month = int(first[:4]), int(first[5:])
    while (name := f"{year:04d}-{month:02d}") <= last:
        yield name
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
