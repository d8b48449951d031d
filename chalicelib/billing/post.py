"""The post: the cut, and for every level its fund, its entries and its journal heads, in one transaction with the day."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.aws import clock, keys
from chalicelib.aws.tables import ConditionFailed, Operation, Put, Update, read_many, write
from chalicelib.billing.cut import Cut, Level, find_cut, level_totals, with_tax
from chalicelib.billing.model import SUSPEND, Mark, SettledDay, State
from chalicelib.billing.rollup import subtree_of
from chalicelib.billing.roster import SUSPENDED, SUSPENDED_AND_DISABLED, Columns, billable_positions, suspended_behind
from chalicelib.billing.state import change_state, read_days
from chalicelib.billing.store import StateRow, day_row, to_state
from chalicelib.billing.tariffs import DayPrices
from chalicelib.core.errors import Unavailable
from chalicelib.core.money import share_of
from chalicelib.funds.model import Fund
from chalicelib.funds.store import FundRow, move_fund, to_fund
from chalicelib.ledger.chart import (
    BANDWIDTH_COST,
    FUND_WITH_PARENT,
    FUNDS_HELD,
    INPUT_TAX,
    TAX_PAYABLE,
    WHOLESALE_REVENUE,
)
from chalicelib.ledger.journal import GENERAL, Draft, Line, child_journal, credit, debit
from chalicelib.ledger.post import Posting, head_reads
from chalicelib.tenants.hierarchy import children_ids
from chalicelib.tenants.model import Tenant

TRIES = 40


@dataclass(frozen=True)
class DayToPost:
    """A day whose sheet is kept: `plans` is each billable line's plan, `table[plan][level]` its price."""

    chain: tuple[Tenant, ...]
    draft: SettledDay
    sheet: Columns
    plans: list[int]
    table: Sequence[tuple[int, ...]]
    prices: DayPrices

    @property
    def buyers(self) -> list[Tenant]:
        """Who pays, from the tenant upward; the last one pays the operator."""
        return list(reversed(self.chain[1:]))


@dataclass(frozen=True)
class _Charge:
    """What the charged lines cost each level: without tax, and the tax."""

    net_minor: list[int]
    tax_minor: list[int]

    @property
    def gross_minor(self) -> list[int]:
        return [net + tax for net, tax in zip(self.net_minor, self.tax_minor, strict=True)]


def post_day(day: DayToPost, now: datetime) -> SettledDay:
    """Post the day; if another worker did meanwhile, what it posted.

    A fund or a journal that moved since it was read makes the write fail as a whole: a new cut, and another try.
    """
    tenant = day.chain[-1]
    children = children_ids(tenant.tenant_id)
    below = read_days([(child, day.draft.day) for child in children]) if children else []
    for attempt in range(TRIES):
        state, funds, posting = _read(day, now)
        if state.last_day is not None and state.last_day >= day.draft.day:
            posted = read_days([(tenant.tenant_id, day.draft.day)])[0]
            assert posted is not None, "a settled day has its record"
            return posted
        if state.pinned_through is None or state.pinned_through < day.draft.day:
            raise Unavailable("busy", "The day was opened again while it was being settled; it will be tried again.")
        settled, operations = _build(day, state, funds, posting, [one for one in below if one is not None])
        try:
            write(*operations)
        except ConditionFailed:
            clock.back_off(attempt + 1)
            continue
        return settled
    raise Unavailable("busy", "The funds above this tenant are moving all the time; the day will be tried again.")


def _read(day: DayToPost, now: datetime) -> tuple[State, list[Fund], Posting]:
    """Everything the post depends on, in one request."""
    tenant = day.chain[-1]
    journals = []
    for buyer in day.buyers:
        journals += [(buyer.parent_id or "", child_journal(buyer.tenant_id)), (buyer.tenant_id, GENERAL)]
    fund_keys = [(FundRow, keys.fund(buyer.tenant_id)) for buyer in day.buyers]
    rows = read_many([(StateRow, keys.settlement_state(tenant.tenant_id)), *fund_keys, *head_reads(journals)])
    funds = [to_fund(row) for row in rows[1 : 1 + len(fund_keys)]]
    moved = max((fund.moved_micros for fund in funds), default=0)
    return to_state(tenant.tenant_id, rows[0]), funds, Posting(journals, rows[1 + len(fund_keys) :], now, moved)


def _build(
    day: DayToPost, state: State, funds: list[Fund], posting: Posting, below: list[SettledDay]
) -> tuple[SettledDay, list[Operation]]:
    levels = [
        Level(fund.tenant_id, fund.spendable_minor, bps) for fund, bps in zip(funds, day.prices.tax_bps, strict=True)
    ]
    cut = find_cut(day.plans, day.table, levels)
    charge = _charge(day, cut.count)
    uncollected = _uncollected(day, charge)
    entry_id = _post_entries(day, charge, funds, posting)
    paid = tuple(charge.gross_minor)
    settled = replace(
        day.draft,
        charged=cut.count,
        suspended=len(day.plans) - cut.count,
        paid_minor=paid,
        tax_minor=tuple(charge.tax_minor),
        subtree_minor=subtree_of(paid, below),
        uncollected_minor=uncollected,
        short=cut.short,
        cut_at=_place(day.sheet, cut) if cut.short else None,
        entry_id=entry_id,
    )
    moves = _move_funds(day, charge, funds, posting.recorded_micros)
    after = _state_after(state, day, cut, posting.recorded_micros)
    return settled, [change_state(state, after), Put(day_row(settled)), *moves, *posting.operations()]


def _uncollected(day: DayToPost, charge: _Charge) -> tuple[int, ...]:
    """What the lines behind the cut would have cost each level beside those before it, with tax."""
    whole = _charge(day, len(day.plans)).gross_minor
    return tuple(all_ - paid for all_, paid in zip(whole, charge.gross_minor, strict=True))


def _place(sheet: Columns, cut: Cut) -> tuple[int, int]:
    """Where in charging order the first service behind the cut stands."""
    at = billable_positions(sheet)[cut.count]
    return sheet.starts[at], sheet.numbers[at]


def _charge(day: DayToPost, count: int) -> _Charge:
    net = level_totals(day.plans[:count], day.table, len(day.prices.levels))
    return _Charge(net, [share_of(total, bps) for total, bps in zip(net, day.prices.tax_bps, strict=True)])


def _move_funds(day: DayToPost, charge: _Charge, funds: list[Fund], micros: int) -> list[Update]:
    """Each fund pays its seller and is paid by the level below; one that does not move is left alone."""
    moves = []
    earned = 0
    for level, (fund, paid) in enumerate(zip(funds, charge.gross_minor, strict=True)):
        if paid or earned:
            cheapest = _cheapest_connection(day) if level == 0 else None
            use = (day.draft.day, paid - earned)
            moves.append(move_fund(fund, earned - paid, micros, use=use, first_charge_minor=cheapest))
        earned = paid
    return moves


def _cheapest_connection(day: DayToPost) -> int:
    """The least that a new connection would have cost the settling tenant on this day, with tax."""
    return min(with_tax(prices[0], day.prices.tax_bps[0]) for prices in day.prices.by_plan.values())


def _post_entries(day: DayToPost, charge: _Charge, funds: list[Fund], posting: Posting) -> str | None:
    """The two entries of every level that paid something; returns the id of the settling tenant's own."""
    balances = {fund.tenant_id: fund.balance_minor for fund in funds}
    own: str | None = None
    for level, (buyer, net, tax) in enumerate(zip(day.buyers, charge.net_minor, charge.tax_minor, strict=True)):
        if net + tax == 0:
            continue
        seller_id = buyer.parent_id or ""
        sold = [debit(FUNDS_HELD, net + tax, buyer.tenant_id), credit(WHOLESALE_REVENUE, net, buyer.tenant_id)]
        bought = [debit(BANDWIDTH_COST, net, seller_id)]
        if tax:
            sold.append(credit(TAX_PAYABLE, tax, buyer.tenant_id))
            bought.append(debit(INPUT_TAX, tax, seller_id))
        bought.append(credit(FUND_WITH_PARENT, net + tax, seller_id))
        if seller_id in balances:
            balances[seller_id] += net + tax
        entry = _draft(day, tuple(sold))
        posting.add(seller_id, child_journal(buyer.tenant_id), entry, balances.get(seller_id))
        balances[buyer.tenant_id] -= net + tax
        posted = posting.add(buyer.tenant_id, GENERAL, _draft(day, tuple(bought)), balances[buyer.tenant_id])
        if level == 0:
            own = posted.entry_id
    return own


def _draft(day: DayToPost, lines: tuple[Line, ...]) -> Draft:
    settled = day.draft
    return Draft(
        kind="settlement",
        effective_on=settled.day,
        service_on=settled.day,
        memo=f"Use of {settled.day} by the subscribers of {day.chain[-1].code}",
        lines=lines,
        run=f"{settled.tenant_id}/{settled.day}",
    )


def _state_after(state: State, day: DayToPost, cut: Cut, micros: int) -> State:
    suspended = len(suspended_behind(day.sheet, cut.count)) if cut.short else 0
    held = suspended + day.sheet.marks.count(SUSPENDED) + day.sheet.marks.count(SUSPENDED_AND_DISABLED)
    marks = (*state.marks, Mark(SUSPEND, day.draft.day, micros)) if suspended else state.marks
    return replace(state, last_day=day.draft.day, held=held, marks=marks, parked=None, resumed_minor=())
