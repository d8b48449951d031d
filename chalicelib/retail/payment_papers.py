"""A receipt, a credit note and a statement as papers: what is printed of them, from the records alone. Pure."""

from collections.abc import Mapping
from datetime import date

from chalicelib.documents.paper import (
    Buyer,
    ColumnKind,
    Fact,
    Label,
    Line,
    Paper,
    PaperColumn,
    PaperKind,
    Span,
    Total,
)
from chalicelib.retail.document_model import Document
from chalicelib.retail.model import DocumentKind
from chalicelib.retail.papers import Seller, buyer_of, paper_line, totals_of_paper
from chalicelib.retail.statement import Statement, StatementLine

_AMOUNT = PaperColumn(Label.AMOUNT, ColumnKind.MONEY)
_METHODS = {"cash": Label.CASH, "bank": Label.BANK, "gateway": Label.GATEWAY}
_KINDS = {
    DocumentKind.INVOICE: Label.INVOICE,
    DocumentKind.CREDIT_NOTE: Label.CREDIT_NOTE,
    DocumentKind.RECEIPT: Label.PAYMENT,
    DocumentKind.REFUND: Label.REFUND,
    DocumentKind.LATE_FEE: Label.LATE_FEE,
    DocumentKind.WRITE_OFF: Label.WRITE_OFF,
    DocumentKind.PAYMENT_REVERSAL: Label.PAYMENT_REVERSAL,
}


def receipt_paper(
    receipt: Document, settled: Mapping[str, Document], seller: Seller, *, is_reversed: bool = False
) -> Paper:
    """The paper of a payment: which documents it paid (`settled`, by local id), and what of it is paid ahead."""
    lines = [
        Line((settled[name].number, settled[name].issued_on, minor))
        for name, minor in receipt.allocated
        if name in settled
    ]
    if receipt.advance_minor > 0:
        lines.append(Line((Label.PAID_AHEAD, None, receipt.advance_minor)))
    facts = [Fact(Label.METHOD, _METHODS.get(receipt.method, receipt.method))]
    if receipt.reference:
        facts.append(Fact(Label.REFERENCE, receipt.reference))
    return Paper(
        kind=PaperKind.RECEIPT,
        number=receipt.number,
        currency=seller.currency,
        seller_name=seller.name,
        buyer=buyer_of(receipt),
        issued_on=receipt.received_on or receipt.issued_on,
        columns=(PaperColumn(Label.OF_INVOICE), PaperColumn(Label.DAY, ColumnKind.DAY), _AMOUNT),
        lines=tuple(lines),
        totals=(Total(Label.TOTAL_RECEIVED, receipt.total_minor, strong=True),),
        facts=tuple(facts),
        balance_before_minor=receipt.balance_after_minor - receipt.change_minor,
        balance_after_minor=receipt.balance_after_minor,
        stamp=Label.VOID if is_reversed else None,
        timezone=seller.timezone,
    )


def credit_note_paper(note: Document, charged: Document | None, seller: Seller) -> Paper:
    """The paper of a credit note; `charged` is the document it is about, None for one that was not about a single one."""
    facts = [] if charged is None else [Fact(Label.OF_INVOICE, charged.number)]
    if note.note:
        facts.append(Fact(Label.REASON, note.note))
    cells = [(line.cells, line.note) for line in map(paper_line, note.lines)]
    return Paper(
        kind=PaperKind.CREDIT_NOTE,
        number=note.number,
        currency=seller.currency,
        seller_name=seller.name,
        buyer=buyer_of(note),
        issued_on=note.issued_on,
        columns=(PaperColumn(Label.DESCRIPTION), _AMOUNT),
        lines=tuple(Line((described, amount), span) for (described, _, amount), span in cells),
        totals=totals_of_paper(note, Label.TOTAL_CREDITED),
        facts=tuple(facts),
        balance_before_minor=note.balance_after_minor - note.change_minor,
        balance_after_minor=note.balance_after_minor,
        timezone=seller.timezone,
    )


def statement_paper(buyer: Buyer, statement: Statement, first: date, last: date, seller: Seller) -> Paper:
    """The paper of a subscriber's statement of these days: each document with the balance behind it."""
    return Paper(
        kind=PaperKind.STATEMENT,
        number="",
        currency=seller.currency,
        seller_name=seller.name,
        buyer=buyer,
        issued_on=last,
        columns=(
            PaperColumn(Label.DAY, ColumnKind.DAY),
            PaperColumn(Label.DOCUMENT),
            PaperColumn(Label.NUMBER),
            PaperColumn(Label.CHARGED, ColumnKind.MONEY),
            PaperColumn(Label.PAID, ColumnKind.MONEY),
            PaperColumn(Label.BALANCE, ColumnKind.MONEY),
        ),
        lines=tuple(map(_statement_line, statement.lines)),
        totals=(Total(Label.AMOUNT_DUE, max(0, statement.closing_minor), strong=True),),
        period=Span(first, last),
        balance_before_minor=statement.opening_minor,
        balance_after_minor=statement.closing_minor,
        timezone=seller.timezone,
    )


def _statement_line(line: StatementLine) -> Line:
    """What was charged stands left, what was paid or credited right; what is given back lowers what was paid."""
    document, change = line.document, line.document.change_minor
    is_money = document.kind in (DocumentKind.RECEIPT, DocumentKind.REFUND, DocumentKind.PAYMENT_REVERSAL)
    figures = (None, -change) if is_money else (change, None)
    return Line((line.on, _KINDS[document.kind], document.number, *figures, line.balance_minor))
