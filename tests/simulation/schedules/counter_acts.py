"""What happens at Beta's counter, and to who does not come to it, as acts: payments, credits, late fees, suspension."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from chalicelib.aws.tables import Remember
from chalicelib.billing.late import filing_of
from chalicelib.retail.credit_notes import CREDITED_KINDS, CreditLine, credit_document, void_document
from chalicelib.retail.credit_notes import write_off as give_up
from chalicelib.retail.find import find_account, find_document, read_terms
from chalicelib.retail.invoice import Request, invoice_subscriber
from chalicelib.retail.model import DocumentKind
from chalicelib.retail.overdue import charge_late_fees, chase_account, chase_due
from chalicelib.retail.payments import Payment, PaymentMethod, receive_payment, refund_advance, reverse_payment
from chalicelib.retail.ruling import Visit
from chalicelib.retail.suspend import Chaser, bring_back_paid, suspend_late
from chalicelib.retail.terms import set_terms
from chalicelib.tenants.hierarchy import read_chain

from .movement import Act
from .stage import AUTHOR, FIRST, Stage

WHOLE_MINOR = 385_00
"""What an invoice for 20 to 30 November comes to: 11 days of 1,000.00 a month, and five percent on top."""


def at_counter(name: str, does: Callable[[Visit], object], number: int = 1) -> Act:
    """A request at the counter about one of Beta's subscribers."""

    def act(stage: Stage) -> None:
        def ask(remember: Remember) -> None:
            does(Visit(stage.world.beta, "beta", number, AUTHOR, stage.now, remember))

        stage.claimed(f"{name} {number}", ask)

    return act


def owes(stage: Stage) -> None:
    """Beta bills prepaid with five percent on top, due at once; its first subscriber has an invoice since the first day.

    A late fee of 20.00 is due, and the line is to be cut, from the day after on.
    """
    terms = {"starts_on": FIRST, "tax_bps": 500, "due_days": 0, "late_fee_minor": 2_000, "suspend_overdue": True}
    set_terms(stage.world.beta, lambda before: replace(before, **terms))  # type: ignore[arg-type]
    for number in (1, 2):
        invoice_subscriber(Request(stage.world.beta, "beta", number, AUTHOR, stage.now - timedelta(days=2)))


def pays(minor: int, number: int = 1) -> Act:
    payment = Payment(minor, PaymentMethod.CASH)
    return at_counter(f"pay {minor}", lambda visit: receive_payment(visit, payment), number)


def gets_back(minor: int) -> Act:
    return at_counter(f"refund {minor}", lambda visit: refund_advance(visit, minor, PaymentMethod.CASH, "", "leaving"))


def bounces(serial: int = 1) -> Act:
    """A payment that was taken does not come through."""

    def back(visit: Visit) -> None:
        receipt = find_document("beta", f"beta.r{serial}", {DocumentKind.RECEIPT})
        reverse_payment(visit, receipt, "no funds")

    return at_counter(f"bounce {serial}", back)


def credits(minor: int) -> Act:
    def note(visit: Visit) -> None:
        charged = find_document("beta", "beta.i1", CREDITED_KINDS)
        credit_document(visit, charged, [CreditLine("a day without a line", minor)], "no line")

    return at_counter(f"credit {minor}", note)


def voids(visit: Visit) -> None:
    void_document(visit, find_document("beta", "beta.i1", CREDITED_KINDS), "never used")


void = at_counter("void", voids)


def writes_off(minor: int | None = None) -> Act:
    return at_counter(f"write-off {minor}", lambda visit: give_up(visit, minor, "moved away"))


def late_fee(stage: Stage) -> None:
    """The worker charges what being late costs the first subscriber."""
    charge_late_fees(Visit(stage.world.beta, "beta", 1, AUTHOR, stage.now))


def _chaser(stage: Stage) -> Chaser:
    return Chaser(
        stage.world.beta, read_terms(stage.world.beta), stage.now, lambda one: filing_of(read_chain(one.chain))
    )


def cut(stage: Stage) -> None:
    """The worker disables what the first subscriber has not paid for."""
    suspend_late(_chaser(stage), find_account("beta", "beta", 1))


def look_after(stage: Stage) -> None:
    """The worker does what is due for the first subscriber alone."""
    chase_account(_chaser(stage), find_account("beta", "beta", 1))


def come_back(stage: Stage) -> None:
    """The worker enables again who has paid."""
    bring_back_paid(stage.world.beta, stage.now, lambda one: filing_of(read_chain(one.chain)))


def look_for_overdue(stage: Stage) -> None:
    """The worker's look at all accounts, once a day."""
    chase_due(stage.world.beta_chain, stage.now, lambda one: filing_of(read_chain(one.chain)))
