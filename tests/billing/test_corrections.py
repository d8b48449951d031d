"""Late facts: recorded anew, known from the next day on, and corrected at every level in one transaction."""

import contextlib
import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.aws.tables import Operation, write
from chalicelib.billing.late_tariff import late_tariff
from chalicelib.billing.model import RefundPolicy, Timing
from chalicelib.billing.restore import restore_services
from chalicelib.billing.run import carry_out, plan_days
from chalicelib.billing.settle import settle_day
from chalicelib.billing.state import change_state, read_days, read_state
from chalicelib.billing.tariffs import TariffTerms, set_tariff
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.core.money import share_of
from chalicelib.core.proration import DayCount, days_price
from chalicelib.crm.model import EventKind
from chalicelib.funds.limits import read_limits
from chalicelib.ledger.entries import find_entry
from chalicelib.ledger.journal import credit, debit
from chalicelib.ledger.reports.asked import Asked, span_of
from chalicelib.ledger.reports.lines import account_ledger
from chalicelib.ledger.reports.view import open_book
from chalicelib.ledger.totals.seal import seal_book
from chalicelib.proof.prove import prove_book
from tests.billing.late import accounts, balances, bill, charges, correct, day, record, settle
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World

FIRST = day(1)


@pytest.fixture
def world(engine: MemoryDynamoDB) -> World:
    """Karim and Rahim on HOME with Beta, a customer of Gamma, all settled through the 10th of November."""
    built = World.build(FIRST)
    built.fund(100_000_00, 50_000_00)
    built.recharge(built.operator, built.gamma, 1_000_00)
    for name in ("karim", "rahim"):
        built.connect(built.beta_chain, name, "HOME", FIRST)
    built.connect(built.gamma_chain, "other", "HOME", FIRST)
    settle(built.beta_chain, FIRST, day(10))
    settle(built.gamma_chain, FIRST, day(10))
    return built


def cost(first: int, last: int, monthly: int = 57_500) -> int:
    """What these days of November cost, both included."""
    return days_price(monthly, day(first), day(last), DayCount.CALENDAR_MONTH)


def test_a_late_disable_gives_its_days_back_at_every_level(world: World) -> None:
    before = balances("beta", "alpha", "gamma")
    recorded = record(world.beta_chain, 1, EventKind.DISABLE, day(5))
    assert recorded.late == 1
    [correction] = correct(world.beta_chain)
    # Disabled on the 5th at some moment: that day still counts; the five days behind it do not.
    back, bought = cost(6, 10), cost(6, 10, 50_000)
    assert (back, bought) == (95_84, 83_34)
    assert [change.day for change in correction.changes] == [day(n) for n in range(6, 11)]
    assert correction.total_minor(0) == -back
    assert correction.total_minor(1) == -bought
    assert balances("beta", "alpha", "gamma") == [before[0] + back, before[1] - back + bought, before[2]]
    assert charges(world.beta_chain, 1, FIRST, day(10))[5:] == [0] * 5
    assert read_state("beta").corrected == 1
    check_invariants()


def test_the_entries_hold_the_reversal_and_the_new_posting_and_tell_their_days(world: World) -> None:
    record(world.beta_chain, 1, EventKind.CHANGE_PLAN, day(9), "FAST")
    [correction] = correct(world.beta_chain)
    sold, bought = correction.entries[0]
    home, fast = cost(9, 10), cost(9, 10, 89_950)
    assert (home, fast) == (38_34, 59_96)
    entry = find_entry("beta", bought)
    assert entry.draft.lines == (
        credit("5000", home, "alpha"),
        debit("1200", home, "alpha"),
        debit("5000", fast, "alpha"),
        credit("1200", fast, "alpha"),
    )
    assert entry.draft.kind == "correction"
    assert entry.draft.effective_on == date(2026, 11, 22)
    assert entry.draft.service_on == day(9)
    assert [(on, dict(nets)["5000"]) for on, nets in entry.draft.by_day] == [
        (day(9), 10_81),
        (day(10), 10_81),
    ]
    assert entry.draft.corrects == read_days([("beta", day(9))])[0].entry_id  # type: ignore[union-attr]
    assert find_entry("alpha", find_entry("alpha", sold).draft.corrects).draft.service_on == day(9)
    assert entry.draft.run == "beta/correction/1"
    check_invariants()


def test_the_next_day_is_settled_by_what_is_known(world: World) -> None:
    record(world.beta_chain, 1, EventKind.DISABLE, day(5))
    record(world.beta_chain, 2, EventKind.CHANGE_PLAN, day(8), "FAST")
    settled = settle_day(world.beta_chain, day(11), NOW)
    assert (settled.charged, settled.counts, settled.terms.late) == (1, {"FAST": 1}, 2)
    assert [one.number for one in correct(world.beta_chain)] == [2]
    settled = settle_day(world.beta_chain, day(12), NOW)
    assert (settled.charged, settled.counts) == (1, {"FAST": 1})
    assert charges(world.beta_chain, 2, day(7), day(12)) == [cost(7, 7), *(cost(n, n, 89_950) for n in range(8, 13))]
    check_invariants()


def test_correcting_twice_is_correcting_once(world: World, engine: MemoryDynamoDB) -> None:
    record(world.beta_chain, 1, EventKind.DISABLE, day(5))
    correct(world.beta_chain)
    before = balances("beta", "alpha")
    with engine.measured() as meter:
        assert correct(world.beta_chain) == []
    assert meter.write_units == 0
    assert balances("beta", "alpha") == before


def test_correcting_back_leaves_everything_as_before(world: World) -> None:
    before = balances("beta", "alpha")
    books = [accounts(of) for of in (world.beta, world.alpha, world.operator)]
    bills = bill(world.beta_chain, 1, FIRST, day(10))
    record(world.beta_chain, 1, EventKind.DISABLE, day(5))
    correct(world.beta_chain)
    record(world.beta_chain, 1, EventKind.WITHDRAW, day(5), withdraws=EventKind.DISABLE)
    correct(world.beta_chain)
    assert balances("beta", "alpha") == before
    assert [accounts(of) for of in (world.beta, world.alpha, world.operator)] == books
    assert [one.charge_minor for one in bill(world.beta_chain, 1, FIRST, day(10))] == [
        one.charge_minor for one in bills
    ]
    assert settle_day(world.beta_chain, day(11), NOW).charged == 2
    check_invariants()


def test_a_disconnection_that_was_wrong_is_taken_back(world: World) -> None:
    record(world.beta_chain, 1, EventKind.DISCONNECT, day(11))
    settle(world.beta_chain, day(11), day(14))
    assert read_days([("beta", day(13))])[0].charged == 1  # type: ignore[union-attr]
    record(world.beta_chain, 1, EventKind.WITHDRAW, day(11), withdraws=EventKind.DISCONNECT)
    [correction] = correct(world.beta_chain)
    assert correction.total_minor(0) == cost(12, 14)
    settled = settle_day(world.beta_chain, day(15), NOW)
    assert settled.charged == 2
    assert charges(world.beta_chain, 1, day(10), day(15)) == [cost(n, n) for n in range(10, 16)]
    check_invariants()


def test_a_start_that_was_registered_too_late_is_charged_from_its_true_first_day(world: World) -> None:
    world.connect(world.beta_chain, "salma", "HOME", day(11))
    settle(world.beta_chain, day(11), day(12))
    recorded = record(world.beta_chain, 3, EventKind.START, day(7))
    assert recorded.subscriber.services[0].start_on == day(7)
    [correction] = correct(world.beta_chain)
    assert correction.total_minor(0) == cost(7, 10)
    assert charges(world.beta_chain, 3, day(6), day(12)) == [None, *(cost(n, n) for n in range(7, 13))]
    assert settle_day(world.beta_chain, day(13), NOW).charged == 3
    check_invariants()


def test_a_start_that_was_registered_too_early_gives_its_days_back(world: World) -> None:
    record(world.beta_chain, 1, EventKind.START, day(4))
    [correction] = correct(world.beta_chain)
    assert correction.total_minor(0) == -cost(1, 3)
    record(world.beta_chain, 1, EventKind.START, day(13))
    [correction] = correct(world.beta_chain)
    assert correction.total_minor(0) == -cost(4, 10)
    assert [settle_day(world.beta_chain, day(n), NOW).charged for n in (11, 12, 13)] == [1, 1, 2]
    check_invariants()


def test_what_a_fund_lacks_is_lent_by_its_parent_and_repaid_first(world: World) -> None:
    """Beta has spent its fund; its late fact costs more than is left, and Alpha lends exactly that."""
    left = balances("beta")[0]
    world.refund(world.alpha, world.beta, left - 20_00)
    record(world.beta_chain, 1, EventKind.CHANGE_PLAN, FIRST, "FAST")
    [correction] = correct(world.beta_chain)
    more = cost(1, 10, 89_950) - cost(1, 10)
    assert (more, correction.loans_minor) == (108_16, (88_16, 0))
    fund = read_limits(["beta"])["beta"]
    assert (fund.balance_minor, fund.debt_minor) == (0, 88_16)
    assert accounts(world.beta)["Payable to parent"] == -88_16
    assert accounts(world.alpha)["Reseller receivable"] == 88_16
    check_invariants()
    movement = world.recharge(world.alpha, world.beta, 100_00)
    assert movement.repaid_minor == 88_16
    assert balances("beta") == [11_84]
    check_invariants()


def test_days_before_the_first_settled_one_are_not_taken(world: World) -> None:
    with pytest.raises(Conflict) as refused:
        record(world.gamma_chain, 1, EventKind.START, date(2026, 10, 31))
    assert refused.value.code == "day-already-pinned"
    with pytest.raises(Conflict) as refused:
        record(world.gamma_chain, 1, EventKind.DISABLE, date(2026, 10, 31))
    assert refused.value.code == "before-start"


def test_reports_by_service_date_tell_what_is_known_and_by_accounting_date_what_was_posted(world: World) -> None:
    record(world.beta_chain, 1, EventKind.DISABLE, day(5))
    correct(world.beta_chain)
    spent = cost(1, 7) * 2
    known = cost(1, 7) + cost(1, 5)
    assert accounts(world.beta, on=day(7), by="effective_on")["Bandwidth cost"] == spent
    assert accounts(world.beta, on=day(7), by="service_on")["Bandwidth cost"] == known
    assert accounts(world.alpha, on=day(7), by="service_on")["Wholesale revenue"] == -known
    assert accounts(world.beta)["Bandwidth cost"] == cost(1, 10) + cost(1, 5)


def test_however_far_it_reaches_back_a_correction_is_twelve_items_at_depth_two(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def counting(*operations: Operation) -> None:
        written.append(len(operations))
        write(*operations)

    monkeypatch.setattr("chalicelib.billing.correct.write", counting)
    record(world.beta_chain, 1, EventKind.DISABLE, FIRST)
    [correction] = correct(world.beta_chain)
    assert len(correction.changes) == 9
    assert written == [12]


def test_a_fact_about_a_day_that_is_pinned_and_not_posted_waits_for_its_post(world: World) -> None:
    """The pin fixed what the day's sheet is made of; the fact came after it, and the sheet does not know it."""
    pinned = replace(read_state("beta"), pinned_through=day(11), terms=replace(read_state("beta").terms, late=0))
    write(change_state(read_state("beta"), pinned))
    record(world.beta_chain, 1, EventKind.DISABLE, day(9))
    assert correct(world.beta_chain) == []
    assert settle_day(world.beta_chain, day(11), NOW).charged == 2
    [correction] = correct(world.beta_chain)
    assert correction.total_minor(0) == -cost(10, 11)
    assert settle_day(world.beta_chain, day(12), NOW).charged == 1
    check_invariants()


def test_a_fact_of_a_day_whose_pin_was_taken_back_is_in_its_sheet(world: World) -> None:
    """The alarm of an unpriced day opens it again; what was recorded late meanwhile is then on time for it."""
    pinned = replace(read_state("beta"), pinned_through=day(11), terms=replace(read_state("beta").terms, late=0))
    write(change_state(read_state("beta"), pinned))
    record(world.beta_chain, 1, EventKind.DISCONNECT, day(11))
    write(change_state(read_state("beta"), replace(read_state("beta"), pinned_through=day(10))))
    assert settle_day(world.beta_chain, day(11), NOW).charged == 2
    assert settle_day(world.beta_chain, day(12), NOW).charged == 1
    assert [one.changes for one in correct(world.beta_chain)] == [()]
    assert charges(world.beta_chain, 1, day(10), day(12)) == [cost(10, 10), cost(11, 11), None]


def test_the_planner_queues_what_no_request_corrected(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, object]] = []

    def keep(messages: list[tuple[str, str, dict[str, object]]]) -> int:
        sent.extend(message for _, _, message in messages)
        return len(messages)

    monkeypatch.setattr("chalicelib.billing.run.send_in_order", keep)
    record(world.beta_chain, 1, EventKind.DISABLE, day(5))
    plan_days("op", NOW)
    corrections = [message for message in sent if message["do"] == "correct"]
    assert corrections == [{"do": "correct", "chain": ("op", "alpha", "beta")}]
    before = balances("beta")[0]
    carry_out(corrections[0], NOW)
    assert balances("beta") == [before + cost(6, 10)]
    sent.clear()
    plan_days("op", NOW)
    assert [message for message in sent if message["do"] == "correct"] == []


def at_call(engine: MemoryDynamoDB, at: int, phase: str, do: Callable[[], None]) -> None:
    """At the at-th call from now, before it is served or after, do that once."""
    seen: list[int] = []

    def hook(when: str, number: int, operation: str, params: dict[str, object]) -> None:
        seen.append(number)
        if when == phase and number - seen[0] == at:
            engine.faults = None
            do()

    engine.faults = hook


class Died(Exception):
    """The worker is gone."""


def die() -> None:
    raise Died


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_correction_that_is_cut_off_anywhere_is_finished_by_doing_it_again(
    world: World, engine: MemoryDynamoDB, phase: str
) -> None:
    record(world.beta_chain, 1, EventKind.DISABLE, day(5))
    with engine.measured() as meter:
        moment = engine.remember()
        correct(world.beta_chain)
    expected = balances("beta", "alpha")
    assert meter.requests > 8
    for call in range(meter.requests):
        engine.rewind(moment)
        at_call(engine, call, phase, die)
        with contextlib.suppress(Died):
            correct(world.beta_chain)
        engine.faults = None
        correct(world.beta_chain)
        assert (balances("beta", "alpha"), read_state("beta").corrected) == (expected, 1), call
        check_invariants()


def test_two_workers_at_once_correct_once(world: World, engine: MemoryDynamoDB, the_clock: SetClock) -> None:
    """Another one corrects, and a recharge moves the fund, at every call of the first in turn."""
    record(world.beta_chain, 1, EventKind.DISABLE, day(5))
    with engine.measured() as meter:
        moment = engine.remember()
        correct(world.beta_chain)
    expected = balances("beta", "alpha")
    others = (lambda: correct(world.beta_chain), lambda: world.recharge(world.alpha, world.beta, 1_00))
    for call, other in itertools.product(range(meter.requests), others):
        engine.rewind(moment)
        at_call(engine, call, "before", other)  # type: ignore[arg-type]
        correct(world.beta_chain)
        engine.faults = None
        given = 1_00 if other is others[1] else 0
        assert balances("beta", "alpha") == [expected[0] + given, expected[1] - given], call
        check_invariants()


def test_a_fact_that_comes_while_another_is_corrected_is_corrected_too(world: World, engine: MemoryDynamoDB) -> None:
    def another() -> None:
        record(world.beta_chain, 1, EventKind.CHANGE_PLAN, day(3), "FAST")

    record(world.beta_chain, 1, EventKind.DISABLE, day(5))
    moment = engine.remember()
    with engine.measured() as meter:
        correct(world.beta_chain)
    another()
    correct(world.beta_chain)
    expected = balances("beta", "alpha")
    for call in range(meter.requests):
        engine.rewind(moment)
        at_call(engine, call, "before", another)
        correct(world.beta_chain)
        engine.faults = None
        correct(world.beta_chain)
        assert (balances("beta", "alpha"), read_state("beta").corrected) == (expected, 2), call
        assert charges(world.beta_chain, 1, day(4), day(6)) == [cost(4, 4, 89_950), cost(5, 5, 89_950), 0]
        check_invariants()


def test_a_proof_finds_days_and_corrections_as_they_are(world: World) -> None:
    record(world.beta_chain, 1, EventKind.DISABLE, day(5))
    record(world.beta_chain, 2, EventKind.CHANGE_PLAN, day(7), "FAST")
    correct(world.beta_chain)
    settle(world.beta_chain, day(11), day(12))
    record(world.beta_chain, 2, EventKind.DISCONNECT, day(9))
    correct(world.beta_chain)
    settle(world.beta_chain, day(13), day(14))
    for chain in (world.beta_chain, world.alpha_chain, (world.operator,)):
        proof = prove_book(chain, day(14), NOW)
        assert proof.broken_things == ()


def test_a_cut_is_taken_as_it_was_recorded(world: World) -> None:
    """On the 11th Beta covers one service of two: Rahim is behind the cut and suspended until the 13th."""
    world.refund(world.alpha, world.beta, balances("beta")[0] - 20_00)
    assert settle_day(world.beta_chain, day(11), NOW).suspended == 1
    world.recharge(world.alpha, world.beta, 1_000_00)
    settle(world.beta_chain, day(12), day(12))
    before = balances("beta")[0]
    # Rahim was on FAST since the 9th: those two days cost more; the days that nobody paid for stay unpaid.
    record(world.beta_chain, 2, EventKind.CHANGE_PLAN, day(9), "FAST")
    [correction] = correct(world.beta_chain)
    assert [change.day for change in correction.changes] == [day(9), day(10), day(11), day(12)]
    assert correction.total_minor(0) == cost(9, 10, 89_950) - cost(9, 10)
    assert balances("beta")[0] == before - correction.total_minor(0)
    assert [one.state for one in bill(world.beta_chain, 2, day(10), day(12))] == ["enabled", "suspended", "suspended"]
    # A suspended service that ended is not brought back; one that was paid before the cut is paid back all the same.
    record(world.beta_chain, 2, EventKind.DISCONNECT, day(10))
    record(world.beta_chain, 1, EventKind.DISABLE, day(10))
    correct(world.beta_chain)
    assert settle_day(world.beta_chain, day(13), NOW).charged == 0
    assert read_state("beta").held == 0
    check_invariants()


def test_who_came_back_and_turns_out_to_have_ended_is_not_in_the_next_sheet(world: World) -> None:
    world.refund(world.alpha, world.beta, balances("beta")[0] - 20_00)
    settle(world.beta_chain, day(11), date(2026, 11, 21))
    world.recharge(world.alpha, world.beta, 1_000_00)
    assert restore_services(world.beta_chain, NOW) == 2
    record(world.beta_chain, 2, EventKind.DISCONNECT, day(5))
    correct(world.beta_chain)
    settled = settle_day(world.beta_chain, date(2026, 11, 22), NOW + timedelta(days=1))
    assert (settled.charged, settled.suspended) == (1, 0)
    assert prove_book(world.beta_chain, date(2026, 11, 22), NOW + timedelta(days=1)).broken_things == ()
    check_invariants()


def late_price(world: World, home: int, on: date, tax_bps: int = 0, of: str = "alpha") -> None:
    seller, buyer = (world.operator, world.alpha) if of == "alpha" else (world.alpha, world.beta)
    prices = (("HOME", home), ("FAST", 80_000 if of == "alpha" else 89_950))
    terms = TariffTerms(on, Timing.DAILY, DayCount.CALENDAR_MONTH, RefundPolicy.UNUSED_DAYS, tax_bps, prices)
    set_tariff(seller, buyer, terms, NOW, late_tariff)


def test_a_late_tariff_corrects_the_days_of_everybody_below_at_its_own_edge_alone(world: World) -> None:
    """Alpha has a customer too: three services a day, 15 % tax on each tenant's total, rounded for each day."""
    world.connect(world.alpha_chain, "own", "HOME", day(1))
    settle(world.alpha_chain, FIRST, day(10))
    before, books = balances("beta", "alpha"), accounts(world.operator)
    late_price(world, 51_000, day(6), 1500)
    net = 3 * (cost(6, 10, 51_000) - cost(6, 10, 50_000))
    tax = sum(share_of(2 * cost(n, n, 51_000), 1500) + share_of(cost(n, n, 51_000), 1500) for n in range(6, 11))
    assert balances("beta", "alpha") == [before[0], before[1] - net - tax]
    now = accounts(world.operator)
    assert now["Wholesale revenue"] - books["Wholesale revenue"] == -net
    assert now["Tax payable"] == -tax
    assert accounts(world.alpha)["Input tax"] == tax
    # A fact that comes later is priced and taxed by what is in force now, in both what was believed and what is known.
    record(world.beta_chain, 1, EventKind.DISABLE, day(7))
    [correction] = correct(world.beta_chain)
    taxed = [share_of(2 * cost(n, n, 51_000), 1500) - share_of(cost(n, n, 51_000), 1500) for n in (8, 9, 10)]
    assert correction.total_minor(1) == -cost(8, 10, 51_000) - sum(taxed)
    late_price(world, 50_000, day(6))
    record(world.beta_chain, 1, EventKind.WITHDRAW, day(7), withdraws=EventKind.DISABLE)
    correct(world.beta_chain)
    assert balances("beta", "alpha") == before
    assert accounts(world.alpha).get("Input tax", 0) == 0
    settle(world.beta_chain, day(11), day(11))
    for chain in (world.beta_chain, world.alpha_chain, (world.operator,)):
        assert prove_book(chain, day(11), NOW).broken_things == ()
    check_invariants()


def test_a_late_tariff_that_a_fund_cannot_pay_is_lent(world: World) -> None:
    world.refund(world.operator, world.alpha, balances("alpha")[0])
    late_price(world, 56_000, day(1))
    fund = read_limits(["alpha"])["alpha"]
    assert (fund.balance_minor, fund.debt_minor) == (0, 2 * (cost(1, 10, 56_000) - cost(1, 10, 50_000)))
    check_invariants()


def test_a_late_tariff_ends_where_the_next_version_begins(world: World) -> None:
    late_price(world, 51_000, day(9))
    before = balances("alpha")[0]
    late_price(world, 52_000, day(6))
    assert before - balances("alpha")[0] == 2 * (cost(6, 8, 52_000) - cost(6, 8, 50_000))


def test_a_late_tariff_has_only_so_many_resellers_below_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.billing.late_tariff.MAX_BELOW", 0)
    before = balances("alpha")
    with pytest.raises(Conflict) as refused:
        late_price(world, 51_000, day(6))
    assert (refused.value.code, balances("alpha")) == ("too-many-resellers-below", before)
    late_price(world, 60_000, day(6), of="beta")


def test_a_late_tariff_waits_while_a_day_is_pinned_and_not_posted(world: World) -> None:
    write(change_state(read_state("beta"), replace(read_state("beta"), pinned_through=day(11))))
    with pytest.raises(Unavailable):
        late_price(world, 51_000, day(6))


def test_an_edge_that_charges_in_advance_takes_no_tariff_for_a_settled_day(world: World) -> None:
    prices = (("HOME", 51_000), ("FAST", 80_000))
    terms = TariffTerms(day(6), Timing.ADVANCE, DayCount.CALENDAR_MONTH, RefundPolicy.UNUSED_DAYS, 0, prices)
    with pytest.raises(Conflict) as refused:
        set_tariff(world.operator, world.alpha, terms, NOW, late_tariff)
    assert refused.value.code == "day-already-pinned"


def test_a_late_tariff_meets_late_facts_and_settled_days_at_every_call(
    world: World, engine: MemoryDynamoDB, the_clock: SetClock
) -> None:
    """Whichever comes first, the books come to the same."""
    others: tuple[Callable[[], object], ...] = (
        lambda: (record(world.beta_chain, 1, EventKind.DISABLE, day(7)), correct(world.beta_chain)),
        lambda: settle_day(world.beta_chain, day(11), NOW),
    )
    with engine.measured() as meter:
        moment = engine.remember()
        late_price(world, 51_000, day(6))
    for other in others:
        engine.rewind(moment)
        late_price(world, 51_000, day(6))
        other()
        expected = balances("beta", "alpha")
        for call in range(meter.requests):
            engine.rewind(moment)
            at_call(engine, call, "before", other)  # type: ignore[arg-type]
            late_price(world, 51_000, day(6))
            engine.faults = None
            assert balances("beta", "alpha") == expected, call
            check_invariants()


def test_the_days_of_an_entry_are_kept_in_digests_and_shown_as_lines_of_their_days(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.ledger.totals.seal.SEAL_FROM", 1)
    record(world.beta_chain, 1, EventKind.DISABLE, day(5))
    correct(world.beta_chain)
    asked = [Asked(span_of(FIRST, NOW.date(), NOW.date()), by=by) for by in ("effective_on", "service_on")]
    before = [account_ledger(open_book(world.beta, one), "5000") for one in asked]
    assert seal_book("beta") == 1
    assert [account_ledger(open_book(world.beta, one), "5000") for one in asked] == before
    posted, known = ([(line.place.day, line.debit_minor - line.credit_minor) for line in one.lines] for one in before)
    assert posted[-1] == ("2026-11-22", -cost(6, 10))
    assert len(posted) == 11
    assert [line for line in known if line[1] < 0] == [(str(day(n)), -cost(n, n)) for n in range(6, 11)]
    assert before[0].movement.closing_minor == before[1].movement.closing_minor
