"""What a day's sheet costs each level of the chain, line by line: pure.

Lines that cost the same are one outcome, so that a day of a hundred thousand services is a handful of them. A service
that was paid in advance and costs nothing today stands outside the order of the cut: nobody has to cover it. So does one
that ends or is suspended and brings money back, which is never refused (`domain.md`, funds).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from chalicelib.billing.advance import Cover, DayOfService, Step, cover_of, is_outside_the_cut, step
from chalicelib.billing.columns import (
    BILLABLE_THEN_GONE,
    ENDED,
    PAID,
    SUSPENDED,
    SUSPENDED_AND_DISABLED,
    SUSPENDED_THEN_ENDED,
    Columns,
    Covers,
    billable_positions,
)
from chalicelib.billing.legs import Use
from chalicelib.billing.model import Timing
from chalicelib.billing.price_book import DayPrices, NotPricedError

Amounts = tuple[int, ...]
"""One amount for each level, from the tenant's own edge upward."""


class Outcome(NamedTuple):
    """What a line moves and earns at each level when it is charged, and when it lies behind the cut."""

    moved_minor: Amounts
    earned_minor: Amounts
    spared_moved_minor: Amounts
    spared_earned_minor: Amounts


@dataclass(frozen=True)
class Ahead:
    """What was charged on a day before its end, in `count` writes: by service number without tax, and by level with it."""

    count: int
    lines: Mapping[int, Amounts]
    uses: tuple[Use, ...]

    def left_of(self, whole: Sequence[Use]) -> list[Use]:
        """What is left of a day's use."""
        return [
            Use(all_.moved_minor - done.moved_minor, all_.earned_minor, all_.tax_minor - done.tax_minor)
            for all_, done in zip(whole, self.uses, strict=True)
        ]


def nothing_ahead(levels: int) -> Ahead:
    return Ahead(0, {}, (Use(0, 0),) * levels)


@dataclass(frozen=True)
class Charging:
    """A sheet with what it costs: `lines` names the outcome of each service in the order of the cut; `outright` is what
    all the others move and earn together, and `outright_lines` (service number, outcome) those of them that move money."""

    sheet: Columns
    outcomes: Sequence[Outcome]
    lines: Sequence[int]
    outright_moved_minor: Amounts
    outright_earned_minor: Amounts
    outright_lines: Sequence[tuple[int, int]] = ()

    @property
    def costs(self) -> list[Amounts]:
        """What a charged line of each outcome moves."""
        return [outcome.moved_minor for outcome in self.outcomes]

    def moved_by_service(self, cut: int) -> dict[int, Amounts]:
        """What the first `cut` lines, and those outside their order, move: by service number, where it is anything."""
        billable = billable_positions(self.sheet)[:cut]
        moved = {
            self.sheet.numbers[at]: self.outcomes[line].moved_minor
            for at, line in zip(billable, self.lines, strict=False)
        }
        return moved | {number: self.outcomes[line].moved_minor for number, line in self.outright_lines}

    def totals(self, cut: int) -> tuple[list[int], list[int]]:
        """What moves and what is earned at each level when the first `cut` lines are charged."""
        moved, earned = list(self.outright_moved_minor), list(self.outright_earned_minor)
        for number, count in Counter(self.lines[:cut]).items():
            _add(moved, self.outcomes[number].moved_minor, count)
            _add(earned, self.outcomes[number].earned_minor, count)
        for number, count in Counter(self.lines[cut:]).items():
            _add(moved, self.outcomes[number].spared_moved_minor, count)
            _add(earned, self.outcomes[number].spared_earned_minor, count)
        return moved, earned


def _add(totals: list[int], amounts: Amounts, count: int = 1) -> None:
    for level, amount in enumerate(amounts):
        totals[level] += count * amount


def price_table(sheet: Columns, prices: DayPrices, plans: Sequence[int]) -> list[Amounts]:
    """What a day of each of the sheet's plans costs each level; `NotPricedError` when one of `plans` has no price."""
    nothing = tuple(0 for _ in prices.levels)
    table = [prices.by_plan.get(code, nothing) for code in sheet.plan_codes]
    missing = {sheet.plan_codes[plan] for plan in set(plans)} - prices.by_plan.keys()
    if missing and prices.levels:
        raise NotPricedError(f"no price for {', '.join(sorted(missing))}")
    return table


def charge_sheet(
    sheet: Columns, prices: DayPrices, day: date, ahead: Mapping[int, Amounts] | None = None, *, is_early: bool = False
) -> Charging:
    """The sheet with its covers and its costs on that day.

    `ahead` is what was moved already today, by service number. Before the day's end (`is_early`) only what is paid in
    advance, or comes back of it, counts. `NotPricedError` for a billable plan without a price.
    """
    billable = billable_positions(sheet)
    plans = [sheet.plans[i] for i in billable]
    table = price_table(sheet, prices, plans)
    if sheet.covers is None and not ahead and not any(e and e.timing is Timing.ADVANCE for e in prices.edges):
        nothing = tuple(0 for _ in prices.levels)
        return Charging(sheet, [Outcome(one, one, nothing, nothing) for one in table], plans, nothing, nothing)
    return _Lines(sheet, prices, day, ahead or {}, is_early).charging()


def day_of_mark(mark: int) -> DayOfService:
    """What a mark of a sheet that is not charged yet says of the service's day."""
    return DayOfService(
        mark <= BILLABLE_THEN_GONE,
        mark in (SUSPENDED, SUSPENDED_AND_DISABLED, SUSPENDED_THEN_ENDED),
        mark in (BILLABLE_THEN_GONE, ENDED, SUSPENDED_THEN_ENDED),
    )


class _Lines:
    """The lines of a sheet while they are sorted into outcomes."""

    def __init__(
        self, sheet: Columns, prices: DayPrices, day: date, ahead: Mapping[int, Amounts], is_early: bool
    ) -> None:
        self._is_early = is_early
        self._sheet, self._prices, self._day, self._ahead = sheet, prices, day, ahead
        self._levels = len(prices.levels)
        self._nothing: Amounts = (0,) * self._levels
        self._table: list[Cover] = [()]
        self._places: dict[Cover, int] = {(): 0}
        self._known: dict[object, tuple[int, int, int, bool]] = {}
        self._outcomes: list[Outcome] = []

    def charging(self) -> Charging:
        sheet = self._sheet
        marks, lines, outright = bytearray(sheet.marks), [], []
        before, after = [0] * len(sheet), [0] * len(sheet)
        moved, earned = list(self._nothing), list(self._nothing)
        old = sheet.covers.before if sheet.covers else None
        for at, (number, plan, mark) in enumerate(zip(sheet.numbers, sheet.plans, sheet.marks, strict=True)):
            key = (plan, mark, old[at] if old else 0, self._ahead.get(number))
            if key not in self._known:
                self._known[key] = self._sort(at, key[3])
            outcome, before[at], after[at], is_in_line = self._known[key]
            if is_in_line:
                lines.append(outcome)
                continue
            if any(self._outcomes[outcome].moved_minor):
                outright.append((number, outcome))
            _add(moved, self._outcomes[outcome].moved_minor)
            _add(earned, self._outcomes[outcome].earned_minor)
            if mark <= BILLABLE_THEN_GONE:
                marks[at] = PAID + mark
        covers = Covers(self._day.toordinal(), tuple(self._table), before, after)
        priced = replace(sheet, marks=marks, covers=covers if len(self._table) > 1 else None)
        return Charging(priced, self._outcomes, lines, tuple(moved), tuple(earned), outright)

    def _sort(self, at: int, ahead: Amounts | None) -> tuple[int, int, int, bool]:
        """The number of the outcome of a line, its covers, and whether it stands in the order of the cut."""
        cover = self._sheet.cover_of(at)
        was = day_of_mark(self._sheet.marks[at])
        is_billed, ends = was.billed, was.ends
        charged = self._steps(at, cover, was)
        spared = self._steps(at, cover, DayOfService(False, True, ends))
        done = ahead or self._nothing
        moved = tuple(one.moved_minor - before for one, before in zip(charged, done, strict=True))
        if self._is_early:
            early = self._early_part(moved, cover) if is_billed or ends else self._nothing
            outcome = Outcome(early, self._nothing, self._nothing, self._nothing)
            is_in_line = max(early, default=0) > 0
        else:
            outcome = Outcome(
                moved,
                tuple(one.earned_minor for one in charged),
                tuple(one.moved_minor - before for one, before in zip(spared, done, strict=True)),
                tuple(one.earned_minor for one in spared),
            )
            is_in_line = is_billed and not (
                is_outside_the_cut(cover, moved) or (ahead is not None and max(moved, default=0) <= 0)
            )
        self._outcomes.append(outcome)
        after = cover_of([one.paid for one in charged])
        return len(self._outcomes) - 1, self._place(cover), self._place(after), is_in_line

    def _early_part(self, moved: Amounts, cover: Cover) -> Amounts:
        paid = cover or (None,) * self._levels
        return tuple(
            amount if before is not None or (edge is not None and edge.timing is Timing.ADVANCE) else 0
            for amount, before, edge in zip(moved, paid, self._prices.edges, strict=True)
        )

    def _steps(self, at: int, cover: Cover, was: DayOfService) -> list[Step]:
        code = self._sheet.plan_codes[self._sheet.plans[at]]
        periods = self._prices.periods.get(code, self._nothing)
        paid = cover or (None,) * self._levels
        return [
            step(one, edge, code, price, self._day, was)
            for one, edge, price in zip(paid, self._prices.edges, periods, strict=True)
        ]

    def _place(self, cover: Cover) -> int:
        if cover not in self._places:
            self._places[cover] = len(self._table)
            self._table.append(cover)
        return self._places[cover]
