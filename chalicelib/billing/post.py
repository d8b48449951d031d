"""The post: the cut, and for every level its fund, its entries and its journal heads, in one transaction with the day."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.aws import clock, keys
from chalicelib.aws.tables import ConditionFailed, Operation, Put, write
from chalicelib.billing.charging import Ahead, Charging
from chalicelib.billing.columns import SUSPENDED, SUSPENDED_AND_DISABLED, Columns, billable_positions, paid_positions
from chalicelib.billing.cut import Cut, Level, find_cut, with_tax
from chalicelib.billing.legs import Use
from chalicelib.billing.levels import Levels, Standing
from chalicelib.billing.model import SUSPEND, Mark, SettledDay, State
from chalicelib.billing.price_book import DayPrices
from chalicelib.billing.rollup import subtree_of
from chalicelib.billing.roster import suspended_behind
from chalicelib.billing.state import change_state, read_days
from chalicelib.billing.store import StateRow, day_row, to_state
from chalicelib.core.errors import Unavailable
from chalicelib.core.money import share_of
from chalicelib.ledger.journal import Draft, Line
from chalicelib.tenants.hierarchy import children_ids
from chalicelib.tenants.model import Tenant

TRIES = 40


@dataclass(frozen=True)
class DayToPost:
    """A day whose sheet is kept, with what it costs, less what was charged `ahead` of its end."""

    chain: tuple[Tenant, ...]
    draft: SettledDay
    charging: Charging
    prices: DayPrices
    ahead: Ahead

    @property
    def levels(self) -> Levels:
        return Levels(tuple(reversed(self.chain[1:])), self.prices.terms.modes)


def post_day(day: DayToPost, now: datetime) -> SettledDay:
    """Post the day; if another worker did meanwhile, what it posted.

    A fund or a journal that moved since it was read makes the write fail as a whole: a new cut, and another try.
    """
    tenant = day.chain[-1]
    children = children_ids(tenant.tenant_id)
    below = read_days([(child, day.draft.day) for child in children]) if children else []
    for attempt in range(TRIES):
        (row,), standing = day.levels.read([(StateRow, keys.settlement_state(tenant.tenant_id))], now)
        state = to_state(tenant.tenant_id, row)
        if state.last_day is not None and state.last_day >= day.draft.day:
            posted = read_days([(tenant.tenant_id, day.draft.day)])[0]
            assert posted is not None, "a settled day has its record"
            return posted
        if state.pinned_through is None or state.pinned_through < day.draft.day:
            raise Unavailable("busy", "The day was opened again while it was being settled; it will be tried again.")
        settled, operations = _build(day, state, standing, [one for one in below if one is not None])
        try:
            write(*operations)
        except ConditionFailed:
            clock.back_off(attempt + 1)
            continue
        return settled
    raise Unavailable("busy", "The funds above this tenant are moving all the time; the day will be tried again.")


def _build(
    day: DayToPost, state: State, standing: Standing, below: list[SettledDay]
) -> tuple[SettledDay, list[Operation]]:
    charging, sheet, draft = day.charging, day.charging.sheet, day.draft
    cut = find_cut(charging.lines, charging.costs, levels_of(standing, charging, day.prices))
    whole = uses_of(charging, day.prices, cut.count, day.ahead)
    all_ = uses_of(charging, day.prices, len(charging.lines), day.ahead)
    uses = day.ahead.left_of(whole)
    run = f"{draft.tenant_id}/{draft.day}"

    def draft_of(_level: int, _is_sellers: bool, lines: tuple[Line, ...]) -> Draft:
        memo = f"Use of {draft.day} by the subscribers of {day.chain[-1].code}"
        return Draft("settlement", draft.day, draft.day, memo, lines, run=run)

    dates = [(draft.day, draft.day)] * len(uses)
    entry_id = standing.post(uses, draft_of, dates, f"Lent for {draft.day}", run)
    used = [
        use.earned_minor + share_of(use.earned_minor, bps) for use, bps in zip(uses, day.prices.tax_bps, strict=True)
    ]
    moves = standing.moves(uses, draft.day, used, _cheapest_connection(day))
    paid = tuple(use.gross_minor for use in whole)
    settled = replace(
        draft,
        charged=cut.count,
        suspended=len(charging.lines) - cut.count,
        paid_minor=paid,
        tax_minor=tuple(use.tax_minor for use in whole),
        earned_minor=tuple(use.earned_minor for use in whole),
        subtree_minor=subtree_of(paid, below),
        uncollected_minor=tuple(one.gross_minor - use.gross_minor for one, use in zip(all_, whole, strict=True)),
        short=cut.short,
        cut_at=_place(sheet, cut) if cut.short else None,
        entry_id=entry_id,
        covered=len(paid_positions(sheet)),
        counts=billed_by_plan(sheet, cut.count),
        ahead=day.ahead.count,
    )
    after = _state_after(state, day, cut, standing.posting.recorded_micros)
    return settled, [change_state(state, after), Put(day_row(settled)), *moves, *standing.posting.operations()]


def levels_of(standing: Standing, charging: Charging, prices: DayPrices) -> list[Level]:
    """Who has to cover the lines, with what they may spend and what the rest of the day costs them."""
    return [
        Level(buyer.tenant_id, fund.spendable_minor if fund else 0, bps, base, fund is not None)
        for buyer, fund, bps, base in zip(
            standing.levels.buyers, standing.funds, prices.tax_bps, charging.outright_moved_minor, strict=True
        )
    ]


def uses_of(charging: Charging, prices: DayPrices, count: int, ahead: Ahead) -> list[Use]:
    """What each level pays and uses on the day, with what it paid ahead, when the first `count` lines are charged.

    Tax is rounded once on the day's total.
    """
    moved, earned = charging.totals(count)
    return [
        Use(one + before.moved_minor, used, share_of(one + before.moved_minor, bps))
        for one, used, before, bps in zip(moved, earned, ahead.uses, prices.tax_bps, strict=True)
    ]


def billed_by_plan(sheet: Columns, count: int) -> dict[str, int]:
    """How many services of each plan were billed."""
    billed = Counter(sheet.plans[i] for i in (*billable_positions(sheet)[:count], *paid_positions(sheet)))
    return {code: billed[plan] for plan, code in enumerate(sheet.plan_codes) if billed[plan]}


def _place(sheet: Columns, cut: Cut) -> tuple[int, int]:
    """Where in charging order the first service behind the cut stands."""
    at = billable_positions(sheet)[cut.count]
    return sheet.starts[at], sheet.numbers[at]


def _cheapest_connection(day: DayToPost) -> int:
    """The least that a new connection would have cost the settling tenant on this day, with tax."""
    charges = [day.prices.first_charges(code, day.draft.day) for code in day.prices.by_plan]
    return min((with_tax(one[0], day.prices.tax_bps[0]) for one in charges if one), default=0)


def _state_after(state: State, day: DayToPost, cut: Cut, micros: int) -> State:
    sheet = day.charging.sheet
    suspended = len(suspended_behind(sheet, cut.count)) if cut.short else 0
    held = suspended + sheet.marks.count(SUSPENDED) + sheet.marks.count(SUSPENDED_AND_DISABLED)
    marks = (*state.marks, Mark(SUSPEND, day.draft.day, micros)) if suspended else state.marks
    return replace(state, last_day=day.draft.day, held=held, marks=marks, parked=None, resumed_minor=())
