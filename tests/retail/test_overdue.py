"""Overdue accounts: late fees once, suspension and return, whatever breaks off in between. Gamma stands beside."""

from collections.abc import Callable, Sequence
from datetime import date

import pytest

from chalicelib.aws import keys
from chalicelib.aws.guards import no_guard
from chalicelib.aws.tables import forget, read
from chalicelib.billing.pins import guard_day
from chalicelib.crm.change import AskedChange, record_event
from chalicelib.crm.connect import add_service
from chalicelib.crm.events import read_history
from chalicelib.crm.filing import File, Filed, filed_plainly
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.model import EventKind, ServiceEvent
from chalicelib.crm.subscriber import Line
from chalicelib.ledger.chart import LATE_FEES, RECEIVABLE
from chalicelib.retail.find import documents_of, find_account
from chalicelib.retail.model import DocumentKind
from chalicelib.retail.overdue import Chased, chase_due
from chalicelib.retail.store import ReturnsRow
from chalicelib.tenants.model import Tenant
from tests.conftest import SetClock
from tests.retail.counter import SINCE, Counter, at
from tests.simulation import MemoryDynamoDB

DUE = date(2026, 11, 8)


def file_of(tenant: Tenant) -> File:
    """As the entrypoints file events: never on a day that is pinned."""

    def file(events: Sequence[ServiceEvent]) -> Filed:
        return Filed(tuple(events), guard_day(tenant.tenant_id, min(event.effective_on for event in events)))

    return file


@pytest.fixture
def counter(engine: MemoryDynamoDB, the_clock: SetClock) -> Counter:
    made = Counter(grace_days=3, late_fee_minor=50_00, suspend_overdue=True)
    made.now = at(8)
    return made


def chase(counter: Counter) -> Chased:
    found = chase_due(counter.world.beta_chain, counter.now, file_of)
    assert found is not None
    return found


def enabled(counter: Counter, number: int = 1) -> list[bool]:
    """Of each service of the subscriber, whether it is enabled today."""
    subscriber = find_subscriber("beta", number)
    day = date(2026, counter.now.month, counter.now.day)
    return [service.state_on(day).enabled for service in subscriber.services]


def change(counter: Counter, kind: EventKind, service: int | None = None, on: date | None = None) -> None:
    day = on or date(2026, counter.now.month, counter.now.day)
    asked = AskedChange(kind, day, None, service)
    record_event(counter.beta, 1, asked, filed_plainly, day, counter.now, forget)


def second_service(counter: Counter) -> None:
    add_service(counter.beta, 1, Line("HOME", "beta1b", None, SINCE), no_guard(), counter.now, forget)


def test_on_the_last_day_of_grace_nothing_happens_and_on_the_next_the_fee_is_charged_and_the_line_cut(
    counter: Counter,
) -> None:
    counter.invoice(500_00, due_on=DUE)
    counter.now = at(11)
    assert chase(counter)[:4] == (0, 0, 0, 0)
    assert enabled(counter) == [True]
    counter.now = at(12)
    assert chase(counter) == Chased(1, 1, 1, 0, is_over=True)
    assert enabled(counter) == [False]
    assert counter.open_of() == {"i1": 500_00, "l1": 50_00}
    assert (counter.net(LATE_FEES), counter.net(RECEIVABLE)) == (-50_00, 550_00)
    assert counter.account().suspended_for == "i1"
    disable = read_history("beta", 1)[-1]
    assert (disable.kind, disable.effective_on, disable.reason) == (EventKind.DISABLE, date(2026, 11, 12), "overdue")
    counter.check()


def test_the_fee_of_an_invoice_is_charged_once_however_often_and_late_it_is_looked_at(counter: Counter) -> None:
    counter.invoice(500_00, due_on=DUE)
    for day in (12, 12, 13, 20, 28):
        counter.now = at(day)
        chase(counter)
    documents = documents_of("beta", "beta", 1)
    fees = [one for one in documents if one.kind is DocumentKind.LATE_FEE]
    assert [(fee.number, fee.total_minor, fee.about) for fee in fees] == [("LF-2026-000001", 50_00, "i1")]
    assert len([event for event in read_history("beta", 1) if event.kind is EventKind.DISABLE]) == 1
    counter.check()


def test_a_second_look_on_the_same_day_reads_no_account_and_writes_nothing(
    counter: Counter, engine: MemoryDynamoDB
) -> None:
    counter.invoice(500_00, due_on=DUE)
    counter.now = at(12)
    chase(counter)
    with engine.measured() as cost:
        assert chase(counter) == Chased(is_over=True)
    assert cost.write_units == 0
    assert cost.by_operation.get("Query", 0) == 0


def test_who_pays_everything_is_back_the_same_day(counter: Counter) -> None:
    counter.invoice(500_00, due_on=DUE)
    counter.now = at(12)
    chase(counter)
    counter.pay(550_00)
    assert enabled(counter) == [False]
    row = read(ReturnsRow, keys.retail_returns("beta"))
    assert row is not None
    assert row.waiting == [["beta", 1]]
    assert chase(counter).returned == 1
    assert enabled(counter) == [True]
    enable = read_history("beta", 1)[-1]
    assert (enable.kind, enable.effective_on) == (EventKind.ENABLE, date(2026, 11, 12))
    assert (counter.account().suspended_for, counter.account().disabled_services) == (None, ())
    assert chase(counter).returned == 0
    counter.check()


def test_who_pays_only_a_part_stays_cut_until_nothing_is_late(counter: Counter) -> None:
    counter.invoice(500_00, due_on=DUE)
    counter.now = at(12)
    chase(counter)
    counter.pay(499_99)
    assert chase(counter).returned == 0
    assert enabled(counter) == [False]
    counter.pay(1)
    assert counter.open_of() == {"l1": 50_00}
    assert chase(counter).returned == 1
    assert enabled(counter) == [True]
    counter.check()


def test_exactly_what_billing_disabled_is_enabled_again(counter: Counter) -> None:
    second_service(counter)
    change(counter, EventKind.DISABLE, 3)
    counter.invoice(500_00, due_on=DUE)
    counter.now = at(12)
    chase(counter)
    assert enabled(counter) == [False, False]
    assert counter.account().disabled_services == (1,)
    counter.pay(550_00)
    chase(counter)
    assert enabled(counter) == [True, False]
    counter.check()


def test_a_service_that_somebody_enabled_by_hand_stays_so_until_another_invoice_is_late(counter: Counter) -> None:
    counter.invoice(500_00, due_on=DUE)
    counter.now = at(12)
    chase(counter)
    change(counter, EventKind.ENABLE)
    counter.now = at(13)
    chase(counter)
    assert enabled(counter) == [True]
    counter.invoice(500_00, due_on=date(2026, 11, 14))
    counter.now = at(18)
    assert chase(counter).suspended == 1
    assert enabled(counter) == [False]
    assert counter.account().suspended_for == "i2"
    counter.check()


def test_a_service_that_was_disconnected_meanwhile_is_left_alone_and_stops_nobody(counter: Counter) -> None:
    second_service(counter)
    counter.invoice(500_00, due_on=DUE)
    counter.now = at(12)
    chase(counter)
    change(counter, EventKind.DISCONNECT, 1)
    counter.pay(550_00)
    assert chase(counter).returned == 1
    assert enabled(counter) == [False, True]
    assert counter.account().suspended_for is None
    counter.check()


def test_a_disable_that_somebody_has_recorded_for_later_is_not_contradicted(counter: Counter) -> None:
    counter.invoice(500_00, due_on=DUE)
    counter.now = at(12)
    change(counter, EventKind.DISABLE, None, date(2026, 11, 25))
    chase(counter)
    assert enabled(counter) == [True]
    assert (counter.account().suspended_for, counter.account().disabled_services) == ("i1", ())
    counter.check()


def test_terms_that_do_not_suspend_only_charge_the_fee(engine: MemoryDynamoDB, the_clock: SetClock) -> None:
    counter = Counter(late_fee_bps=1_000)
    counter.now = at(8)
    counter.invoice(500_00, due_on=DUE)
    counter.now = at(9)
    assert chase(counter)[1:4] == (1, 0, 0)
    assert counter.open_of() == {"i1": 500_00, "l1": 50_00}
    assert enabled(counter) == [True]
    counter.check()


def test_a_cheque_that_bounces_cuts_again_and_its_invoice_is_not_charged_a_second_fee(counter: Counter) -> None:
    from chalicelib.retail.payments import reverse_payment

    counter.invoice(500_00, due_on=DUE)
    counter.now = at(12)
    chase(counter)
    cheque = counter.pay(550_00).document
    chase(counter)
    counter.now = at(13)
    reverse_payment(counter.visit(), cheque, "no funds")
    assert chase(counter)[1:4] == (0, 1, 0)
    assert enabled(counter) == [False]
    assert counter.open_of() == {"i1": 500_00, "l1": 50_00}
    counter.check()


def test_who_has_no_terms_is_not_looked_at(counter: Counter) -> None:
    assert chase_due(counter.world.alpha_chain, counter.now, file_of) is None


def test_the_day_is_the_billers_own(counter: Counter) -> None:
    """In Dhaka the 12th begins at 18:00 UTC of the 11th."""
    counter.invoice(500_00, due_on=DUE)
    counter.now = at(11).replace(hour=17, minute=59)
    assert chase(counter).fees == 0
    counter.now = at(11).replace(hour=18)
    assert chase(counter).fees == 1


class PowerCut(BaseException):
    pass


def at_every_call(engine: MemoryDynamoDB, act: Callable[[], object], then: Callable[[], None]) -> int:
    """Break the act off before and after each of its calls, let it run again, and look."""
    start, calls = engine.remember(), 0

    def count(phase: str, number: int, called: str, params: object) -> None:
        nonlocal calls
        calls += phase == "before"

    engine.faults = count
    act()
    engine.faults = None
    then()
    for place in range(1, calls + 1):
        for when in ("before", "after"):
            engine.rewind(start)
            seen = 0

            def cut(phase: str, number: int, called: str, params: object, place: int = place, when: str = when) -> None:
                nonlocal seen
                seen += phase == "before"
                if phase == when and seen == place:
                    engine.faults = None
                    raise PowerCut

            engine.faults = cut
            with pytest.raises(PowerCut):
                act()
            engine.faults = None
            act()
            then()
    return calls


def test_a_look_broken_off_at_any_call_and_done_again_charges_once_and_cuts_once(
    counter: Counter, engine: MemoryDynamoDB
) -> None:
    second_service(counter)
    counter.invoice(500_00, due_on=DUE)
    counter.invoice(300_00, due_on=DUE, number=2)
    counter.now = at(12)

    def then() -> None:
        assert counter.open_of() == {"i1": 500_00, "l1": 50_00}
        assert sorted(counter.open_of(2).values()) == [50_00, 300_00]
        assert (enabled(counter), enabled(counter, 2)) == ([False, False], [False])
        assert counter.account().disabled_services == (1, 3)
        for number in (1, 2):
            disables = [event for event in read_history("beta", number) if event.kind is EventKind.DISABLE]
            assert len(disables) == len(find_subscriber("beta", number).services)
            assert find_account("beta", "beta", number).suspended_for is not None
        counter.check()

    assert at_every_call(engine, lambda: chase(counter), then) > 15


def test_a_return_broken_off_at_any_call_and_done_again_enables_once(counter: Counter, engine: MemoryDynamoDB) -> None:
    second_service(counter)
    counter.invoice(500_00, due_on=DUE)
    counter.now = at(12)
    chase(counter)
    counter.pay(550_00)

    def then() -> None:
        assert enabled(counter) == [True, True]
        assert len([event for event in read_history("beta", 1) if event.kind is EventKind.ENABLE]) == 2
        assert (counter.account().suspended_for, counter.account().disabled_services) == (None, ())
        row = read(ReturnsRow, keys.retail_returns("beta"))
        assert row is not None
        assert row.waiting == []
        counter.check()

    assert at_every_call(engine, lambda: chase(counter), then) > 8


def test_a_payment_between_any_two_calls_of_a_look_leaves_nobody_cut_who_has_paid(
    counter: Counter, engine: MemoryDynamoDB
) -> None:
    counter.invoice(500_00, due_on=DUE)
    counter.now = at(12)
    start = engine.remember()
    for place in range(1, 30):
        engine.rewind(start)
        seen = 0

        def beside(phase: str, number: int, called: str, params: object, place: int = place) -> None:
            nonlocal seen
            seen += phase == "before"
            if phase == "before" and seen == place:
                engine.faults = None
                counter.pay(550_00)

        engine.faults = beside
        chase(counter)
        came = engine.faults is None
        engine.faults = None
        if not came:
            break
        chase(counter)
        counter.now = at(13)
        chase(counter)
        counter.now = at(12)
        assert enabled(counter) == [True], place
        assert counter.account().suspended_for is None
        counter.check()
    else:
        raise AssertionError("it never ends")
    assert place > 5


def test_a_note_of_somebody_who_pays_while_others_are_brought_back_is_not_lost(
    counter: Counter, engine: MemoryDynamoDB
) -> None:
    for number in (1, 2):
        counter.invoice(500_00, due_on=DUE, number=number)
    counter.now = at(12)
    chase(counter)
    counter.pay(550_00)
    start = engine.remember()
    for place in range(1, 40):
        engine.rewind(start)
        seen = 0

        def beside(phase: str, number: int, called: str, params: object, place: int = place) -> None:
            nonlocal seen
            seen += phase == "before"
            if phase == "before" and seen == place:
                engine.faults = None
                counter.pay(550_00, number=2)

        engine.faults = beside
        chase(counter)
        came = engine.faults is None
        engine.faults = None
        if not came:
            break
        chase(counter)
        assert (enabled(counter), enabled(counter, 2)) == ([True], [True]), place
        counter.check()
    assert place > 8


def test_what_is_written_off_does_not_bring_anybody_back_and_what_is_credited_does(counter: Counter) -> None:
    from chalicelib.retail.credit_notes import void_document, write_off

    for number in (1, 2):
        counter.invoice(500_00, due_on=DUE, number=number)
    counter.now = at(12)
    chase(counter)
    write_off(counter.visit(), None, "moved away")
    charged = [one for one in documents_of("beta", "beta", 2) if one.kind is DocumentKind.INVOICE][0]
    void_document(counter.visit(2), charged, "never used")
    for day in (12, 13):
        counter.now = at(day)
        chase(counter)
    assert (enabled(counter), enabled(counter, 2)) == ([False], [True])
    assert (counter.account().suspended_for, counter.account().disabled_services) == (None, ())
    counter.check()
