"""Recurring entries: each day posted once, whoever else is at it and wherever it is cut off. Gamma is always there."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.auth.model import Author
from chalicelib.core.errors import Invalid, NotFound, Unavailable
from chalicelib.ledger.accounts import add_account, change_account
from chalicelib.ledger.chart import AccountStatus, AccountType
from chalicelib.ledger.entries import list_book
from chalicelib.ledger.hand.cost_centres import CostCentre, add_cost_centre, change_cost_centre
from chalicelib.ledger.hand.drafts import approve_draft
from chalicelib.ledger.hand.kept_draft import list_drafts, open_drafts
from chalicelib.ledger.hand.recurrence import Every
from chalicelib.ledger.hand.recurring import (
    Recurring,
    add_recurring,
    change_recurring,
    find_recurring,
    page_of_recurring,
    post_due,
)
from chalicelib.ledger.journal import Entry, Line, credit, debit
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.ledger.by_hand import CLERK, PowerCut, between, calls_of, close_through, limit, net, power_cut, refusal
from tests.ledger.entries import TODAY, record, reverse, sale
from tests.simulation import MemoryDynamoDB, client_error
from tests.world import BOSS, NOW, World

RENT = (debit("5910", 800_00), credit("1010", 800_00))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def world(engine: MemoryDynamoDB, the_clock: SetClock) -> World:
    built = World.of_tenants(date(2026, 11, 1))
    for tenant in (built.alpha, built.gamma):
        add_account(tenant, "5910", "Rent", AccountType.EXPENSE, None)
    record(built.gamma, sale(9_99))
    return built


def take_on(world: World, name: str = "rent", starts_on: date = date(2026, 8, 31), **changes: object) -> Recurring:
    """A rent of 800.00 by bank on the last day of each month, from August on, unless told."""
    asked = Recurring("alpha", name, name, "payments", name, RENT, "", Every.MONTH, starts_on, None, CLERK)
    return add_recurring(world.alpha, replace(asked, **changes), NOW)  # type: ignore[arg-type]


def posted() -> list[Entry]:
    """Alpha's entries, oldest first."""
    return list(reversed(list_book("alpha", limit=200, before=None)[0]))


def days() -> list[str]:
    return [entry.draft.effective_on.isoformat() for entry in posted()]


def test_every_day_that_has_come_is_posted_once_in_order(world: World) -> None:
    take_on(world)
    assert post_due(world.alpha, NOW) == 3
    assert days() == ["2026-08-31", "2026-09-30", "2026-10-31"]
    assert post_due(world.alpha, NOW) == 0
    first = posted()[0]
    assert (first.journal, first.draft.kind, first.draft.service_on) == ("payments", "recurring", date(2026, 8, 31))
    assert (first.draft.run, first.draft.recorded_by) == ("recurring/rent/2026-08-31", "uclerk")
    assert find_recurring("alpha", "rent").upcoming(2) == [date(2026, 11, 30), date(2026, 12, 31)]
    # 30 November begins in Dhaka six hours before it does in UTC.
    assert post_due(world.alpha, at("2026-11-29T17:59:59")) == 0
    assert post_due(world.alpha, at("2026-11-29T18:00:00")) == 1
    assert post_due(world.gamma, at("2027-11-29T18:00:00")) == 0
    assert check_invariants() == 5
    reverse(world.alpha, first, at("2026-11-30T06:00:00"))


def test_the_last_day_ends_it(world: World) -> None:
    take_on(world, ends_on=date(2026, 9, 30))
    assert post_due(world.alpha, NOW) == 2
    over = find_recurring("alpha", "rent")
    assert (over.status, over.next_on, over.upcoming(3)) == ("ended", None, [])
    assert refusal(change_recurring, world.alpha, "rent", {"name": "again"}, NOW) == "recurring-ended"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"starts_on": date(2025, 11, 20)}, "starts_on"),
        ({"ends_on": date(2026, 8, 30)}, "ends_on"),
        ({"lines": (debit("5910", 2), credit("1010", 1))}, "lines"),
        ({"lines": (debit("1200", 2), credit("1010", 2))}, "lines.0.account"),
        ({"lines": (debit("1010", 2), credit("4000", 2))}, "lines.0.account"),
        ({"lines": (Line("5910", 2, 0, cost_centre="X"), credit("1010", 2))}, "lines.0.cost_centre"),
    ],
)
def test_what_could_never_be_posted_is_not_taken_on(world: World, changes: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        take_on(world, **changes)
    assert [error.field for error in refused.value.errors] == [field]
    assert page_of_recurring("alpha", limit=9, after=None) == ([], None)


def test_a_closed_day_is_posted_on_the_first_open_one_and_says_so(world: World) -> None:
    take_on(world)
    close_through(world.alpha, date(2026, 9, 30))
    assert post_due(world.alpha, NOW) == 3
    assert days() == ["2026-10-01", "2026-10-01", "2026-10-31"]
    assert [str(entry.draft.late_for) for entry in posted()] == ["2026-08-31", "2026-09-30", "None"]


def test_one_above_the_amount_becomes_a_draft_that_somebody_else_approves(world: World) -> None:
    take_on(world, starts_on=date(2026, 10, 31))
    limit(world.alpha, 799_99)
    assert post_due(world.alpha, NOW) == 1
    assert (post_due(world.alpha, NOW), posted(), open_drafts("alpha", date(2026, 10, 31))) == (0, [], 1)
    ((draft,), _) = list_drafts("alpha", status="waiting", limit=9, after=None)
    assert (draft.recurring, draft.person) == ("rent", "alpha/uclerk")
    assert refusal(approve_draft, world.alpha, draft.draft_id, CLERK, NOW) == "same-person"
    close_through(world.alpha, date(2026, 10, 31))
    entry = approve_draft(world.alpha, draft.draft_id, BOSS, NOW)
    assert (entry.draft.kind, entry.draft.effective_on) == ("recurring", date(2026, 11, 1))
    assert entry.draft.late_for == date(2026, 10, 31)
    assert check_invariants() == 2


def test_one_that_the_book_refuses_is_parked_with_the_reason_and_the_others_go_on(world: World) -> None:
    add_cost_centre("alpha", CostCentre("HQ", "Office", None))
    take_on(world, "a-rent")
    take_on(world, "b-wages", lines=(Line("5900", 5_00, 0, cost_centre="HQ"), credit("1000", 5_00)))
    take_on(world, "c-fees", lines=(debit("5900", 1_00), credit("1000", 1_00)))
    change_account(world.alpha, "5910", {"status": AccountStatus.CLOSED})
    change_cost_centre("alpha", "HQ", {"status": "closed"})
    assert post_due(world.alpha, NOW) == 3
    parked = [find_recurring("alpha", name) for name in ("a-rent", "b-wages", "c-fees")]
    assert [one.parked for one in parked] == [
        "lines.0.account is closed",
        "lines.0.cost_centre is not an open cost centre of this book",
        "",
    ]
    assert [one.next_on for one in parked] == [date(2026, 8, 31), date(2026, 8, 31), date(2026, 11, 30)]
    assert post_due(world.alpha, NOW) == 0
    assert find_recurring("alpha", "a-rent") == parked[0]
    change_account(world.alpha, "5910", {"status": AccountStatus.OPEN})
    assert post_due(world.alpha, NOW) == 3
    assert find_recurring("alpha", "a-rent").parked == ""
    assert net("alpha", "5910") == 3 * 800_00


def test_the_days_of_a_pause_are_left_out_and_an_end_is_for_good(world: World) -> None:
    take_on(world)
    change_recurring(world.alpha, "rent", {"status": "paused", "name": "Rent"}, NOW)
    assert post_due(world.alpha, NOW) == 0
    resumed = change_recurring(world.alpha, "rent", {"status": "active"}, NOW)
    assert (resumed.name, resumed.next_on, post_due(world.alpha, NOW)) == ("Rent", date(2026, 11, 30), 0)
    change_recurring(world.alpha, "rent", {"status": "ended"}, NOW)
    assert post_due(world.alpha, at("2027-11-30T06:00:00")) == 0
    assert refusal(change_recurring, world.alpha, "rent", {"status": "active"}, NOW) == "recurring-ended"
    for recurring_id in ("rent", "", "x" * 3000):
        with pytest.raises(NotFound):
            find_recurring("gamma", recurring_id)


def test_one_run_does_so_much_and_the_next_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.ledger.hand.recurring.MAX_AT_ONCE", 4)
    take_on(world, "a")
    take_on(world, "b")
    assert [post_due(world.alpha, NOW) for _ in range(3)] == [4, 2, 0]
    assert sorted(entry.draft.memo for entry in posted()) == ["a"] * 3 + ["b"] * 3


def calls_of_a_run(world: World, engine: MemoryDynamoDB) -> int:
    """How many requests a run makes that posts one day."""
    take_on(world, "spare", starts_on=TODAY)
    calls = calls_of(engine, lambda: post_due(world.alpha, NOW))
    change_recurring(world.alpha, "spare", {"status": "ended"}, NOW)
    return calls


def check_once(name: str) -> None:
    """That the rent of that name was posted, or drafted, once for each of its three days."""
    drafts, _ = list_drafts("alpha", status=None, limit=200, after=None)
    vouchers = [one.draft.effective_on for one in posted() if one.draft.memo == name]
    vouchers += [one.voucher.effective_on for one in drafts if one.voucher.memo == name]
    assert sorted(map(str, vouchers)) == ["2026-08-31", "2026-09-30", "2026-10-31"]
    assert find_recurring("alpha", name).next_on == date(2026, 11, 30)


@pytest.mark.parametrize("above", [False, True])
def test_a_second_worker_at_any_call_of_the_first_posts_nothing_twice(
    world: World, engine: MemoryDynamoDB, above: bool
) -> None:
    limit(world.alpha, 1 if above else None)
    for number in range(3 * calls_of_a_run(world, engine)):
        name = f"rent-{number}"
        take_on(world, name)
        between(engine, number, post_due, world.alpha, NOW)
        post_due(world.alpha, NOW)
        engine.faults = None
        post_due(world.alpha, NOW)
        check_once(name)
        change_recurring(world.alpha, name, {"status": "ended"}, NOW)
    check_invariants()


@pytest.mark.parametrize("above", [False, True])
@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_run_that_is_cut_off_at_any_call_is_finished_by_the_next(
    world: World, engine: MemoryDynamoDB, phase: str, above: bool
) -> None:
    limit(world.alpha, 1 if above else None)
    once = calls_of_a_run(world, engine)
    for number in range(once + 2 * (once - 1)):  # The list is read once for three days.
        name = f"rent-{number}"
        take_on(world, name)
        power_cut(engine, number, phase)
        with pytest.raises(PowerCut):
            post_due(world.alpha, NOW)
        engine.faults = None
        post_due(world.alpha, NOW)
        check_once(name)
        change_recurring(world.alpha, name, {"status": "ended"}, NOW)
    check_invariants()


def test_an_answer_that_is_lost_is_told_and_nothing_is_parked_or_posted_twice(
    world: World, engine: MemoryDynamoDB
) -> None:
    take_on(world)

    def lose(phase: str, number: int, operation: str, params: object) -> None:
        if phase == "after" and operation == "TransactWriteItems":
            engine.faults = None
            raise client_error("InternalServerError", "lost", operation)

    engine.faults = lose
    with pytest.raises(Unavailable):
        post_due(world.alpha, NOW)
    post_due(world.alpha, NOW)
    check_once("rent")
    assert find_recurring("alpha", "rent").parked == ""


def test_a_pause_an_account_a_limit_and_a_closing_at_any_call_of_a_run_are_seen(
    world: World, engine: MemoryDynamoDB
) -> None:
    calls = calls_of_a_run(world, engine)
    add_account(world.alpha, "5920", "Old", AccountType.EXPENSE, None)
    for number in range(1, calls):
        name = f"pause-{number}"
        take_on(world, name, starts_on=TODAY)
        between(engine, number, change_recurring, world.alpha, name, {"status": "paused"}, NOW)
        assert post_due(world.alpha, NOW) == 0
        assert name not in {entry.draft.memo for entry in posted()}
    for number in range(calls):
        name = f"old-{number}"
        take_on(world, name, starts_on=TODAY, lines=(debit("5920", 1), credit("1010", 1)))
        between(engine, number, change_account, world.alpha, "5920", {"status": AccountStatus.CLOSED})
        post_due(world.alpha, NOW)
        assert (net("alpha", "5920"), find_recurring("alpha", name).parked) == (0, "lines.0.account is closed")
        change_recurring(world.alpha, name, {"status": "ended"}, NOW)
        change_account(world.alpha, "5920", {"status": AccountStatus.OPEN})
    for number in range(calls):
        name = f"late-{number}"
        day = date(2026, 10, 31) - timedelta(days=31 * (calls - number))
        take_on(world, name, starts_on=day, every=Every.YEAR)
        between(engine, number, close_through, world.alpha, day)
        assert post_due(world.alpha, NOW) == 1
        assert (posted()[-1].draft.late_for, posted()[-1].draft.effective_on) == (day, day + timedelta(days=1))
    for number in range(calls):
        name = f"limit-{number}"
        take_on(world, name, starts_on=TODAY)
        between(engine, number, limit, world.alpha, 1)
        assert (post_due(world.alpha, NOW), open_drafts("alpha", TODAY)) == (1, number + 1)
        limit(world.alpha, None)
    check_invariants()


def test_who_set_it_up_under_a_login_as_is_named_in_each_entry(world: World) -> None:
    take_on(world, author=Author("uboss", "op/uhelper"))
    post_due(world.alpha, NOW)
    assert {(one.draft.recorded_by, one.draft.acting_by) for one in posted()} == {("uboss", "op/uhelper")}
