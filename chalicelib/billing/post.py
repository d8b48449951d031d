"""The post: the cut, and for every level its fund, its entries and its journal heads, in one transaction with the day."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.aws import clock, keys
from chalicelib.aws.tables import ConditionFailed, Operation, Put, Update, read_many, write
from chalicelib.billing.charging import Charging
from chalicelib.billing.cut import Cut, Level, find_cut, with_tax
from chalicelib.billing.legs import Use, level_lines
from chalicelib.billing.model import SUSPEND, Mark, SettledDay, State
from chalicelib.billing.rollup import subtree_of
from chalicelib.billing.roster import (
    SUSPENDED,
    SUSPENDED_AND_DISABLED,
    Columns,
    billable_positions,
    paid_positions,
    suspended_behind,
)
from chalicelib.billing.state import change_state, read_days
from chalicelib.billing.store import StateRow, day_row, to_state
from chalicelib.billing.tariffs import DayPrices
from chalicelib.core.errors import Unavailable
from chalicelib.core.money import share_of
from chalicelib.funds.lend import lend_shortfalls, post_loan, with_loans
from chalicelib.funds.model import Fund
from chalicelib.funds.store import FundRow, move_fund, to_fund
from chalicelib.ledger.journal import GENERAL, Draft, Line, child_journal
from chalicelib.ledger.post import Posting, head_reads
from chalicelib.tenants.hierarchy import children_ids
from chalicelib.tenants.model import Mode, Tenant

TRIES = 40


@dataclass(frozen=True)
class DayToPost:
    """A day whose sheet is kept, with what it costs."""

    chain: tuple[Tenant, ...]
    draft: SettledDay
    charging: Charging
    prices: DayPrices

    @property
    def buyers(self) -> list[Tenant]:
        """Who pays, from the tenant upward; the last one pays the operator."""
        return list(reversed(self.chain[1:]))


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


def _read(day: DayToPost, now: datetime) -> tuple[State, list[Fund | None], Posting]:
    """Everything the post depends on, in one request: the state, the fund of each buyer that has one, the journals."""
    tenant = day.chain[-1]
    journals = []
    for buyer, mode in zip(day.buyers, day.prices.terms.modes, strict=True):
        if mode != Mode.PERCENTAGE:
            journals += [(buyer.parent_id or "", child_journal(buyer.tenant_id)), (buyer.tenant_id, GENERAL)]
    funded = [buyer for buyer, is_funded in zip(day.buyers, day.prices.funded, strict=True) if is_funded]
    fund_keys = [(FundRow, keys.fund(buyer.tenant_id)) for buyer in funded]
    rows = read_many([(StateRow, keys.settlement_state(tenant.tenant_id)), *fund_keys, *head_reads(journals)])
    funds = {fund.tenant_id: fund for fund in map(to_fund, rows[1 : 1 + len(fund_keys)])}
    moved = max((fund.moved_micros for fund in funds.values()), default=0)
    by_level = [funds.get(buyer.tenant_id) for buyer in day.buyers]
    return to_state(tenant.tenant_id, rows[0]), by_level, Posting(journals, rows[1 + len(fund_keys) :], now, moved)


def _build(
    day: DayToPost, state: State, funds: list[Fund | None], posting: Posting, below: list[SettledDay]
) -> tuple[SettledDay, list[Operation]]:
    cut = find_cut(day.charging.lines, day.charging.costs, _levels(day, funds))
    uses = uses_of(day.charging, day.prices, cut.count)
    loans = lend_shortfalls(funds, _changes(day, uses))
    entry_id = _post_entries(day, uses, funds, loans, posting)
    paid = tuple(use.gross_minor for use in uses)
    sheet = day.charging.sheet
    settled = replace(
        day.draft,
        charged=cut.count,
        suspended=len(day.charging.lines) - cut.count,
        paid_minor=paid,
        tax_minor=tuple(use.tax_minor for use in uses),
        earned_minor=tuple(use.earned_minor for use in uses),
        subtree_minor=subtree_of(paid, below),
        uncollected_minor=_uncollected(day, uses),
        short=cut.short,
        cut_at=_place(sheet, cut) if cut.short else None,
        entry_id=entry_id,
        covered=len(paid_positions(sheet)),
        counts=billed_by_plan(sheet, cut.count),
    )
    moves = _move_funds(day, uses, funds, loans, posting.recorded_micros)
    after = _state_after(state, day, cut, posting.recorded_micros)
    return settled, [change_state(state, after), Put(day_row(settled)), *moves, *posting.operations()]


def _levels(day: DayToPost, funds: Sequence[Fund | None]) -> list[Level]:
    return [
        Level(buyer.tenant_id, fund.spendable_minor if fund else 0, bps, base, fund is not None)
        for buyer, fund, bps, base in zip(
            day.buyers, funds, day.prices.tax_bps, day.charging.outright_moved_minor, strict=True
        )
    ]


def uses_of(charging: Charging, prices: DayPrices, count: int) -> list[Use]:
    """What each level pays and uses when the first `count` lines are charged; tax is rounded once on the total."""
    moved, earned = charging.totals(count)
    return [Use(one, used, share_of(one, bps)) for one, used, bps in zip(moved, earned, prices.tax_bps, strict=True)]


def _changes(day: DayToPost, uses: Sequence[Use]) -> list[int]:
    """What happens to each level's fund: it pays its seller, and is paid by the level below where that has a fund."""
    changes = []
    gained = 0
    for use, is_funded in zip(uses, day.prices.funded, strict=True):
        changes.append(gained - use.gross_minor if is_funded else 0)
        gained = use.gross_minor if is_funded else 0
    return changes


def _uncollected(day: DayToPost, uses: Sequence[Use]) -> tuple[int, ...]:
    """What the lines behind the cut would have cost each level beside those before it, with tax."""
    whole = uses_of(day.charging, day.prices, len(day.charging.lines))
    return tuple(all_.gross_minor - paid.gross_minor for all_, paid in zip(whole, uses, strict=True))


def billed_by_plan(sheet: Columns, count: int) -> dict[str, int]:
    """How many services of each plan were billed."""
    billed = Counter(sheet.plans[i] for i in (*billable_positions(sheet)[:count], *paid_positions(sheet)))
    return {code: billed[plan] for plan, code in enumerate(sheet.plan_codes) if billed[plan]}


def _place(sheet: Columns, cut: Cut) -> tuple[int, int]:
    """Where in charging order the first service behind the cut stands."""
    at = billable_positions(sheet)[cut.count]
    return sheet.starts[at], sheet.numbers[at]


def _move_funds(
    day: DayToPost, uses: Sequence[Use], funds: Sequence[Fund | None], loans: Sequence[int], micros: int
) -> list[Update]:
    """Each fund's change with its loan and that of the level below; one that nothing happens to is left alone."""
    moves = []
    gained = 0
    changes = with_loans(_changes(day, uses), loans)
    for level, (fund, use, change, loan) in enumerate(zip(funds, uses, changes, loans, strict=True)):
        used = use.earned_minor + share_of(use.earned_minor, day.prices.tax_bps[level])
        if fund is not None and (use.gross_minor or used or change or gained or loan):
            moves.append(
                move_fund(
                    fund,
                    change,
                    micros,
                    use=(day.draft.day, used - gained),
                    debt_minor=fund.debt_minor + loan if loan else None,
                    first_charge_minor=_cheapest_connection(day) if level == 0 else None,
                )
            )
        gained = used if fund is not None else 0
    return moves


def _cheapest_connection(day: DayToPost) -> int:
    """The least that a new connection would have cost the settling tenant on this day, with tax."""
    charges = [day.prices.first_charges(code, day.draft.day) for code in day.prices.by_plan]
    return min((with_tax(one[0], day.prices.tax_bps[0]) for one in charges if one), default=0)


def _post_entries(
    day: DayToPost, uses: Sequence[Use], funds: Sequence[Fund | None], loans: Sequence[int], posting: Posting
) -> str | None:
    """The two entries of every level at which something happened; returns the id of the settling tenant's own."""
    balances = {fund.tenant_id: fund.balance_minor for fund in funds if fund is not None}
    settled = day.draft
    own: str | None = None
    dates = (settled.day, settled.day)
    for level, (buyer, mode, use, loan) in enumerate(zip(day.buyers, day.prices.terms.modes, uses, loans, strict=True)):
        post_loan(posting, buyer, loan, balances, dates, f"Lent for {settled.day}", _run(day))
        seller_id = buyer.parent_id or ""
        sold, bought = level_lines(use, mode, seller_id, buyer.tenant_id)
        if not sold:
            continue
        if mode != Mode.PREPAID:
            posting.add(seller_id, child_journal(buyer.tenant_id), _draft(day, sold))
            posted = posting.add(buyer.tenant_id, GENERAL, _draft(day, bought))
        else:
            if seller_id in balances:
                balances[seller_id] += use.gross_minor
            after = balances.get(seller_id) if use.gross_minor else None
            posting.add(seller_id, child_journal(buyer.tenant_id), _draft(day, sold), after)
            balances[buyer.tenant_id] -= use.gross_minor
            after = balances[buyer.tenant_id] if use.gross_minor else None
            posted = posting.add(buyer.tenant_id, GENERAL, _draft(day, bought), after)
        if level == 0:
            own = posted.entry_id
    return own


def _run(day: DayToPost) -> str:
    return f"{day.draft.tenant_id}/{day.draft.day}"


def _draft(day: DayToPost, lines: tuple[Line, ...]) -> Draft:
    settled = day.draft
    return Draft(
        kind="settlement",
        effective_on=settled.day,
        service_on=settled.day,
        memo=f"Use of {settled.day} by the subscribers of {day.chain[-1].code}",
        lines=lines,
        run=_run(day),
    )


def _state_after(state: State, day: DayToPost, cut: Cut, micros: int) -> State:
    sheet = day.charging.sheet
    suspended = len(suspended_behind(sheet, cut.count)) if cut.short else 0
    held = suspended + sheet.marks.count(SUSPENDED) + sheet.marks.count(SUSPENDED_AND_DISABLED)
    marks = (*state.marks, Mark(SUSPEND, day.draft.day, micros)) if suspended else state.marks
    return replace(state, last_day=day.draft.day, held=held, marks=marks, parked=None, resumed_minor=())
