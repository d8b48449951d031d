"""Payments of aggregate invoices, what is overdue, and whom that keeps from connecting anybody new."""

from datetime import UTC, date, datetime

import pytest

from chalicelib.aws.guards import Guard
from chalicelib.aws.tables import ConditionFailed, write
from chalicelib.billing.overdue import guard_not_overdue
from chalicelib.core.errors import Conflict
from chalicelib.partners.documents import find_invoice, list_invoices, settling
from chalicelib.partners.model import Allocation
from chalicelib.partners.pay import Paid, record_payment
from chalicelib.partners.terms import read_account
from tests.invariants import check_invariants
from tests.partners.invoiced import FIRST, Invoiced, accounts
from tests.world import BOSS

LAST = date(2026, 11, 30)
ISSUED_AT = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
DUE = date(2026, 12, 8)

pytestmark = pytest.mark.usefixtures("engine", "the_clock")


def two_invoices() -> Invoiced:
    """Alpha owes 166.63 through 20 November and 83.32 through the 30th, both due on 8 December; Gamma 249.95."""
    world = Invoiced.build()
    world.terms()
    world.terms(child="gamma")
    world.connect("alpha", "Karim", "A-HOME", FIRST)
    world.connect("gamma", "Jamal", "A-HOME", FIRST)
    world.settle(LAST)
    world.invoice(date(2026, 11, 20), now=ISSUED_AT)
    world.invoice(LAST, now=ISSUED_AT)
    world.invoice(LAST, "gamma", now=ISSUED_AT)
    return world


def statuses(today: date, child: str = "alpha") -> list[tuple[int, int, str]]:
    found, _ = list_invoices(child, today, limit=9, after=None)
    return [(one.invoice.serial, one.remaining_minor, one.status) for one in found]


def test_money_pays_the_oldest_invoice_first_and_what_is_left_the_next() -> None:
    world = two_invoices()
    paid = world.pay(20_000, now=ISSUED_AT)
    assert paid.allocated == (Allocation(1, 16_663), Allocation(2, 3_337))
    assert statuses(DUE) == [(2, 4_995, "partly"), (1, 0, "paid")]
    assert statuses(DUE, "gamma") == [(1, 24_995, "open")]
    assert accounts(world.operator) == {"1010": 20_000, "1150": 4_995 + 24_995, "4100": -49_990}
    assert accounts(world.alpha) == {"1010": -20_000, "2000": -4_995, "5000": 24_995}
    first = find_invoice("alpha", "alpha.ai1", DUE).invoice
    assert settling(first) == [paid]
    check_invariants()


def test_what_is_paid_ahead_is_an_advance_that_the_next_invoice_takes() -> None:
    world = two_invoices()
    world.pay(30_000)
    account = read_account("alpha")
    assert (account.balance_minor, account.advance_minor, account.open_items) == (-5_005, 5_005, ())
    assert accounts(world.operator)["1150"] == 24_995 - 5_005
    world.settle(date(2026, 12, 31))
    issued = world.invoice(date(2026, 12, 31))
    assert issued.allocated == (Allocation(3, 5_005),)
    assert statuses(date(2027, 6, 1))[0] == (3, 24_995 - 5_005, "partly")
    world.pay(24_995 - 5_005)
    assert settling(find_invoice("alpha", "alpha.ai3", DUE).invoice)[0].allocated == (Allocation(3, 19_990),)
    assert read_account("alpha").balance_minor == 0
    check_invariants()


def test_an_advance_that_covers_an_invoice_leaves_it_paid_at_once() -> None:
    world = two_invoices()
    world.pay(24_995 + 30_000)
    world.settle(date(2026, 12, 31))
    world.invoice(date(2026, 12, 31))
    assert statuses(DUE)[0] == (3, 0, "paid")
    assert read_account("alpha").advance_minor == 5_005


def test_lists_can_be_asked_for_what_is_not_paid_page_by_page() -> None:
    world = two_invoices()
    world.pay(16_663)

    def listed(status: str, today: date = DUE) -> list[int]:
        return [one.invoice.serial for one in list_invoices("alpha", today, limit=9, after=None, status=status)[0]]

    assert (listed("open"), listed("partly"), listed("paid"), listed("overdue")) == ([2], [], [1], [])
    assert (listed("open", date(2026, 12, 9)), listed("overdue", date(2026, 12, 9))) == ([], [2])
    page, after = list_invoices("gamma", DUE, limit=1, after=None, status="open")
    assert ([one.invoice.serial for one in page], after) == ([1], None)


def test_a_page_of_open_invoices_goes_on_where_it_ended() -> None:
    two_invoices()
    page, after = list_invoices("alpha", DUE, limit=1, after=None, status="open")
    assert [one.invoice.serial for one in page] == [2]
    page, after = list_invoices("alpha", DUE, limit=1, after=after, status="open")
    assert ([one.invoice.serial for one in page], after) == ([1], None)


def blocked(guard: Guard) -> str | None:
    """What the guard says when it is written with something."""
    try:
        write(*guard.operations)
    except ConditionFailed as failure:
        refusal = guard.explain(failure)
        assert refusal is not None
        return refusal.code
    return None


BEFORE = datetime(2026, 12, 8, 17, 59, tzinfo=UTC)
"""A minute to midnight of the 8th in Dhaka."""
AFTER = datetime(2026, 12, 8, 18, 0, tzinfo=UTC)


def test_an_overdue_invoice_blocks_new_connections_of_the_child_and_everybody_below_it() -> None:
    world = two_invoices()
    world.pay(24_995, "gamma")
    for name in ("alpha", "beta"):
        assert blocked(guard_not_overdue(world.chain(name), BEFORE)) is None
        assert blocked(guard_not_overdue(world.chain(name), AFTER)) == "invoice-overdue"
    assert guard_not_overdue(world.chain("gamma"), AFTER).operations != ()
    assert blocked(guard_not_overdue(world.chain("gamma"), AFTER)) is None
    assert guard_not_overdue((world.operator,), AFTER).operations == ()
    world.pay(16_663)
    assert blocked(guard_not_overdue(world.chain("beta"), AFTER)) == "invoice-overdue"
    world.pay(8_332)
    assert blocked(guard_not_overdue(world.chain("beta"), AFTER)) is None


def test_terms_may_say_that_nothing_is_blocked() -> None:
    world = two_invoices()
    world.terms(block=False)
    assert blocked(guard_not_overdue(world.chain("alpha"), AFTER)) is None
    assert [status for _, _, status in statuses(date(2026, 12, 9))] == ["overdue", "overdue"]
    world.terms(block=True)
    assert blocked(guard_not_overdue(world.chain("alpha"), AFTER)) == "invoice-overdue"


def test_who_does_not_pay_by_invoice_pays_none() -> None:
    world = two_invoices()
    with pytest.raises(Conflict) as refused:
        record_payment(world.alpha, world.beta, Paid(100, "cash", "", "", BOSS), ISSUED_AT)
    assert refused.value.code == "not-aggregate"
    assert read_account("beta").revision == 0
