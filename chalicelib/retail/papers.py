"""An invoice as a paper: what is printed of it, from the record alone. Pure."""

from dataclasses import dataclass

from chalicelib.documents.paper import (
    Buyer,
    Cell,
    ColumnKind,
    Label,
    Line,
    Paper,
    PaperColumn,
    PaperKind,
    Span,
    Total,
)
from chalicelib.retail.document_model import Document, DocumentLine, LineKind
from chalicelib.retail.model import TaxKind

COLUMNS = (
    PaperColumn(Label.DESCRIPTION),
    PaperColumn(Label.DAYS, ColumnKind.COUNT),
    PaperColumn(Label.AMOUNT, ColumnKind.MONEY),
)
_LABELS = {
    LineKind.ADJUSTMENT: Label.ADJUSTMENT,
    LineKind.DISCOUNT: Label.DISCOUNT,
    LineKind.ONE_TIME: Label.ONE_TIME_CHARGE,
    LineKind.LATE_FEE: Label.LATE_FEE,
}


@dataclass(frozen=True)
class Seller:
    """Who issued a document, as its papers say it."""

    name: str
    currency: str
    timezone: str


def invoice_paper(invoice: Document, seller: Seller, *, phone: str = "", is_void: bool = False) -> Paper:
    """The paper of an invoice. What it says never changes, but for the stamp of one that was taken back."""
    spans = [(line.first, line.last) for line in invoice.lines if line.kind is LineKind.SERVICE]
    firsts, lasts = [first for first, _ in spans if first], [last for _, last in spans if last]
    return Paper(
        kind=PaperKind.INVOICE,
        number=invoice.number,
        currency=seller.currency,
        seller_name=seller.name,
        buyer=buyer_of(invoice, phone),
        issued_on=invoice.issued_on,
        columns=COLUMNS,
        lines=tuple(paper_line(line) for line in invoice.lines),
        totals=totals_of_paper(invoice, Label.TOTAL),
        due_on=invoice.due_on,
        period=Span(min(firsts), max(lasts)) if firsts and lasts else None,
        balance_before_minor=invoice.balance_after_minor - invoice.change_minor,
        balance_after_minor=invoice.balance_after_minor,
        stamp=Label.VOID if is_void else None,
        timezone=seller.timezone,
    )


def buyer_of(document: Document, phone: str = "") -> Buyer:
    """Whom a document is for, as it was called when it was issued."""
    return Buyer(document.customer_name, document.customer_id, phone=phone)


def paper_line(line: DocumentLine) -> Line:
    """A line as it is printed, with the days it is about below it."""
    label = _LABELS.get(line.kind)
    described: Cell = line.text or (line.plan if label is None else label)
    span = Span(line.first, line.last) if line.first and line.last else None
    is_of_days = line.kind is LineKind.SERVICE and line.first is not None and line.last is not None
    days = (line.last - line.first).days + 1 if is_of_days and line.first and line.last else None
    return Line((described, days, line.amount_minor), span)


def totals_of_paper(document: Document, of_all: Label) -> tuple[Total, ...]:
    """What stands under the lines: the sum, the tax that is added to it or in it, and the total."""
    total = Total(of_all, document.total_minor, strong=True)
    if not document.tax_bps:
        return (total,)
    if document.tax is TaxKind.INCLUSIVE:
        return (total, Total(Label.TAX_INCLUDED, document.tax_minor, document.tax_bps))
    before = Total(Label.SUBTOTAL, document.net_minor)
    return (before, Total(Label.TAX, document.tax_minor, document.tax_bps), total)
