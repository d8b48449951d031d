"""Drafts: approved by a second person once, as they were seen, whoever else is at them and wherever it is cut off."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.auth.model import Author
from chalicelib.core.errors import Conflict, Invalid, NotFound
from chalicelib.ledger.accounts import add_account, change_account
from chalicelib.ledger.chart import AccountStatus, AccountType
from chalicelib.ledger.entries import list_book
from chalicelib.ledger.hand.drafts import approve_draft, change_draft, keep_draft, reject_draft
from chalicelib.ledger.hand.kept_draft import KeptDraft, find_draft, list_drafts, open_drafts
from chalicelib.ledger.hand.manual import reversal_of
from chalicelib.ledger.hand.vouchers import approver_of, opening_of
from chalicelib.ledger.journal import Entry, credit, debit
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.ledger.by_hand import (
    CLERK,
    ON_BEHALF,
    PowerCut,
    between,
    calls_of,
    close_through,
    limit,
    net,
    post,
    power_cut,
    refusal,
    voucher,
)
from tests.ledger.entries import TODAY, record, reverse, sale
from tests.simulation import MemoryDynamoDB
from tests.world import BOSS, NOW, World

OCTOBER = date(2026, 10, 31)
LARGE = voucher(sale(900_00))


@pytest.fixture
def world(engine: MemoryDynamoDB, the_clock: SetClock) -> World:
    built = World.of_tenants(date(2026, 11, 1))
    limit(built.alpha, 500_00)
    record(built.gamma, sale(9_99))
    return built


def drafted(world: World, author: Author = CLERK) -> KeptDraft:
    return keep_draft(world.alpha, LARGE, author, NOW)


def approve(world: World, draft: KeptDraft, author: Author = BOSS, revision: int | None = None) -> Entry:
    return approve_draft(world.alpha, draft.draft_id, author, NOW, revision=revision)


def reject(world: World, draft: KeptDraft) -> KeptDraft:
    return reject_draft(world.alpha, draft.draft_id, "not ours", BOSS, NOW)


def test_a_draft_moves_nothing_until_another_person_approves_it(world: World) -> None:
    draft = drafted(world)
    assert (draft.status, net("alpha", "1000"), open_drafts("alpha", TODAY)) == ("waiting", 0, 1)
    entry = approve(world, draft)
    assert (entry.draft.kind, entry.draft.recorded_by, net("alpha", "1000")) == ("manual", "uclerk", 900_00)
    assert approver_of(entry.draft.run) == "alpha/uboss"
    kept = find_draft("alpha", draft.draft_id)
    assert (kept.status, kept.decided_by, kept.entry_id) == ("approved", "alpha/uboss", entry.entry_id)
    assert open_drafts("alpha", TODAY) == 0
    assert check_invariants() == 2
    reverse_needs_two = refusal(lambda: reverse(world.alpha, entry))
    assert reverse_needs_two == "needs-approval"


def test_nobody_approves_alone_what_takes_two_and_anybody_what_does_not(world: World) -> None:
    draft = drafted(world)
    assert refusal(lambda: approve(world, draft, CLERK)) == "same-person"
    small = keep_draft(world.alpha, voucher(sale(500_00)), CLERK, NOW)
    approve(world, small, CLERK)
    limit(world.alpha, 499_99)
    small = keep_draft(world.alpha, voucher(sale(500_00)), CLERK, NOW)
    assert refusal(lambda: approve(world, small, CLERK)) == "same-person"
    limit(world.alpha, 900_00)
    approve(world, draft, CLERK)


def test_a_person_behind_a_login_as_is_that_person_in_both_places(world: World) -> None:
    """The operator's helper signs in as Alpha's boss: the boss may approve the helper's draft, the helper may not."""
    draft = drafted(world, ON_BEHALF)
    assert refusal(lambda: approve(world, draft, Author("uother", ON_BEHALF.acting_id))) == "same-person"
    entry = approve(world, draft, BOSS)
    assert (entry.draft.recorded_by, entry.draft.acting_by) == ("uboss", "op/uhelper")
    assert approver_of(approve(world, drafted(world, BOSS), ON_BEHALF).draft.run) == "op/uhelper"


def test_whoever_changes_a_draft_has_drafted_it(world: World) -> None:
    draft = drafted(world)
    larger = replace(LARGE, lines=sale(1_000_00))
    changed = change_draft(world.alpha, draft, larger, BOSS, NOW)
    assert (changed.revision, changed.voucher, find_draft("alpha", draft.draft_id)) == (2, larger, changed)
    assert refusal(lambda: approve(world, draft, BOSS)) == "same-person"
    assert refusal(lambda: approve(world, draft, CLERK, revision=1)) == "draft-changed"
    assert refusal(lambda: change_draft(world.alpha, draft, LARGE, CLERK, NOW)) == "draft-changed"
    assert approve(world, draft, CLERK, revision=2).draft.recorded_by == "uboss"
    assert net("alpha", "1000") == 1_000_00


def test_a_draft_is_decided_once(world: World) -> None:
    first, second = drafted(world), drafted(world)
    approve(world, first)
    rejected = reject(world, second)
    assert (rejected.status, rejected.reason, rejected.decided_by) == ("rejected", "not ours", "alpha/uboss")
    for draft in (first, second):
        for act in (
            lambda one: approve(world, one),
            lambda one: reject(world, one),
            lambda one: change_draft(world.alpha, find_draft("alpha", one.draft_id), LARGE, CLERK, NOW),
        ):
            assert refusal(act, draft) == "not-waiting"
    assert check_invariants() == 2


def test_another_tenants_draft_is_not_there(world: World) -> None:
    draft = drafted(world)
    for draft_id in (draft.draft_id, "", "x" * 3000, "nonsense"):
        with pytest.raises(NotFound):
            find_draft("gamma", draft_id)
    with pytest.raises(NotFound):
        approve_draft(world.gamma, draft.draft_id, BOSS, NOW)
    assert (list_drafts("gamma", status=None, limit=9, after=None), open_drafts("gamma", TODAY)) == (([], None), 0)


def test_a_draft_is_held_against_the_rules_when_it_is_made_and_when_it_is_approved(world: World) -> None:
    for bad, code in (
        (voucher((debit("1000", 2), credit("4000", 1))), "unbalanced-entry"),
        (voucher((debit("1200", 1), credit("4000", 1))), "invalid"),
        (voucher(on=TODAY + timedelta(days=1)), "invalid"),
    ):
        with pytest.raises(Invalid) as refused:
            keep_draft(world.alpha, bad, CLERK, NOW)
        assert refused.value.code == code
    add_account(world.alpha, "4910", "Fees", AccountType.INCOME, None)
    draft = keep_draft(world.alpha, voucher((debit("1000", 900_00), credit("4910", 900_00))), CLERK, NOW)
    change_account(world.alpha, "4910", {"status": AccountStatus.CLOSED})
    with pytest.raises(Conflict) as held:
        approve(world, draft)
    assert (held.value.code, [one.field for one in held.value.errors]) == ("draft-not-valid", ["lines.1.account"])
    change_account(world.alpha, "4910", {"status": AccountStatus.OPEN})
    approve(world, draft)


def test_a_draft_of_a_day_that_closes_waits_for_another_day(world: World) -> None:
    draft = keep_draft(world.alpha, voucher(sale(900_00), on=OCTOBER), CLERK, NOW)
    assert (open_drafts("alpha", OCTOBER), open_drafts("alpha", OCTOBER - timedelta(days=1))) == (1, 0)
    close_through(world.alpha, OCTOBER)
    assert refusal(lambda: approve(world, draft)) == "period-closed"
    assert refusal(lambda: keep_draft(world.alpha, draft.voucher, CLERK, NOW)) == "period-closed"
    change_draft(world.alpha, draft, replace(draft.voucher, effective_on=TODAY), CLERK, NOW)
    assert open_drafts("alpha", OCTOBER) == 0
    assert approve(world, draft).draft.effective_on == TODAY


def test_opening_balances_and_reversals_are_approved_too(world: World) -> None:
    opening = keep_draft(world.alpha, opening_of(OCTOBER, "Opening", (debit("1000", 700_00),)), CLERK, NOW)
    entry = approve(world, opening)
    assert (entry.draft.kind, net("alpha", "3100")) == ("opening", -700_00)
    asked = reversal_of(world.alpha, entry.entry_id, "a slip", NOW)
    first, second = (keep_draft(world.alpha, asked, CLERK, NOW) for _ in range(2))
    assert open_drafts("alpha", TODAY) == 0
    later = NOW + timedelta(days=3)
    mirror = approve_draft(world.alpha, first.draft_id, BOSS, later).draft
    assert (mirror.effective_on, mirror.service_on, mirror.corrects) == (date(2026, 11, 25), OCTOBER, entry.entry_id)
    assert net("alpha", "3100") == 0
    assert refusal(lambda: approve(world, second)) == "already-reversed"
    assert refusal(lambda: keep_draft(world.alpha, asked, CLERK, NOW)) == "already-reversed"
    reject(world, second)


def test_lists_of_drafts_are_newest_first_and_by_status_in_pages_of_any_size(world: World) -> None:
    drafts = [keep_draft(world.alpha, LARGE, CLERK, NOW + timedelta(seconds=number)) for number in range(6)]
    for number in (1, 4):
        approve(world, drafts[number])
    reject(world, drafts[3])
    ids = [draft.draft_id for draft in drafts]
    expected = {
        None: list(reversed(ids)),
        "waiting": [ids[5], ids[2], ids[0]],
        "approved": [ids[4], ids[1]],
        "rejected": [ids[3]],
    }
    for status, wanted in expected.items():
        for size in (1, 2, 50):
            found, after = list_drafts("alpha", status=status, limit=size, after=None)
            while after is not None:
                page, after = list_drafts("alpha", status=status, limit=size, after=after)
                assert len(page) <= size
                found += page
            assert [draft.draft_id for draft in found] == wanted


def meets(
    world: World, engine: MemoryDynamoDB, first: Callable[[KeptDraft], object], second: Callable[[KeptDraft], object]
) -> set[tuple[str, str]]:
    """How both end when the second acts at any call of the first, each time on a draft of its own."""
    spare = drafted(world)
    ends = set()
    others: list[str] = []
    for at in range(calls_of(engine, lambda: first(spare))):
        draft = drafted(world)
        between(engine, at, lambda *of: others.append(refusal(*of)), second, draft)
        own = refusal(first, draft)
        kept = find_draft("alpha", draft.draft_id)
        posted = [one for one in whole_book() if draft.draft_id in one.draft.run]
        assert len(posted) == (kept.status == "approved")
        assert kept.entry_id == (posted[0].entry_id if posted else "")
        assert open_drafts("alpha", TODAY) == (kept.status == "waiting")
        if kept.status == "waiting":
            reject(world, kept)
        ends.add((own, others[at]))
    check_invariants()
    return ends


def whole_book() -> list[Entry]:
    return list_book("alpha", limit=200, before=None)[0]


def test_two_approvals_and_an_approval_and_a_rejection_and_a_change_at_any_call_end_in_one_decision(
    world: World, engine: MemoryDynamoDB
) -> None:
    def change(draft: KeptDraft) -> None:
        change_draft(world.alpha, find_draft("alpha", draft.draft_id), replace(LARGE, memo="new"), CLERK, NOW)

    late = {("not-waiting", ""), ("draft-changed", "")}
    assert meets(world, engine, lambda one: approve(world, one), lambda one: approve(world, one)) == late
    assert meets(world, engine, lambda one: approve(world, one), lambda one: reject(world, one)) == late
    assert meets(world, engine, lambda one: reject(world, one), lambda one: approve(world, one)) == late
    assert meets(world, engine, lambda one: approve(world, one), change) == {("", ""), ("draft-changed", "")}


def test_a_limit_that_is_lowered_at_any_call_of_an_approval_counts(world: World, engine: MemoryDynamoDB) -> None:
    limit(world.alpha, None)
    spare = drafted(world)
    for at in range(calls_of(engine, lambda: approve(world, spare, CLERK))):
        draft = drafted(world)
        between(engine, at, lambda: limit(world.alpha, 500_00))
        assert refusal(approve, world, draft, CLERK) == "same-person", at
        limit(world.alpha, None)
    assert len(whole_book()) == 1


def test_a_period_that_closes_at_any_call_of_an_approval_is_not_posted_into(
    world: World, engine: MemoryDynamoDB
) -> None:
    spare = drafted(world)
    calls = calls_of(engine, lambda: approve(world, spare))
    for at in range(calls):
        day = OCTOBER - timedelta(days=31 * (calls - at))
        draft = keep_draft(world.alpha, voucher(sale(900_00), on=day), CLERK, NOW)
        between(engine, at, close_through, world.alpha, day)
        assert refusal(approve, world, draft) == "period-closed", at
    assert len(whole_book()) == 1
    assert open_drafts("alpha", TODAY) == calls


def test_an_approval_that_is_cut_off_at_any_call_is_done_once_when_it_is_asked_again(
    world: World, engine: MemoryDynamoDB
) -> None:
    spare = drafted(world)
    calls = calls_of(engine, lambda: approve(world, spare))
    for phase in ("before", "after"):
        for at in range(calls):
            draft, before = drafted(world), net("alpha", "1000")
            power_cut(engine, at, phase)
            with pytest.raises(PowerCut):
                approve(world, draft)
            engine.faults = None
            again = refusal(approve, world, draft)
            assert again == ("not-waiting" if (phase, at) == ("after", calls - 1) else "")
            assert net("alpha", "1000") - before == 900_00
            assert find_draft("alpha", draft.draft_id).entry_id == whole_book()[0].entry_id
            assert open_drafts("alpha", TODAY) == 0
    assert check_invariants() == 2 + 2 * calls
    post(world.alpha, voucher())
