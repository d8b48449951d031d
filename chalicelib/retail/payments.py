"""Payments of subscribers: money in, money back out of an advance, and a payment that is taken back (a bounced cheque)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from chalicelib.core.errors import Conflict, NotFound, invalid_field
from chalicelib.ledger.chart import BANK, CASH, GATEWAY, RECEIVABLE
from chalicelib.ledger.journal import credit, debit
from chalicelib.retail.account_model import OpenItem
from chalicelib.retail.desk import issue, issued_of
from chalicelib.retail.document_model import Credited, Document
from chalicelib.retail.find import documents_of
from chalicelib.retail.model import DocumentKind
from chalicelib.retail.moves import Bounced, pay, refund, take_back
from chalicelib.retail.ruling import Issued, Matter, Ruling, Visit


class PaymentMethod(StrEnum):
    """How money comes in or goes back."""

    CASH = "cash"
    BANK = "bank"
    GATEWAY = "gateway"

    @property
    def account(self) -> str:
        """Where that money lies in the biller's book."""
        return {"cash": CASH, "bank": BANK, "gateway": GATEWAY}[self.value]


@dataclass(frozen=True)
class Payment:
    """Money of a subscriber. `invoice` is the local id of a document to pay before the others (the oldest first, if None);
    `received_on` may lie in the past (today, if None)."""

    amount_minor: int
    method: PaymentMethod
    reference: str = ""
    note: str = ""
    received_on: date | None = None
    invoice: str | None = None


def receive_payment(visit: Visit, payment: Payment) -> Issued:
    """Take a payment: Dr money / Cr receivable. It pays what is open; what is left over is an advance.

    422 for an amount of zero or a day that has not come; 409 `invoice-void`, and `nothing-open` for a named invoice that
    is paid. A payment of a closed period is posted on the first open day. One write.
    """
    _check_amount(payment.amount_minor)
    on = payment.received_on or visit.today
    if on > visit.today:
        raise invalid_field("received_on", "must not lie in the future")

    def rule(matter: Matter) -> Ruling:
        if payment.invoice is not None and matter.credited[payment.invoice].is_void:
            raise Conflict("invoice-void", "That invoice is void; nothing is paid on it any more.")
        return Ruling(
            moved=pay(matter.account, payment.amount_minor, on, payment.invoice),
            total_minor=payment.amount_minor,
            booked=(
                debit(payment.method.account, payment.amount_minor),
                credit(RECEIVABLE, payment.amount_minor),
            ),
            on=on,
            method=payment.method.value,
            reference=payment.reference,
            note=payment.note,
        )

    about = () if payment.invoice is None else (payment.invoice,)
    return issued_of(issue(visit, DocumentKind.RECEIPT, rule, about))


def refund_advance(visit: Visit, amount_minor: int, method: PaymentMethod, reference: str, reason: str) -> Issued:
    """Give back what a subscriber has paid ahead: Dr receivable / Cr money. One write.

    409 `refund-above-advance` for more than that, 422 for an amount of zero.
    """
    _check_amount(amount_minor)

    def rule(matter: Matter) -> Ruling:
        return Ruling(
            moved=refund(matter.account, amount_minor, matter.today),
            total_minor=amount_minor,
            booked=(debit(RECEIVABLE, amount_minor), credit(method.account, amount_minor)),
            method=method.value,
            reference=reference,
            note=reason,
        )

    return issued_of(issue(visit, DocumentKind.REFUND, rule))


def reverse_payment(visit: Visit, receipt: Document, reason: str) -> Issued:
    """Take back a payment that did not come through: Dr receivable / Cr money, today, by a document of its own.

    What it had paid is open again, as far as it still is paid; the rest is owed for itself. 409 `already-reversed`.
    One write.
    """

    def rule(matter: Matter) -> Ruling:
        known = matter.credited[receipt.local_id]
        if known.is_void:
            raise Conflict("already-reversed", "This payment was taken back already.")
        amount = receipt.total_minor
        due_on = receipt.received_on or receipt.issued_on
        item = OpenItem(matter.local_id, due_on, amount, fee_charged=True)
        return Ruling(
            moved=take_back(matter.account, _bounced(matter, receipt), matter.today, item),
            total_minor=amount,
            booked=(debit(RECEIVABLE, amount), credit(PaymentMethod(receipt.method).account, amount)),
            about=receipt.local_id,
            due_on=due_on,
            method=receipt.method,
            reference=receipt.number,
            note=reason,
            credited=((known, known._replace(amount_minor=amount, is_void=True)),),
        )

    paid = tuple(name for name, _ in receipt.allocated)
    return issued_of(issue(visit, DocumentKind.PAYMENT_REVERSAL, rule, (receipt.local_id, *paid)))


def _bounced(matter: Matter, receipt: Document) -> Bounced:
    """What the payment had paid, and what is paid of that now: what it came to less what is open, credited, given up.

    The documents are read behind the account: if one came meanwhile, the write is refused for the account's sake.
    """
    visit = matter.visit
    issued = documents_of(visit.biller.tenant_id, visit.tenant_id, visit.number)
    by_id = {document.local_id: document for document in issued}
    left = {item.local_id: item for item in matter.account.open_items}
    items: list[OpenItem] = []
    paid: dict[str, int] = {}
    for name, part in receipt.allocated:
        document = _owed(by_id, name)
        become = matter.credited.get(name) or Credited(visit.biller.tenant_id, name)
        remaining = left[name].remaining_minor if name in left else 0
        paid[name] = owed_minor(document) - remaining - become.amount_minor - become.written_off_minor
        takes_no_fee = document.kind is not DocumentKind.INVOICE or bool(become.late_fee)
        items.append(OpenItem(name, document.due_on or document.issued_on, part, takes_no_fee))
    items.sort(key=lambda item: by_id[item.local_id].recorded_micros)
    return Bounced(receipt.total_minor, items, paid)


def owed_minor(document: Document) -> int:
    """How much of a document was owed for itself: of a payment that was taken back, what opened no other document again."""
    if document.kind is not DocumentKind.PAYMENT_REVERSAL:
        return document.total_minor
    return document.total_minor + document.advance_minor + sum(part for _, part in document.allocated)


def _owed(by_id: dict[str, Document], local_id: str) -> Document:
    if local_id not in by_id:
        raise NotFound("document")
    return by_id[local_id]


def _check_amount(amount_minor: int) -> None:
    if amount_minor <= 0:
        raise invalid_field("amount", "must be more than zero")
