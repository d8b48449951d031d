"""Paying a commission out: money from the parent to its child, in both books and off what is owed, at once."""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.auth.model import Author
from chalicelib.aws import clock, keys
from chalicelib.aws.log import measure
from chalicelib.aws.tables import ConditionFailed, Remember, forget, read_many, write
from chalicelib.core.dates import day_at
from chalicelib.core.errors import Conflict, Unavailable, invalid_field
from chalicelib.ledger.chart import COMMISSION_PAYABLE, COMMISSION_RECEIVABLE
from chalicelib.ledger.journal import GENERAL, Draft, Line, child_journal, credit, debit
from chalicelib.ledger.post import Posting, head_reads
from chalicelib.partners.commission_model import CommissionPayout, CommissionState
from chalicelib.partners.commission_store import CommissionRow, change_state, put_payout, to_state
from chalicelib.partners.commission_terms import check_percentage
from chalicelib.partners.pay import MONEY
from chalicelib.tenants.model import Tenant

TRIES = 16


@dataclass(frozen=True)
class PayoutOrder:
    """What a parent pays its child, and how (`cash`, `bank`, `gateway`)."""

    amount_minor: int
    method: str
    reference: str
    note: str
    author: Author


def pay_commission(
    parent: Tenant, child: Tenant, order: PayoutOrder, now: datetime, remember: Remember = forget
) -> CommissionPayout:
    """Pay a child some or all of the commission that it is owed: Dr payable / Cr money here, Dr money / Cr receivable there.

    409 `payout-above-commission` for more than is owed, `not-percentage` for one that is owed nothing and earns nothing;
    422 for an amount of zero. One write transaction.
    """
    if order.amount_minor <= 0:
        raise invalid_field("amount", "must be more than zero")
    journals = [(parent.tenant_id, child_journal(child.tenant_id)), (child.tenant_id, GENERAL)]
    for attempt in range(TRIES):
        clock.back_off(attempt)
        row, *heads = read_many([(CommissionRow, keys.commission_state(child.tenant_id)), *head_reads(journals)])
        state = to_state(child.tenant_id, row)
        if not state.owed_minor:
            check_percentage(child)
        if order.amount_minor > state.owed_minor:
            raise Conflict(
                "payout-above-commission",
                "That is more than this reseller is owed.",
                also={"owed_minor": state.owed_minor},
            )
        posting = Posting(journals, heads, now)
        payout = _payout(parent, child, order, state, posting, now)
        after = replace(state, owed_minor=payout.owed_after_minor, payouts=payout.serial)
        try:
            write(change_state(state, after), put_payout(payout), *posting.operations(), *remember(payout))
        except ConditionFailed:
            continue
        measure("CommissionPaidMinor", order.amount_minor)
        return payout
    raise Unavailable("busy", "This reseller's commission is moving all the time; please send the request again.")


def _payout(
    parent: Tenant, child: Tenant, order: PayoutOrder, state: CommissionState, posting: Posting, now: datetime
) -> CommissionPayout:
    """The payout, its entries added to the posting."""
    amount, money, serial = order.amount_minor, MONEY[order.method], state.payouts + 1
    above = (debit(COMMISSION_PAYABLE, amount, child.tenant_id), credit(money, amount, child.tenant_id))
    below = (debit(money, amount, parent.tenant_id), credit(COMMISSION_RECEIVABLE, amount, parent.tenant_id))
    run = f"commission/{child.tenant_id}.p{serial}"
    sides = ((parent, child_journal(child.tenant_id), above), (child, GENERAL, below))
    ids = [
        posting.add(tenant.tenant_id, journal, _draft(order, lines, run, tenant, now)).entry_id
        for tenant, journal, lines in sides
    ]
    return CommissionPayout(
        parent_id=parent.tenant_id,
        child_id=child.tenant_id,
        serial=serial,
        paid_on=day_at(now, parent.timezone),
        recorded_micros=posting.recorded_micros,
        amount_minor=amount,
        owed_after_minor=state.owed_minor - amount,
        method=order.method,
        reference=order.reference,
        note=order.note,
        entry_id=ids[0],
        child_entry_id=ids[1],
        recorded_by=order.author.user_id,
        acting_by=order.author.acting_id,
    )


def _draft(order: PayoutOrder, lines: tuple[Line, ...], run: str, tenant: Tenant, now: datetime) -> Draft:
    today = day_at(now, tenant.timezone)
    return Draft(
        kind="commission-payout",
        effective_on=today,
        service_on=today,
        memo=order.note or f"Commission paid by {order.method}",
        lines=lines,
        run=run,
        reference=order.reference,
        recorded_by=order.author.user_id,
        acting_by=order.author.acting_id,
    )
