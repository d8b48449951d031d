"""What a percentage child earns: its parent's terms by month, and a rate of what its subscribers paid or owe. Pure.

A month is named by its first day. `commission_base.py` tells what each document moved of the base; here it becomes the
lines of a month's statement.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from chalicelib.core.dates import days_in_month
from chalicelib.core.money import share_of
from chalicelib.retail.model import DocumentKind


class Base(StrEnum):
    """What a rate is of: money when it comes in, or invoices when they are issued."""

    PAYMENTS = "payments"
    INVOICES = "invoices"


class Taxed(StrEnum):
    """Whether the tax in an amount counts: not `before_tax`, and `after_tax` it does."""

    BEFORE_TAX = "before_tax"
    AFTER_TAX = "after_tax"


@dataclass(frozen=True)
class CommissionTerms:
    """A version of what a child earns, from a month on. `plans` are by the parent's plan code, `subscribers` by id.

    Of two of the same month the one of the higher revision holds.
    """

    month: date
    rate_bps: int
    base: Base = Base.PAYMENTS
    amount: Taxed = Taxed.AFTER_TAX
    plans: Mapping[str, int] = field(default_factory=dict)
    subscribers: Mapping[str, int] = field(default_factory=dict)
    revision: int = 0

    @property
    def highest_bps(self) -> int:
        """The highest rate that anything earns."""
        return max(self.rate_bps, *self.plans.values(), *self.subscribers.values(), 0)


class Payer(NamedTuple):
    """Whose documents are counted: a subscriber, the rate that its account says, if any, and what each of its tenant's
    plans is called by the parent."""

    subscriber_id: str
    own_bps: int | None = None
    plans: Mapping[str, str] = {}

    def rate(self, terms: CommissionTerms, plan: str = "") -> int:
        """What is earned of money for a plan (empty for what is of none): the subscriber's rate, the plan's, the general."""
        if self.subscriber_id in terms.subscribers:
            return terms.subscribers[self.subscriber_id]
        if self.own_bps is not None:
            return self.own_bps
        return terms.plans.get(self.plans.get(plan, ""), terms.rate_bps)


class Versions:
    """All versions of an edge's terms."""

    def __init__(self, versions: Iterable[CommissionTerms]) -> None:
        self.in_order = sorted(versions, key=lambda one: (one.month, one.revision))

    @property
    def first_month(self) -> date | None:
        """The first month in which anything is earned."""
        return self.in_order[0].month if self.in_order else None

    def of(self, month: date) -> CommissionTerms | None:
        """What holds in a month; None before the first version."""
        return next((one for one in reversed(self.in_order) if one.month <= month), None)

    def base_in(self, month: date) -> Base:
        """What counts of an invoice of that month; before the first version what that one says."""
        return (self.of(month) or self.in_order[0]).base


class Moved(NamedTuple):
    """So much more (or less) of the base at a rate, in a month, by a document of that kind.

    `sequence` is that of the document's entry in the biller's journal.
    """

    month: date
    sequence: int
    kind: DocumentKind
    rate_bps: int
    base_minor: int


@dataclass(frozen=True)
class Window:
    """What a statement counts: what was recorded up to `cut` for its month and those before it, less what the statement
    before counted, which went up to `cut_before` for `month_before`."""

    month: date
    cut: int
    month_before: date | None = None
    cut_before: int = 0

    def counts(self, moved: Moved) -> bool:
        if moved.month > self.month or moved.sequence > self.cut:
            return False
        if self.month_before is None:
            return True
        return moved.month > self.month_before or moved.sequence > self.cut_before


class CommissionLine(NamedTuple):
    """What one subscriber came to at one rate. `month` is that of the statement, or an earlier one of what was told late."""

    tenant_id: str
    number: int
    customer_id: str
    name: str
    month: date
    rate_bps: int
    base_minor: int
    commission_minor: int


class Sums(NamedTuple):
    """What lines come to: by rate (subscribers, base, commission), by kind of document the base, and what is of it late."""

    lines: int = 0
    base_minor: int = 0
    commission_minor: int = 0
    late_minor: int = 0
    rates: Mapping[int, tuple[int, int, int]] = {}
    kinds: Mapping[str, int] = {}

    def plus(self, other: "Sums") -> "Sums":
        nothing = (0, 0, 0)
        rates = {
            rate: tuple(
                a + b for a, b in zip(self.rates.get(rate, nothing), other.rates.get(rate, nothing), strict=True)
            )
            for rate in sorted({*self.rates, *other.rates})
        }
        kinds = {
            kind: self.kinds.get(kind, 0) + other.kinds.get(kind, 0) for kind in sorted({*self.kinds, *other.kinds})
        }
        return Sums(
            self.lines + other.lines,
            self.base_minor + other.base_minor,
            self.commission_minor + other.commission_minor,
            self.late_minor + other.late_minor,
            {rate: (one[0], one[1], one[2]) for rate, one in rates.items()},
            kinds,
        )


class Named(NamedTuple):
    """A subscriber as its statement names it."""

    tenant_id: str
    number: int
    customer_id: str
    name: str


def draw_up(who: Named, moved: Iterable[Moved], window: Window) -> tuple[list[CommissionLine], Sums]:
    """The lines of one subscriber, the late ones first, and what they come to.

    Each line is rounded for itself, half up, so that everybody can compute it again, and the sum is of the rounded.
    """
    bases: dict[tuple[date, int], int] = {}
    kinds: dict[str, int] = {}
    for one in moved:
        if window.counts(one):
            place = (one.month, one.rate_bps)
            bases[place] = bases.get(place, 0) + one.base_minor
            kinds[one.kind.value] = kinds.get(one.kind.value, 0) + one.base_minor
    lines = [
        CommissionLine(*who, month, rate, base, share_of(base, rate))
        for (month, rate), base in sorted(bases.items())
        if base
    ]
    return lines, _sums(lines, {kind: minor for kind, minor in kinds.items() if minor}, window.month)


def _sums(lines: Sequence[CommissionLine], kinds: Mapping[str, int], month: date) -> Sums:
    rates: dict[int, tuple[int, int, int]] = {}
    for line in lines:
        _, base, commission = rates.get(line.rate_bps, (0, 0, 0))
        rates[line.rate_bps] = (1, base + line.base_minor, commission + line.commission_minor)
    return Sums(
        len(lines),
        sum(line.base_minor for line in lines),
        sum(line.commission_minor for line in lines),
        sum(line.commission_minor for line in lines if line.month < month),
        rates,
        kinds,
    )


class Settled(NamedTuple):
    """What a month's commission comes to with what earlier ones left below zero: what is owed, and what is carried on."""

    accrued_minor: int
    carried_minor: int


def settle(commission_minor: int, carried_minor: int) -> Settled:
    """A sum below zero is not asked back: it lowers the next months. `carried_minor` is zero or less."""
    total = commission_minor + carried_minor
    return Settled(max(0, total), min(0, total))


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def last_day(month: date) -> date:
    return month.replace(day=days_in_month(month))


def following(month: date) -> date:
    """The month after."""
    return last_day(month) + timedelta(days=1)


def parse_month(text: str) -> date:
    """The month of a text like `2026-11`; `ValueError`."""
    if len(text) != 7 or text[4] != "-" or not (text[:4] + text[5:]).isascii() or not (text[:4] + text[5:]).isdigit():
        raise ValueError("must be a month written like 2026-11")
    year, month = int(text[:4]), int(text[5:])
    if not 2000 <= year <= 2199 or not 1 <= month <= 12:
        raise ValueError("must be a month written like 2026-11")
    return date(year, month, 1)


def month_text(month: date) -> str:
    return f"{month:%Y-%m}"
