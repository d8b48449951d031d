"""A correction as the rules see it: what was believed of posted days, what is known now, and the difference. Pure.

A late fact changes nothing that is posted. The days that it changes are computed by what the books say by now and by
what is known now; a correction posts the one back and the other anew, at every level of the chain (`domain.md`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from chalicelib.billing.charging import Amounts
from chalicelib.billing.legs import Use, level_lines
from chalicelib.billing.model import State
from chalicelib.billing.service_days import ServiceDay
from chalicelib.core.money import share_of
from chalicelib.crm.model import EventKind
from chalicelib.ledger.journal import ByDay, Line

KIND = "correction"
"""What the entries of corrections are."""


class LateFact(NamedTuple):
    """A fact that was recorded for days that were pinned already; `number` counts them in one tenant."""

    number: int
    kind: EventKind
    effective_on: date
    service_number: int
    subscriber_number: int
    recorded_micros: int


class ServiceChange(NamedTuple):
    """One day of one service: as the books had it, and as it is known."""

    day: date
    service_number: int
    subscriber_number: int
    believed: ServiceDay
    known: ServiceDay


class Totals(NamedTuple):
    """What days of services moved and earned at every level, without tax."""

    moved_minor: Amounts
    earned_minor: Amounts


class DayChange(NamedTuple):
    """What a correction does to one day: totals over the services that it changes; what the day's tax changes by at each
    level; and by how many more (or fewer) services of each plan were billed."""

    day: date
    believed: Totals
    known: Totals
    tax_minor: Amounts
    counts: tuple[tuple[str, int], ...]

    def use(self, level: int) -> Use:
        """What the day changes by at a level."""
        return Use(
            self.known.moved_minor[level] - self.believed.moved_minor[level],
            self.known.earned_minor[level] - self.believed.earned_minor[level],
            self.tax_minor[level],
        )

    def back(self, level: int) -> Use:
        """What was believed, taken back."""
        moved, earned = self.believed.moved_minor[level], self.believed.earned_minor[level]
        return Use(-moved, -earned, min(0, self.tax_minor[level]))

    def anew(self, level: int) -> Use:
        """What is known, posted anew."""
        moved, earned = self.known.moved_minor[level], self.known.earned_minor[level]
        return Use(moved, earned, max(0, self.tax_minor[level]))


class Sides(NamedTuple):
    """The lines of one level in the seller's book and in the buyer's, with what each day is of them; the first day."""

    service_on: date
    sold: tuple[Line, ...]
    bought: tuple[Line, ...]
    sold_by_day: ByDay
    bought_by_day: ByDay


@dataclass(frozen=True)
class Correction:
    """A posted correction of one tenant's days: of the late facts from `since` to `number`, or of a late tariff.

    `changes` and `services` are the days that it changes, from `first` on; the sheets through `through` do not know all
    of its facts. By level from the tenant upward: the buyers' ids, how each paid when it was posted (`modes`), the
    entries in seller's and buyer's book (empty where nothing changed), and what each fund was lent. `versions` are the
    tariffs that its days were computed by, from each of these days on; `tariff` names the version where it is a late one:
    then `versions` are those that it replaced, and `below` are whose days it corrects.
    """

    tenant_id: str
    number: int
    since: int
    first: date
    through: date
    posted_micros: int
    effective_on: date
    levels: tuple[str, ...]
    modes: tuple[str, ...]
    facts: tuple[LateFact, ...]
    changes: tuple[DayChange, ...]
    services: tuple[ServiceChange, ...]
    entries: tuple[tuple[str, str], ...]
    loans_minor: tuple[int, ...]
    versions: "Versions" = ()
    tariff: str | None = None
    below: "tuple[Below, ...]" = ()

    @property
    def correction_id(self) -> str:
        return correction_id(self.tenant_id, self.number)

    def total_minor(self, level: int) -> int:
        """What it makes a level pay, with tax; below zero where money comes back."""
        return total_use(self.changes, level).gross_minor


class Below(NamedTuple):
    """A tenant whose days a late tariff corrects, with how far its days were settled and corrected then."""

    tenant_id: str
    corrected: int
    last_day: date


Versions = tuple[tuple[date, tuple[str, ...]], ...]


def correction_id(tenant_id: str, number: int) -> str:
    return f"{tenant_id}.c{number}"


def run_of(tenant_id: str, number: int) -> str:
    """How the entries of a correction name it."""
    return f"{tenant_id}/correction/{number}"


def correctable(state: State) -> int:
    """Through which late fact the days are all posted: what was recorded since the pin of a day waits for its post."""
    if state.pinned_through == state.last_day:
        return state.late
    return min(state.late, max(state.terms.late, state.corrected))


def service_changes(
    service_number: int,
    subscriber_number: int,
    believed: Mapping[date, ServiceDay],
    known: Mapping[date, ServiceDay],
) -> list[ServiceChange]:
    """The days on which both differ, in order."""
    return [
        ServiceChange(day, service_number, subscriber_number, believed[day], known[day])
        for day in sorted(known)
        if believed[day] != known[day]
    ]


def day_changes(changes: Iterable[ServiceChange], levels: int, tax_of: "TaxOf") -> tuple[DayChange, ...]:
    """Services' changes by day. `tax_of` tells what more moved money does to a level's tax of a day."""
    by_day: dict[date, list[ServiceChange]] = {}
    for change in changes:
        by_day.setdefault(change.day, []).append(change)
    return tuple(_day_change(day, by_day[day], levels, tax_of) for day in sorted(by_day))


def _day_change(day: date, changes: Sequence[ServiceChange], levels: int, tax_of: "TaxOf") -> DayChange:
    believed = _total([change.believed for change in changes], levels)
    known = _total([change.known for change in changes], levels)
    counts: Counter[str] = Counter()
    for change in changes:
        counts[change.known.plan] += change.known.is_billed
        counts[change.believed.plan] -= change.believed.is_billed
    tax = tuple(
        tax_of.change(day, level, known.moved_minor[level] - believed.moved_minor[level]) for level in range(levels)
    )
    return DayChange(day, believed, known, tax, tuple(sorted((plan, n) for plan, n in counts.items() if n)))


def _total(days: Sequence[ServiceDay], levels: int) -> Totals:
    return Totals(
        tuple(sum(day.moved_minor[level] for day in days) for level in range(levels)),
        tuple(sum(day.earned_minor[level] for day in days) for level in range(levels)),
    )


@dataclass(frozen=True)
class TaxOf:
    """The tax of posted days: it is rounded once for the total of a day and level, so that what a change does to it
    depends on that total. `posted_minor` is the total without tax that is posted by now, by day and level."""

    rates_bps: Mapping[date, Sequence[int]]
    posted_minor: Mapping[date, Sequence[int]]

    def change(self, day: date, level: int, more_minor: int) -> int:
        """By how much the tax of that day and level changes when so much more has moved."""
        rate = self.rates_bps[day][level]
        if not rate or not more_minor:
            return 0
        before = self.posted_minor[day][level]
        return share_of(before + more_minor, rate) - share_of(before, rate)


def total_use(changes: Sequence[DayChange], level: int) -> Use:
    """What all days change by at a level."""
    uses = [change.use(level) for change in changes]
    return Use(
        sum(use.moved_minor for use in uses),
        sum(use.earned_minor for use in uses),
        sum(use.tax_minor for use in uses),
    )


def level_sides(changes: Sequence[DayChange], level: int, mode: str, seller_id: str, buyer_id: str) -> Sides | None:
    """What one level posts: what was believed back, and what is known anew; None where nothing changes there."""
    met = [change for change in changes if any(change.use(level))]
    if not met:
        return None
    backs = [level_lines(change.back(level), mode, seller_id, buyer_id) for change in met]
    anews = [level_lines(change.anew(level), mode, seller_id, buyer_id) for change in met]
    days = [(change.day, level_lines(change.use(level), mode, seller_id, buyer_id)) for change in met]
    return Sides(
        met[0].day,
        (*_summed(one[0] for one in backs), *_summed(one[0] for one in anews)),
        (*_summed(one[1] for one in backs), *_summed(one[1] for one in anews)),
        _by_day([(day, lines[0]) for day, lines in days]),
        _by_day([(day, lines[1]) for day, lines in days]),
    )


def _summed(days: Iterable[Sequence[Line]]) -> tuple[Line, ...]:
    """The lines of several days as one for each account and side: what goes up and down again is told as both."""
    sums: dict[tuple[str, bool], Line] = {}
    for line in (line for lines in days for line in lines):
        side = (line.account, line.debit_minor > 0)
        before = sums.get(side, Line(line.account, 0, 0, line.counterparty))
        sums[side] = before._replace(
            debit_minor=before.debit_minor + line.debit_minor, credit_minor=before.credit_minor + line.credit_minor
        )
    return tuple(sums.values())


def _by_day(days: Sequence[tuple[date, Sequence[Line]]]) -> ByDay:
    """What each day is of an entry; nothing where it is about a single day, which the entry says itself."""
    if len(days) == 1:
        return ()
    return tuple(
        (day, tuple(sorted((line.account, line.debit_minor - line.credit_minor) for line in lines)))
        for day, lines in days
    )
