"""Closing a month: when it may be closed, what lands where afterwards, and that nothing slips behind a closing."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from chalicelib.auth.model import Author
from chalicelib.aws import keys
from chalicelib.aws.tables import ConditionFailed, read, write
from chalicelib.billing.closing import close_month, month_named, months_until, reopen_month, status_of
from chalicelib.billing.settle import settle_day
from chalicelib.core.dates import days_between
from chalicelib.core.errors import Conflict, Invalid, Refusal
from chalicelib.funds.model import Method
from chalicelib.funds.transfer import Order, recharge_fund
from chalicelib.ledger.chart import Account, AccountType
from chalicelib.ledger.doubts import Doubt, doubts_in, lift_doubts, raise_doubt
from chalicelib.ledger.entries import find_entry, list_book
from chalicelib.ledger.hand.drafts import keep_draft, reject_draft
from chalicelib.ledger.hand.manual import record_entry
from chalicelib.ledger.hand.vouchers import Voucher
from chalicelib.ledger.journal import GENERAL, YEAR_END, Entry, credit, debit
from chalicelib.ledger.periods import read_events, read_periods
from chalicelib.ledger.post import Posting
from chalicelib.ledger.settings import change_settings
from chalicelib.ledger.statements import read_heads, trial_balance
from chalicelib.ledger.store import HeadRow, YearEndRow, fence_head
from chalicelib.ledger.year_end import closing_lines, move_result, read_year_ends, undo_results
from chalicelib.tenants.model import Tenant
from tests.invariants import check_invariants
from tests.simulation import MemoryDynamoDB
from tests.world import BOSS, NOW, World, plan, price, store_tenant, tenant

FIRST = date(2026, 10, 30)
LAST = date(2026, 10, 31)
OCTOBER = month_named("2026-10")
JUST_BEFORE = datetime(2026, 10, 31, 17, 59, 59, tzinfo=UTC)
"""The last second of October in Dhaka."""

Engine = MemoryDynamoDB


class Crash(Exception):
    """The process is gone, here and now."""


def a_world() -> World:
    """Alpha, Beta and Gamma with one subscriber each for Alpha and Beta, and money for years."""
    world = World.build(FIRST)
    world.fund(10_000_00, 1_000_00)
    world.connect(world.beta_chain, "karim", "HOME", FIRST)
    world.connect(world.alpha_chain, "rahim", "HOME", FIRST)
    return world


def settle_october(world: World) -> World:
    for day in days_between(FIRST, LAST):
        for chain in (world.beta_chain, world.alpha_chain, world.gamma_chain):
            settle_day(chain, day, NOW)
    return world


@pytest.fixture
def world(engine: Engine, the_clock: object) -> World:
    return settle_october(a_world())


def close(who: Tenant, month: str = "2026-10") -> None:
    close_month(who, month_named(month), BOSS, NOW)


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as refusal:
        work()
    return refusal.value.code


def entries_of(tenant_id: str) -> list[Entry]:
    """The whole book, oldest first."""
    return list_book(tenant_id, limit=200, before=None)[0][::-1]


def net(who: Tenant, on: date | None = None) -> dict[str, int]:
    return {line.account.code: line.debit_minor - line.credit_minor for line in trial_balance(who, on=on).lines}


def test_a_month_closes_once_the_tenant_and_everybody_below_it_have_settled_its_last_day(
    engine: Engine, the_clock: object
) -> None:
    world = a_world()
    chains = (world.beta_chain, world.alpha_chain, world.gamma_chain)
    assert refused(lambda: close(world.alpha)) == "not-settled"
    for day in days_between(FIRST, LAST):
        for chain in chains:
            assert refused(lambda: close(world.operator)) == "not-settled"
            settle_day(chain, day, NOW)
    assert read_events("alpha") == read_events("op") == []
    close(world.alpha)
    close(world.operator)
    assert [(event.action, event.month, event.through) for event in read_events("op")] == [("close", "2026-10", LAST)]
    assert read_periods("gamma").closed_through is None
    check_invariants()


def test_who_has_not_settled_is_named(engine: Engine, the_clock: object) -> None:
    world = a_world()
    settle_day(world.beta_chain, FIRST, NOW)
    with pytest.raises(Conflict, match="2026-10-31 is not settled yet for 3 tenants: ALPHA, BETA, GAMMA."):
        close(world.operator)


def test_months_close_in_order_and_only_when_they_are_over(world: World) -> None:
    assert refused(lambda: close(world.operator, "2026-11")) == "month-not-over"
    close(world.operator)
    assert refused(lambda: close(world.operator)) == "already-closed"
    assert refused(lambda: close(world.operator, "2026-09")) == "already-closed"
    assert refused(lambda: close(world.operator, "2026-12")) == "close-in-order"
    assert refused(lambda: close(world.operator, "2026-11")) == "month-not-over"
    assert len(read_events("op")) == 1


@pytest.mark.parametrize("name", ["2026-13", "2026-1", "october", "2026-10-01", "1999-12", "2200-01", "٢٠٢٦-10", ""])
def test_what_is_no_month_is_refused_by_name(name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        month_named(name)
    assert [error.field for error in refusal.value.errors] == ["month"]


def test_the_months_of_a_book_and_how_they_stand(world: World) -> None:
    def shown() -> list[tuple[str, str]]:
        periods = read_periods("op")
        return [(month.name, status_of(month, periods, NOW.date())) for month in months_until(world.operator, NOW)]

    assert shown() == [("2026-11", "running"), ("2026-10", "open")]
    close(world.operator)
    assert shown() == [("2026-11", "running"), ("2026-10", "closed")]
    reopen_month(world.operator, OCTOBER, "a bill came late", BOSS, NOW)
    assert shown() == [("2026-11", "running"), ("2026-10", "open")]


def test_what_is_found_out_about_a_closed_month_is_posted_to_the_first_open_day_and_says_so(world: World) -> None:
    """Delta comes with a past: its October is settled after the operator has closed that month."""
    close(world.operator)
    before = net(world.operator, LAST)
    delta = tenant("delta", world.operator, LAST)
    store_tenant(delta)
    recharge_fund(world.operator, delta, Order(100_00, Method.CASH, "", "", BOSS), JUST_BEFORE)
    (held,) = [entry for entry in entries_of("op") if entry.journal == "child-delta"]
    assert (held.draft.effective_on, held.draft.late_for, held.draft.service_on) == (date(2026, 11, 1), LAST, LAST)
    (own,) = entries_of("delta")
    assert (own.draft.effective_on, own.draft.late_for, own.draft.service_on) == (LAST, None, LAST)
    assert net(world.operator, LAST) == before
    assert net(world.operator)["1000"] == 10_000_00 + 100_00
    check_invariants()


def test_a_reseller_that_comes_with_a_past_settles_it_into_the_open_month_of_its_parent(world: World) -> None:
    """Delta's 31 October is settled when the operator's October is closed: only the closed book dates it later."""
    close(world.operator)
    before = net(world.operator, LAST)
    delta = tenant("delta", world.operator, LAST)
    store_tenant(delta)
    price(world.operator, delta, {"HOME": 50_000}, LAST)
    plan(delta, "HOME", 70_000, "op.HOME")
    world.recharge(world.operator, delta, 100_00)
    chain = (world.operator, delta)
    world.connect(chain, "jamal", "HOME", LAST)
    settled = settle_day(chain, LAST, NOW)
    assert settled.paid_minor == (16_13,)
    (held,) = [one for one in entries_of("op") if one.draft.run == "delta/2026-10-31"]
    (own,) = [one for one in entries_of("delta") if one.draft.run == "delta/2026-10-31"]
    assert (held.draft.effective_on, held.draft.late_for, held.draft.service_on) == (date(2026, 11, 1), LAST, LAST)
    assert (own.draft.effective_on, own.draft.late_for, own.draft.service_on) == (LAST, None, LAST)
    assert net(world.operator, LAST) == before
    check_invariants()


def test_a_day_by_hand_in_a_closed_month_is_refused_and_after_a_reopening_taken(world: World) -> None:
    lines = (debit("5900", 8_00), credit("1000", 8_00))

    def by_hand() -> object:
        return record_entry(world.alpha, LAST, "Rent", lines, "uboss", "", NOW)

    close(world.alpha)
    assert refused(by_hand) == "period-closed"
    reopen_month(world.alpha, OCTOBER, "the rent was forgotten", BOSS, NOW)
    by_hand()
    assert net(world.alpha, LAST)["5900"] == 8_00
    check_invariants()


def test_a_reopening_keeps_who_and_why_and_needs_a_closed_month(world: World) -> None:
    assert refused(lambda: reopen_month(world.alpha, OCTOBER, "why not", BOSS, NOW)) == "not-closed"
    close(world.alpha)
    reopen_month(world.alpha, OCTOBER, "the rent was forgotten", Author("u2", "op/u9"), NOW)
    closed, opened = read_events("alpha")
    assert (opened.action, opened.by, opened.acting_by, opened.reason) == (
        "reopen",
        "u2",
        "op/u9",
        "the rent was forgotten",
    )
    assert (closed.through, opened.through) == (LAST, date(2026, 9, 30))
    assert closed.book_hash == opened.book_hash
    close(world.alpha)
    assert [event.action for event in read_events("alpha")] == ["close", "reopen", "close"]
    assert read_events("beta") == []


def test_the_last_month_of_a_year_moves_its_result_to_retained_earnings(world: World) -> None:
    change_settings("alpha", {"year_starts_in": 11})
    before, operators = net(world.alpha, LAST), net(world.operator)
    result = sum(before.get(code, 0) for code in ("4100", "5000"))
    assert result > 0, "Alpha bought for two subscribers and sold for one: a loss"
    close(world.alpha)
    after = net(world.alpha, LAST)
    assert after == {code: minor for code, minor in before.items() if code not in ("4100", "5000")} | {"3900": result}
    (entry,) = [one for one in entries_of("alpha") if one.journal == YEAR_END]
    assert (entry.draft.kind, entry.draft.effective_on, entry.draft.late_for) == ("year-end", LAST, None)
    assert read_events("alpha")[-1].entries == (entry.entry_id,)
    assert net(world.operator) == operators, "no other book was touched"
    check_invariants()


def test_a_year_that_is_opened_again_gives_its_result_back_and_moves_it_anew(world: World) -> None:
    change_settings("alpha", {"year_starts_in": 11})
    before = net(world.alpha)
    close(world.alpha)
    reopen_month(world.alpha, OCTOBER, "a bill came late", BOSS, NOW)
    assert net(world.alpha) == before
    (end,) = read_year_ends("alpha")
    assert find_entry("alpha", end.undone[0]).draft.corrects == end.entries[0]
    record_entry(world.alpha, LAST, "Rent", (debit("5900", 8_00), credit("1000", 8_00)), "uboss", "", NOW)
    close(world.alpha)
    assert net(world.alpha)["3900"] == before["4100"] + before["5000"] + 8_00
    assert "5900" not in net(world.alpha)
    assert not read_year_ends("alpha")[0].undone
    check_invariants()


def test_the_result_of_a_year_is_moved_once_and_taken_back_once_whatever_the_periods_say(world: World) -> None:
    """The row of the year holds it too, beside the periods' own."""
    before = net(world.alpha)
    write(*move_result(world.alpha, LAST, BOSS, NOW)[0])
    with pytest.raises(ConditionFailed):
        write(*move_result(world.alpha, LAST, BOSS, NOW)[0])
    once, twice = (undo_results(world.alpha, None, "again", BOSS, NOW)[0] for _ in range(2))
    write(*once)
    (row,) = [operation for operation in twice if isinstance(operation.row, YearEndRow)]
    with pytest.raises(ConditionFailed):
        write(row)
    assert net(world.alpha) == before
    write(*move_result(world.alpha, LAST, BOSS, NOW)[0])
    check_invariants()


def test_the_start_of_the_year_is_fixed_once_a_year_was_closed(world: World) -> None:
    change_settings("alpha", {"year_starts_in": 11})
    close(world.alpha)
    assert refused(lambda: change_settings("alpha", {"year_starts_in": 7})) == "year-closed"
    assert change_settings("alpha", {"approval_above_minor": 5_00}).year_starts_in == 11


def test_a_year_with_more_accounts_than_an_entry_has_lines_takes_several() -> None:
    chart = {f"{n}": Account(f"{n}", f"{n}", AccountType.EXPENSE) for n in range(4000, 4250)}
    chart["1000"] = Account("1000", "Cash", AccountType.ASSET)
    parts = closing_lines(dict.fromkeys(chart, 1), chart)
    assert [len(lines) for lines in parts] == [100, 100, 53]
    assert [sum(x.debit_minor - x.credit_minor for x in lines) for lines in parts] == [0, 0, 0]
    assert sum(x.debit_minor for lines in parts for x in lines if x.account == "3900") == 250
    assert closing_lines({"1000": 5}, chart) == []


def crash_at(engine: Engine, at: int, phase: str, error: Exception) -> None:
    first: list[int] = []

    def hook(when: str, number: int, operation: str, params: dict[str, object]) -> None:
        first.append(number)
        if when == phase and number - first[0] == at:
            raise error

    engine.faults = hook


def again(work: Callable[[], object]) -> str | None:
    """Do it once more; the code of the refusal where nothing but the answer had been lost."""
    try:
        work()
    except Conflict as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_closing_that_crashes_at_any_call_is_finished_by_asking_again(
    engine: Engine, the_clock: object, phase: str
) -> None:
    world = settle_october(a_world())
    change_settings("alpha", {"year_starts_in": 11})
    with engine.measured() as meter:
        close(world.alpha)
    expected, calls = net(world.alpha), meter.requests
    for at in range(calls):
        reopen_month(world.alpha, OCTOBER, "again", BOSS, NOW)
        crash_at(engine, at, phase, Crash())
        with pytest.raises(Crash):
            close(world.alpha)
        engine.faults = None
        assert again(lambda: close(world.alpha)) in (None, "already-closed" if phase == "after" else None)
        assert net(world.alpha) == expected
        assert read_periods("alpha").pending is None
        assert {head.closed_through for head in read_heads("alpha")} == {LAST}
    check_invariants()


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_reopening_that_crashes_at_any_call_is_finished_by_asking_again(
    engine: Engine, the_clock: object, phase: str
) -> None:
    world = settle_october(a_world())
    change_settings("alpha", {"year_starts_in": 11})
    expected = net(world.alpha)
    close(world.alpha)
    with engine.measured() as meter:
        reopen_month(world.alpha, OCTOBER, "again", BOSS, NOW)
    for at in range(meter.requests):
        close(world.alpha)
        crash_at(engine, at, phase, Crash())
        with pytest.raises(Crash):
            reopen_month(world.alpha, OCTOBER, "again", BOSS, NOW)
        engine.faults = None
        done = again(lambda: reopen_month(world.alpha, OCTOBER, "again", BOSS, NOW))
        assert done in (None, "not-closed" if phase == "after" else None)
        assert net(world.alpha) == expected
        assert read_periods("alpha").pending is None
        assert {head.closed_through for head in read_heads("alpha")} == {date(2026, 9, 30)}
    check_invariants()


def interrupt(engine: Engine, at: int, other: Callable[[], object]) -> None:
    """Let somebody else act just before the at-th call from here on."""
    first: list[int] = []

    def hook(when: str, number: int, operation: str, params: dict[str, object]) -> None:
        first.append(number)
        if when == "before" and number - first[0] == at:
            engine.faults = None
            other()

    engine.faults = hook


def test_a_recharge_that_began_before_a_closing_is_in_the_month_or_says_that_it_is_late(
    engine: Engine, the_clock: object
) -> None:
    """The month is closed between any two calls of a recharge that was made in its last second."""
    world = settle_october(a_world())
    order = Order(5_00, Method.CASH, "", "", BOSS)
    late = 0
    for at in range(4):
        interrupt(engine, at, lambda: close(world.operator))
        movement = recharge_fund(world.operator, world.gamma, order, JUST_BEFORE)
        engine.faults = None
        entry = movement.parent_entry
        assert entry is not None
        if read_periods("op").closed_through != LAST:
            close(world.operator)
        sequences = read_events("op")[-1].sequences
        if entry.sequence > sequences.get("child-gamma", 0):
            assert (entry.draft.effective_on, entry.draft.late_for) == (date(2026, 11, 1), LAST)
            late += 1
        else:
            assert (entry.draft.effective_on, entry.draft.late_for) == (LAST, None)
        reopen_month(world.operator, OCTOBER, "again", BOSS, NOW)
    assert late == 2, "before its reading and before its writing; behind both it was in time"
    check_invariants()


def test_the_first_closing_a_book_ever_sees_holds_against_a_recharge_that_is_being_written(
    engine: Engine, the_clock: object
) -> None:
    """No journal has a fence yet when the recharge reads it; each has one when it writes."""
    world = settle_october(a_world())
    interrupt(engine, 1, lambda: close(world.operator))
    movement = recharge_fund(world.operator, world.gamma, Order(5_00, Method.CASH, "", "", BOSS), JUST_BEFORE)
    assert movement.parent_entry is not None
    assert movement.parent_entry.draft.late_for == LAST
    assert movement.entry.draft.late_for is None, "Gamma has closed nothing"
    check_invariants()


def test_a_recharge_at_any_call_of_a_closing_is_in_the_month_or_says_that_it_is_late(
    engine: Engine, the_clock: object
) -> None:
    world = settle_october(a_world())
    order = Order(5_00, Method.CASH, "", "", BOSS)
    with engine.measured() as meter:
        close(world.operator)
    balance = net(world.operator, LAST).get("1000", 0)
    seen = set()
    for at in range(meter.requests):
        reopen_month(world.operator, OCTOBER, "again", BOSS, NOW)
        interrupt(engine, at, lambda: recharge_fund(world.operator, world.gamma, order, JUST_BEFORE))
        close(world.operator)
        engine.faults = None
        entry = next(one for one in reversed(entries_of("op")) if one.journal == "child-gamma")
        in_time = entry.draft.late_for is None
        balance += 5_00 if in_time else 0
        assert net(world.operator, LAST).get("1000", 0) == balance
        seen.add(in_time)
    assert seen == {True, False}
    check_invariants()


def test_of_two_who_close_a_month_at_once_one_closes_it_and_the_other_is_told(
    engine: Engine, the_clock: object
) -> None:
    """A second person closes the month between any two calls of the first."""
    world = settle_october(a_world())
    with engine.measured() as meter:
        close(world.alpha)
    for at in range(meter.requests):
        reopen_month(world.alpha, OCTOBER, "again", BOSS, NOW)
        before = len(read_events("alpha"))
        interrupt(engine, at, lambda: close_month(world.alpha, OCTOBER, Author("u2"), NOW))
        told = again(lambda: close(world.alpha))
        assert told == ("already-closed" if at == 0 else "changed-meanwhile")
        (closing,) = read_events("alpha")[before:]
        assert (closing.action, closing.by) == ("close", "u2")
    check_invariants()


def test_a_journal_that_begins_while_a_period_is_closed_begins_behind_the_fence(world: World) -> None:
    """A posting to a journal that nobody has used read that nothing was closed, and is refused by the write itself."""
    journal = ("gamma", "contra")
    stale = Posting([journal], [None, None], NOW)
    close(world.gamma)
    stale.add(*journal, entries_of("alpha")[0].draft)
    with pytest.raises(ConditionFailed):
        write(*stale.operations())
    assert read(HeadRow, keys.journal(*journal)) is None


def test_a_fence_that_is_older_than_another_is_not_told(world: World) -> None:
    """A closing that stood still, while others closed and opened the month, changes no journal."""
    close(world.alpha)
    reopen_month(world.alpha, OCTOBER, "again", BOSS, NOW)
    head = next(one for one in read_heads("alpha") if one.journal == GENERAL)
    with pytest.raises(ConditionFailed):
        write(fence_head(head, LAST, head.fence - 1))
    assert {one.closed_through for one in read_heads("alpha")} == {date(2026, 9, 30)}


def test_a_month_with_a_draft_that_waits_or_with_something_doubted_does_not_close(world: World) -> None:
    lines = (debit("5900", 8_00), credit("1000", 8_00))
    asked = Voucher("manual", GENERAL, LAST, "Rent", lines)
    waiting = keep_draft(world.alpha, asked, BOSS, NOW)
    assert refused(lambda: close(world.alpha)) == "drafts-waiting"
    close(world.gamma)
    reject_draft(world.alpha, waiting.draft_id, "paid already", BOSS, NOW)
    raise_doubt(Doubt("alpha", "alpha:day:2026-10-31", LAST, "settlement", "the sheet is another", "alpha", NOW.date()))
    assert refused(lambda: close(world.alpha)) == "doubted"
    lift_doubts(doubts_in("alpha", LAST))
    close(world.alpha)
    check_invariants()
