"""Aggregate invoices on paper: what stands on them, and that they are printed from the record."""

from datetime import date

import pytest

from chalicelib.core.errors import NotFound
from chalicelib.documents.paper import Label, Span
from chalicelib.partners.papers import load_paper
from tests.partners.invoiced import FIRST, Invoiced

LAST = date(2026, 11, 30)

pytestmark = pytest.mark.usefixtures("engine", "the_clock")


def test_an_invoice_is_printed_with_its_lines_its_tax_and_its_annex() -> None:
    world = Invoiced.build(tax_bps=1_000)
    world.terms()
    world.connect("alpha", "Karim", "A-HOME", FIRST)
    world.settle(LAST)
    world.invoice(LAST)
    paper = load_paper(world.operator, "invoice", "alpha.ai1", "BDT")
    assert (paper.number, paper.seller_name, paper.buyer.name) == ("AI-2027-000001", "Op", "Alpha")
    assert paper.period == Span(FIRST, LAST)
    assert [line.cells for line in paper.lines] == [("HOME", 1, 30, 24_995)]
    # 83 a day, of 833 and of 834 alike.
    assert [(one.label, one.amount_minor) for one in paper.totals] == [
        (Label.SUBTOTAL, 24_995),
        (Label.TAX, 30 * 83),
        (Label.TOTAL, 24_995 + 30 * 83),
    ]
    assert paper.annex is not None
    assert [line.cells for line in paper.annex.lines] == [("000001", "karim", "HOME", 30, 24_995)]


def test_nobody_but_the_parent_prints_it() -> None:
    world = Invoiced.build()
    world.terms()
    world.connect("alpha", "Karim", "A-HOME", FIRST)
    world.settle(LAST)
    world.invoice(LAST)
    for tenant in (world.gamma, world.beta, world.alpha):
        with pytest.raises(NotFound):
            load_paper(tenant, "invoice", "alpha.ai1", "BDT")
    for of in ("alpha.ai2", "gamma.ai1", "alpha.i1", "", "alpha", "alpha.ac1", "op.i1"):
        with pytest.raises(NotFound):
            load_paper(world.operator, "invoice", of, "BDT")
