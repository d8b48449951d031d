"""Entries by hand in a book: journals, cost centres, opening balances, closed days, and lists of some of them."""

from datetime import date, timedelta

import pytest

from chalicelib.core.errors import Conflict, Invalid, NotFound
from chalicelib.ledger.entries import ROWS_A_LOOK, Wanted, find_entry, list_book
from chalicelib.ledger.hand.cost_centres import CostCentre, add_cost_centre, change_cost_centre, page_of_cost_centres
from chalicelib.ledger.hand.vouchers import opening_of
from chalicelib.ledger.journal import CONTRA, PAYMENTS, RECEIPTS, Entry, Line, credit, debit
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.ledger.by_hand import between, calls_of, close_through, limit, net, post, refusal, voucher
from tests.ledger.entries import TODAY, record, reverse, sale
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World

OCTOBER = date(2026, 10, 31)
RENT = (Line("5900", 8_00, 0, cost_centre="MIRPUR"), credit("1000", 8_00))


@pytest.fixture
def world(engine: MemoryDynamoDB, the_clock: SetClock) -> World:
    built = World.of_tenants(date(2026, 11, 1))
    add_cost_centre("alpha", CostCentre("MIRPUR", "Mirpur", "Mirpur-10"))
    record(built.gamma, sale(9_99))
    return built


def test_each_journal_has_its_own_numbers_without_a_gap(world: World) -> None:
    moved = (debit("1000", 1), credit("1010", 1))
    paid = (debit("5900", 1), credit("1000", 1))
    asked = [(RECEIPTS, sale()), (CONTRA, moved), (RECEIPTS, sale()), (PAYMENTS, paid), ("general", sale())]
    made = [post(world.alpha, voucher(lines, journal)) for journal, lines in asked]
    assert [(one.journal, one.sequence) for one in made] == [
        ("receipts", 1),
        ("contra", 1),
        ("receipts", 2),
        ("payments", 1),
        ("general", 1),
    ]
    assert {one.draft.kind for one in made} == {"manual"}
    assert check_invariants() == 6


def test_an_entry_keeps_its_reference_and_the_cost_centre_of_each_line(world: World) -> None:
    made = post(world.alpha, voucher(RENT, PAYMENTS, reference="V-7"))
    kept = find_entry("alpha", made.entry_id)
    assert kept == made
    assert (kept.draft.reference, [line.cost_centre for line in kept.draft.lines]) == ("V-7", ["MIRPUR", ""])
    assert [line.cost_centre for line in reverse(world.alpha, made).draft.lines] == ["MIRPUR", ""]


def test_a_closed_cost_centre_and_another_tenants_take_no_line(world: World) -> None:
    change_cost_centre("alpha", "MIRPUR", {"status": "closed", "name": "Old"})
    assert page_of_cost_centres("alpha", limit=9, after=None)[0] == [CostCentre("MIRPUR", "Old", "Mirpur-10", "closed")]
    for tenant in (world.alpha, world.gamma):
        with pytest.raises(Invalid) as refused:
            post(tenant, voucher(RENT))
        assert [error.field for error in refused.value.errors] == ["lines.0.cost_centre"]
    change_cost_centre("alpha", "MIRPUR", {"status": "open"})
    post(world.alpha, voucher(RENT))
    with pytest.raises(NotFound):
        change_cost_centre("gamma", "MIRPUR", {"status": "open"})
    assert refusal(lambda: add_cost_centre("alpha", CostCentre("MIRPUR", "Again", None))) == "code-taken"
    add_cost_centre("gamma", CostCentre("MIRPUR", "Gamma's", None))


def test_a_cost_centre_that_is_closed_meanwhile_is_seen(world: World, engine: MemoryDynamoDB) -> None:
    calls = calls_of(engine, lambda: post(world.alpha, voucher(RENT)))
    for at in range(calls):
        between(engine, at, lambda: change_cost_centre("alpha", "MIRPUR", {"status": "closed"}))
        assert refusal(lambda: post(world.alpha, voucher(RENT))) == "invalid", at
        change_cost_centre("alpha", "MIRPUR", {"status": "open"})
    assert net("alpha", "5900") == 8_00


def test_opening_balances_are_an_entry_against_opening_equity_and_can_be_reversed(world: World) -> None:
    made = post(world.alpha, opening_of(TODAY, "Opening", (debit("1000", 500), credit("2200", 120))))
    assert (made.draft.kind, net("alpha", "3100"), net("alpha", "1000")) == ("opening", -380, 500)
    for account in ("1100", "1200", "2000", "2100"):
        assert refusal(post, world.alpha, opening_of(TODAY, "Opening", (debit(account, 5),))) == "invalid"
    reverse(world.alpha, made)
    assert net("alpha", "3100") == 0
    assert refusal(lambda: reverse(world.alpha, made)) == "already-reversed"
    assert check_invariants() == 3


def test_a_day_that_is_closed_is_refused_and_a_reversal_is_dated_today(world: World) -> None:
    before = record(world.alpha, sale(), on=OCTOBER)
    close_through(world.alpha, OCTOBER)
    for journal in ("general", RECEIPTS):
        with pytest.raises(Invalid, match="the first open day is 2026-11-01") as refused:
            post(world.alpha, voucher(sale(), journal, on=OCTOBER))
        assert refused.value.code == "period-closed"
    post(world.gamma, voucher(on=OCTOBER))
    mirror = reverse(world.alpha, before).draft
    assert (mirror.effective_on, mirror.service_on, mirror.late_for) == (TODAY, OCTOBER, None)
    post(world.alpha, voucher(on=date(2026, 11, 1)))
    assert check_invariants() == 5


@pytest.mark.parametrize("journal", ["general", RECEIPTS])
def test_a_period_that_is_closed_at_any_call_of_an_entry_is_not_posted_into(
    world: World, engine: MemoryDynamoDB, journal: str
) -> None:
    """Neither by a journal that is there, nor by one that begins with this entry."""
    calls = calls_of(engine, lambda: post(world.gamma, voucher(sale(), journal)))
    for at in range(calls):
        day = OCTOBER - timedelta(days=31 * (calls - at))
        between(engine, at, close_through, world.alpha, day)
        assert refusal(post, world.alpha, voucher(sale(), journal, on=day)) == "period-closed", at
    assert list_book("alpha", limit=9, before=None)[0] == []


def test_an_entry_above_the_amount_takes_a_second_person(world: World, engine: MemoryDynamoDB) -> None:
    at_it, above = voucher(sale(5_00)), voucher(sale(5_01))
    made = post(world.alpha, above)
    limit(world.alpha, 5_00)
    post(world.alpha, at_it)
    for act in (
        lambda: post(world.alpha, above),
        lambda: post(world.alpha, opening_of(TODAY, "Opening", (debit("1000", 5_01),))),
        lambda: reverse(world.alpha, made),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.code == "needs-approval"
    post(world.gamma, above)
    limit(world.alpha, None)
    for at in range(calls_of(engine, lambda: post(world.alpha, above))):
        between(engine, at, lambda: limit(world.alpha, 5_00))
        assert refusal(lambda: post(world.alpha, above)) == "needs-approval", at
        limit(world.alpha, None)
    assert check_invariants() == 5


def book_of_several(world: World) -> list[Entry]:
    """Ten entries of Alpha, some that move its fund, newest first."""
    for number in range(1, 4):
        record(world.alpha, sale(number), on=date(2026, 11, number))
        world.recharge(world.operator, world.alpha, 100_00)
        post(world.alpha, voucher((debit("1000", number), credit("1010", number)), CONTRA, on=date(2026, 11, 4)))
    record(world.alpha, RENT)
    return list_book("alpha", limit=200, before=None)[0]


WANTED = [
    (Wanted(journal="contra"), 3),
    (Wanted(kind="manual"), 7),
    (Wanted(kind="recharge"), 3),
    (Wanted(account="1010"), 3),
    (Wanted(account="101"), 0),
    (Wanted(account="1000", journal="general"), 7),
    (Wanted(account="1200"), 3),
    (Wanted(first=date(2026, 11, 3), last=date(2026, 11, 4)), 4),
    (Wanted(last=date(2026, 11, 2)), 2),
    (Wanted(first=TODAY), 4),
    (Wanted(first=date(2026, 11, 23)), 0),
    (Wanted(journal="nothing"), 0),
]


@pytest.mark.parametrize(("wanted", "count"), WANTED)
def test_a_list_of_some_entries_holds_these_and_no_other_in_pages_of_any_size(
    world: World, wanted: Wanted, count: int
) -> None:
    everything = book_of_several(world)
    expected = [entry for entry in everything if is_wanted(entry, wanted)]
    assert len(expected) == count
    for size in (1, 2, 3, 200):
        found, before = list_book("alpha", limit=size, before=None, wanted=wanted)
        while before is not None:
            page, before = list_book("alpha", limit=size, before=before, wanted=wanted)
            assert len(page) <= size
            found += page
        assert found == expected


def is_wanted(entry: Entry, wanted: Wanted) -> bool:
    draft = entry.draft
    return (
        wanted.journal in (None, entry.journal)
        and wanted.kind in (None, draft.kind)
        and (wanted.account is None or wanted.account in {line.account for line in draft.lines})
        and (wanted.first or draft.effective_on) <= draft.effective_on <= (wanted.last or draft.effective_on)
    )


def test_a_look_for_what_is_rare_ends_after_ten_requests_and_is_gone_on_with(
    world: World, engine: MemoryDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.ledger.entries.ROWS_A_LOOK", 2)
    post(world.alpha, voucher((debit("1000", 7), credit("1010", 7)), CONTRA))
    for number in range(1, 15):
        record(world.alpha, sale(number), now=NOW + timedelta(seconds=number))
    with engine.measured() as cost:
        found, before = list_book("alpha", limit=5, before=None, wanted=Wanted(journal="contra"))
    assert (cost.requests, found) == (10, [])
    found, after = list_book("alpha", limit=5, before=before, wanted=Wanted(journal="contra"))
    assert [entry.draft.lines[0].debit_minor for entry in found] == [7]
    assert ROWS_A_LOOK == 500
    assert after is None
