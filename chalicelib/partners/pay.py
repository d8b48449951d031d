"""Payments of aggregate invoices: money from the child to its parent, in both books and off what is owed, at once."""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.auth.model import Author
from chalicelib.aws import clock
from chalicelib.aws.log import measure
from chalicelib.aws.tables import ConditionFailed, Remember, forget, write
from chalicelib.core.errors import Unavailable
from chalicelib.ledger.chart import BANK, CASH, GATEWAY
from chalicelib.partners.allocation import take_off
from chalicelib.partners.books import Standing, Words, payment_lines, post_both, read_standing
from chalicelib.partners.model import PAYMENT, Issued
from chalicelib.partners.store import change_account, put_document
from chalicelib.partners.terms import check_aggregate
from chalicelib.tenants.model import Tenant

TRIES = 16
MONEY = {"cash": CASH, "bank": BANK, "gateway": GATEWAY}
"""Where money lies, by how it was paid."""


@dataclass(frozen=True)
class Paid:
    """What a child paid, and how."""

    amount_minor: int
    method: str
    reference: str
    note: str
    author: Author


def record_payment(parent: Tenant, child: Tenant, paid: Paid, now: datetime, remember: Remember = forget) -> Issued:
    """Take money of a child for its invoices: the oldest first; what is more than is open is kept as an advance.

    409 `not-aggregate`, but for one that still owes something. One write transaction.
    """
    for attempt in range(TRIES):
        clock.back_off(attempt)
        standing = read_standing(parent, child, now)
        if standing.account.balance_minor <= 0:
            check_aggregate(child)
        if (issued := _record(standing, paid, remember)) is not None:
            measure("AggregatePaidMinor", paid.amount_minor)
            return issued
    raise Unavailable("busy", "This reseller's account is moving all the time; please send the request again.")


def _record(standing: Standing, paid: Paid, remember: Remember) -> Issued | None:
    """Write the payment; None when something moved meanwhile."""
    account, ids = standing.account, (standing.parent.tenant_id, standing.child.tenant_id)
    words = Words(paid.note or f"Aggregate payment by {paid.method}", paid.reference, paid.author)
    lines = payment_lines(MONEY[paid.method], paid.amount_minor, *ids)
    entry_id, child_entry_id = post_both(standing, PAYMENT, lines, words)
    taken = take_off(account, paid.amount_minor)
    serial = account.serial(PAYMENT) + 1
    issued = Issued(
        *ids,
        PAYMENT,
        serial,
        "",
        standing.today,
        standing.posting.recorded_micros,
        paid.amount_minor,
        0,
        entry_id,
        child_entry_id,
        allocated=taken.parts,
        advance_minor=taken.advance_minor,
        method=paid.method,
        reference=paid.reference,
        note=paid.note,
        recorded_by=paid.author.user_id,
        acting_by=paid.author.acting_id,
    )
    after = replace(taken.account, serials={**(account.serials or {}), PAYMENT: serial})
    try:
        write(change_account(account, after), put_document(issued), *standing.posting.operations(), *remember(issued))
    except ConditionFailed:
        return None
    return issued
