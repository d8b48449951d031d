"""Books as they are kept: entries by hand, reversals, pages, posting to several books, tie-outs. Gamma is always there."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.aws import keys
from chalicelib.aws.tables import ConditionFailed, read, read_all, read_many, write
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import Conflict, Invalid, NotFound, Unavailable
from chalicelib.ledger.chart import CASH, FUND_WITH_PARENT, FUNDS_HELD, INTERNET_REVENUE
from chalicelib.ledger.entries import find_entry, list_book, list_entries
from chalicelib.ledger.hand.manual import record_entry, reverse_entry
from chalicelib.ledger.hand.posting import TRIES
from chalicelib.ledger.journal import Entry, Line, UnbalancedEntryError, credit, debit
from chalicelib.ledger.post import Posting, head_reads
from chalicelib.ledger.store import EntryRow, HeadRow, ReversalRow, put_head, to_head
from chalicelib.ledger.tie_outs import TieOut, tie_out
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.ledger.entries import TODAY, a_draft, record, reverse, sale
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World

SINCE = date(2026, 11, 1)
NOW_MICROS = to_micros(NOW)
PowerCut = type("PowerCut", (BaseException,), {})
CALLS_OF_A_REVERSAL = 6


@pytest.fixture(params=["database", "engine"])
def world(request: pytest.FixtureRequest, the_clock: SetClock) -> World:
    request.getfixturevalue(request.param)
    return a_world()


@pytest.fixture
def fast(engine: MemoryDynamoDB, the_clock: SetClock) -> World:
    return a_world()


def a_world() -> World:
    built = World.of_tenants(SINCE)
    record(built.gamma, sale(9_99))
    return built


def once_before(engine: MemoryDynamoDB, operation: str, happens: Callable[[], object]) -> None:
    def fault(phase: str, number: int, called: str, params: Any) -> None:
        if phase == "before" and called == operation:
            engine.faults = None
            happens()

    engine.faults = fault


def fields_of(refused: "pytest.ExceptionInfo[Invalid]") -> list[str]:
    return [error.field for error in refused.value.errors]


def test_an_entry_by_hand_is_kept_in_the_general_journal_of_its_own_book(world: World) -> None:
    entry = record(world.alpha, sale(5_00), on=date(2026, 11, 20))
    assert (entry.journal, entry.sequence, entry.draft.kind) == ("general", 1, "manual")
    assert (entry.draft.effective_on, entry.draft.service_on) == (date(2026, 11, 20), date(2026, 11, 20))
    assert entry.draft.recorded_by == "uboss"
    assert find_entry("alpha", entry.entry_id) == entry
    assert check_invariants() == 2


@pytest.mark.parametrize("reader", ["gamma", "op", "beta"])
def test_an_entry_of_another_book_is_not_there(fast: World, reader: str) -> None:
    """Gamma has an entry of its own at the very same place: it is not taken for Alpha's."""
    record(fast.alpha, sale(9_99))
    lookalike = record(fast.alpha, sale()).entry_id.replace("-2", "-1").replace(f"{NOW_MICROS + 1}", f"{NOW_MICROS}")
    assert find_entry("gamma", lookalike.replace("alpha.", "gamma.")).tenant_id == "gamma"
    with pytest.raises(NotFound):
        find_entry(reader, lookalike)
    entry = record(fast.alpha, sale(), now=NOW + timedelta(seconds=1))
    with pytest.raises(NotFound):
        find_entry(reader, entry.entry_id)
    with pytest.raises(NotFound):
        find_entry(reader, entry.entry_id.replace("alpha.", f"{reader}."))


@pytest.mark.parametrize(
    "entry_id", ["", "x", "alpha.o0000000000000001-general-1", "alpha.f1795329000000000-general-1"]
)
def test_an_id_that_names_no_entry_is_not_found(fast: World, entry_id: str) -> None:
    record(fast.alpha, sale())
    with pytest.raises(NotFound):
        find_entry("alpha", entry_id)


@pytest.mark.parametrize(
    "lines",
    [
        (debit(CASH, 5_00), credit(INTERNET_REVENUE, 4_99)),
        (debit(CASH, 5_00), debit(INTERNET_REVENUE, 5_00)),
        (debit(CASH, 5_00),),
    ],
)
def test_lines_that_do_not_balance_are_refused_and_nothing_is_kept(world: World, lines: tuple[Line, ...]) -> None:
    with pytest.raises(Invalid) as refused:
        record(world.alpha, lines)
    assert (refused.value.code, fields_of(refused)) == ("unbalanced-entry", ["lines"])
    assert check_invariants() == 1


def test_a_control_account_refuses_an_entry_by_hand(fast: World) -> None:
    for account in ("1100", "1150", "1200", "2000", "2100"):
        with pytest.raises(Invalid, match="cannot be posted") as refused:
            record(fast.alpha, (debit(CASH, 5_00), credit(account, 5_00)))
        assert fields_of(refused) == ["lines.1.account"]
        assert "only the system posts to it" in refused.value.errors[0].message
    assert check_invariants() == 1


def test_every_line_on_an_account_that_is_not_of_this_book_is_named(fast: World) -> None:
    with pytest.raises(Invalid) as refused:
        record(fast.operator, (debit("9999", 5_00), credit(CASH, 2_00), credit("5000", 3_00)))
    assert fields_of(refused) == ["lines.0.account", "lines.2.account"]


def test_an_entry_of_a_day_that_has_not_come_is_refused(world: World) -> None:
    """At 18:30 UTC it is tomorrow in Dhaka already, and at 17:30 UTC not yet."""
    evening = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
    with pytest.raises(Invalid) as refused:
        record(world.alpha, sale(), on=date(2026, 11, 23), now=evening)
    assert fields_of(refused) == ["effective_on"]
    record(world.alpha, sale(), on=date(2026, 11, 23), now=evening.replace(hour=18))
    with pytest.raises(Invalid):
        record(world.alpha, sale(), on=date(1999, 12, 31))


def test_an_entry_is_reversed_by_its_mirror_image_today(world: World) -> None:
    entry = record(world.alpha, sale(5_00), on=date(2026, 11, 3))
    mirror = reverse(world.alpha, entry)
    assert mirror.draft.lines == (credit(CASH, 5_00), debit(INTERNET_REVENUE, 5_00))
    assert (mirror.draft.effective_on, mirror.draft.service_on) == (TODAY, date(2026, 11, 3))
    assert (mirror.draft.corrects, mirror.draft.memo) == (entry.entry_id, "a slip of the pen")
    mark = read(ReversalRow, keys.reversal("alpha", entry.entry_id))
    assert mark is not None
    assert mark.reversed_by == mirror.entry_id
    assert find_entry("alpha", entry.entry_id) == entry
    check_invariants()


def test_an_entry_is_reversed_once(world: World) -> None:
    entry = record(world.alpha, sale())
    reverse(world.alpha, entry)
    with pytest.raises(Conflict) as refused:
        reverse(world.alpha, entry)
    assert refused.value.code == "already-reversed"
    assert check_invariants() == 3


def test_of_two_reversals_at_once_one_is_refused(fast: World, engine: MemoryDynamoDB) -> None:
    entry = record(fast.alpha, sale())
    once_before(engine, "TransactWriteItems", lambda: reverse(fast.alpha, entry))
    with pytest.raises(Conflict) as refused:
        reverse(fast.alpha, entry)
    assert refused.value.code == "already-reversed"
    assert check_invariants() == 3


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("call", range(1, CALLS_OF_A_REVERSAL + 1))
def test_a_reversal_that_crashed_at_any_call_is_reversed_once_when_it_is_asked_again(
    fast: World, engine: MemoryDynamoDB, phase: str, call: int
) -> None:
    entry = record(fast.alpha, sale())
    seen = 0

    def crash(at: str, number: int, operation: str, params: Any) -> None:
        nonlocal seen
        seen += at == phase
        if at == phase and seen == call:
            raise PowerCut

    engine.faults = crash
    with pytest.raises(PowerCut):
        reverse(fast.alpha, entry)
    engine.faults = None
    if (phase, call) == ("after", CALLS_OF_A_REVERSAL):
        with pytest.raises(Conflict):
            reverse(fast.alpha, entry)
    else:
        reverse(fast.alpha, entry)
    assert check_invariants() == 3


def test_what_the_system_posted_is_not_reversed_by_hand(fast: World) -> None:
    fast.fund(100_00, 0)
    (movement,), _ = list_entries("alpha", "fund", limit=1, after=None)
    reversal = reverse(fast.alpha, record(fast.alpha, sale()))
    for entry in (movement, reversal):
        with pytest.raises(Conflict) as refused:
            reverse(fast.alpha, entry)
        assert refused.value.code == "not-reversible"
    with pytest.raises(NotFound):
        reverse_entry(fast.gamma, movement.entry_id, "mine?", "u", "", NOW)


def test_entries_at_once_get_numbers_without_a_gap(fast: World, engine: MemoryDynamoDB) -> None:
    once_before(engine, "TransactWriteItems", lambda: record(fast.alpha, sale(1)))
    entry = record(fast.alpha, sale(2))
    assert entry.sequence == 2
    assert check_invariants() == 3


def test_a_journal_that_moves_all_the_time_is_given_up_with_nothing_done(fast: World, engine: MemoryDynamoDB) -> None:
    def keep_moving(phase: str, number: int, operation: str, params: Any) -> None:
        if phase == "before" and operation == "TransactWriteItems":
            engine.faults = None
            record(fast.alpha, sale(1))
            engine.faults = keep_moving

    engine.faults = keep_moving
    with pytest.raises(Unavailable) as gave_up:
        record(fast.alpha, sale(777))
    engine.faults = None
    assert gave_up.value.code == "busy"
    assert check_invariants() == 1 + TRIES


def two_books(world: World) -> tuple[list[tuple[str, str]], Posting]:
    journals = [("alpha", "child-beta"), ("beta", "general")]
    return journals, Posting(journals, read_many(head_reads(journals)), NOW)


def test_entries_of_two_books_happen_together_or_not_at_all(world: World) -> None:
    (alphas, betas), posting = two_books(world)
    posting.add(*alphas, a_draft(sale(1_00)))
    posting.add(*betas, a_draft(sale(2_00)))
    posting.add(*betas, a_draft(sale(3_00)))
    write(*posting.operations())
    assert [(one.tenant_id, one.journal, one.sequence) for one in posting.entries] == [
        ("alpha", "child-beta", 1),
        ("beta", "general", 1),
        ("beta", "general", 2),
    ]
    assert len({one.recorded_micros for one in posting.entries}) == 1
    assert check_invariants() == 4

    _, stale = two_books(world)
    stale.add(*alphas, a_draft(sale(1_00)))
    stale.add(*betas, a_draft(sale(2_00)))
    record(world.beta, sale())
    with pytest.raises(ConditionFailed):
        write(*stale.operations())
    assert check_invariants() == 5


def test_a_journal_that_got_no_entry_is_not_written(fast: World) -> None:
    (alphas, _), posting = two_books(fast)
    posting.add(*alphas, a_draft())
    assert [operation.row.pk for operation in posting.operations()] == ["alpha#entries#other", "alpha#journals"]


def test_two_that_begin_a_journal_at_once_do_not_both_write_its_first_entry(fast: World) -> None:
    journal = ("alpha", "receipts")
    first, second = (Posting([journal], read_many(head_reads([journal])), NOW) for _ in range(2))
    for posting in (first, second):
        posting.add(*journal, a_draft())
    write(*first.operations())
    with pytest.raises(ConditionFailed):
        write(*second.operations())
    assert check_invariants() == 2


def test_a_posting_refuses_lines_that_do_not_balance(fast: World) -> None:
    (alphas, _), posting = two_books(fast)
    with pytest.raises(UnbalancedEntryError):
        posting.add(*alphas, a_draft((debit(CASH, 1), credit(CASH, 2))))
    assert posting.operations() == []


def test_a_posting_is_recorded_behind_all_it_follows_though_the_clock_went_back(fast: World) -> None:
    first = record(fast.alpha, sale(), now=datetime(2026, 11, 22, 6, 0, 5, tzinfo=UTC))
    second = record(fast.alpha, sale(), now=NOW)
    assert second.recorded_micros == first.recorded_micros + 1
    posting = Posting([("beta", "general")], [None, None], NOW, first.recorded_micros)
    assert posting.recorded_micros == first.recorded_micros + 1
    assert check_invariants() == 3


def test_the_head_of_a_journal_moves_only_from_where_it_was_read(fast: World) -> None:
    record(fast.alpha, sale())
    key = keys.journal("alpha", "general")
    old = to_head("alpha", "general", read(HeadRow, key))
    record(fast.alpha, sale())
    new = to_head("alpha", "general", read(HeadRow, key))
    with pytest.raises(ConditionFailed):
        write(put_head(old, old))
    with pytest.raises(ConditionFailed):
        write(put_head(to_head("alpha", "general", None), new))
    write(put_head(new, new))


def whole_book(tenant_id: str, limit: int) -> list[Entry]:
    found, before = list_book(tenant_id, limit=limit, before=None)
    while before is not None:
        page, before = list_book(tenant_id, limit=limit, before=before)
        assert len(page) <= limit
        found += page
    return found


def busy_book(world: World) -> None:
    for minor in (1, 2):
        record(world.alpha, sale(minor))
        world.recharge(world.operator, world.alpha, 100_00)
        world.recharge(world.alpha, world.beta, 10_00)
    record(world.alpha, sale(3))


def test_pages_of_any_size_show_the_whole_book_newest_first(fast: World) -> None:
    busy_book(fast)
    entries = whole_book("alpha", 200)
    for limit in range(1, 9):
        assert whole_book("alpha", limit) == entries
    places = [(entry.recorded_micros, entry.journal) for entry in entries]
    assert places == sorted(set(places), reverse=True)
    assert sorted(entry.draft.kind for entry in entries) == ["manual"] * 3 + ["recharge"] * 4
    assert {entry.tenant_id for entry in entries} == {"alpha"}


def test_the_database_pages_a_book_in_the_same_order(database: None) -> None:
    world = a_world()
    busy_book(world)
    assert whole_book("alpha", 2) == whole_book("alpha", 200)
    assert len(whole_book("alpha", 3)) == 7


MADE_UP = ["\x00", " ", "0", "a", "\ue000", "\uffff", "\U0010ffff", "9" * 900, "1795329000000000#"]


@pytest.mark.parametrize("engine_name", ["database", "engine"])
def test_a_cursor_that_was_made_up_is_no_harm(request: pytest.FixtureRequest, engine_name: str) -> None:
    request.getfixturevalue(engine_name)
    world = World.of_tenants(SINCE)
    record(world.alpha, sale())
    for cursor in MADE_UP:
        entries, _ = list_book("alpha", limit=10, before=cursor)
        assert len(entries) <= 1
        list_entries("alpha", "fund", limit=10, after=cursor)


def test_a_page_of_the_book_is_two_requests(fast: World, engine: MemoryDynamoDB) -> None:
    busy_book(fast)
    with engine.measured() as cost:
        list_book("alpha", limit=50, before=None)
    assert (cost.requests, cost.write_units) == (2, 0)


def test_an_entry_under_a_kilobyte_costs_six_units_with_its_head_and_the_check_of_the_rules(
    fast: World, engine: MemoryDynamoDB
) -> None:
    with engine.measured() as cost:
        record(fast.alpha, sale())
    assert (cost.by_operation["TransactWriteItems"], cost.write_units) == (1, 6)


def test_tie_outs_compare_both_books_for_each_child(world: World) -> None:
    world.fund(1_000_00, 400_00)
    assert tie_out("op", ["alpha", "gamma"]) == [TieOut("alpha", 1_000_00, 1_000_00), TieOut("gamma", 0, 0)]
    assert tie_out("alpha", ["beta"]) == [TieOut("beta", 400_00, 400_00)]
    assert tie_out("beta", []) == []


def test_a_book_that_lost_a_movement_shows_as_a_difference(fast: World) -> None:
    fast.fund(1_000_00, 0)
    head = to_head("alpha", "general", read(HeadRow, keys.journal("alpha", "general")))
    row = HeadRow.at(
        keys.journal("alpha", "general"),
        journal="general",
        sequence=head.sequence,
        hash=head.hash,
        recorded_micros=head.recorded_micros,
        totals={**head.totals, FUND_WITH_PARENT: 999_00},
    )
    row.save()
    (found,) = tie_out("op", ["alpha"])
    assert (found.held_for_child_minor, found.child_fund_with_parent_minor) == (1_000_00, 999_00)
    assert found.difference_minor == 1_00
    assert FUNDS_HELD == "2100"


def test_a_hundred_children_are_tied_out_in_two_requests(fast: World, engine: MemoryDynamoDB) -> None:
    with engine.measured() as cost:
        assert len(tie_out("op", [f"t{number}" for number in range(100)])) == 100
    assert cost.requests == 2


def test_entries_by_hand_are_not_movements_of_the_fund(fast: World) -> None:
    fast.fund(100_00, 0)
    record(fast.alpha, sale())
    parts = {part: len(read_all(EntryRow, keys.entries("alpha", part))) for part in ("fund", "other")}
    assert parts == {"fund": 1, "other": 1}


def test_an_entry_says_who_was_behind_a_login_as(fast: World) -> None:
    entry = record_entry(fast.alpha, TODAY, "for them", sale(), "u1", "op/u9", NOW)
    assert (entry.draft.recorded_by, entry.draft.acting_by) == ("u1", "op/u9")
    assert find_entry("alpha", entry.entry_id).draft.acting_by == "op/u9"
