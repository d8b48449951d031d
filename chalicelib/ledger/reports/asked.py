"""What a report is asked for: which days, by which of their dates, as known when, and which days it is held against."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.core.dates import FIRST_DAY
from chalicelib.core.errors import invalid_field
from chalicelib.ledger.totals.digests import Leg, Sum

BY_DATES = ("effective_on", "service_on")
MAX_DAYS = 3660
"""Ten years."""

DayOf = Callable[[Sum | Leg], str]


@dataclass(frozen=True)
class Span:
    """Days from first to last, both included."""

    first: date
    last: date

    def holds(self, day: str) -> bool:
        """Whether that ISO date is one of them."""
        return self.first.isoformat() <= day <= self.last.isoformat()


@dataclass(frozen=True)
class Asked:
    """A report on the days of `span`, as known at an instant (now, if None), perhaps held against another span.

    `by` is the date that counts: `effective_on` for the accounting date, `service_on` for the day an entry is about.
    A balance on one day is that of a span which begins before all books. `cost_centre` leaves the others out.
    """

    span: Span
    compared: Span | None = None
    by: str = "effective_on"
    known_at: datetime | None = None
    cost_centre: str | None = None


def span_of(first: date | None, last: date | None, today: date) -> Span:
    """The days asked for: through today, from the first of that month on, unless told. 422 when they cannot be."""
    last = last or today
    return _checked(first or last.replace(day=1), last, "from", "to")


def compared_span(first: date | None, last: date | None) -> Span | None:
    """The days to compare with, both told or neither."""
    if first is None and last is None:
        return None
    if first is None or last is None:
        name = "compare_from" if first is None else "compare_to"
        raise invalid_field(name, "is needed for a comparison")
    return _checked(first, last, "compare_from", "compare_to")


def through(day: date) -> Span:
    """Everything up to that day."""
    return Span(FIRST_DAY, day)


def _checked(first: date, last: date, first_name: str, last_name: str) -> Span:
    if first > last:
        raise invalid_field(first_name, f"must not lie behind {last_name}")
    if (last - first).days > MAX_DAYS:
        raise invalid_field(first_name, f"must not lie more than ten years before {last_name}")
    return Span(first, last)


def day_of(by: str) -> DayOf:
    """The ISO date of a sum or a leg that counts."""
    if by == "service_on":
        return lambda one: one.service_on
    return lambda one: one.effective_on
