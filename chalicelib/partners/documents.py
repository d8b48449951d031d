"""Reading what was issued between a parent and a child: one document, lists of them, and how an invoice stands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from chalicelib.aws import keys
from chalicelib.aws.tables import read_all, read_many, read_page
from chalicelib.core.errors import NotFound, invalid_field
from chalicelib.partners.model import CREDIT_NOTE, INVOICE, LETTERS, PAYMENT, Account, Issued
from chalicelib.partners.store import DocumentRow, to_document
from chalicelib.partners.terms import read_account

OPEN, PARTLY, PAID, OVERDUE = "open", "partly", "paid", "overdue"

_SERIAL = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_AFTER = re.compile(r"[0-9]{10}", re.ASCII)


@dataclass(frozen=True)
class InvoiceStanding:
    """An invoice and how it stands on a day of the child's: `status`, and what is not paid of it."""

    invoice: Issued
    remaining_minor: int
    status: str


def standing_of(invoice: Issued, account: Account, today: date) -> InvoiceStanding:
    """How an invoice stands: overdue from the day after the one it is due on, whatever was paid of it."""
    item = account.open_item(invoice.serial)
    if item is None:
        return InvoiceStanding(invoice, 0, PAID)
    if today > item.due_on:
        return InvoiceStanding(invoice, item.remaining_minor, OVERDUE)
    return InvoiceStanding(
        invoice, item.remaining_minor, OPEN if item.remaining_minor == invoice.total_minor else PARTLY
    )


def as_issued(invoice: Issued) -> InvoiceStanding:
    """How an invoice stands the moment it is issued: an earlier advance may have paid some of it."""
    remaining = invoice.total_minor - sum(part.amount_minor for part in invoice.allocated)
    status = OPEN if remaining == invoice.total_minor else PARTLY if remaining else PAID
    return InvoiceStanding(invoice, remaining, status)


def document_serial(child_id: str, kind: str, text: str) -> int:
    """The serial in a document's id; `NotFound` for another tenant's, and for what is no id of that kind."""
    digits = text.removeprefix(f"{child_id}.{LETTERS[kind]}")
    if digits == text or _SERIAL.fullmatch(digits) is None:
        raise NotFound(kind.replace("_", " "))
    return int(digits)


def find_document(child_id: str, kind: str, text: str) -> Issued:
    """The document with that id between the child and its parent; `NotFound`."""
    return _read(child_id, kind, document_serial(child_id, kind, text))


def find_invoice(child_id: str, text: str, today: date) -> InvoiceStanding:
    """An invoice of the child and how it stands; `NotFound`."""
    invoice = find_document(child_id, INVOICE, text)
    return standing_of(invoice, read_account(child_id), today)


def _read(child_id: str, kind: str, serial: int) -> Issued:
    (row,) = read_many([(DocumentRow, keys.aggregate_document(child_id, kind, serial))])
    if row is None:
        raise NotFound(kind.replace("_", " "))
    return to_document(row)


def list_documents(child_id: str, kind: str, *, limit: int, after: str | None) -> tuple[list[Issued], str | None]:
    """A page of the documents of a kind, newest first, and where to go on."""
    page = read_page(
        DocumentRow, keys.aggregate_documents(child_id, kind), limit=limit, after=_check(after), newest_first=True
    )
    return [to_document(row) for row in page.rows], page.after


def list_invoices(
    child_id: str, today: date, *, limit: int, after: str | None, status: str | None = None
) -> tuple[list[InvoiceStanding], str | None]:
    """A page of the invoices of a child (that stand so), newest first, and where to go on.

    What is not paid is found from the account; of those that are, a page may be short and still go on.
    """
    account = read_account(child_id)
    if status in (OPEN, PARTLY, OVERDUE):
        return _list_unpaid(account, today, status, limit, after)
    invoices, further = list_documents(child_id, INVOICE, limit=limit, after=after)
    found = [standing_of(invoice, account, today) for invoice in invoices]
    return [one for one in found if status in (None, one.status)], further


def _list_unpaid(
    account: Account, today: date, status: str, limit: int, after: str | None
) -> tuple[list[InvoiceStanding], str | None]:
    before = _check(after)
    serials = [item.serial for item in reversed(account.open_items) if before is None or item.serial < int(before)]
    found: list[InvoiceStanding] = []
    for start in range(0, len(serials), limit):
        part = serials[start : start + limit]
        rows = read_many([(DocumentRow, keys.aggregate_document(account.child_id, INVOICE, one)) for one in part])
        for at, row in enumerate(rows, start=start + 1):
            one = standing_of(to_document(row), account, today)
            if one.status == status:
                found.append(one)
            if len(found) == limit:
                return found, f"{one.invoice.serial:010d}" if at < len(serials) else None
    return found, None


def _check(after: str | None) -> str | None:
    if after is not None and _AFTER.fullmatch(after) is None:
        raise invalid_field("cursor", "must be a next_cursor of this list")
    return after


def settling(invoice: Issued) -> list[Issued]:
    """The payments and credit notes that went to an invoice, in order: what came after it until it was paid."""
    left = invoice.total_minor - sum(part.amount_minor for part in invoice.allocated)
    found = [
        *_settling(invoice, PAYMENT, invoice.payments_before),
        *_settling(invoice, CREDIT_NOTE, invoice.credits_before),
    ]
    assert sum(_part(one, invoice) for one in found) <= left, "nothing is paid twice"
    return sorted(found, key=lambda one: one.recorded_micros)


def _settling(invoice: Issued, kind: str, before: int) -> Iterator[Issued]:
    rows = read_all(
        DocumentRow,
        keys.aggregate_documents(invoice.child_id, kind),
        first=keys.aggregate_document(invoice.child_id, kind, before + 1).sk,
    )
    return (one for row in rows if _part(one := to_document(row), invoice))


def _part(document: Issued, invoice: Issued) -> int:
    return sum(part.amount_minor for part in document.allocated if part.serial == invoice.serial)


def covering(child_id: str, day: date) -> int:
    """The serial of the invoice that covers a day; 0 where none does. Its parts lie newest first: a request a page."""
    after: str | None = None
    best = 0
    while True:
        invoices, after = list_documents(child_id, INVOICE, limit=50, after=after)
        for invoice in invoices:
            if invoice.through is not None and invoice.through < day:
                return best
            best = invoice.serial
        if after is None:
            first = invoices[-1] if invoices else None
            return best if first is not None and first.first_on is not None and first.first_on <= day else 0
