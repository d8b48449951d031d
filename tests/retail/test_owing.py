"""Who owes what, over all subscribers that Beta bills, those of a percentage tenant below it among them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.aws import keys
from chalicelib.aws.tables import Put, write
from chalicelib.crm.events import read_history
from chalicelib.crm.filing import File, Filed
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.model import EventKind, ServiceEvent
from chalicelib.crm.store import CountersRow
from chalicelib.ledger.chart import RECEIVABLE
from chalicelib.retail.account_model import Account
from chalicelib.retail.account_store import put_account
from chalicelib.retail.billed import billed_subscriber
from chalicelib.retail.find import read_terms
from chalicelib.retail.invoice import Request, invoice_subscriber
from chalicelib.retail.list_payments import WantedPayments, list_payments
from chalicelib.retail.overdue import chase_due
from chalicelib.retail.owing import all_accounts, list_owing, receivables_by_subscriber, tied_dues, total_dues
from chalicelib.retail.payments import Payment, PaymentMethod, receive_payment
from chalicelib.retail.receivables import ageing_table, page_of_aged
from chalicelib.retail.ruling import Visit
from chalicelib.tenants.model import Mode, Tenant
from tests.conftest import SetClock
from tests.invariants import read_book
from tests.retail.counter import TODAY, Counter, at, subscribe
from tests.simulation import MemoryDynamoDB
from tests.world import BOSS, plan, store_tenant, tenant


@pytest.fixture
def counter(engine: MemoryDynamoDB, the_clock: SetClock) -> Counter:
    return Counter(due_days=0, suspend_overdue=True)


@pytest.fixture
def agent(counter: Counter) -> Tenant:
    """A percentage tenant under Beta, where it is Auckland's day, with one subscriber."""
    made = replace(tenant("agent", counter.beta, date(2026, 11, 1), "Pacific/Auckland"), mode=Mode.PERCENTAGE)
    store_tenant(made)
    plan(made, "HOME", 80_000, "beta.HOME")
    subscribe(made, "agent1")
    return made


def filed(tenant: Tenant) -> File:
    def file(events: Sequence[ServiceEvent]) -> Filed:
        from chalicelib.aws.guards import no_guard

        return Filed(tuple(events), no_guard())

    return file


def test_the_list_of_who_owes_goes_on_page_by_page_and_leaves_out_who_does_not(counter: Counter) -> None:
    counter.invoice(500_00, due_on=date(2026, 11, 10))
    counter.invoice(300_00, number=2, due_on=date(2026, 12, 10))
    terms = read_terms(counter.beta)
    first, after = list_owing(terms, TODAY, overdue=False, limit=1, after=None)
    rest, end = list_owing(terms, TODAY, overdue=False, limit=1, after=after)
    assert [one.dues.due_minor for one in (*first, *rest)] == [500_00, 300_00]
    last, end = list_owing(terms, TODAY, overdue=False, limit=1, after=end)
    assert (last, end) == ([], None)
    late, _ = list_owing(terms, TODAY, overdue=True, limit=9, after=None)
    assert [(one.account.number, one.dues.overdue_minor) for one in late] == [(1, 500_00)]
    counter.pay(500_00)
    late, end = list_owing(terms, TODAY, overdue=True, limit=9, after=None)
    assert (late, end) == ([], None)


def test_accounts_of_ten_thousand_numbers_further_are_found(counter: Counter) -> None:
    for number in (9_999, 10_000, 20_001):
        before = Account("beta", "beta", number)
        write(put_account(before, before._replace(balance_minor=number, advance_minor=0)))
    terms = read_terms(counter.beta)
    found, after = list_owing(terms, TODAY, overdue=False, limit=2, after=None)
    more, _ = list_owing(terms, TODAY, overdue=False, limit=2, after=after)
    assert [one.account.number for one in (*found, *more)] == [9_999, 10_000, 20_001]
    [total] = total_dues(terms, TODAY)
    assert (total.accounts, total.balance_minor) == (3, 40_000)


def test_an_account_behind_twenty_thousand_subscribers_that_were_never_billed_is_found(counter: Counter) -> None:
    before = Account("beta", "beta", 30_001)
    write(put_account(before, before._replace(balance_minor=5_00)))
    last = CountersRow.at(keys.counters("beta"), subscribers=30_001, services=30_001, file_micros=0)
    write(Put(last))
    assert [one.number for one in all_accounts("beta")] == [30_001]
    terms = read_terms(counter.beta)
    found, _ = list_owing(terms, TODAY, overdue=False, limit=9, after=None)
    assert [one.account.number for one in found] == [30_001]


def test_monthly_dues_forget_what_an_earlier_month_left(counter: Counter) -> None:
    counter.now = at(15, 10)
    counter.invoice(500_00)
    counter.now = at(5)
    counter.invoice(500_00)
    counter.pay(600_00)
    [total] = total_dues(read_terms(counter.beta), TODAY)
    assert (total.cumulative_minor, total.monthly_minor) == (400_00, 0)
    [later] = total_dues(read_terms(counter.beta), date(2026, 12, 1))
    assert (later.cumulative_minor, later.monthly_minor) == (400_00, 0)


def test_a_percentage_tenants_subscriber_is_billed_cut_and_paid_in_betas_book(counter: Counter, agent: Tenant) -> None:
    assert billed_subscriber(counter.beta, "agent.s1") == ("agent", 1)
    invoice = invoice_subscriber(Request(counter.beta, "agent", 1, BOSS, counter.now))
    assert invoice.total_minor == 800_00
    book = read_book(counter.beta.chain)
    assert book.net(RECEIVABLE, counterparty="agent") == 800_00
    assert read_book(agent.chain).entries == []
    counter.now += timedelta(days=1, hours=6)
    found = chase_due(counter.world.beta_chain, counter.now, filed)
    assert found is not None
    assert found.suspended == 1
    disable = read_history("agent", 1)[-1]
    # It is the evening of the 23rd in Dhaka, and the 24th in Auckland already.
    assert (disable.kind, disable.effective_on) == (EventKind.DISABLE, date(2026, 11, 24))
    paid = receive_payment(Visit(counter.beta, "agent", 1, BOSS, counter.now), Payment(800_00, PaymentMethod.CASH))
    assert paid.document.balance_after_minor == 0
    assert read_book(counter.beta.chain).net(RECEIVABLE, counterparty="agent") == 0
    chase_due(counter.world.beta_chain, counter.now, filed)
    assert find_subscriber("agent", 1).services[0].state_on(date(2026, 11, 24)).enabled
    counter.check()


def test_the_accounts_together_are_the_receivable_of_the_book(counter: Counter, agent: Tenant) -> None:
    counter.invoice(500_00)
    counter.pay(120_00, number=2)
    invoice_subscriber(Request(counter.beta, "agent", 1, BOSS, counter.now))
    tied = tied_dues(read_terms(counter.beta), TODAY)
    assert [(one.tenant_id, one.owing, one.balance_minor, one.advance_minor) for one in tied.totals] == [
        ("agent", 1, 800_00, 0),
        ("beta", 1, 380_00, 120_00),
    ]
    assert (tied.balance_minor, tied.receivable_minor, tied.difference_minor) == (1_180_00, 1_180_00, 0)


def test_receivables_by_age_count_from_the_due_day_and_add_up_to_the_book(counter: Counter) -> None:
    for day, minor in (("2026-11-22", 1_00), ("2026-11-21", 2_00), ("2026-10-22", 4_00), ("2026-09-22", 8_00)):
        counter.invoice(minor, due_on=date.fromisoformat(day))
    counter.invoice(16_00, due_on=date(2026, 8, 1))
    counter.pay(5_00, number=2)
    report = receivables_by_subscriber("beta", TODAY)
    assert [(one.account.number, one.not_due_minor, one.by_age_minor, one.total_minor) for one in report] == [
        (1, 1_00, (2_00, 4_00, 8_00, 16_00), 31_00),
        (2, 0, (0, 0, 0, 0), -5_00),
    ]
    table = ageing_table("Beta", TODAY, report, "BDT")
    assert table.rows[-1].cells[3:] == (1_00, 2_00, 4_00, 8_00, 16_00, 5_00, 26_00)
    assert counter.net(RECEIVABLE) == 26_00
    page, after = page_of_aged(report, 1, None)
    rest, end = page_of_aged(report, 1, after)
    assert ([one.account.number for one in (*page, *rest)], end) == ([1, 2], None)


def test_the_list_of_payments_goes_by_the_day_they_were_received(counter: Counter) -> None:
    for day in (5, 20, 12):
        counter.pay(day, received_on=date(2026, 11, day))
    wanted = WantedPayments(first=date(2026, 11, 12), last=date(2026, 11, 20))
    found, after = list_payments("beta", wanted, limit=9, after=None)
    assert ([one.document.total_minor for one in found], after) == ([12, 20], None)
    assert list_payments("beta", WantedPayments(first=date(2026, 11, 23)), limit=9, after=None) == ([], None)
    assert list_payments("beta", WantedPayments(method=PaymentMethod.BANK), limit=9, after=None) == ([], None)
    first, after = list_payments("beta", WantedPayments(), limit=2, after=None)
    rest, end = list_payments("beta", WantedPayments(), limit=2, after=after)
    assert ([one.document.total_minor for one in (*first, *rest)], end) == ([12, 20, 5], None)
