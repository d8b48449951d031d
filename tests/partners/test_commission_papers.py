"""Commission statements on paper: what stands on them, and who prints them."""

import pytest

from chalicelib.core.errors import NotFound
from chalicelib.documents.paper import Label, PaperKind, Span
from chalicelib.documents.worker import source_of
from chalicelib.partners.commission import last_day
from chalicelib.partners.commission_papers import load_statement_paper
from tests.partners.commissions import DECEMBER, NOVEMBER, Commissions, noon

pytestmark = pytest.mark.usefixtures("engine", "the_clock")


def test_a_statement_is_printed_with_what_moved_the_base_what_it_came_to_and_every_subscriber() -> None:
    world = Commissions()
    world.terms()
    world.pay("alpha1", 100_000)
    world.pay("beta1", 50_000)
    world.refund("alpha1", 20_000)
    world.now = noon(12, 1)
    world.accrue()
    paper = load_statement_paper(world.operator, "alpha.2026-11", "BDT")
    assert (paper.kind, paper.number) == (PaperKind.COMMISSION_STATEMENT, "CS-2026-000001")
    assert (paper.seller_name, paper.buyer.name, paper.buyer.id) == ("Op", "Alpha", "ALPHA")
    assert paper.period == Span(NOVEMBER, last_day(NOVEMBER))
    assert [line.cells for line in paper.lines] == [
        (Label.PAYMENT, None, 150_000, None, None),
        (Label.REFUND, None, -20_000, None, None),
        (Label.COMMISSION, 2, 130_000, 3_000, 39_000),
    ]
    assert [(one.label, one.amount_minor) for one in paper.totals] == [(Label.TOTAL_COMMISSION, 39_000)]
    assert paper.annex is not None
    assert [line.cells for line in paper.annex.lines] == [
        ("000001", "alpha1", 80_000, 3_000, 24_000),
        ("000001", "beta1", 50_000, 3_000, 15_000),
    ]


def test_what_was_carried_on_and_what_came_late_are_told() -> None:
    world = Commissions()
    world.terms()
    world.pay("alpha1", 10_000)
    world.now = noon(12, 1)
    world.accrue()
    world.refund("alpha1", 10_000)
    world.pay("alpha2", 6_000, received_on=NOVEMBER)
    world.now = noon(1, 1, 2027)
    world.accrue()
    paper = load_statement_paper(world.operator, "alpha.2026-12", "BDT")
    assert [(one.label, one.amount_minor) for one in paper.totals] == [
        (Label.SUBTOTAL, -1_200),
        (Label.BALANCE_BEFORE, 0),
        (Label.TOTAL_COMMISSION, 0),
        (Label.BALANCE_AFTER, -1_200),
    ]
    assert paper.annex is not None
    assert [(line.cells[2], line.note) for line in paper.annex.lines] == [
        (-10_000, None),
        (6_000, Span(NOVEMBER, last_day(NOVEMBER))),
    ]
    assert paper.period == Span(DECEMBER, last_day(DECEMBER))


def test_nobody_but_the_parent_prints_it() -> None:
    world = Commissions()
    world.terms()
    world.pay("alpha1", 10_000)
    world.now = noon(12, 1)
    world.accrue()
    for tenant in (world.gamma, world.beta, world.alpha):
        with pytest.raises(NotFound):
            load_statement_paper(tenant, "alpha.2026-11", "BDT")
    for of in ("alpha.2026-12", "gamma.2026-11", "alpha", "alpha.2026-13", "", "beta.2026-11", "alpha.s1.2026-11"):
        with pytest.raises(NotFound):
            load_statement_paper(world.operator, of, "BDT")
    assert source_of("op", PaperKind.COMMISSION_STATEMENT, "alpha.2026-11") is not None
    assert source_of("alpha", PaperKind.COMMISSION_STATEMENT, "alpha.2026-11") is None
