"""Payments at the counter: what they pay, what is left over, what is given back and taken back. Gamma stands beside."""

from datetime import date

import pytest

from chalicelib.aws.tables import Put
from chalicelib.core.errors import Conflict, Invalid, NotFound
from chalicelib.ledger.chart import BANK, CASH, RECEIVABLE
from chalicelib.ledger.entries import find_entry
from chalicelib.ledger.journal import credit, debit
from chalicelib.ledger.periods import read_periods
from chalicelib.retail.find import find_document
from chalicelib.retail.model import DocumentKind
from chalicelib.retail.payments import Payment, PaymentMethod, receive_payment, refund_advance, reverse_payment
from tests.conftest import SetClock
from tests.retail.counter import Counter
from tests.simulation import MemoryDynamoDB


@pytest.fixture
def counter(engine: MemoryDynamoDB, the_clock: SetClock) -> Counter:
    return Counter()


def code_of(refused: "pytest.ExceptionInfo[Conflict]") -> str:
    return refused.value.code


def test_a_payment_pays_the_oldest_invoice_first_and_the_next_in_part(counter: Counter) -> None:
    counter.invoice(500_00)
    counter.invoice(500_00)
    paid = counter.pay(700_00).document
    assert paid.allocated == (("i1", 500_00), ("i2", 200_00))
    assert counter.open_of() == {"i2": 300_00}
    assert counter.stands() == (300_00, 0)
    assert (counter.net(CASH), counter.net(RECEIVABLE)) == (700_00, 300_00)
    counter.check()


def test_a_payment_is_a_receipt_with_a_number_of_its_own_and_an_entry(counter: Counter) -> None:
    counter.invoice(500_00)
    first = counter.pay(100_00).document
    second = counter.pay(200_00, number=2).document
    assert [first.number, second.number] == ["RC-2026-000001", "RC-2026-000002"]
    entry = find_entry("beta", f"beta.o{first.recorded_micros:016d}-retail-{first.entry_sequence}")
    assert entry.draft.lines == (debit(CASH, 100_00), credit(RECEIVABLE, 100_00))
    assert (entry.draft.kind, entry.draft.reference) == ("retail-receipt", "RC-2026-000001")
    assert find_document("beta", "beta.r1", {DocumentKind.RECEIPT}) == first
    assert find_document("beta", "beta.r2", {DocumentKind.RECEIPT}) == second
    counter.check()


def test_a_named_invoice_is_paid_before_the_oldest(counter: Counter) -> None:
    counter.invoice(500_00)
    counter.invoice(500_00)
    assert counter.pay(600_00, invoice="i2").document.allocated == (("i2", 500_00), ("i1", 100_00))
    assert counter.open_of() == {"i1": 400_00}
    counter.check()


def test_what_is_paid_beyond_all_invoices_is_an_advance_and_the_next_invoice_uses_it(counter: Counter) -> None:
    counter.invoice(500_00)
    assert counter.pay(1_200_00).document.advance_minor == 700_00
    assert counter.stands() == (-700_00, 700_00)
    assert counter.invoice(500_00).allocated == (("i2", 500_00),)
    assert (counter.stands(), counter.open_of()) == ((-200_00, 200_00), {})
    counter.invoice(500_00)
    assert (counter.stands(), counter.open_of()) == ((300_00, 0), {"i3": 300_00})
    counter.check()


def test_somebody_who_was_never_invoiced_may_pay_ahead(counter: Counter) -> None:
    counter.pay(300_00, number=2)
    assert counter.stands(2) == (-300_00, 300_00)
    counter.check()


def test_a_payment_received_earlier_is_posted_on_its_day(counter: Counter) -> None:
    counter.invoice(500_00)
    paid = counter.pay(500_00, received_on=date(2026, 11, 20)).document
    assert (paid.issued_on, paid.received_on) == (date(2026, 11, 22), date(2026, 11, 20))
    entry = find_entry("beta", f"beta.o{paid.recorded_micros:016d}-retail-{paid.entry_sequence}")
    assert (entry.draft.effective_on, entry.draft.service_on) == (date(2026, 11, 20), date(2026, 11, 20))
    counter.check()


def test_a_payment_of_a_closed_month_is_posted_on_the_first_open_day_and_says_so(counter: Counter) -> None:
    from chalicelib.auth.model import Author
    from chalicelib.billing.closing import close_month, month_named

    counter.invoice(500_00)
    close_month(counter.beta, month_named("2026-10"), Author("uboss"), counter.now)
    assert read_periods("beta").closed_through == date(2026, 10, 31)
    paid = counter.pay(500_00, received_on=date(2026, 10, 15)).document
    entry = find_entry("beta", f"beta.o{paid.recorded_micros:016d}-retail-{paid.entry_sequence}")
    assert (entry.draft.effective_on, entry.draft.late_for) == (date(2026, 11, 1), date(2026, 10, 15))
    assert paid.received_on == date(2026, 10, 15)
    counter.check()


def test_bad_payments_are_refused_and_change_nothing(counter: Counter) -> None:
    counter.invoice(500_00)
    before = counter.account()
    with pytest.raises(Invalid) as zero:
        counter.pay(0)
    with pytest.raises(Invalid) as ahead:
        counter.pay(1, received_on=date(2026, 11, 23))
    assert [zero.value.errors[0].field, ahead.value.errors[0].field] == ["amount", "received_on"]
    with pytest.raises(NotFound):
        counter.pay(1, number=77)
    assert counter.account() == before
    counter.check()


def test_a_payment_naming_an_invoice_that_is_paid_is_refused(counter: Counter) -> None:
    counter.invoice(500_00)
    counter.pay(500_00)
    with pytest.raises(Conflict) as refused:
        counter.pay(1_00, invoice="i1")
    assert code_of(refused) == "nothing-open"
    counter.check()


def test_an_advance_is_given_back_and_no_more_than_it(counter: Counter) -> None:
    counter.pay(700_00)
    given = refund_advance(counter.visit(), 500_00, PaymentMethod.BANK, "CH-1", "leaving").document
    assert (given.number, given.balance_after_minor) == ("RF-2026-000001", -200_00)
    assert (counter.net(BANK), counter.net(CASH), counter.net(RECEIVABLE)) == (-500_00, 700_00, -200_00)
    with pytest.raises(Conflict) as refused:
        refund_advance(counter.visit(), 200_01, PaymentMethod.CASH, "", "more")
    assert code_of(refused) == "refund-above-advance"
    with pytest.raises(Invalid):
        refund_advance(counter.visit(), 0, PaymentMethod.CASH, "", "nothing")
    assert counter.stands() == (-200_00, 200_00)
    counter.check()


def test_a_bounced_cheque_opens_again_what_it_had_paid(counter: Counter) -> None:
    counter.invoice(500_00)
    counter.invoice(500_00)
    cheque = receive_payment(counter.visit(), Payment(700_00, PaymentMethod.BANK, "CH-7")).document
    back = reverse_payment(counter.visit(), cheque, "no funds").document
    assert back.number == "PR-2026-000001"
    assert back.allocated == (("i2", -200_00), ("i1", -500_00))
    assert counter.open_of() == {"i1": 500_00, "i2": 500_00}
    assert counter.stands() == (1_000_00, 0)
    assert counter.net(BANK) == 0
    with pytest.raises(Conflict) as refused:
        reverse_payment(counter.visit(), cheque, "again")
    assert code_of(refused) == "already-reversed"
    counter.check()


def test_a_bounced_cheque_takes_the_advance_first(counter: Counter) -> None:
    counter.invoice(500_00)
    cheque = counter.pay(800_00).document
    reverse_payment(counter.visit(), cheque, "no funds")
    assert (counter.open_of(), counter.stands()) == ({"i1": 500_00}, (500_00, 0))
    counter.check()


def test_a_bounced_cheque_whose_advance_was_given_back_is_owed_for_itself(counter: Counter) -> None:
    cheque = counter.pay(800_00).document
    refund_advance(counter.visit(), 800_00, PaymentMethod.CASH, "", "leaving")
    back = reverse_payment(counter.visit(), cheque, "no funds").document
    assert (back.local_id, counter.open_of()) == ("b1", {"b1": 800_00})
    counter.check()
    again = counter.pay(300_00).document
    assert again.allocated == (("b1", 300_00),)
    reverse_payment(counter.visit(), again, "no funds either")
    assert (counter.open_of(), counter.stands()) == ({"b1": 800_00}, (800_00, 0))
    counter.check()


def test_another_payment_is_not_opened_by_a_bounced_one(counter: Counter) -> None:
    """The cheque paid i1; cash then paid i2. When the cheque bounces, i1 is open and i2 stays paid."""
    counter.invoice(500_00)
    cheque = counter.pay(500_00).document
    counter.invoice(400_00)
    counter.pay(400_00)
    reverse_payment(counter.visit(), cheque, "no funds")
    assert counter.open_of() == {"i1": 500_00}
    counter.check()


def test_a_payment_is_one_write_of_seven_rows_and_its_claim(counter: Counter, engine: MemoryDynamoDB) -> None:
    counter.invoice(500_00)
    counter.pay(1_00)
    with engine.measured() as cost:
        counter.pay(499_00)
    assert cost.by_operation["TransactWriteItems"] == 1
    assert cost.write_units <= 14


def test_an_account_that_moved_between_read_and_write_is_read_again(counter: Counter, engine: MemoryDynamoDB) -> None:
    counter.invoice(500_00)
    beside = []

    def fault(phase: str, number: int, called: str, params: object) -> None:
        if phase == "before" and called == "TransactWriteItems" and not beside:
            beside.append(True)
            counter.pay(300_00)

    engine.faults = fault
    paid = counter.pay(300_00).document
    assert (paid.allocated, paid.advance_minor, paid.number) == ((("i1", 200_00),), 100_00, "RC-2026-000002")
    assert counter.stands() == (-100_00, 100_00)
    counter.check()


def test_a_payment_broken_off_at_any_call_is_there_once_when_it_is_asked_for_again(
    counter: Counter, engine: MemoryDynamoDB
) -> None:
    from chalicelib.api.call import ClaimRow
    from chalicelib.aws import keys
    from chalicelib.aws.tables import AlreadyDone

    counter.invoice(500_00)
    start = engine.remember()

    class PowerCut(BaseException):
        pass

    def remember(outcome: object) -> list[Put]:
        row = ClaimRow.at(keys.claim("beta", "u", "pay", "k"), request="r", status=201, answer="{}")
        return [Put(row, ClaimRow.pk.does_not_exist(), claims=True)]

    def pay() -> None:
        receive_payment(counter.visit(remember=remember), Payment(300_00, PaymentMethod.CASH))

    calls = 0

    def count(phase: str, number: int, called: str, params: object) -> None:
        nonlocal calls
        calls += phase == "before"

    engine.faults = count
    pay()
    engine.faults = None
    assert calls >= 3
    for at in range(1, calls + 1):
        for when in ("before", "after"):
            engine.rewind(start)
            seen = 0

            def cut(phase: str, number: int, called: str, params: object, at: int = at, when: str = when) -> None:
                nonlocal seen
                seen += phase == "before"
                if phase == when and seen == at:
                    engine.faults = None
                    raise PowerCut

            engine.faults = cut
            with pytest.raises(PowerCut):
                pay()
            try:
                pay()
            except AlreadyDone:
                assert (at, when) == (calls, "after")
            assert counter.stands() == (200_00, 0)
            counter.check()
