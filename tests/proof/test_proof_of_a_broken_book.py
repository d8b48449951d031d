"""The proof of a book that somebody wrote over underneath: what is broken first is named, doubted, and nothing else is."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.billing.closing import close_month, month_named
from chalicelib.billing.settle import settle_day
from chalicelib.core.errors import Conflict
from chalicelib.funds.model import Method
from chalicelib.ledger.doubts import DISMISSED, LIFTED, OPEN, dismiss_doubt, doubts_in, read_doubts
from chalicelib.ledger.entries import list_book
from chalicelib.ledger.hand.manual import record_entry, reverse_entry
from chalicelib.ledger.journal import GENERAL, Draft, Entry, Line, append, child_journal
from chalicelib.ledger.periods import CLOSE, REOPEN, PeriodEvent, Periods
from chalicelib.ledger.statements import read_heads
from chalicelib.ledger.store import put_entry, put_head
from chalicelib.ledger.verify import verify_book
from chalicelib.proof import prove
from chalicelib.proof.model import (
    CHAIN,
    CONSERVED,
    FUND,
    ISOLATION,
    PERIODS,
    SETTLEMENT,
    TIE_OUTS,
    BookProof,
    Finding,
    Verdict,
)
from chalicelib.proof.periods import OpenPeriods
from chalicelib.proof.prove import prove_book
from chalicelib.tenants.model import Tenant
from tests.proof.tampering import Underneath
from tests.simulation import MemoryDynamoDB
from tests.world import BOSS, NOW, World

FIRST = date(2026, 11, 19)
LAST = date(2026, 11, 21)
BETA_ENTRIES, ALPHA_FUND = "beta#entries#fund", "alpha#entries#fund"
Chain = tuple[Tenant, ...]


@pytest.fixture
def alarms(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What woke a person, with its fields."""
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(prove, "alarm", lambda message, **fields: told.append(fields))
    return told


@pytest.fixture
def world() -> World:
    """Three settled days of Alpha, Beta and Gamma, recharges, credit, and an entry of each by hand."""
    world = World.build(FIRST, tax_bps=500, credit_limit_minor=0)
    world.fund(1_000_00, 150_00)
    world.recharge(world.alpha, world.beta, 10_00, Method.CREDIT)
    world.recharge(world.operator, world.gamma, 50_00)
    for number in range(3):
        world.connect(world.beta_chain, f"b{number}", "HOME", FIRST)
    world.connect(world.alpha_chain, "a0", "FAST", FIRST)
    world.connect(world.gamma_chain, "g0", "HOME", FIRST)
    for offset in range(3):
        for chain in (world.beta_chain, world.alpha_chain, world.gamma_chain):
            settle_day(chain, FIRST + timedelta(days=offset), NOW)
    for tenant in (world.operator, world.alpha, world.beta, world.gamma):
        by_hand(tenant, 5_00)
    return world


def chains(world: World) -> dict[str, Chain]:
    return {
        "op": (world.operator,),
        "alpha": world.alpha_chain,
        "beta": world.beta_chain,
        "gamma": world.gamma_chain,
    }


def by_hand(tenant: Tenant, minor: int, on: date = LAST) -> Entry:
    lines = (Line("5900", minor, 0), Line("1010", 0, minor))
    return record_entry(tenant, on, "Rent", lines, "uboss", "", NOW)


def entries(tenant_id: str, journal: str) -> list[Entry]:
    found, _ = list_book(tenant_id, limit=200, before=None)
    return sorted((entry for entry in found if entry.journal == journal), key=lambda entry: entry.sequence)


def proven(world: World, tenant_id: str, day: date = LAST, now: datetime = NOW) -> BookProof:
    return prove_book(chains(world)[tenant_id], day, now)


def broken(proof: BookProof) -> dict[str, str]:
    """The first broken thing of every check that is not sound."""
    return {one.check: one.findings[0].thing for one in proof.results if one.verdict is Verdict.BROKEN}


def finding(proof: BookProof, check: str) -> Finding:
    return next(one.findings[0] for one in proof.results if one.check == check)


def open_doubts(tenant_id: str) -> list[str]:
    return [doubt.doubt_id for doubt in read_doubts(tenant_id) if doubt.state == OPEN]


def only_beta_is_broken(world: World, proof: BookProof, alarms: list[dict[str, Any]]) -> None:
    assert (proof.tenant_id, proof.status) == ("beta", "broken")
    assert [told["tenant"] for told in alarms] == ["beta"]
    assert proven(world, "gamma").is_sound
    assert open_doubts("gamma") == []


@pytest.mark.usefixtures("engine")
def test_a_sound_world_is_proven_sound_with_its_figures(world: World, alarms: list[dict[str, Any]]) -> None:
    close_month(world.gamma, month_named("2026-10"), BOSS, NOW)
    by_hand(world.gamma, 1_00, date(2026, 11, 22))
    proofs = {tenant_id: proven(world, tenant_id) for tenant_id in chains(world)}
    assert {one: broken(proof) for one, proof in proofs.items()} == dict.fromkeys(chains(world), {})
    assert all(result.verdict is Verdict.SOUND for proof in proofs.values() for result in proof.results)
    figures = {one.check: one.says for one in proofs["beta"].results}
    assert figures[CHAIN] == "6 entries in 1 journals"
    assert figures[SETTLEMENT] == "3 days up to 2026-11-21, 7 services for 140.87"
    assert figures[FUND] == "19.13 after 5 movements"
    assert figures[TIE_OUTS] == "1 edges, 0.00 held for children"
    says = next(one.says for one in proofs["op"].results if one.check == CONSERVED)
    assert says == "1050.00 put in, 241.47 earned, 808.53 held; 3 funds come to 808.53"
    assert alarms == []
    for tenant_id, proof in proofs.items():
        assert (proof.entries, proof.head_hash) == (verify_book(tenant_id).entries, verify_book(tenant_id).head_hash)
        assert open_doubts(tenant_id) == []


def test_an_amount_that_was_changed_is_named_with_its_entry_and_nothing_else_is_doubted(
    engine: MemoryDynamoDB, world: World, alarms: list[dict[str, Any]]
) -> None:
    rent = entries("beta", GENERAL)[-1]
    other = by_hand(world.beta, 7_00)

    def more(lines: Any) -> None:
        lines[0][1], lines[1][2] = 6_00, 6_00

    Underneath(engine).change_json("beta#entries#other", f"#general#{rent.sequence:010d}", "l", more)
    proof = proven(world, "beta")
    assert broken(proof) == {CHAIN: rent.entry_id}
    assert proof.first_broken == rent.entry_id == verify_book("beta").first_broken
    assert finding(proof, CHAIN).what.startswith(f"carries the hash {rent.hash[:16]}...")
    only_beta_is_broken(world, proof, alarms)
    assert open_doubts("beta") == [rent.entry_id]
    assert doubts_in("beta", LAST)[0].on == LAST
    assert doubts_in("beta", LAST, after=LAST) == []

    with pytest.raises(Conflict) as refused:
        reverse_entry(world.beta, rent.entry_id, "not ours", "uboss", "", NOW)
    assert refused.value.code == "entry-doubted"
    assert reverse_entry(world.beta, other.entry_id, "not ours", "uboss", "", NOW).draft.corrects == other.entry_id
    assert world.recharge(world.alpha, world.beta, 1_00).entry.draft.kind in ("recharge", "credit-repayment")
    assert by_hand(world.gamma, 3_00).sequence


def test_a_doubt_ends_when_the_thing_is_sound_again(engine: MemoryDynamoDB, world: World) -> None:
    rent = entries("beta", GENERAL)[-1]
    underneath = Underneath(engine)
    before = underneath.change("beta#entries#other", "#general#", lambda item: item["m"].update(S="Rent of my own"))
    proven(world, "beta")
    assert open_doubts("beta") == [rent.entry_id]
    underneath.put(before)
    again = proven(world, "beta", date(2026, 11, 22), NOW + timedelta(days=1))
    assert (again.status, [doubt.state for doubt in read_doubts("beta")]) == ("sound", [LIFTED])
    assert reverse_entry(world.beta, rent.entry_id, "not ours", "uboss", "", NOW).draft.kind == "reversal"


def test_the_owner_lets_a_doubt_pass_with_a_reason_that_the_next_report_knows(
    engine: MemoryDynamoDB, world: World, alarms: list[dict[str, Any]]
) -> None:
    rent = entries("beta", GENERAL)[-1]
    Underneath(engine).change("beta#entries#other", "#general#", lambda item: item["m"].update(S="Rent of my own"))
    proven(world, "beta")
    dismissed = dismiss_doubt("beta", rent.entry_id, "restored by hand, seen with the auditor", BOSS, NOW)
    assert (dismissed.state, dismissed.dismissed_by) == (DISMISSED, "uboss")
    with pytest.raises(Conflict):
        dismiss_doubt("beta", rent.entry_id, "restored by hand, seen with the auditor", BOSS, NOW)
    again = proven(world, "beta", date(2026, 11, 22), NOW + timedelta(days=1))
    assert (again.status, again.dismissed, broken(again)) == ("sound", (rent.entry_id,), {CHAIN: rent.entry_id})
    assert len(alarms) == 1
    assert doubts_in("beta", LAST) == []


def test_an_entry_that_was_deleted_is_missed_by_the_one_that_follows_it(
    engine: MemoryDynamoDB, world: World, alarms: list[dict[str, Any]]
) -> None:
    first, second, *_ = entries("beta", GENERAL)
    underneath = Underneath(engine)
    underneath.delete(underneath.item(BETA_ENTRIES, f"#general#{first.sequence:010d}"))
    proof = proven(world, "beta")
    found = broken(proof)
    assert found[CHAIN] == second.entry_id == verify_book("beta").first_broken
    assert finding(proof, CHAIN).what.startswith("follows general 0")
    assert found[FUND] == second.entry_id
    only_beta_is_broken(world, proof, alarms)


def test_a_tail_that_was_cut_off_together_with_its_head_is_missed_by_the_next_proof(
    engine: MemoryDynamoDB, world: World, alarms: list[dict[str, Any]]
) -> None:
    before = {head.journal: head for head in read_heads("beta")}[GENERAL]
    underneath = Underneath(engine)
    head = underneath.item("beta#journals", GENERAL)
    by_hand(world.beta, 9_00)
    assert proven(world, "beta").is_sound
    underneath.delete(underneath.item("beta#entries#other", f"#general#{before.sequence + 1:010d}"))
    underneath.put(head)
    assert verify_book("beta").is_sound, "the chain alone does not tell"
    cut = proven(world, "beta", date(2026, 11, 22), NOW + timedelta(days=1))
    thing = f"beta:general:{before.sequence + 1}"
    assert broken(cut) == {CHAIN: thing}
    assert finding(cut, CHAIN).what == "is not there: the last proof saw 7 entries in this journal, 6 are left"
    only_beta_is_broken(world, cut, alarms)
    later = proven(world, "beta", date(2026, 11, 23), NOW + timedelta(days=2))
    assert broken(later) == {CHAIN: thing}, "it is not forgotten by the proof after"


def test_a_journal_that_was_written_anew_with_all_hashes_is_told_from_the_one_that_was_proven(
    engine: MemoryDynamoDB, world: World, alarms: list[dict[str, Any]]
) -> None:
    proven(world, "beta")
    by_hand(world.beta, 9_00)
    proven(world, "beta", date(2026, 11, 22), NOW + timedelta(days=1))
    rent, last = entries("beta", GENERAL)[-2:]
    head = {head.journal: head for head in read_heads("beta")}[GENERAL]
    behind = head._replace(sequence=rent.sequence, hash=rent.hash, recorded_micros=rent.recorded_micros, totals={})
    forged_head, forged = append(behind, last.draft._replace(memo="Dividend"), last.recorded_micros)
    Underneath(engine).put(put_entry(forged).row.serialize())
    Underneath(engine).put(put_head(head, forged_head._replace(totals=head.totals)).row.serialize())
    assert verify_book("beta").is_sound, "the chain alone does not tell"
    proof = proven(world, "beta", date(2026, 11, 23), NOW + timedelta(days=2))
    assert broken(proof) == {CHAIN: forged.entry_id}
    assert "changed after the proof of 2026-11-21" in finding(proof, CHAIN).what
    assert [told["tenant"] for told in alarms] == ["beta"]


def test_a_head_whose_totals_were_changed_is_named_with_both_figures(
    engine: MemoryDynamoDB, world: World, alarms: list[dict[str, Any]]
) -> None:
    Underneath(engine).change_json("gamma#journals", GENERAL, "totals", lambda totals: totals.update({"1010": -999}))
    proof = proven(world, "gamma")
    assert broken(proof) == {CHAIN: "gamma:general:head"}
    assert "1010: -999 kept, -500 by the entries" in finding(proof, CHAIN).what
    assert [doubt.doubt_id for doubt in doubts_in("gamma", date(2026, 11, 22))] == ["gamma:general:head"]
    assert proven(world, "beta").is_sound


def test_a_fund_that_was_raised_is_named_and_freezes_nothing(
    engine: MemoryDynamoDB, world: World, alarms: list[dict[str, Any]]
) -> None:
    def raise_it(item: Any) -> None:
        item["balance_minor"]["N"] = str(int(item["balance_minor"]["N"]) + 5_00)

    Underneath(engine).change("beta#fund", "fund", raise_it)
    proof = proven(world, "beta")
    assert broken(proof) == {FUND: "beta:fund"}
    assert finding(proof, FUND).what.startswith("says ")
    assert open_doubts("beta") == []
    installation = proven(world, "op")
    assert broken(installation) == {CONSERVED: "op:funds"}
    assert [told["first"] for told in alarms] == ["beta:fund", "op:funds"]


def test_money_shifted_between_two_books_is_found_in_both_and_named_by_its_first_entry(
    engine: MemoryDynamoDB, world: World
) -> None:
    """The lines of a settled day are changed in Alpha's book, its chain and its head made to agree with them."""
    name = child_journal("beta")
    journal = entries("alpha", name)
    heads = {head.journal: head for head in read_heads("alpha")}
    head = heads[name]._replace(sequence=0, hash="0" * 64, recorded_micros=0, totals={})
    target = next(entry for entry in journal if entry.draft.kind == "settlement")
    for entry in journal:
        draft = entry.draft
        if entry == target:
            lines = tuple(
                line._replace(debit_minor=line.debit_minor + 100 * bool(line.debit_minor)) for line in draft.lines
            )
            credit = next(line for line in lines if line.account == "4100")
            lines = tuple(
                line._replace(credit_minor=line.credit_minor + 100) if line is credit else line for line in lines
            )
            draft = draft._replace(lines=lines)
        head, forged = append(head, draft, entry.recorded_micros, entry.fund_after_minor)
        Underneath(engine).put(put_entry(forged).row.serialize())
    Underneath(engine).put(put_head(heads[name], head).row.serialize())
    assert verify_book("alpha").is_sound, "its own chain does not tell"
    alpha, beta = proven(world, "alpha"), proven(world, "beta")
    assert broken(alpha) == {TIE_OUTS: target.entry_id, FUND: target.entry_id}
    assert broken(beta)[TIE_OUTS] == target.entry_id
    assert broken(beta)[SETTLEMENT] == f"beta:day:{FIRST}"
    elsewhere = [one for result in beta.results for one in result.findings if one.book == "alpha"]
    assert [one.thing for one in elsewhere] == [target.entry_id]
    assert elsewhere[0].what.startswith("posts 2100 61.39 Dr, 2200 2.88 Cr, 4100 58.51 Cr; computed again: 2100 60.39")
    assert target.entry_id in open_doubts("alpha")
    assert proven(world, "gamma").is_sound


def test_a_counterparty_of_another_tenant_in_a_book_is_named(engine: MemoryDynamoDB, world: World) -> None:
    target = next(entry for entry in entries("beta", GENERAL) if entry.draft.kind == "settlement")

    def to_gamma(lines: Any) -> None:
        lines[0][3] = "gamma"

    Underneath(engine).change_json(BETA_ENTRIES, f"#general#{target.sequence:010d}", "l", to_gamma)
    found = broken(proven(world, "beta"))
    assert (found[CHAIN], found[ISOLATION]) == (target.entry_id, target.entry_id)


def test_an_entry_that_was_slipped_behind_a_closing_is_named(engine: MemoryDynamoDB, world: World) -> None:
    close_month(world.gamma, month_named("2026-10"), BOSS, NOW)
    heads = {head.journal: head for head in read_heads("gamma")}
    draft = entries("gamma", GENERAL)[-1].draft._replace(effective_on=date(2026, 10, 29))
    after, slipped = append(heads[GENERAL], draft, heads[GENERAL].recorded_micros + 1)
    Underneath(engine).put(put_entry(slipped).row.serialize())
    Underneath(engine).put(put_head(heads[GENERAL], after).row.serialize())
    assert verify_book("gamma").is_sound, "the chain does not know what is closed"
    proof = proven(world, "gamma")
    assert broken(proof) == {PERIODS: slipped.entry_id}
    assert finding(proof, PERIODS).what == "is dated 2026-10-29, and 2026-10-31 was closed when it was posted"


def test_a_head_that_was_made_to_forget_a_closing_is_named(engine: MemoryDynamoDB, world: World) -> None:
    close_month(world.gamma, month_named("2026-10"), BOSS, NOW)
    Underneath(engine).change("gamma#journals", GENERAL, lambda item: item.pop("closed_through"))
    assert broken(proven(world, "gamma")) == {PERIODS: "gamma:general:head"}


def test_unpaid_credit_that_was_forgiven_in_the_fund_alone_is_named_with_both_figures(
    engine: MemoryDynamoDB, world: World
) -> None:
    Underneath(engine).change("beta#fund", "fund", lambda item: item["debt_minor"].update(N="0"))
    proof = proven(world, "beta")
    assert broken(proof) == {FUND: "beta:fund"}
    assert finding(proof, FUND).what == "says 0.00 of unpaid credit, the book 10.00"


def test_money_that_leaves_the_funds_and_is_nobodys_earning_is_named(engine: MemoryDynamoDB, world: World) -> None:
    name = child_journal("gamma")
    head = {head.journal: head for head in read_heads("op")}[name]
    draft = entries("op", name)[-1].draft._replace(lines=(Line("2100", 1_00, 0, "gamma"), Line("3000", 0, 1_00)))
    after, taken = append(head, draft, head.recorded_micros + 1)
    Underneath(engine).put(put_entry(taken).row.serialize())
    Underneath(engine).put(put_head(head, after).row.serialize())
    found = broken(proven(world, "op"))
    assert found[CONSERVED] == found[TIE_OUTS] == taken.entry_id


def an_entry(sequence: int, effective_on: date) -> Entry:
    draft = Draft("manual", effective_on, effective_on, "", (Line("1000", 1, 0), Line("4000", 0, 1)))
    return Entry("beta", GENERAL, sequence, sequence, draft, None, "")


def a_period_event(action: str, through: date | None, sequence: int) -> PeriodEvent:
    return PeriodEvent("beta", action, "2026-10", through, "u", "", "", 0, "", {GENERAL: sequence})


@pytest.mark.parametrize(
    ("sequence", "day", "is_broken"),
    [
        (4, date(2026, 9, 30), False),
        (5, date(2026, 10, 31), False),
        (5, date(2026, 9, 30), True),
        (8, date(2026, 10, 1), False),
        (8, date(2026, 9, 30), True),
        (10, date(2026, 10, 31), True),
        (10, date(2026, 11, 1), False),
    ],
)
def test_an_entry_is_held_against_what_was_closed_when_it_was_posted_and_a_reopening_begins_before_it_is_done(
    sequence: int, day: date, is_broken: bool
) -> None:
    """October is closed behind entry 4, opened again behind 7 (told before that), closed again behind 9."""
    september, october = date(2026, 9, 30), date(2026, 10, 31)
    events = [
        a_period_event(CLOSE, october, 4),
        a_period_event(REOPEN, september, 7),
        a_period_event(CLOSE, october, 9),
    ]
    check = OpenPeriods(events, Periods("beta", october, october, None, 3))
    check.take(an_entry(sequence, day))
    assert (check.result([]).verdict is Verdict.BROKEN) == is_broken


def test_an_entry_behind_a_reopening_that_is_under_way_is_sound() -> None:
    october = date(2026, 10, 31)
    check = OpenPeriods(
        [a_period_event(CLOSE, october, 4)], Periods("beta", date(2026, 9, 30), date(2026, 9, 30), REOPEN, 2)
    )
    check.take(an_entry(5, october))
    assert check.result([]).verdict is Verdict.SOUND
