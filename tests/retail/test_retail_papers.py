"""What is printed of an invoice."""

from dataclasses import replace
from datetime import date

from chalicelib.documents.paper import Buyer, Label, Line, Span, Total
from chalicelib.retail.document_model import Document, DocumentLine, LineKind
from chalicelib.retail.model import DocumentKind, TaxKind
from chalicelib.retail.papers import Seller, invoice_paper

SELLER = Seller("Beta Net", "BDT", "Asia/Dhaka")
FIRST, LAST = date(2026, 11, 16), date(2026, 11, 30)
INVOICE = Document(
    "beta",
    "beta",
    7,
    DocumentKind.INVOICE,
    12,
    "INV-2026-000012",
    FIRST,
    1,
    3,
    "B-7",
    "Rahim",
    47_000,
    2_350,
    49_350,
    60_000,
    due_on=date(2026, 11, 23),
    tax_bps=500,
    lines=(
        DocumentLine(LineKind.SERVICE, 45_000, 1, "Home", FIRST, LAST),
        DocumentLine(LineKind.DISCOUNT, -8_000, 1, "", FIRST, LAST),
        DocumentLine(LineKind.ONE_TIME, 10_000, text="Cable"),
    ),
)


def test_an_invoice_is_printed_with_its_lines_its_tax_and_the_balance_before_and_after() -> None:
    paper = invoice_paper(INVOICE, SELLER, phone="01711")
    assert paper.lines == (
        Line(("Home", 15, 45_000), Span(FIRST, LAST)),
        Line((Label.DISCOUNT, None, -8_000), Span(FIRST, LAST)),
        Line(("Cable", None, 10_000)),
    )
    assert paper.totals == (
        Total(Label.SUBTOTAL, 47_000),
        Total(Label.TAX, 2_350, 500),
        Total(Label.TOTAL, 49_350, strong=True),
    )
    assert (paper.number, paper.due_on, paper.period) == ("INV-2026-000012", date(2026, 11, 23), Span(FIRST, LAST))
    assert (paper.balance_before_minor, paper.balance_after_minor) == (10_650, 60_000)
    assert (paper.buyer, paper.stamp) == (Buyer("Rahim", "B-7", phone="01711"), None)


def test_tax_that_the_prices_hold_is_printed_below_the_total() -> None:
    paper = invoice_paper(INVOICE._replace(tax=TaxKind.INCLUSIVE), SELLER)
    assert paper.totals == (Total(Label.TOTAL, 49_350, strong=True), Total(Label.TAX_INCLUDED, 2_350, 500))
    assert invoice_paper(INVOICE._replace(tax_bps=0), SELLER).totals == (Total(Label.TOTAL, 49_350, strong=True),)


def test_a_void_invoice_says_so_and_one_of_charges_alone_has_no_period() -> None:
    assert invoice_paper(INVOICE, replace(SELLER), is_void=True).stamp is Label.VOID
    assert invoice_paper(INVOICE._replace(lines=INVOICE.lines[2:]), SELLER).period is None
