"""Settled days computed again from raw events: whatever was changed underneath, the day and both figures are named."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.aws.tables import Put, write
from chalicelib.billing.model import RefundPolicy, Timing
from chalicelib.billing.restore import restore_services
from chalicelib.billing.settle import settle_day
from chalicelib.billing.tariffs import TariffTerms, set_tariff
from chalicelib.core.proration import DayCount
from chalicelib.ledger.doubts import OPEN, read_doubts
from chalicelib.ledger.entries import list_book
from chalicelib.ledger.journal import append, child_journal
from chalicelib.ledger.statements import read_heads
from chalicelib.ledger.store import put_entry, put_head
from chalicelib.proof.model import SETTLEMENT, BookProof, Finding, Verdict
from chalicelib.proof.prove import prove_book
from chalicelib.tenants.model import Tenant
from chalicelib.tenants.store import profile_row, tree_row
from tests.proof.tampering import Item, Underneath
from tests.simulation import MemoryDynamoDB
from tests.world import BOSS, NOW, World

FIRST = date(2026, 11, 19)
LAST = date(2026, 11, 21)
TODAY = date(2026, 11, 22)
Chain = tuple[Tenant, ...]


@pytest.fixture
def world() -> World:
    """Three settled days; on the third Beta's fund covers one of its three services."""
    world = World.build(FIRST, tax_bps=500)
    world.fund(1_000_00, 190_00)
    world.recharge(world.operator, world.gamma, 200_00)
    for number, plan in enumerate(("HOME", "FAST", "HOME")):
        world.connect(world.beta_chain, f"b{number}", plan, FIRST)
    world.connect(world.gamma_chain, "g0", "HOME", FIRST)
    settle(world, FIRST)
    settle(world, FIRST + timedelta(days=1))
    settle(world, LAST)
    return world


def settle(world: World, day: date) -> None:
    for chain in (world.beta_chain, world.alpha_chain, world.gamma_chain):
        settle_day(chain, day, NOW + timedelta(days=max(0, (day - LAST).days)))


def proven(chain: Chain, day: date = LAST) -> BookProof:
    return prove_book(chain, day, NOW + timedelta(days=(day - LAST).days))


def findings(proof: BookProof) -> list[Finding]:
    return [one for result in proof.results if result.check == SETTLEMENT for one in result.findings]


def things(proof: BookProof) -> list[str]:
    return [one.thing for one in findings(proof)]


def only_settlement_is_broken(proof: BookProof) -> None:
    assert [result.check for result in proof.results if result.verdict is Verdict.BROKEN] == [SETTLEMENT]


@pytest.mark.usefixtures("engine")
def test_days_with_cuts_and_services_that_come_back_are_computed_again_and_sound(world: World) -> None:
    assert [one.is_sound for one in map(proven, (world.beta_chain, world.alpha_chain, world.gamma_chain))] == [True] * 3
    world.recharge(world.alpha, world.beta, 200_00)
    assert restore_services(world.beta_chain, NOW) == 2
    settle(world, TODAY)
    later = proven(world.beta_chain, TODAY)
    assert later.is_sound
    figures = next(one.says for one in later.results if one.check == SETTLEMENT)
    assert figures.startswith("1 days up to 2026-11-22, 3 services for ")


@pytest.mark.usefixtures("engine")
def test_a_day_that_is_not_settled_is_told_and_computed_by_a_later_proof(world: World) -> None:
    early = proven(world.gamma_chain, TODAY)
    says = next(one.says for one in early.results if one.check == SETTLEMENT)
    assert (early.is_sound, early.settled_through) == (True, LAST)
    assert says.endswith("; 2026-11-22 is not settled yet")
    settle(world, TODAY)
    tomorrow = TODAY + timedelta(days=1)
    settle(world, tomorrow)
    later = proven(world.gamma_chain, tomorrow)
    says = next(one.says for one in later.results if one.check == SETTLEMENT)
    assert says.startswith("2 days up to 2026-11-23, 2 services")


def test_an_event_that_was_changed_before_the_day_names_the_first_day_it_changes(
    engine: MemoryDynamoDB, world: World
) -> None:
    underneath = Underneath(engine)
    assert proven(world.beta_chain).is_sound
    settle(world, TODAY)
    fast = next(item for item in underneath.items("beta#events", "crm") if "FAST" in item["fact"]["S"])
    before = dict(fast, fact=dict(fast["fact"]))
    fast["fact"]["S"] = fast["fact"]["S"].replace("FAST", "HOME")
    underneath.put(fast, "crm")
    proof = proven(world.beta_chain, TODAY)
    only_settlement_is_broken(proof)
    assert proof.first_broken == f"beta:day:{FIRST}"
    named = {one.thing: one.what for one in reversed(findings(proof))}
    assert named[f"beta:day:{FIRST}"].startswith("is the first day whose sheet is not what the events make")
    assert [one for one in findings(proof) if "kept service 2 of 2026-11-19 on FAST" in one.what]
    assert [doubt.doubt_id for doubt in read_doubts("beta")] == [f"beta:day:{FIRST}", f"beta:day:{TODAY}"]
    assert proven(world.gamma_chain, TODAY).is_sound

    underneath.put(before, "crm")
    tomorrow = TODAY + timedelta(days=1)
    settle(world, tomorrow)
    again = proven(world.beta_chain, tomorrow)
    assert (again.status, [one.state for one in read_doubts("beta")]) == ("sound", ["lifted", "lifted"])


def test_a_service_that_loses_its_first_event_is_a_finding_and_no_crash(engine: MemoryDynamoDB, world: World) -> None:
    underneath = Underneath(engine)
    world.recharge(world.alpha, world.beta, 200_00)
    assert restore_services(world.beta_chain, NOW)
    settle(world, TODAY)
    for item in underneath.items("beta#events", "crm"):
        if "connect" in item["fact"]["S"]:
            underneath.delete(item, "crm")
    proof = proven(world.beta_chain, TODAY)
    only_settlement_is_broken(proof)
    assert f"beta:day:{TODAY}" in things(proof)
    assert any("never started" in one.what or "nobody" in one.what for one in findings(proof))


def test_a_part_of_a_sheet_that_was_changed_or_lost_is_named(engine: MemoryDynamoDB, world: World) -> None:
    key = f"beta#sheet#{LAST}"
    table = engine.tables["books"]
    record = table.partitions[key].records["0000"]
    item = dict(record.item)
    item["data"] = {"B": bytes(item["data"]["B"])[:-9] + b"tampered!"}
    engine.call("PutItem", {"TableName": "books", "Item": item})
    damaged = proven(world.beta_chain)
    only_settlement_is_broken(damaged)
    assert things(damaged) == [f"beta:day:{LAST}"]
    assert findings(damaged)[0].what.startswith("its sheet cannot be read")

    engine.call("DeleteItem", {"TableName": "books", "Key": {"pk": item["pk"], "sk": item["sk"]}})
    lost = prove_book(world.beta_chain, LAST, NOW + timedelta(hours=1), BOSS)
    assert findings(lost)[0].what == f"its sheet cannot be read: beta {LAST} lacks a part of its sheet"


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("paid", lambda v: v.__setitem__(0, v[0] + 100), "paid: keeps 21.13, computed again 20.13"),
        ("tax", lambda v: v.__setitem__(0, 0), "tax: keeps 0.00, computed again 0.96"),
        ("uncollected", lambda v: v.__setitem__(0, 0), "uncollected: keeps 0.00, computed again 51.61"),
        ("prices", lambda v: v["HOME"].__setitem__(0, 1), "price of HOME: keeps 0.01, by the tariff 19.17"),
        ("cut_at", lambda v: v.__setitem__(1, 9), "keeps a cut at "),
        ("subtree", lambda v: v.__setitem__(0, 1), "sub-tree: keeps 0.01, its children's days make 20.13"),
    ],
)
def test_a_figure_of_a_settled_day_that_was_changed_is_named_with_both(
    engine: MemoryDynamoDB, world: World, name: str, change: Any, says: str
) -> None:
    Underneath(engine).change_json("beta#settlements", f"day#{LAST}", name, change)
    proof = proven(world.beta_chain)
    only_settlement_is_broken(proof)
    assert things(proof)[0] == f"beta:day:{LAST}"
    assert any(says in one.what for one in findings(proof)), [one.what for one in findings(proof)]
    assert [one.doubt_id for one in read_doubts("beta") if one.state == OPEN] == [f"beta:day:{LAST}"]
    assert proven(world.gamma_chain).is_sound


def test_a_day_whose_record_or_count_is_not_what_it_was_is_named(engine: MemoryDynamoDB, world: World) -> None:
    underneath = Underneath(engine)

    def fewer(item: Item) -> None:
        item["charged"]["N"] = "0"

    before = underneath.change("beta#settlements", f"day#{LAST}", fewer)
    counted = proven(world.beta_chain)
    assert findings(counted)[0].what.startswith("keeps 0 charged and 2 suspended; 3 services were billable")
    underneath.delete(before)
    lost = prove_book(world.beta_chain, LAST, NOW + timedelta(hours=1), BOSS)
    assert findings(lost)[0].what.startswith("is settled, and its record is not there")
    assert [one.what for one in findings(lost)[1:]] == [f"posts beta/{LAST}, which is not settled"]


def test_a_tariff_that_was_changed_underneath_is_named_by_the_prices_of_the_day(
    engine: MemoryDynamoDB, world: World
) -> None:
    def cheaper(prices: Any) -> None:
        prices["HOME"] = 30_000

    Underneath(engine).change_json("beta#tariffs", str(FIRST), "prices", cheaper, "tenants")
    proof = proven(world.beta_chain)
    only_settlement_is_broken(proof)
    assert any("price of HOME: keeps 19.17, by the tariff 10.00" in one.what for one in findings(proof))


def test_a_day_posted_twice_in_a_book_above_is_named_in_that_book(engine: MemoryDynamoDB, world: World) -> None:
    name = child_journal("beta")
    (posted,) = [
        one
        for one in list_book("alpha", limit=200, before=None)[0]
        if one.journal == name and one.draft.run == f"beta/{LAST}"
    ]
    head = {one.journal: one for one in read_heads("alpha")}[name]
    after, again = append(head, posted.draft, head.recorded_micros + 1, posted.fund_after_minor)
    Underneath(engine).put(put_entry(again).row.serialize())
    Underneath(engine).put(put_head(head, after).row.serialize())
    proof = proven(world.alpha_chain)
    assert things(proof) == [again.entry_id]
    assert findings(proof)[0].what == f"posts beta/{LAST} again, after {posted.entry_id}"


@pytest.mark.usefixtures("engine")
def test_a_month_that_began_on_another_day_when_it_was_priced_is_no_false_alarm() -> None:
    world = World.build(FIRST)
    terms = TariffTerms(
        FIRST, Timing.DAILY, DayCount.SERVICE_PERIOD, RefundPolicy.UNUSED_DAYS, 0, (("HOME", 50_100), ("FAST", 80_000))
    )
    set_tariff(world.operator, world.gamma, terms, NOW)
    world.recharge(world.operator, world.gamma, 500_00)
    world.connect(world.gamma_chain, "g0", "HOME", FIRST)
    settle_day(world.gamma_chain, FIRST, NOW)
    moved = replace(world.gamma, month_starts_on=20)
    write(Put(profile_row(moved)), Put(tree_row(moved)))
    settle_day((world.operator, moved), FIRST + timedelta(days=1), NOW)
    settle_day((world.operator, moved), LAST, NOW)
    assert proven((world.operator, moved)).is_sound


def test_a_level_without_a_price_has_no_entry_and_the_levels_above_are_found_by_their_run(
    engine: MemoryDynamoDB,
) -> None:
    world = World.build(FIRST)
    terms = TariffTerms(
        FIRST, Timing.DAILY, DayCount.CALENDAR_MONTH, RefundPolicy.UNUSED_DAYS, 0, (("HOME", 0), ("FAST", 0))
    )
    set_tariff(world.alpha, world.beta, terms, NOW)
    world.recharge(world.operator, world.alpha, 500_00)
    world.connect(world.beta_chain, "b0", "HOME", FIRST)
    settled = settle_day(world.beta_chain, FIRST, NOW)
    assert (settled.entry_id, settled.paid_minor) == (None, (0, 1667))
    assert proven(world.beta_chain, FIRST).is_sound
    underneath = Underneath(engine)
    posted = underneath.items("alpha#entries#fund")[-1]
    assert "Use of 2026-11-19 by the subscribers of BETA" in posted["m"]["S"]
    underneath.delete(posted)
    proof = prove_book(world.beta_chain, FIRST, NOW + timedelta(hours=1), BOSS)
    assert f"alpha:general:beta.{FIRST}" in [one.thing for one in findings(proof)]


def test_a_day_posted_again_long_after_it_was_proven_is_named(engine: MemoryDynamoDB, world: World) -> None:
    long_after = NOW + timedelta(days=1)
    assert prove_book(world.alpha_chain, LAST, long_after, BOSS).is_sound
    name = child_journal("beta")
    posted = next(one for one in list_book("alpha", limit=200, before=None)[0] if one.draft.run == f"beta/{LAST}")
    head = {one.journal: one for one in read_heads("alpha")}[name]
    micros = int((long_after + timedelta(hours=1)).timestamp() * 1_000_000)
    after, again = append(head, posted.draft, micros, posted.fund_after_minor)
    Underneath(engine).put(put_entry(again).row.serialize())
    Underneath(engine).put(put_head(head, after).row.serialize())
    proof = prove_book(world.alpha_chain, TODAY, long_after + timedelta(hours=2), BOSS)
    (found,) = findings(proof)
    assert (found.thing, found.what.endswith("settled at another instant")) == (again.entry_id, True)
