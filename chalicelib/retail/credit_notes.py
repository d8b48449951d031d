"""Credit notes, voiding and writing off: what takes back, or gives up, what a subscriber was charged."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.core.errors import Conflict, invalid_field
from chalicelib.ledger.chart import BAD_DEBTS, RECEIVABLE, TAX_PAYABLE
from chalicelib.ledger.journal import Line, credit, debit
from chalicelib.retail.account_model import Account
from chalicelib.retail.crediting import check_credit, creditable_minor, taken_back
from chalicelib.retail.desk import issue, issued_of
from chalicelib.retail.document_model import Document, DocumentLine, LineKind
from chalicelib.retail.find import read_credited
from chalicelib.retail.late_fees import late_items
from chalicelib.retail.model import DocumentKind
from chalicelib.retail.moves import credit as credited_account
from chalicelib.retail.moves import write_off as written_off_account
from chalicelib.retail.ruling import Issued, Matter, Ruling, Visit
from chalicelib.retail.totals import Totals, parts_of

CREDITED_KINDS = frozenset({DocumentKind.INVOICE, DocumentKind.LATE_FEE})
"""What a credit note may be about."""
MOST_WRITTEN_OFF = 60
"""Each takes an operation of the one write."""


@dataclass(frozen=True)
class CreditLine:
    """What is credited, in words, and how much of it, with tax."""

    text: str
    amount_minor: int


def credit_document(visit: Visit, charged: Document, lines: Sequence[CreditLine], reason: str) -> Issued:
    """Take back part or all of an invoice or a late fee: Dr revenue and tax, in its own proportion / Cr receivable.

    What was paid of it already pays other documents, or is an advance. 409 `credit-above-invoice` for more than it came to
    less earlier credits, `invoice-void`; 422 for an amount that is not above zero. One write.
    """
    told = tuple(DocumentLine(LineKind.OTHER, line.amount_minor, text=line.text) for line in lines)
    if any(line.amount_minor <= 0 for line in lines):
        raise invalid_field("amount", "must be more than zero")

    def rule(matter: Matter) -> Ruling:
        _refuse_void(matter, charged)
        check_credit(creditable_of(matter, charged), sum(line.amount_minor for line in told))
        return take_back(matter, charged, told, reason)

    return issued_of(issue(visit, DocumentKind.CREDIT_NOTE, rule, (charged.local_id,)))


def void_document(visit: Visit, charged: Document, reason: str) -> Issued:
    """Take back all that is left of an invoice or a late fee, by a credit note; nothing is paid on it any more.

    409 `invoice-void` when it is void, `nothing-to-credit` when all of it was credited. One write.
    """

    def rule(matter: Matter) -> Ruling:
        _refuse_void(matter, charged)
        left = creditable_of(matter, charged)
        if left <= 0:
            raise Conflict("nothing-to-credit", "All of this invoice was credited or written off already.")
        return take_back(matter, charged, (DocumentLine(LineKind.OTHER, left, text=reason),), reason, voids=True)

    return issued_of(issue(visit, DocumentKind.CREDIT_NOTE, rule, (charged.local_id,)))


def write_off(visit: Visit, amount_minor: int | None, reason: str, only: str | None = None) -> Issued:
    """Give up what a subscriber will not pay: Dr bad debts / Cr receivable; the tax is left alone.

    The oldest first, or one document alone; everything that is open, if no amount is told. Services that are disabled for
    it stay disabled, for somebody to enable by hand. 409 `write-off-above-dues` for
    more than is open, `nothing-open` where nothing is; 422 for an amount of zero. One write.
    """
    if amount_minor is not None and amount_minor <= 0:
        raise invalid_field("amount", "must be more than zero")

    def rule(matter: Matter) -> Ruling:
        items = [item for item in matter.account.open_items if only in (None, item.local_id)]
        open_minor = sum(item.remaining_minor for item in items)
        if not open_minor:
            raise Conflict("nothing-open", "There is nothing open that could be written off.")
        amount = open_minor if amount_minor is None else amount_minor
        moved = written_off_account(matter.account, amount, matter.today, only)
        if len(moved.allocated) > MOST_WRITTEN_OFF:
            raise Conflict(
                "too-many-open", f"At most {MOST_WRITTEN_OFF} invoices are written off at once; name an amount."
            )
        known = read_credited(visit.biller.tenant_id, [name for name, _ in moved.allocated])
        return Ruling(
            moved=moved._replace(account=_left_as_they_are(matter, moved.account)),
            total_minor=amount,
            booked=(debit(BAD_DEBTS, amount), credit(RECEIVABLE, amount)),
            about=only or "",
            note=reason,
            credited=tuple(
                (known[name], known[name]._replace(written_off_minor=known[name].written_off_minor + minor))
                for name, minor in moved.allocated
            ),
        )

    return issued_of(issue(visit, DocumentKind.WRITE_OFF, rule))


def _left_as_they_are(matter: Matter, account: Account) -> Account:
    """Where nothing is late any more because it was given up, what billing has disabled stays so: nobody has paid."""
    if late_items(account.open_items, matter.terms.grace_days, matter.today):
        return account
    return account._replace(suspended_for=None, disabled_services=())


def creditable_of(matter: Matter, charged: Document) -> int:
    """What may still be taken back of a document that the matter knows of."""
    known = matter.credited[charged.local_id]
    return creditable_minor(charged.total_minor, known.amount_minor, known.written_off_minor)


def _refuse_void(matter: Matter, charged: Document) -> None:
    if matter.credited[charged.local_id].is_void:
        raise Conflict("invoice-void", "That invoice is void already.")


def take_back(
    matter: Matter, charged: Document, lines: tuple[DocumentLine, ...], reason: str, *, voids: bool = False
) -> Ruling:
    """A credit note about a document, with these lines: what they come to, with tax, is taken back."""
    amount_minor = sum(line.amount_minor for line in lines)
    known = matter.credited[charged.local_id]
    parts = parts_of(charged.lines, Totals(charged.net_minor, charged.tax_minor), charged.tax_bps, charged.tax)
    taken = taken_back(parts, known.amount_minor, amount_minor)
    return Ruling(
        moved=credited_account(matter.account, charged.local_id, amount_minor, matter.today),
        total_minor=amount_minor,
        tax_minor=taken.get(TAX_PAYABLE, 0),
        booked=(*_reversed(taken), credit(RECEIVABLE, amount_minor)),
        about=charged.local_id,
        lines=lines,
        tax_bps=charged.tax_bps,
        note=reason,
        credited=((known, known._replace(amount_minor=known.amount_minor + amount_minor, is_void=voids)),),
    )


def _reversed(taken: dict[str, int]) -> list[Line]:
    """The lines that take these parts back out of their accounts."""
    return [debit(code, minor) if minor > 0 else credit(code, -minor) for code, minor in taken.items()]
