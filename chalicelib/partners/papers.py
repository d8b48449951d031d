"""Aggregate invoices and their credit notes as papers: what is printed of them, from the record alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.documents.paper import (
    MAX_LINES,
    Annex,
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
from chalicelib.partners import model
from chalicelib.partners.annex import read_annex
from chalicelib.partners.documents import find_document
from chalicelib.partners.model import CREDIT_NOTE, INVOICE, Issued, Service, document_id
from chalicelib.tenants.hierarchy import find_child
from chalicelib.tenants.model import Tenant

COLUMNS = (
    PaperColumn(Label.DESCRIPTION),
    PaperColumn(Label.SUBSCRIBERS, ColumnKind.COUNT),
    PaperColumn(Label.DAYS, ColumnKind.COUNT),
    PaperColumn(Label.AMOUNT, ColumnKind.MONEY),
)
ANNEX_COLUMNS = (
    PaperColumn(Label.SUBSCRIBER),
    PaperColumn(Label.DESCRIPTION),
    PaperColumn(Label.PLAN),
    PaperColumn(Label.DAYS, ColumnKind.COUNT),
    PaperColumn(Label.AMOUNT, ColumnKind.MONEY),
)
MAX_ANNEX = MAX_LINES - 500
"""Lines of an annex that is printed; of a longer one the paper has none, and the list of it is the annex."""


@dataclass(frozen=True)
class Sides:
    """Who issued a document and to whom, as its papers say it."""

    parent: Tenant
    child: Tenant
    currency: str


def load_paper(parent: Tenant, kind: str, of: str, currency: str) -> Paper:
    """The paper of an invoice or credit note (`model.INVOICE`, `CREDIT_NOTE`) that the parent issued; `NotFound`."""
    child = find_child(parent, of.partition(".")[0])
    issued = find_document(child.tenant_id, kind, of)
    sides = Sides(parent, child, currency)
    if kind == CREDIT_NOTE:
        return credit_note_paper(issued, sides)
    services: Sequence[Service] = ()
    if issued.services <= MAX_ANNEX:
        services, _ = read_annex(issued, limit=MAX_ANNEX)
    return invoice_paper(issued, sides, services)


def invoice_paper(invoice: Issued, sides: Sides, services: Sequence[Service]) -> Paper:
    """The paper of an invoice, with its annex where services are given."""
    assert invoice.first_on is not None, "an invoice covers days"
    assert invoice.through is not None, "an invoice covers days"
    return Paper(
        kind=PaperKind.INVOICE,
        number=invoice.number,
        currency=sides.currency,
        seller_name=sides.parent.name,
        buyer=_buyer(sides),
        issued_on=invoice.issued_on,
        columns=COLUMNS,
        lines=_lines(invoice),
        totals=_totals(invoice, Label.TOTAL),
        due_on=invoice.due_on,
        period=Span(invoice.first_on, invoice.through),
        annex=_annex(services) if services else None,
        timezone=sides.child.timezone,
    )


def credit_note_paper(note: Issued, sides: Sides) -> Paper:
    """The paper of a credit note; it names the invoices whose days came back."""
    invoices = sorted({line.invoice for line in note.lines if line.invoice})
    numbers = [
        find_document(note.child_id, INVOICE, document_id(note.child_id, INVOICE, one)).number for one in invoices
    ]
    return Paper(
        kind=PaperKind.CREDIT_NOTE,
        number=note.number,
        currency=sides.currency,
        seller_name=sides.parent.name,
        buyer=_buyer(sides),
        issued_on=note.issued_on,
        columns=COLUMNS,
        lines=_lines(note),
        totals=_totals(note, Label.TOTAL_CREDITED),
        facts=(Fact(Label.OF_INVOICE, ", ".join(numbers)),) if numbers else (),
        timezone=sides.child.timezone,
    )


def _buyer(sides: Sides) -> Buyer:
    return Buyer(sides.child.name, sides.child.code)


def _lines(issued: Issued) -> tuple[Line, ...]:
    return tuple(_line(line) for line in issued.lines)


def _line(line: model.Line) -> Line:
    if line.kind == model.USE:
        return Line((line.plan, line.services, line.days, line.amount_minor))
    span = Span(line.first_on, line.last_on) if line.first_on and line.last_on else None
    return Line((Label.ADJUSTMENT, None, None, line.amount_minor), span)


def _totals(issued: Issued, of_all: Label) -> tuple[Total, ...]:
    total = Total(of_all, issued.total_minor, strong=True)
    if not issued.tax_minor:
        return (total,)
    return Total(Label.SUBTOTAL, issued.net_minor), Total(Label.TAX, issued.tax_minor), total


def _annex(services: Sequence[Service]) -> Annex:
    lines = (Line((one.customer_id, one.username, one.plan, one.days, one.amount_minor)) for one in services)
    return Annex(Label.ANNEX, ANNEX_COLUMNS, tuple(lines))
