"""What is printed of a payment, a credit note and a statement."""

from datetime import date

import pytest

from chalicelib.aws import clock
from chalicelib.core.errors import Invalid, NotFound
from chalicelib.documents.paper import Fact, Label, Line, Span, Total
from chalicelib.documents.worker import SOURCES, PaperKind
from chalicelib.retail.credit_notes import CreditLine, credit_document
from chalicelib.retail.payments import Payment, PaymentMethod, receive_payment, refund_advance, reverse_payment
from tests.conftest import SetClock
from tests.retail.counter import TODAY, Counter
from tests.simulation import MemoryDynamoDB


@pytest.fixture
def counter(engine: MemoryDynamoDB, the_clock: SetClock) -> Counter:
    made = Counter()
    made.invoice(525_00, 25_00)
    return made


def test_a_receipt_tells_what_it_paid_and_what_is_paid_ahead(counter: Counter) -> None:
    payment = Payment(600_00, PaymentMethod.BANK, "TRX 7", received_on=date(2026, 11, 20))
    receipt = receive_payment(counter.visit(), payment).document
    paper = SOURCES[PaperKind.RECEIPT].load(counter.beta, "beta.r1")
    assert paper.lines == (Line(("INV-2026-000001", TODAY, 525_00)), Line((Label.PAID_AHEAD, None, 75_00)))
    assert paper.totals == (Total(Label.TOTAL_RECEIVED, 600_00, strong=True),)
    assert paper.facts == (Fact(Label.METHOD, Label.BANK), Fact(Label.REFERENCE, "TRX 7"))
    assert (paper.issued_on, paper.balance_before_minor, paper.balance_after_minor) == (
        date(2026, 11, 20),
        525_00,
        -75_00,
    )
    assert paper.stamp is None
    reverse_payment(counter.visit(), receipt, "no funds")
    assert SOURCES[PaperKind.RECEIPT].load(counter.beta, "beta.r1").stamp is Label.VOID


def test_a_credit_note_names_its_invoice_its_reason_and_the_tax_in_it(counter: Counter) -> None:
    from chalicelib.retail.find import find_document
    from chalicelib.retail.model import DocumentKind

    charged = find_document("beta", "beta.i1", {DocumentKind.INVOICE})._replace(tax_bps=500)
    credit_document(counter.visit(), charged, [CreditLine("two days without a line", 105_00)], "no line")
    paper = SOURCES[PaperKind.CREDIT_NOTE].load(counter.beta, "beta.c1")
    assert paper.lines == (Line(("two days without a line", 105_00)),)
    assert paper.totals == (
        Total(Label.TOTAL_CREDITED, 105_00, strong=True),
        Total(Label.TAX_INCLUDED, 5_00, 500),
    )
    assert paper.facts == (Fact(Label.OF_INVOICE, "INV-2026-000001"), Fact(Label.REASON, "no line"))
    assert (paper.balance_before_minor, paper.balance_after_minor) == (525_00, 420_00)


def test_the_statement_of_a_month_is_printed_when_the_month_is_over(counter: Counter, the_clock: SetClock) -> None:
    counter.pay(600_00)
    refund_advance(counter.visit(), 75_00, PaymentMethod.CASH, "", "leaving")
    with pytest.raises(Invalid):
        SOURCES[PaperKind.STATEMENT].load(counter.beta, "beta.s1.2026-11")
    the_clock.set("2026-12-01T06:00:00")
    paper = SOURCES[PaperKind.STATEMENT].load(counter.beta, "beta.s1.2026-11")
    assert paper.lines == (
        Line((TODAY, Label.INVOICE, "INV-2026-000001", 525_00, None, 525_00)),
        Line((TODAY, Label.PAYMENT, "RC-2026-000001", None, 600_00, -75_00)),
        Line((TODAY, Label.REFUND, "RF-2026-000001", None, -75_00, 0)),
    )
    assert (paper.period, paper.balance_before_minor) == (Span(date(2026, 11, 1), date(2026, 11, 30)), 0)
    assert paper.totals == (Total(Label.AMOUNT_DUE, 0, strong=True),)
    assert clock.now().month == 12


@pytest.mark.parametrize(
    ("kind", "of"),
    [
        (PaperKind.RECEIPT, "gamma.r1"),
        (PaperKind.RECEIPT, "beta.i1"),
        (PaperKind.CREDIT_NOTE, "beta.c9"),
        (PaperKind.STATEMENT, "gamma.s1.2026-10"),
        (PaperKind.STATEMENT, "beta.s1.2026-13"),
        (PaperKind.STATEMENT, "beta.s77.2026-10"),
        (PaperKind.STATEMENT, "beta.s1"),
    ],
)
def test_what_is_not_there_or_anothers_is_not_found(counter: Counter, kind: PaperKind, of: str) -> None:
    with pytest.raises(NotFound):
        SOURCES[kind].load(counter.beta, of)
