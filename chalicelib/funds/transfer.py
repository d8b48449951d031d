"""Recharge and refund: money between a parent and its direct child, in both books and both funds, or not at all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.auth.model import Author
from chalicelib.aws import clock, keys
from chalicelib.aws.rows import Row
from chalicelib.aws.tables import ConditionFailed, Operation, Remember, Update, forget, read_many, write
from chalicelib.core.dates import day_at
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.funds.model import (
    Fund,
    Method,
    recharge_lines,
    refund_floor,
    refund_lines,
    repayment_lines,
    split_repayment,
)
from chalicelib.funds.store import FundRow, move_fund, to_fund
from chalicelib.ledger.journal import GENERAL, Draft, Entry, Line, child_journal, fund_change_of
from chalicelib.ledger.post import Posting, head_reads
from chalicelib.tenants.model import Tenant

TRIES = 16


@dataclass(frozen=True)
class Order:
    """What is asked for: an amount, how it is paid, and what to remember of it."""

    amount_minor: int
    method: Method
    reference: str
    note: str
    author: Author


@dataclass(frozen=True)
class Movement:
    """What a fund did: a view of the entry in its tenant's book. `parent_entry` is its twin in the parent's book."""

    entry: Entry
    parent_entry: Entry | None = None
    repaid_minor: int = 0


@dataclass(frozen=True)
class _Sides:
    """Both sides of a transfer as they stand: the funds (the operator has none) and their journals."""

    parent: Tenant
    child: Tenant
    parent_fund: Fund | None
    child_fund: Fund
    posting: Posting
    now: datetime

    def post(self, kind: str, order: Order, lines: tuple[tuple[Line, ...], ...], funds: "_Balances") -> Movement:
        """Both entries of one movement."""
        entries = []
        for tenant, journal, own in (
            (self.parent, child_journal(self.child.tenant_id), lines[0]),
            (self.child, GENERAL, lines[1]),
        ):
            draft = self._draft(kind, order, tenant, own)
            entries.append(self.posting.add(tenant.tenant_id, journal, draft, funds.after(tenant.tenant_id, own)))
        return Movement(entries[1], entries[0])

    def _draft(self, kind: str, order: Order, tenant: Tenant, lines: tuple[Line, ...]) -> Draft:
        today: date = day_at(self.now, tenant.timezone)
        return Draft(
            kind=kind,
            effective_on=today,
            service_on=today,
            memo=order.note or f"{kind} by {order.method.value}",
            lines=lines,
            reference=order.reference,
            recorded_by=order.author.user_id,
            acting_by=order.author.acting_id,
        )


class _Balances:
    """F of each side as the entries of this write go by, for the balance after each movement."""

    def __init__(self, *funds: Fund | None) -> None:
        self._minor = {fund.tenant_id: fund.balance_minor for fund in funds if fund is not None}

    def after(self, tenant_id: str, lines: tuple[Line, ...]) -> int | None:
        change = fund_change_of(lines)
        if tenant_id not in self._minor or not any(line.account for line in lines) or change == 0:
            return None
        self._minor[tenant_id] += change
        return self._minor[tenant_id]


def recharge_fund(parent: Tenant, child: Tenant, order: Order, now: datetime, remember: Remember = forget) -> Movement:
    """Raise the child's fund by the amount, at the parent's cost; unpaid credit is repaid first, as its own entry.

    409 `fund-too-low` when the parent's own fund would fall below its credit limit. One write transaction.
    """

    def build(sides: _Sides) -> tuple[Movement, list[Update]]:
        ids = (parent.tenant_id, child.tenant_id)
        balances = _Balances(sides.parent_fund, sides.child_fund)
        repaid, raised = split_repayment(order.method, order.amount_minor, sides.child_fund.debt_minor)
        movement = None
        if repaid:
            movement = sides.post("credit-repayment", order, repayment_lines(order.method, repaid, *ids), balances)
        if raised:
            movement = sides.post("recharge", order, recharge_lines(order.method, raised, *ids), balances)
        assert movement is not None, "an order is for more than zero"
        debt = sides.child_fund.debt_minor - repaid + (raised if order.method is Method.CREDIT else 0)
        micros = sides.posting.recorded_micros
        moves = [move_fund(sides.child_fund, raised, micros, debt_minor=debt)]
        if sides.parent_fund is not None and raised:
            moves.append(move_fund(sides.parent_fund, -raised, micros))
        return Movement(movement.entry, movement.parent_entry, repaid), moves

    return _transfer(parent, child, now, remember, build)


def refund_fund(parent: Tenant, child: Tenant, order: Order, now: datetime, remember: Remember = forget) -> Movement:
    """Lower the child's fund by the amount and give it back; the parent's own fund rises with it.

    409 `fund-too-low` for more than max(0, F), where money goes out for more than F less the unpaid credit, and by
    `credit` for more than is owed. One write transaction.
    """

    def build(sides: _Sides) -> tuple[Movement, list[Update]]:
        balances = _Balances(sides.parent_fund, sides.child_fund)
        lines = refund_lines(order.method, order.amount_minor, parent.tenant_id, child.tenant_id)
        movement = sides.post("refund", order, lines, balances)
        fund = sides.child_fund
        debt = fund.debt_minor - (order.amount_minor if order.method is Method.CREDIT else 0)
        if debt < 0:
            raise Conflict("fund-too-low", "A refund by credit cannot be more than the credit that is owed.")
        micros = sides.posting.recorded_micros
        floor = refund_floor(order.method, fund)
        moves = [move_fund(fund, -order.amount_minor, micros, floor_minor=floor, debt_minor=debt)]
        if sides.parent_fund is not None:
            moves.append(move_fund(sides.parent_fund, order.amount_minor, micros))
        return movement, moves

    return _transfer(parent, child, now, remember, build)


def _transfer(
    parent: Tenant,
    child: Tenant,
    now: datetime,
    remember: Remember,
    build: Callable[[_Sides], tuple[Movement, list[Update]]],
) -> Movement:
    """Read both sides, build the movement, write it; again when anything moved meanwhile."""
    for attempt in range(TRIES):
        clock.back_off(attempt)
        sides = _read_sides(parent, child, now)
        movement, moves = build(sides)
        operations: list[Operation] = [*moves, *sides.posting.operations(), *remember(movement)]
        try:
            write(*operations)
        except ConditionFailed as failure:
            _refuse_if_too_low(failure, moves, sides)
            continue
        return movement
    raise Unavailable("busy", "This fund is moving all the time; please send the request again.")


def _refuse_if_too_low(failure: ConditionFailed, moves: list[Update], sides: _Sides) -> None:
    """Tell a fund that is too low (still as it was read, yet refused) from one that moved meanwhile."""
    read = {fund.tenant_id: fund for fund in (sides.parent_fund, sides.child_fund) if fund is not None}
    for move in moves:
        row = failure.rows.get(move)
        if isinstance(row, FundRow) and row.revision == read[to_fund(row).tenant_id].revision:
            whose = "The reseller's fund" if to_fund(row).tenant_id == sides.child.tenant_id else "Your own fund"
            raise Conflict("fund-too-low", f"{whose} does not cover this amount.")


def _read_sides(parent: Tenant, child: Tenant, now: datetime) -> _Sides:
    """Both funds as they are open at this moment; 409 `no-fund` where the child pays its parent otherwise."""
    journals = [(parent.tenant_id, child_journal(child.tenant_id)), (child.tenant_id, GENERAL)]
    funded = [child] if parent.is_operator else [child, parent]
    wanted: list[tuple[type[Row], keys.Key]] = [(FundRow, keys.fund(tenant.tenant_id)) for tenant in funded]
    rows = read_many([*wanted, *head_reads(journals)])
    funds = [to_fund(row) for row in rows[: len(funded)]]
    if not funds[0].is_open:
        raise Conflict("no-fund", "This reseller does not pay from a prepaid fund.")
    posting = Posting(journals, rows[len(funded) :], now, max(fund.moved_micros for fund in funds))
    parent_fund = next((fund for fund in funds[1:] if fund.is_open), None)
    return _Sides(parent, child, parent_fund, funds[0], posting, now)
