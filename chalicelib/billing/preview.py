"""Preview: what an activation or an event would do at each level of the chain, to the unit, before it is done.

The days to come are computed twice by the rules that settle them, as things stand and with the act among the events. It is
as the funds, the tariffs and the events are known now; who recharges, connects or leaves meanwhile changes the figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from chalicelib.billing.advance import Step, step
from chalicelib.billing.ahead import uses_now
from chalicelib.billing.charging import charge_sheet, day_of_mark
from chalicelib.billing.columns import Columns, billable_positions
from chalicelib.billing.cut import find_cut
from chalicelib.billing.legs import Use
from chalicelib.billing.levels import Standing
from chalicelib.billing.outlook import Outlook
from chalicelib.billing.post import levels_of
from chalicelib.billing.preview_late import LateEffect, foresee_correction
from chalicelib.billing.preview_model import (
    Corrected,
    Figures,
    FundEffect,
    LevelEffect,
    NotCovered,
    Preview,
    Refused,
)
from chalicelib.billing.price_book import DayPrices, NotPricedError
from chalicelib.billing.projection import Projected, crowd_of, numbers_in, project
from chalicelib.billing.roster import day_sheet
from chalicelib.core.dates import days_between
from chalicelib.core.errors import Conflict, invalid_field
from chalicelib.core.proration import DayCount, Period, period_of
from chalicelib.crm.model import ServiceEvent
from chalicelib.funds.lend import with_loans
from chalicelib.funds.movements import name_short

MAX_AHEAD = timedelta(days=366)


@dataclass(frozen=True)
class Act:
    """What is to be done, as the events that would be filed; `refused` is what already speaks against it."""

    kind: str
    effective_on: date
    events: tuple[ServiceEvent, ...]
    refused: Refused | None = None


def preview(outlook: Outlook, act: Act, shown: int) -> Preview:
    """What the act does to the first `shown` levels of the chain, from the tenant's own edge upward.

    422 on a day more than a year ahead; 409 `plan-not-priced` when a day until the period's end could not be settled.
    """
    if act.effective_on > outlook.today + MAX_AHEAD:
        raise invalid_field("effective_on", "must lie within a year from today")
    if not outlook.book.buyers:
        return Preview(act.kind, act.effective_on, act.effective_on, (), act.refused)
    try:
        return _Foresight(outlook, act).preview(shown)
    except NotPricedError as error:
        raise Conflict("plan-not-priced", f"A day until the period's end cannot be settled: {error}.") from None


class _Foresight:
    """One preview while it is computed."""

    def __init__(self, outlook: Outlook, act: Act) -> None:
        self._outlook, self._act = outlook, act
        self._first = max(act.effective_on, outlook.first)
        self._prices: DayPrices = outlook.prices_on(self._first)
        self._late: LateEffect | None = foresee_correction(outlook, act.events)
        self._numbers = numbers_in(act.events)

    def preview(self, shown: int) -> Preview:
        act, outlook = self._act, self._outlook
        periods = [current_period(self._prices, level, self._first) for level in range(len(self._prices.edges))]
        last = max((period.last for period in periods[:shown]), default=self._first)
        recorded = outlook.read_events(last)
        with_act = _among(recorded, self._open_events())
        roster = self._late.roster if self._late else outlook.roster
        before = self._project(outlook.roster, recorded, last)
        after = self._project(roster, with_act, last)
        moved, funds = self._at_once(recorded, with_act, roster)
        parts = self._parts(after)
        levels = tuple(
            LevelEffect(
                buyer=outlook.book.buyers[level],
                seller=outlook.chain[-2 - level],
                terms=self._prices.edges[level],
                period=periods[level],
                now_minor=moved[level],
                charged_minor=sum(one[level].moved_minor + one[level].back_minor for one in parts),
                credited_minor=sum(one[level].back_minor for one in parts),
                first_day=figures(before, after, level, self._first, self._first) or Figures(0, 0),
                next_day=figures(before, after, level, *[self._first + timedelta(days=1)] * 2),
                total=figures(before, after, level, self._first, periods[level].last) or Figures(0, 0),
                corrected_minor=self._late.uses[level].gross_minor if self._late else 0,
                fund=funds[level],
            )
            for level in range(min(shown, len(periods)))
        )
        not_covered = self._not_covered(with_act, roster)
        return Preview(act.kind, act.effective_on, self._first, levels, act.refused, not_covered, self._corrected())

    def _open_events(self) -> list[ServiceEvent]:
        state = self._outlook.state
        return [one for one in self._act.events if state.last_day is None or one.effective_on > state.last_day]

    def _project(self, roster: Columns, events: Sequence[ServiceEvent], last: date) -> dict[date, Projected]:
        outlook = self._outlook
        apart = numbers_in(events) | self._numbers
        crowd = crowd_of(roster, apart, outlook.ahead.lines)
        days = list(days_between(outlook.first, last))
        return {one.day: one for one in project(crowd, events, outlook.prices_on, days, outlook.ahead)}

    def _parts(self, after: dict[date, Projected]) -> list[list[Step]]:
        """What the first day does to each of the act's own services, at every level; nothing of days that are settled."""
        if self._late or self._first not in after:
            return []
        sheet, prices = after[self._first].sheet, self._prices
        found = []
        for at, number in enumerate(sheet.numbers):
            if number not in self._numbers:
                continue
            code = sheet.plan_codes[sheet.plans[at]]
            paid = sheet.cover_of(at) or (None,) * len(prices.edges)
            periods = prices.periods.get(code, (0,) * len(prices.edges))
            was = day_of_mark(sheet.marks[at])
            found.append(
                [
                    step(one, edge, code, price, self._first, was)
                    for one, edge, price in zip(paid, prices.edges, periods, strict=True)
                ]
            )
        return found

    def _at_once(
        self, recorded: Sequence[ServiceEvent], with_act: Sequence[ServiceEvent], roster: Columns
    ) -> tuple[list[int], list[FundEffect | None]]:
        """What leaves each fund with the act itself, beside a correction; and the funds after both."""
        outlook = self._outlook
        standing, lent = self._standing, self._lent
        levels = standing.levels
        without = self._due(outlook.standing, outlook.roster, recorded)
        moved = self._due(standing, roster, with_act)
        loans, loans_without = standing.loans(moved), outlook.standing.loans(without)
        after = with_loans(levels.changes(moved), loans)
        after_without = with_loans(levels.changes(without), loans_without)
        funds: list[FundEffect | None] = []
        for level, (fund, corrected) in enumerate(zip(outlook.standing.funds, standing.funds, strict=True)):
            if fund is None or corrected is None:
                funds.append(None)
                continue
            balance = corrected.balance_minor + after[level] - after_without[level]
            funds.append(FundEffect(fund.balance_minor, balance, lent[level] + loans[level] - loans_without[level]))
        return [one.gross_minor - other.gross_minor for one, other in zip(moved, without, strict=True)], funds

    @property
    def _lent(self) -> tuple[int, ...]:
        """What a correction makes each level be lent."""
        standing, late = self._outlook.standing, self._late
        if late is None:
            return (0,) * len(standing.funds)
        return replace(standing, levels=late.levels).loans(late.uses)

    @property
    def _standing(self) -> Standing:
        """The money of the chain after the correction, if there is one."""
        standing, late = self._outlook.standing, self._late
        if late is None:
            return standing
        changes = with_loans(late.levels.changes(late.uses), self._lent)
        return replace(
            standing,
            funds=tuple(
                fund and replace(fund, balance_minor=fund.balance_minor + change)
                for fund, change in zip(standing.funds, changes, strict=True)
            ),
        )

    def _due(self, standing: Standing, roster: Columns, events: Sequence[ServiceEvent]) -> list[Use]:
        """What is charged at once of what today owes in advance."""
        outlook = self._outlook
        if not outlook.is_due:
            return [Use(0, 0)] * len(standing.funds)
        today = outlook.today
        prices = outlook.prices_on(today)
        sheet = day_sheet(roster, [event for event in events if event.effective_on <= today], today)
        charging = charge_sheet(sheet, prices, today, outlook.ahead.lines, is_early=True)
        cut = find_cut(charging.lines, charging.costs, levels_of(standing, charging, prices))
        return uses_now(charging, cut.count, prices, outlook.ahead)

    def _not_covered(self, events: Sequence[ServiceEvent], roster: Columns) -> NotCovered | None:
        """How many of the act's services the funds do not cover at the end of the first day, as they stand now."""
        outlook, day = self._outlook, self._first
        if day != outlook.first or self._act.refused:
            return None
        sheet = day_sheet(roster, [event for event in events if event.effective_on <= day], day)
        charging = charge_sheet(sheet, self._prices, day, outlook.ahead.lines)
        standing = self._standing
        cut = find_cut(charging.lines, charging.costs, levels_of(standing, charging, self._prices))
        behind = billable_positions(charging.sheet)[cut.count :]
        count = sum(charging.sheet.numbers[at] in self._numbers for at in behind)
        if cut.short is None or not count:
            return None
        return NotCovered(count, name_short([tenant.tenant_id for tenant in outlook.chain], cut.short))

    def _corrected(self) -> Corrected | None:
        if self._late is None:
            return None
        days = [change.day for change in self._late.changes]
        return Corrected(len(days), days[0], days[-1]) if days else None


def _among(recorded: Sequence[ServiceEvent], events: Sequence[ServiceEvent]) -> list[ServiceEvent]:
    """Events with new ones among them: of one day these are the last."""
    return sorted([*recorded, *events], key=lambda event: event.effective_on)


def current_period(prices: DayPrices, level: int, day: date) -> Period:
    """The period of that level's tariff that the day lies in; the month where nothing is charged."""
    edge = prices.edges[level]
    if edge is None:
        return period_of(day, DayCount.CALENDAR_MONTH)
    return period_of(day, edge.day_count, edge.month_starts_on, edge.months)


def figures(
    before: dict[date, Projected], after: dict[date, Projected], level: int, first: date, last: date
) -> Figures | None:
    """What that level pays from the one day to the other in both courses; None where they do not reach so far."""
    if last not in before:
        return None
    days = list(days_between(first, last))
    return Figures(
        sum(before[day].uses[level].gross_minor for day in days),
        sum(after[day].uses[level].gross_minor for day in days),
    )
