"""A book opened for one report: its chart and its kept totals, as known at an instant."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from chalicelib.ledger.accounts import read_chart
from chalicelib.ledger.chart import Account
from chalicelib.ledger.reports.asked import Asked, Span, day_of
from chalicelib.ledger.totals.digests import Sum
from chalicelib.ledger.totals.kept import Kept, read_kept
from chalicelib.tenants.model import Tenant


@dataclass(frozen=True)
class Movement:
    """What happened to an account, or to some together, over a span of days: net debit before it, debits, credits."""

    opening_minor: int = 0
    debit_minor: int = 0
    credit_minor: int = 0

    @property
    def closing_minor(self) -> int:
        return self.opening_minor + self.debit_minor - self.credit_minor

    @property
    def is_nothing(self) -> bool:
        return not (self.opening_minor or self.debit_minor or self.credit_minor)

    def __add__(self, other: "Movement") -> "Movement":
        return Movement(
            self.opening_minor + other.opening_minor,
            self.debit_minor + other.debit_minor,
            self.credit_minor + other.credit_minor,
        )


@dataclass(frozen=True)
class BookView:
    """A tenant's book for one report. Sums are those of the cost centre asked for, if any."""

    tenant: Tenant
    asked: Asked
    chart: Mapping[str, Account]
    kept: Kept

    @property
    def closed_through(self) -> date | None:
        return self.kept.closed_through

    def account(self, code: str) -> Account:
        return self.chart[code]

    def sums(self) -> Iterator[Sum]:
        centre = self.asked.cost_centre
        return (one for one in self.kept.sums if centre is None or one.cost_centre == centre)

    def in_span(self, span: Span) -> Iterator[Sum]:
        """The sums of these days."""
        day = day_of(self.asked.by)
        first, last = span.first.isoformat(), span.last.isoformat()
        return (one for one in self.sums() if first <= day(one) <= last)

    def movements(self, span: Span, wanted: Callable[[Sum], bool] = lambda _: True) -> dict[str, Movement]:
        """What happened to each account of the wanted sums, by code; accounts of which there is nothing are left out."""
        day = day_of(self.asked.by)
        first, last = span.first.isoformat(), span.last.isoformat()
        found: dict[str, list[int]] = {}
        for one in self.sums():
            on = day(one)
            if on > last or not wanted(one):
                continue
            figures = found.setdefault(one.account, [0, 0, 0])
            if on < first:
                figures[0] += one.debit_minor - one.credit_minor
            else:
                figures[1] += one.debit_minor
                figures[2] += one.credit_minor
        made = {code: Movement(*figures) for code, figures in sorted(found.items())}
        return {code: movement for code, movement in made.items() if not movement.is_nothing}


def open_book(tenant: Tenant, asked: Asked) -> BookView:
    """Read what a report of that tenant's book needs."""
    return BookView(tenant, asked, read_chart(tenant), read_kept(tenant.tenant_id, asked.known_at))


def together(movements: Iterable[Movement]) -> Movement:
    """What these add up to."""
    total = Movement()
    for movement in movements:
        total = total + movement
    return total
