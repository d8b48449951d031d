"""Invoice runs: what they issue and post, what they cost, and that a crash anywhere changes nothing of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from chalicelib.aws.tables import Put, write
from chalicelib.core.errors import Conflict, Invalid
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.model import EventKind
from chalicelib.crm.service import Change, new_service, with_change
from chalicelib.crm.store import subscriber_row, update_of
from chalicelib.crm.subscriber import Subscriber
from chalicelib.ledger.chart import INTERNET_REVENUE, ONE_TIME_REVENUE, RECEIVABLE, TAX_PAYABLE
from chalicelib.ledger.heads import read_heads, totals_of
from chalicelib.proof.asking import TEND
from chalicelib.proof.prove import prove_book
from chalicelib.proof.tend import carry_out
from chalicelib.retail.account_model import Discount
from chalicelib.retail.accounts import Keeper, OwnChange, add_charge, change_own_terms
from chalicelib.retail.billed import billed_tenants
from chalicelib.retail.document_model import Document
from chalicelib.retail.find import documents_of, find_account
from chalicelib.retail.invoice import Request, invoice_subscriber
from chalicelib.retail.invoice_run import RunStatus, find_run, list_runs
from chalicelib.retail.model import DocumentKind, Terms, Timing
from chalicelib.retail.ruling import BY_ITSELF
from chalicelib.retail.run_invoices import begin_run, carry_on, run_due
from chalicelib.retail.terms import set_terms
from chalicelib.tenants.model import Mode
from tests.bench.invoices import FIRST, billing_world, invoice, load
from tests.conftest import SetClock
from tests.invariants import check_invariants, read_book
from tests.retail.checks import accounts_of, check_retail
from tests.simulation import MemoryDynamoDB
from tests.world import BOSS, World, plan, store_tenant, tenant

pytestmark = pytest.mark.usefixtures("the_clock")
Shown = tuple[str, str, int, int]


def issued(world: World, count: int) -> list[Shown]:
    """Every document of Beta's own subscribers: its number, whose it is, its total, the balance after it."""
    documents = [one for number in range(1, count + 1) for one in documents_of("beta", "beta", number)]
    return [
        (one.number, one.subscriber_id, one.total_minor, one.balance_after_minor)
        for one in sorted(documents, key=lambda one: (one.kind, one.serial))
    ]


def change(number: int, kind: EventKind, day: date) -> None:
    """Something happened to the first service of Beta's subscriber, however it came to be known."""
    before = find_subscriber("beta", number)
    changed = with_change(before.services[0], Change(kind, day, 10**16, 0))
    write(update_of(before, replace(before, services=(changed, *before.services[1:]))))


def join(number: int, start_on: date) -> None:
    """A new subscriber of Beta's, on HOME."""
    service = new_service(number, start_on, f"user{number}", None, "HOME", 10**15, 0)
    joined = Subscriber("beta", number, f"C{number}", "New", None, None, (service,), 10**15, 10**15)
    write(Put(subscriber_row(joined)))


@pytest.fixture
def few_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Smaller writes, so that a few subscribers make several."""
    monkeypatch.setattr("chalicelib.retail.run_invoices.INVOICED_TOGETHER", 3)


def test_a_run_issues_an_invoice_to_everybody_and_posts_them_together(engine: MemoryDynamoDB) -> None:
    world = billing_world(3)
    load("gamma", 2)
    run = invoice(world, 11)
    # Two on HOME and one on FAST, all at 1,000.00 with 5% tax on top.
    assert (run.status, run.invoices, run.invoiced_minor, run.refused_count) == (RunStatus.DONE, 3, 315_000, 0)
    assert issued(world, 3) == [
        ("INV-2026-000001", "beta.s1", 105_000, 105_000),
        ("INV-2026-000002", "beta.s2", 105_000, 105_000),
        ("INV-2026-000003", "beta.s3", 105_000, 105_000),
    ]
    [entry] = read_book(("op", "alpha", "beta")).journals["retail"]
    assert [(line.account, line.debit_minor - line.credit_minor) for line in entry.draft.lines] == [
        (RECEIVABLE, 315_000),
        (TAX_PAYABLE, -15_000),
        (INTERNET_REVENUE, -300_000),
    ]
    assert (entry.draft.memo, entry.draft.effective_on) == ("Invoices INV-2026-000001 to INV-2026-000003", FIRST)
    account = find_account("beta", "beta", 1)
    assert [(item.local_id, item.due_on, item.remaining_minor) for item in account.open_items] == [
        ("i1", date(2026, 11, 8), 105_000)
    ]
    assert check_retail("beta") == 3
    assert accounts_of("gamma") == []
    check_invariants(world.beta_chain)


def test_a_run_again_writes_nothing_and_the_next_month_goes_on_with_the_numbers(engine: MemoryDynamoDB) -> None:
    world = billing_world(5)
    invoice(world, 11)
    with engine.measured() as again:
        assert invoice(world, 11).invoices == 5
    assert again.write_units == 0
    assert invoice(world, 12).invoices == 5
    assert issued(world, 5)[5:] == [
        (f"INV-2026-00{number + 5:04d}", f"beta.s{number}", 105_000, 210_000) for number in range(1, 6)
    ]
    assert invoice(world, 1, 2027).invoices == 5
    assert [one[0] for one in issued(world, 5)[10:]] == [f"INV-2027-00{number:04d}" for number in range(1, 6)]
    assert check_retail("beta") == 15


def test_an_invoice_of_a_monthly_run_costs_four_units_and_a_share_of_what_a_write_holds_beside(
    engine: MemoryDynamoDB,
) -> None:
    world = billing_world(400)
    invoice(world, 11)
    with engine.measured() as meter:
        assert invoice(world, 12).invoices == 400
    # The run begun and done: 2. Ten writes of 40: a document and an account each, entry, head, counter, run; and the
    # batch, which is a little over a kilobyte: 160 + 8 + 4 units.
    assert meter.write_units == 2 + 10 * (80 * 2 + 4 * 2 + 2)
    assert meter.write_units / 400 < 4.5
    assert check_retail("beta") == 800


def test_new_subscribers_are_invoiced_by_the_next_run_and_one_that_is_asked_for_at_once(
    engine: MemoryDynamoDB,
) -> None:
    world = billing_world(2)
    invoice(world, 11)
    join(3, date(2026, 11, 22))
    join(4, date(2026, 11, 22))
    now = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
    document = invoice_subscriber(Request(world.beta, "beta", 3, BOSS, now))
    assert (document.number, document.total_minor, document.recorded_by) == ("INV-2026-000003", 31_500, "uboss")
    with pytest.raises(Conflict) as refused:
        invoice_subscriber(Request(world.beta, "beta", 3, BOSS, now))
    assert refused.value.code == "nothing-to-invoice"
    [run] = run_due(world.beta_chain, now)
    assert (run.day, run.invoices, run.invoiced_minor) == (date(2026, 11, 22), 1, 31_500)
    assert run_due(world.beta_chain, now) == []
    assert check_retail("beta") == 4


def test_what_is_taken_back_lowers_the_invoice_or_becomes_a_credit_note_of_the_same_run(
    engine: MemoryDynamoDB,
) -> None:
    world = billing_world(3)
    invoice(world, 11)
    change(1, EventKind.DISCONNECT, date(2026, 11, 15))
    change(2, EventKind.DISABLE, date(2026, 11, 15))
    change(2, EventKind.ENABLE, date(2026, 12, 1))
    run = invoice(world, 12)
    assert (run.invoices, run.invoiced_minor, run.credit_notes, run.credited_minor) == (2, 157_500, 1, 52_500)
    credit_note = documents_of("beta", "beta", 1)[-1]
    assert (credit_note.kind, credit_note.number, credit_note.total_minor) == (
        DocumentKind.CREDIT_NOTE,
        "CN-2026-000001",
        52_500,
    )
    assert [line.amount_minor for line in credit_note.lines] == [50_000]
    assert credit_note.allocated == (("i1", 52_500),)
    assert find_account("beta", "beta", 1).balance_minor == 52_500
    assert totals_of(read_heads("beta"))[INTERNET_REVENUE] == -(300_000 + 150_000 - 50_000)
    assert check_retail("beta") == 6
    check_invariants(world.beta_chain)


def test_charges_and_credits_of_the_same_amount_are_posted_apart(engine: MemoryDynamoDB) -> None:
    world = billing_world(3)
    invoice(world, 11)
    change(1, EventKind.DISCONNECT, date(2026, 11, 15))
    change(2, EventKind.DISABLE, date(2026, 11, 15))
    change(2, EventKind.ENABLE, date(2026, 12, 1))
    change(3, EventKind.DISABLE, date(2026, 11, 30))
    assert invoice(world, 12).credited_minor == 52_500
    entry = read_book(("op", "alpha", "beta")).journals["retail"][-1]
    assert [(line.account, line.debit_minor - line.credit_minor) for line in entry.draft.lines] == [
        (RECEIVABLE, 52_500),
        (TAX_PAYABLE, -2_500),
        (INTERNET_REVENUE, -50_000),
        (RECEIVABLE, -52_500),
        (TAX_PAYABLE, 2_500),
        (INTERNET_REVENUE, 50_000),
    ]
    assert check_retail("beta") == 5
    check_invariants(world.beta_chain)


def test_an_invoice_of_nothing_is_issued_and_posts_nothing(engine: MemoryDynamoDB) -> None:
    world = billing_world(1)
    keeper = Keeper(world.beta, "beta", 1, FIRST)
    change_own_terms(keeper, OwnChange(frozenset({"discount"}), discount=Discount(bps=10_000)))
    assert (invoice(world, 11).invoices, invoice(world, 12).invoices) == (1, 1)
    [first, second] = documents_of("beta", "beta", 1)
    assert (first.total_minor, first.entry_sequence, second.number) == (0, 0, "INV-2026-000002")
    assert read_book(("op", "alpha", "beta")).journals.get("retail") is None
    assert check_retail("beta") == 2


def test_a_book_with_invoices_is_proven_and_its_month_closes(engine: MemoryDynamoDB) -> None:
    world = billing_world(3)
    invoice(world, 11)
    later = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
    proof = prove_book(world.beta_chain, date(2026, 11, 21), later, BOSS)
    assert proof.is_sound, proof


def test_a_one_time_charge_goes_to_its_own_account(engine: MemoryDynamoDB) -> None:
    world = billing_world(1)
    add_charge(Keeper(world.beta, "beta", 1, FIRST), "Cable", 20_000)
    assert invoice(world, 11).invoiced_minor == 126_000
    assert totals_of(read_heads("beta"))[ONE_TIME_REVENUE] == -20_000


def test_subscribers_of_percentage_tenants_below_are_invoiced_by_the_first_above_that_is_not(
    engine: MemoryDynamoDB,
) -> None:
    world = billing_world(1)
    shops = []
    parent = world.beta
    for name in ("shop", "stall"):
        parent = replace(tenant(name, parent, FIRST), mode=Mode.PERCENTAGE)
        store_tenant(parent)
        plan(parent, "HOME", 40_000, f"{parent.parent_id}.HOME")
        plan(parent, "FAST", 40_000, f"{parent.parent_id}.FAST")
        load(name, 2)
        shops.append(parent)
    other = tenant("other", world.beta, FIRST)
    store_tenant(other)
    load("other", 1)
    assert billed_tenants(world.beta) == ["beta", "shop", "stall"]
    assert invoice(world, 11).invoices == 5
    assert [(one.tenant_id, one.number, one.balance_minor) for one in accounts_of("beta")] == [
        ("beta", 1, 105_000),
        ("shop", 1, 42_000),
        ("shop", 2, 42_000),
        ("stall", 1, 42_000),
        ("stall", 2, 42_000),
    ]
    entries = read_book(("op", "alpha", "beta")).journals["retail"]
    assert [{line.counterparty for line in one.draft.lines} for one in entries] == [{""}, {"shop"}, {"stall"}]
    assert run_due((*world.beta_chain, *shops), datetime(2026, 11, 22, 6, 0, tzinfo=UTC)) == []
    assert check_retail("beta") == 5


class Crash(BaseException):
    """The process is gone."""


def crash_at(engine: MemoryDynamoDB, at: int, when: str) -> None:
    """Let the process die before or after that call, and at every later one."""
    seen = [0]

    def faults(phase: str, number: int, operation: str, parameters: object) -> None:
        seen[0] += phase == "before"
        if seen[0] > at or (seen[0] == at and phase == when):
            raise Crash

    engine.faults = faults


@pytest.mark.usefixtures("few_together")
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_crashes_at_any_call_issues_the_same_invoices_under_the_same_numbers(
    engine: MemoryDynamoDB, when: str
) -> None:
    world = billing_world(8)
    invoice(world, 11)
    change(2, EventKind.DISCONNECT, date(2026, 11, 15))
    start = engine.remember()
    expected_run = invoice(world, 12)
    expected = issued(world, 8)
    assert (len(expected), expected_run.invoices, expected_run.credit_notes) == (16, 7, 1)
    for at in range(1, 200):
        engine.rewind(start)
        crash_at(engine, at, when)
        try:
            invoice(world, 12)
            break
        except Crash:
            engine.faults = None
        assert replace(invoice(world, 12), revision=0, started_micros=0) == replace(
            expected_run, revision=0, started_micros=0
        )
        assert issued(world, 8) == expected
        assert check_retail("beta") == 16
    engine.faults = None
    assert at > 12


@pytest.mark.usefixtures("few_together")
def test_two_workers_at_one_run_issue_every_invoice_once(engine: MemoryDynamoDB) -> None:
    world = billing_world(8)
    now = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
    run, terms = begin_run(world.beta, FIRST, now)
    turns = iter([True, False])
    first = carry_on(world.beta, run, terms, BY_ITSELF, now, lambda: next(turns, False))
    assert (first.invoices, first.status) == (6, RunStatus.RUNNING)
    # The second still believes that the run has only begun.
    second = carry_on(world.beta, run, terms, BY_ITSELF, now)
    assert (second.invoices, second.status) == (8, RunStatus.DONE)
    assert [one[0] for one in issued(world, 8)] == [f"INV-2026-00{number:04d}" for number in range(1, 9)]
    assert check_retail("beta") == 8


def at_the_next_write(engine: MemoryDynamoDB, do: Callable[[], object], operation: str = "TransactWriteItems") -> None:
    """Do that right before the next write of that kind is carried out."""

    def meddle(phase: str, number: int, called: str, parameters: object) -> None:
        if phase == "before" and called == operation:
            engine.faults = None
            do()

    engine.faults = meddle


def test_an_account_that_moves_while_it_is_invoiced_is_read_again(engine: MemoryDynamoDB) -> None:
    world = billing_world(3)
    asked = Request(world.beta, "beta", 3, BOSS, datetime(2026, 11, 1, 1, 0, tzinfo=UTC))
    at_the_next_write(engine, lambda: invoice_subscriber(asked))
    run = invoice(world, 11)
    assert (run.invoices, run.invoiced_minor) == (2, 210_000)
    assert [one[1] for one in issued(world, 3)] == ["beta.s3", "beta.s1", "beta.s2"]
    assert check_retail("beta") == 3


def test_a_charge_that_comes_while_an_account_is_invoiced_for_the_first_time_or_again_is_not_lost(
    engine: MemoryDynamoDB,
) -> None:
    world = billing_world(2)
    keeper = Keeper(world.beta, "beta", 2, FIRST)
    at_the_next_write(engine, lambda: add_charge(keeper, "Cable", 10_000))
    assert invoice(world, 11).invoiced_minor == 220_500
    at_the_next_write(engine, lambda: add_charge(keeper, "Cable", 20_000))
    assert invoice(world, 12).invoiced_minor == 231_000
    add_charge(keeper, "One", 1_000)
    at_the_next_write(engine, lambda: add_charge(keeper, "Two", 2_000), "PutItem")
    add_charge(keeper, "Three", 3_000)
    assert [one.text for one in find_account("beta", "beta", 2).charges] == ["One", "Two", "Three"]


def test_two_invoices_of_nothing_at_once_get_a_number_each(engine: MemoryDynamoDB) -> None:
    world = billing_world(4)
    for number in range(1, 5):
        own = OwnChange(frozenset({"discount"}), discount=Discount(bps=10_000))
        change_own_terms(Keeper(world.beta, "beta", number, FIRST), own)
    now = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)

    def invoiced_now(number: int) -> Document:
        return invoice_subscriber(Request(world.beta, "beta", number, BOSS, now))

    for first, second in ((1, 2), (3, 4)):
        at_the_next_write(engine, partial(invoiced_now, first))
        invoiced_now(second)
    assert [one[0] for one in issued(world, 4)] == [f"INV-2026-00{number:04d}" for number in range(1, 5)]
    assert check_retail("beta") == 4


def test_a_run_that_somebody_else_begins_and_ends_at_the_same_time_is_not_begun_again(engine: MemoryDynamoDB) -> None:
    world = billing_world(2)
    now = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
    at_the_next_write(engine, lambda: invoice(world, 11), "PutItem")
    run, _ = begin_run(world.beta, FIRST, now)
    assert (run.status, run.invoices) == (RunStatus.DONE, 2)


def test_terms_that_somebody_else_sets_at_the_same_time_are_both_told_apart(engine: MemoryDynamoDB) -> None:
    world = World.build(FIRST)

    def bill(**changes: int) -> Terms:
        return set_terms(world.beta, lambda terms: replace(terms, starts_on=FIRST, **changes))

    at_the_next_write(engine, lambda: bill(due_days=3), "PutItem")
    assert (bill(grace_days=5).revision, bill().due_days) == (2, 3)
    at_the_next_write(engine, lambda: bill(due_days=9), "PutItem")
    assert bill(tax_bps=700).revision == 4
    assert (bill().due_days, bill().grace_days, bill().revision) == (9, 5, 4)


def test_a_subscriber_whose_invoice_cannot_be_made_keeps_nobody_else_from_theirs(
    engine: MemoryDynamoDB, capsys: pytest.CaptureFixture[str]
) -> None:
    world = billing_world(3)
    broken = find_subscriber("beta", 2)
    service = replace(broken.services[0], base=replace(broken.services[0].base, plan="NONE"))
    write(Put(subscriber_row(replace(broken, services=(service,)))))
    run = invoice(world, 11)
    assert (run.status, run.invoices, run.refused_count) == (RunStatus.DONE, 2, 1)
    assert run.refused == (("beta.s2", "KeyError: 'NONE'"),)
    assert find_run("beta", run.run_id) == run


def test_a_run_is_for_a_day_that_has_come_where_the_biller_is(engine: MemoryDynamoDB) -> None:
    world = billing_world(1)
    late_evening = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)  # midnight in Dhaka
    begin_run(world.beta, date(2026, 12, 1), late_evening)
    for day, now in (
        (date(2026, 12, 1), late_evening - timedelta(seconds=1)),
        (date(2026, 10, 31), late_evening),
    ):
        with pytest.raises(Invalid) as refused:
            begin_run(world.beta, day, now)
        assert refused.value.errors[0].field == "date"
    with pytest.raises(Conflict) as refused_too:
        begin_run(world.alpha, FIRST, late_evening)
    assert refused_too.value.code == "no-billing-terms"
    assert list_runs("alpha", limit=5, after=None)[0] == []


def test_a_day_on_which_the_clock_changes_is_invoiced_once(engine: MemoryDynamoDB) -> None:
    world = billing_world(1)
    berlin = replace(world.beta, timezone="Europe/Berlin")
    chain = (world.operator, world.alpha, berlin)
    set_terms(berlin, lambda terms: replace(terms, timing=Timing.PREPAID, starts_on=FIRST))
    # 28 March 2027 has 23 hours in Berlin: every hour of it, and of the day before and after, is asked once.
    begins = datetime(2027, 3, 27, 0, 30, tzinfo=UTC)
    runs = [run for hour in range(72) for run in run_due(chain, begins + timedelta(hours=hour))]
    assert [run.run_id for run in runs] == ["2027-03-27", "2027-03-28", "2027-03-29", "2027-03-30"]
    assert [run.invoices for run in runs] == [1, 0, 0, 0]


def test_tending_a_book_does_the_runs_that_are_due_and_finishes_those_that_were_left(
    engine: MemoryDynamoDB, the_clock: SetClock
) -> None:
    world = billing_world(3)
    begin_run(world.beta, date(2026, 11, 21), datetime(2026, 11, 21, 6, 0, tzinfo=UTC))
    message = {"do": TEND, "chain": ["op", "alpha", "beta"]}
    carry_out(message, the_clock.now())
    runs, _ = list_runs("beta", limit=5, after=None)
    assert [(run.run_id, run.status.value, run.invoices) for run in runs] == [
        ("2026-11-22", "done", 0),
        ("2026-11-21", "done", 3),
    ]
    carry_out({"do": "invoice", "chain": ["op", "alpha", "beta"], "day": "2026-11-22"}, the_clock.now())
    assert find_run("beta", "2026-11-22").invoices == 0
    assert list_runs("op", limit=5, after=None) == ([], None)
