"""Credit notes, voiding and writing off at the counter, with the accounts of the book. Gamma stands beside."""

import pytest

from chalicelib.core.errors import Conflict, Invalid
from chalicelib.ledger.chart import BAD_DEBTS, INTERNET_REVENUE, RECEIVABLE, TAX_PAYABLE
from chalicelib.retail.credit_notes import CreditLine, credit_document, void_document, write_off
from chalicelib.retail.document_model import Document
from chalicelib.retail.find import read_credited
from chalicelib.retail.ruling import Issued
from tests.conftest import SetClock
from tests.retail.counter import Counter
from tests.simulation import MemoryDynamoDB


@pytest.fixture
def counter(engine: MemoryDynamoDB, the_clock: SetClock) -> Counter:
    return Counter()


def credit(counter: Counter, document: Document, minor: int) -> Issued:
    return credit_document(counter.visit(), document, [CreditLine("two days without a line", minor)], "no line")


def test_a_credit_note_lowers_what_is_open_and_takes_back_revenue_and_tax(counter: Counter) -> None:
    invoice = counter.invoice(525_00, 25_00)
    noted = credit(counter, invoice, 105_00).document
    assert (noted.number, noted.about) == ("CN-2026-000001", "i1")
    assert (noted.net_minor, noted.tax_minor, noted.total_minor) == (100_00, 5_00, 105_00)
    assert counter.open_of() == {"i1": 420_00}
    figures = [counter.net(account) for account in (RECEIVABLE, INTERNET_REVENUE, TAX_PAYABLE)]
    assert figures == [420_00, -400_00, -20_00]
    counter.check()


def test_an_invoice_credited_in_three_parts_leaves_nothing_in_any_account(counter: Counter) -> None:
    invoice = counter.invoice(1_05, 5)
    for part in (35, 35, 35):
        credit(counter, invoice, part)
    assert [counter.net(account) for account in (RECEIVABLE, INTERNET_REVENUE, TAX_PAYABLE)] == [0, 0, 0]
    assert counter.open_of() == {}
    counter.check()


def test_a_credit_above_what_is_left_of_the_invoice_is_refused(counter: Counter) -> None:
    invoice = counter.invoice(500_00)
    credit(counter, invoice, 120_00)
    with pytest.raises(Conflict) as refused:
        credit(counter, invoice, 380_01)
    assert refused.value.code == "credit-above-invoice"
    with pytest.raises(Invalid):
        credit(counter, invoice, 0)
    assert counter.open_of() == {"i1": 380_00}
    counter.check()


def test_a_credit_of_what_was_paid_pays_other_invoices_and_is_then_an_advance(counter: Counter) -> None:
    invoice = counter.invoice(500_00)
    counter.pay(500_00)
    counter.invoice(120_00)
    noted = credit(counter, invoice, 300_00).document
    assert (noted.allocated, noted.advance_minor) == ((("i2", 120_00),), 180_00)
    assert (counter.open_of(), counter.stands()) == ({}, (-180_00, 180_00))
    counter.check()


def test_a_void_invoice_is_credited_with_all_that_was_left_and_takes_no_payment(counter: Counter) -> None:
    invoice = counter.invoice(500_00)
    credit(counter, invoice, 100_00)
    counter.pay(150_00)
    voided = void_document(counter.visit(), invoice, "never used").document
    assert voided.total_minor == 400_00
    assert (counter.open_of(), counter.stands()) == ({}, (-150_00, 150_00))
    assert read_credited("beta", ["i1"])["i1"].is_void
    for refused_act in (
        lambda: counter.pay(1_00, invoice="i1"),
        lambda: void_document(counter.visit(), invoice, "again"),
        lambda: credit(counter, invoice, 1_00),
    ):
        with pytest.raises(Conflict) as refused:
            refused_act()
        assert refused.value.code == "invoice-void"
    counter.check()


def test_what_was_credited_in_full_cannot_be_voided_as_well(counter: Counter) -> None:
    invoice = counter.invoice(500_00)
    credit(counter, invoice, 500_00)
    with pytest.raises(Conflict) as refused:
        void_document(counter.visit(), invoice, "too late")
    assert refused.value.code == "nothing-to-credit"
    counter.check()


def test_a_write_off_gives_up_everything_that_is_open_and_leaves_the_tax(counter: Counter) -> None:
    counter.invoice(525_00, 25_00)
    counter.invoice(100_00)
    counter.pay(50_00)
    given_up = write_off(counter.visit(), None, "moved away").document
    assert (given_up.number, given_up.total_minor) == ("WO-2026-000001", 575_00)
    assert given_up.allocated == (("i1", 475_00), ("i2", 100_00))
    assert [counter.net(one) for one in (BAD_DEBTS, RECEIVABLE, TAX_PAYABLE)] == [575_00, 0, -25_00]
    assert counter.stands() == (0, 0)
    counter.check()


def test_a_part_and_a_single_invoice_can_be_written_off_and_never_more_than_is_open(counter: Counter) -> None:
    counter.invoice(500_00)
    counter.invoice(100_00)
    write_off(counter.visit(), 200_00, "settled for less")
    write_off(counter.visit(), None, "mistaken", only="i2")
    assert counter.open_of() == {"i1": 300_00}
    with pytest.raises(Conflict) as refused:
        write_off(counter.visit(), 300_01, "too much")
    assert refused.value.code == "write-off-above-dues"
    with pytest.raises(Conflict) as nothing:
        write_off(counter.visit(), None, "nothing", only="i2")
    assert nothing.value.code == "nothing-open"
    with pytest.raises(Invalid):
        write_off(counter.visit(), 0, "nothing")
    counter.check()


def test_what_was_written_off_is_not_credited_too_for_nobody_paid_it(counter: Counter) -> None:
    invoice = counter.invoice(500_00)
    write_off(counter.visit(), 200_00, "settled for less")
    with pytest.raises(Conflict) as refused:
        credit(counter, invoice, 300_01)
    assert refused.value.code == "credit-above-invoice"
    void_document(counter.visit(), invoice, "never used")
    assert (counter.open_of(), counter.stands()) == ({}, (0, 0))
    counter.check()


def test_a_cheque_that_bounces_after_its_invoice_was_credited_opens_only_what_is_still_paid(counter: Counter) -> None:
    from chalicelib.retail.payments import reverse_payment

    invoice = counter.invoice(500_00)
    cheque = counter.pay(500_00).document
    credit(counter, invoice, 200_00)
    assert counter.stands() == (-200_00, 200_00)
    reverse_payment(counter.visit(), cheque, "no funds")
    assert (counter.open_of(), counter.stands()) == ({"i1": 300_00}, (300_00, 0))
    counter.check()


def test_two_credits_at_once_never_take_back_more_than_the_invoice(counter: Counter, engine: MemoryDynamoDB) -> None:
    invoice = counter.invoice(500_00)
    beside: list[bool] = []

    def fault(phase: str, number: int, called: str, params: object) -> None:
        if phase == "before" and called == "TransactWriteItems" and not beside:
            beside.append(True)
            credit(counter, invoice, 400_00)

    engine.faults = fault
    with pytest.raises(Conflict) as refused:
        credit(counter, invoice, 400_00)
    assert refused.value.code == "credit-above-invoice"
    assert counter.open_of() == {"i1": 100_00}
    counter.check()


def test_more_invoices_than_one_write_holds_are_written_off_in_parts(counter: Counter) -> None:
    for _ in range(61):
        counter.invoice(1_00)
    with pytest.raises(Conflict) as refused:
        write_off(counter.visit(), None, "moved away")
    assert refused.value.code == "too-many-open"
    assert len(write_off(counter.visit(), 60_00, "moved away").document.allocated) == 60
    assert write_off(counter.visit(), None, "moved away").document.total_minor == 1_00
    counter.check()
