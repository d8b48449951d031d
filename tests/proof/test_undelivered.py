"""Days that were not delivered: whether they were paid for, and what is credited for them, to the unit."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from chalicelib.aws.tables import ConditionFailed, write
from chalicelib.billing.settle import settle_day
from chalicelib.billing.state import read_state
from chalicelib.core.dates import days_between, last_ended_day
from chalicelib.crm.model import EventKind
from chalicelib.crm.subscriber import Subscriber
from chalicelib.network.model import Undelivered
from chalicelib.network.undelivered import Cause, DayStatus, UndeliveredDay, confirm, decided, list_undelivered
from chalicelib.proof.undelivered import BILLED_ABOVE, NOT_INVOICED_YET, decide_days
from chalicelib.retail.account_model import Discount, OwnTerms
from chalicelib.retail.accounts import Keeper, change_account
from chalicelib.retail.credit_notes import CreditLine, credit_document, void_document
from chalicelib.retail.document_model import Document
from chalicelib.retail.find import documents_of, find_account
from chalicelib.retail.make_good import NO_TERMS, TAKEN_BACK, TOO_OLD
from chalicelib.retail.model import TaxKind, Timing
from chalicelib.retail.ruling import Visit
from chalicelib.retail.run_invoices import run_due
from chalicelib.retail.terms import set_terms
from chalicelib.tenants.model import Mode, Tenant
from tests.billing.late import correct, record
from tests.conftest import SetClock
from tests.invariants import check_invariants, read_book
from tests.network.site import set_terms as set_network_terms
from tests.retail.checks import check_retail
from tests.retail.test_invoice_run import Crash, crash_at
from tests.simulation import MemoryDynamoDB
from tests.world import BOSS, World

FIRST = date(2026, 11, 1)
Chain = tuple[Tenant, ...]


def at(day: int, month: int = 11) -> datetime:
    """Noon in Dhaka."""
    return datetime(2026, month, day, 6, tzinfo=UTC)


def november(*days: int) -> list[date]:
    return [date(2026, 11, one) for one in days]


class Books:
    """Alpha with Karim, Gamma with Rahim beside it; both bill and credit, and are settled and invoiced as asked."""

    def __init__(self, the_clock: SetClock, **terms: object) -> None:
        self.clock = the_clock
        self.world = World.build(FIRST)
        self.world.fund(10_000_000, 0)
        self.world.recharge(self.world.operator, self.world.gamma, 10_000_000)
        for tenant in (self.world.alpha, self.world.gamma):
            set_terms(tenant, lambda before: replace(before, starts_on=FIRST, **terms))  # type: ignore[arg-type]
            set_network_terms(tenant.tenant_id, undelivered=Undelivered.CREDIT)
        self.karim = self.world.connect(self.world.alpha_chain, "karim", "HOME", FIRST)
        self.rahim = self.world.connect(self.world.gamma_chain, "rahim", "HOME", FIRST)

    def at(self, day: int, month: int = 11) -> None:
        """Go there; everything that has ended is settled."""
        self.clock.at = at(day, month)
        for chain in (self.world.beta_chain, self.world.alpha_chain, self.world.gamma_chain):
            following = read_state(chain[-1].tenant_id).next_day(FIRST)
            for one in days_between(following, last_ended_day(self.clock.at, "Asia/Dhaka")):
                settle_day(chain, one, self.clock.at)

    def invoice(self) -> None:
        for chain in (self.world.alpha_chain, self.world.gamma_chain):
            run_due(chain, self.clock.at)

    def missed(self, days: Sequence[date], who: Subscriber | None = None) -> None:
        who = who or self.karim
        confirm(
            UndeliveredDay(
                who.tenant_id, day, who.services[0].number, who.number, "alpha.rmain0001", Cause.ROUTER, "It was down."
            )
            for day in days
        )

    def decide(self, chain: Chain | None = None) -> dict[str, int]:
        return dict(decide_days(chain or self.world.alpha_chain, self.clock.at))

    def told(self, tenant_id: str = "alpha") -> list[tuple[int, str, str | None]]:
        days, _ = list_undelivered(tenant_id, None, None, 1_000, None)
        return [(one.day.day, one.status.value, one.note) for one in reversed(days)]

    def documents(self, who: Subscriber | None = None) -> list[Document]:
        who = who or self.karim
        return documents_of(who.tenant_id, who.tenant_id, who.number)

    def totals(self, who: Subscriber | None = None) -> list[tuple[str, int]]:
        return [(one.local_id, one.total_minor) for one in self.documents(who)]

    def check(self) -> None:
        check_invariants()
        for tenant in (self.world.alpha, self.world.gamma):
            check_retail(tenant.tenant_id)


pytestmark = pytest.mark.usefixtures("engine")


def test_invoiced_days_come_back_by_a_credit_note_and_nobody_elses_do(the_clock: SetClock) -> None:
    books = Books(the_clock)
    books.at(22)
    books.invoice()
    books.missed(november(19, 20, 15))
    assert books.decide() == {"credited": 3}
    assert books.totals() == [("i1", 70_000), ("c1", 2_333 + 4_667)]
    [first, second] = books.documents()[-1].lines
    assert [(one.first, one.last, one.amount_minor, one.code) for one in (first, second)] == [
        (date(2026, 11, 15), date(2026, 11, 15), 2_333, "HOME"),
        (date(2026, 11, 19), date(2026, 11, 20), 4_667, "HOME"),
    ]
    assert books.decide() == {}
    assert books.totals(books.rahim) == [("i1", 70_000)]
    books.check()


def test_a_day_that_is_not_invoiced_yet_never_is(the_clock: SetClock) -> None:
    books = Books(the_clock, timing=Timing.POSTPAID)
    books.at(22)
    books.missed(november(20, 21))
    assert books.decide() == {"credited": 2}
    assert books.told() == [(20, "credited", NOT_INVOICED_YET), (21, "credited", NOT_INVOICED_YET)]
    books.at(1, 12)
    books.invoice()
    assert books.totals() == [("i1", 70_000 - 4_667)], "without the 20th and 21st: 490.00 less 443.33"
    books.check()


@pytest.mark.parametrize(
    ("kind", "invoiced", "credited"),
    [(TaxKind.EXCLUSIVE, 73_500, 4_900), (TaxKind.INCLUSIVE, 70_000, 4_667)],
)
def test_the_tax_of_the_days_comes_back_too(the_clock: SetClock, kind: TaxKind, invoiced: int, credited: int) -> None:
    books = Books(the_clock, tax_bps=500, tax=kind)
    books.at(22)
    books.invoice()
    books.missed(november(20, 21))
    books.decide()
    assert books.totals() == [("i1", invoiced), ("c1", credited)]
    books.check()


def test_what_was_discounted_comes_back_discounted_at_the_subscribers_own_price(the_clock: SetClock) -> None:
    books = Books(the_clock)
    number = books.karim.services[0].number
    own = OwnTerms(discount=Discount(bps=1_000), prices_minor=((number, 60_000),))
    keeper = Keeper(books.world.alpha, "alpha", books.karim.number, date(2026, 11, 1))
    change_account(keeper, lambda account, *_: account._replace(own=own))
    books.at(22)
    books.invoice()
    books.missed(november(20))
    books.decide()
    assert books.totals() == [("i1", 54_000), ("c1", 1_800)], "20.00 a day, less a tenth"
    books.check()


def test_a_month_of_which_nothing_was_delivered_comes_back_to_the_unit_in_whatever_order(the_clock: SetClock) -> None:
    books = Books(the_clock, tax_bps=750)
    books.at(22)
    books.invoice()
    books.at(3, 12)
    for some in (november(*range(2, 31, 3)), november(*range(1, 31, 3)), november(*range(3, 31, 3))):
        books.missed(some)
        books.decide()
    invoice, *notes = books.totals()
    assert invoice == ("i1", 75_250)
    assert sum(minor for _, minor in notes) == 75_250
    assert find_account("alpha", "alpha", books.karim.number).balance_minor == 0
    books.check()


def test_a_late_disable_of_the_same_days_takes_back_nothing_twice(the_clock: SetClock) -> None:
    books = Books(the_clock)
    books.at(22)
    books.invoice()
    books.missed(november(19, 20))
    books.decide()
    record(books.world.alpha_chain, books.karim.number, EventKind.DISABLE, date(2026, 11, 19), now=books.clock.at)
    correct(books.world.alpha_chain, books.clock.at)
    books.at(1, 12)
    books.invoice()
    credited = sum(minor for name, minor in books.totals() if name.startswith("c"))
    assert credited == 70_000 - 42_000, "the 1st to the 18th stay"
    books.check()


def test_a_day_that_the_fund_did_not_cover_was_not_paid_for(the_clock: SetClock) -> None:
    books = Books(the_clock)
    books.at(20)
    books.world.refund(books.world.operator, books.world.alpha, 10_000_000 - 19 * 2_000)
    books.at(25)
    books.invoice()
    books.missed(november(18, 24))
    books.decide()
    assert [(day, status) for day, status, _ in books.told()] == [(18, "credited"), (24, "unpaid")]


def test_a_day_waits_until_it_is_settled(the_clock: SetClock) -> None:
    books = Books(the_clock)
    books.at(22)
    books.invoice()
    books.missed(november(21, 22))
    assert books.decide() == {"credited": 1}
    books.at(23)
    assert books.decide() == {"credited": 1}


def test_by_the_other_policy_it_is_only_reported(the_clock: SetClock) -> None:
    books = Books(the_clock)
    set_network_terms("alpha", undelivered=Undelivered.REPORT)
    books.at(22)
    books.invoice()
    books.missed(november(20))
    assert books.decide() == {"reported": 1}
    assert books.totals() == [("i1", 70_000)]


def test_who_has_no_billing_terms_is_told_so(the_clock: SetClock) -> None:
    books = Books(the_clock)
    set_network_terms("beta", undelivered=Undelivered.CREDIT)
    books.world.recharge(books.world.alpha, books.world.beta, 100_000)
    nila = books.world.connect(books.world.beta_chain, "nila", "HOME", FIRST)
    books.at(22)
    books.missed(november(20), nila)
    assert books.decide(books.world.beta_chain) == {"reported": 1}
    assert books.told("beta") == [(20, "reported", NO_TERMS)]
    assert books.told() == []


def test_whose_subscribers_another_bills_is_told_so(the_clock: SetClock) -> None:
    books = Books(the_clock)
    books.at(22)
    books.missed(november(20))
    earning = replace(books.world.alpha, mode=Mode.PERCENTAGE)
    assert books.decide((books.world.operator, earning)) == {"reported": 1}
    assert books.told() == [(20, "reported", BILLED_ABOVE)]


def test_the_operators_own_subscriber_has_a_day_while_it_is_active(the_clock: SetClock) -> None:
    books = Books(the_clock)
    set_terms(books.world.operator, lambda before: replace(before, starts_on=FIRST))
    set_network_terms("op", undelivered=Undelivered.CREDIT)
    anis = books.world.connect((books.world.operator,), "anis", "HOME", FIRST)
    books.at(22)
    run_due((books.world.operator,), books.clock.at)
    record((books.world.operator,), anis.number, EventKind.DISABLE, date(2026, 11, 21), now=books.clock.at)
    books.missed(november(20), anis)
    assert books.decide((books.world.operator,)) == {"credited": 1}
    assert books.totals(anis) == [("i1", 60_000), ("c1", 2_000)]
    books.check()


def test_of_an_invoice_that_was_taken_back_nothing_is_credited(the_clock: SetClock) -> None:
    books = Books(the_clock)
    books.at(22)
    books.invoice()
    visit = Visit(books.world.alpha, "alpha", books.karim.number, BOSS, books.clock.at)
    void_document(visit, books.documents()[0], "mistaken")
    books.missed(november(20))
    assert books.decide() == {"reported": 1}
    assert books.told() == [(20, "reported", TAKEN_BACK)]
    books.check()


def test_a_day_for_which_nothing_of_its_invoice_is_left_is_not_told_as_credited_with_the_others(
    the_clock: SetClock,
) -> None:
    books = Books(the_clock)
    books.at(22)
    books.invoice()
    visit = Visit(books.world.alpha, "alpha", books.karim.number, BOSS, books.clock.at)
    credit_document(visit, books.documents()[0], [CreditLine("sorry", 68_000)], "a bad month")
    books.missed(november(15, 20))
    assert books.decide() == {"credited": 1, "reported": 1}
    assert books.told() == [(15, "credited", None), (20, "reported", TAKEN_BACK)]
    assert books.totals() == [("i1", 70_000), ("c1", 68_000), ("c2", 2_000)]
    assert find_account("alpha", "alpha", 1).undelivered == ((1, date(2026, 11, 15)),)
    books.check()


def test_a_day_before_anything_was_billed_here_and_one_too_far_back_are_told_so(the_clock: SetClock) -> None:
    books = Books(the_clock)
    set_terms(books.world.gamma, lambda before: replace(before, starts_on=date(2026, 11, 1)))
    books.at(22)
    for month in (11, 12):
        books.at(22 if month == 11 else 2, month)
        books.invoice()
    for month in (1, 2):
        books.clock.at = datetime(2027, month, 2, 6, tzinfo=UTC)
        books.invoice()
    books.missed(november(20))
    assert books.decide() == {"reported": 1}
    assert books.told() == [(20, "reported", TOO_OLD)]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("timing", [Timing.PREPAID, Timing.POSTPAID])
def test_a_crash_at_any_call_credits_each_day_once(
    engine: MemoryDynamoDB, the_clock: SetClock, when: str, timing: Timing
) -> None:
    books = Books(the_clock, timing=timing)
    books.at(22)
    books.invoice()
    books.missed(november(15, 19, 20))
    start = engine.remember()
    books.decide()
    expected = books.totals(), books.told(), find_account("alpha", "alpha", 1).undelivered
    assert len(expected[2]) == 3
    for call in range(1, 100):
        engine.rewind(start)
        crash_at(engine, call, when)
        try:
            books.decide()
            engine.faults = None
            break
        except Crash:
            engine.faults = None
        books.decide()
        assert (books.totals(), books.told(), find_account("alpha", "alpha", 1).undelivered) == expected, call
        books.check()
    assert call > 8


def meanwhile(engine: MemoryDynamoDB, at: int, act: Callable[[], object]) -> None:
    """Let somebody else act before that call."""
    seen = [0]

    def faults(phase: str, number: int, operation: str, parameters: object) -> None:
        seen[0] += phase == "before"
        if seen[0] == at:
            engine.faults = None
            act()

    engine.faults = faults


def test_somebody_else_who_decides_at_the_same_time_credits_nothing_twice(
    engine: MemoryDynamoDB, the_clock: SetClock
) -> None:
    books = Books(the_clock)
    books.at(22)
    books.invoice()
    books.missed(november(15, 19, 20))
    start = engine.remember()
    for call in range(1, 40):
        engine.rewind(start)
        meanwhile(engine, call, books.decide)
        books.decide()
        engine.faults = None
        assert books.totals() == [("i1", 70_000), ("c1", 7_000)]
        assert [status for _, status, _ in books.told()] == ["credited"] * 3
        books.check()
    assert read_book(("op", "alpha")).net("1100") == 63_000


@pytest.mark.parametrize("timing", [Timing.PREPAID, Timing.POSTPAID])
def test_a_day_that_another_worker_has_decided_is_in_nobodys_way(
    engine: MemoryDynamoDB, the_clock: SetClock, timing: Timing
) -> None:
    books = Books(the_clock, timing=timing)
    books.at(22)
    books.invoice()
    books.missed(november(15, 19, 20))
    number = books.karim.services[0].number
    start = engine.remember()
    seen = set()
    for call in range(1, 20):
        engine.rewind(start)

        def report() -> None:
            [day] = [one for one in list_undelivered("alpha", None, None, 9, None)[0] if one.day.day == 19]
            with suppress(ConditionFailed):
                write(*decided(day, DayStatus.REPORTED))

        meanwhile(engine, call, report)
        books.decide()
        engine.faults = None
        books.decide()
        statuses = [status for _, status, _ in books.told()]
        assert statuses in (["credited", "reported", "credited"], ["credited"] * 3)
        seen.add(statuses[1])
        undelivered = {day.day for one, day in find_account("alpha", "alpha", 1).undelivered if one == number}
        assert undelivered == ({15, 19, 20} if statuses[1] == "credited" else {15, 20})
        books.check()
    assert seen == {"reported", "credited"}
