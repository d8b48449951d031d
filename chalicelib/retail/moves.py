"""What each document does to the account of a subscriber. Pure.

At every moment the balance is what is open less the advance, and there is no advance while anything is open. The days,
numbers and the posting of a document are none of this module's business (`desk.py`).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from chalicelib.core.errors import Conflict
from chalicelib.retail.account_model import Account, OpenItem
from chalicelib.retail.allocation import Allocated, allocate, lower, reopen
from chalicelib.retail.document_model import Document
from chalicelib.retail.dues import Counted, in_newest_month
from chalicelib.retail.model import DocumentKind


class Moved(NamedTuple):
    """The account after a document, what the document settled of others, and what of it became an advance."""

    account: Account
    allocated: tuple[tuple[str, int], ...] = ()
    advance_minor: int = 0


def counted(kind: DocumentKind, on: date, total_minor: int) -> Counted:
    """What a document of that kind counts for in the dues of its month."""
    if kind in (DocumentKind.INVOICE, DocumentKind.LATE_FEE):
        return Counted(on, billed_minor=total_minor)
    if kind in (DocumentKind.CREDIT_NOTE, DocumentKind.WRITE_OFF):
        return Counted(on, credited_minor=total_minor)
    return Counted(on, received_minor=total_minor if kind is DocumentKind.RECEIPT else -total_minor)


def day_of(document: Document) -> date:
    """The day a document counts for: that on which a payment was received, else that on which it was issued."""
    return document.received_on or document.issued_on


def charge(account: Account, kind: DocumentKind, item: OpenItem, on: date) -> Moved:
    """Something more is owed (an invoice, a late fee); an advance pays of it what it can."""
    total = item.remaining_minor
    paid = allocate([item], account.advance_minor)
    items = (*account.open_items, *paid.items)
    after = account._replace(open_items=items, advance_minor=paid.rest_minor)
    return Moved(_counting(after, kind, on, total), paid.parts)


def pay(account: Account, amount_minor: int, on: date, first: str | None = None) -> Moved:
    """Money came in: it pays what is open, the oldest first or that document before the others; the rest is an advance.

    409 `nothing-open` for a document named that is not open.
    """
    if first is not None and first not in {item.local_id for item in account.open_items}:
        raise Conflict("nothing-open", "Nothing of that invoice is open.")
    paid = allocate(account.open_items, amount_minor, first)
    return _settled(account, DocumentKind.RECEIPT, on, amount_minor, paid, paid.rest_minor)


def refund(account: Account, amount_minor: int, on: date) -> Moved:
    """Money goes back to the subscriber; 409 `refund-above-advance` for more than was paid ahead."""
    if amount_minor > account.advance_minor:
        raise Conflict("refund-above-advance", "A refund cannot be more than what the subscriber has paid ahead.")
    after = account._replace(advance_minor=account.advance_minor - amount_minor)
    return Moved(_counting(after, DocumentKind.REFUND, on, amount_minor), (), -amount_minor)


def credit(account: Account, local_id: str, amount_minor: int, on: date) -> Moved:
    """Part or all of a document is taken back: it lowers what is open of it; what was paid of it already pays other
    documents, the oldest first, or is an advance."""
    off = lower(account.open_items, local_id, amount_minor)
    others = allocate(off.items, off.rest_minor)
    both = Allocated(others.items, off.parts + others.parts, others.rest_minor)
    return _settled(account, DocumentKind.CREDIT_NOTE, on, amount_minor, both, both.rest_minor)


def write_off(account: Account, amount_minor: int, on: date, only: str | None = None) -> Moved:
    """What is not going to be paid is given up, the oldest first, or of one document alone.

    409 `write-off-above-dues` for more than is open.
    """
    off = allocate(account.open_items, amount_minor) if only is None else lower(account.open_items, only, amount_minor)
    if off.rest_minor:
        raise Conflict("write-off-above-dues", "No more can be written off than is owed.")
    return _settled(account, DocumentKind.WRITE_OFF, on, amount_minor, off, 0)


class Bounced(NamedTuple):
    """A payment that is taken back: its amount, the documents it had paid with what it paid of each, in order of issue,
    and what is paid of each of them now."""

    amount_minor: int
    paid_items: Sequence[OpenItem]
    paid_minor: Mapping[str, int]


def take_back(account: Account, payment: Bounced, on: date, item: OpenItem) -> Moved:
    """A payment is taken back: out of the advance, then by opening again what it had paid; the rest, which others have
    had of it meanwhile (a refund, an invoice that was its advance's), is owed for itself, as `item`.

    `allocated` is what was opened again, as amounts below zero.
    """
    from_advance = min(account.advance_minor, payment.amount_minor)
    again = reopen(account.open_items, payment.paid_items, payment.paid_minor, payment.amount_minor - from_advance)
    items = again.items
    if again.rest_minor:
        items = (*items, item._replace(remaining_minor=again.rest_minor))
    after = account._replace(open_items=items, advance_minor=account.advance_minor - from_advance)
    parts = tuple((name, -part) for name, part in again.parts)
    counting = _counting(after, DocumentKind.PAYMENT_REVERSAL, on, payment.amount_minor)
    return Moved(counting, parts, -from_advance)


def _settled(
    account: Account, kind: DocumentKind, on: date, total_minor: int, paid: Allocated, advance_minor: int
) -> Moved:
    after = account._replace(open_items=paid.items, advance_minor=account.advance_minor + advance_minor)
    return Moved(_counting(after, kind, on, total_minor), paid.parts, advance_minor)


def _counting(account: Account, kind: DocumentKind, on: date, total_minor: int) -> Account:
    """The account with the balance behind a document, which counts for that day's month."""
    return account._replace(
        balance_minor=account.balance_minor + kind.sign * total_minor,
        month=in_newest_month(account.month, counted(kind, on, total_minor)),
    )
