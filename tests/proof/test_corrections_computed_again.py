"""Corrections computed again from raw events: sound ones stay so, and whatever is changed underneath is named."""

import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.aws import keys
from chalicelib.aws.tables import read_many, write
from chalicelib.crm.model import EventKind
from chalicelib.ledger.doubts import LIFTED, OPEN, read_doubts
from chalicelib.ledger.journal import GENERAL, Draft, credit, debit
from chalicelib.ledger.post import Posting, head_reads
from chalicelib.proof.model import SETTLEMENT, Finding
from chalicelib.proof.prove import prove_book
from tests.billing.late import correct, day, record, settle
from tests.proof.tampering import Item, Underneath
from tests.simulation import MemoryDynamoDB
from tests.world import BOSS, NOW, World


@pytest.fixture
def world(engine: MemoryDynamoDB) -> World:
    """Two customers of Beta, ten days, a late disable of the one and a late plan of the other; a customer of Gamma."""
    built = World.build(day(1), tax_bps=1500)
    built.fund(10_000_00, 5_000_00)
    built.recharge(built.operator, built.gamma, 1_000_00)
    for name in ("karim", "rahim"):
        built.connect(built.beta_chain, name, "HOME", day(1))
    built.connect(built.gamma_chain, "other", "HOME", day(1))
    settle(built.beta_chain, day(1), day(10))
    settle(built.gamma_chain, day(1), day(10))
    record(built.beta_chain, 1, EventKind.DISABLE, day(5))
    correct(built.beta_chain)
    record(built.beta_chain, 2, EventKind.CHANGE_PLAN, day(8), "FAST")
    correct(built.beta_chain)
    settle(built.beta_chain, day(11), day(12))
    return built


@pytest.fixture
def underneath(engine: MemoryDynamoDB) -> Underneath:
    return Underneath(engine)


def findings(world: World) -> list[Finding]:
    """What the settlement check of Beta finds; Gamma's book is sound in any case."""
    assert prove_book(world.gamma_chain, day(12), NOW, BOSS).is_sound
    proof = prove_book(world.beta_chain, day(12), NOW, BOSS)
    return [one for result in proof.results if result.check == SETTLEMENT for one in result.findings]


def things(world: World) -> list[str]:
    return [one.thing for one in findings(world)]


def rewrite(item: Item, how: Callable[[Any], None]) -> None:
    """Change what is compressed in the record of a correction."""
    content = json.loads(zlib.decompress(item["content"]["B"]))
    how(content)
    item["content"] = {"B": zlib.compress(json.dumps(content).encode())}


def test_corrections_as_they_were_posted_are_sound_in_every_book(world: World) -> None:
    for chain in (world.beta_chain, world.alpha_chain, (world.operator,)):
        assert prove_book(chain, day(12), NOW).broken_things == ()


def test_a_record_that_says_another_amount_is_named_with_its_day_and_both_figures(
    world: World, underneath: Underneath
) -> None:
    def more(content: Any) -> None:
        content["days"][0][1][1][0][0] += 500

    underneath.change("beta#corrections", "0000000001", lambda item: rewrite(item, more))
    [found] = findings(world)
    assert found.thing == "beta:correction:1"
    assert found.what == ("2026-11-06: keeps -17.04, -19.17, computed again -22.04, -19.17")


def test_a_fact_that_was_changed_or_is_gone_is_named(world: World, underneath: Underneath) -> None:
    before = underneath.change_json(
        "beta#history#0000000001", "2026-11-05", "fact", lambda fact: fact.__setitem__(0, "enable"), "crm"
    )
    assert "beta:correction:1" in things(world)
    underneath.put(before, "crm")
    assert things(world) == []
    note = underneath.item("beta#late-facts", "0000000001")
    underneath.delete(note)
    assert "beta:correction:1" in things(world)
    underneath.put(note)
    assert things(world) == []


def test_a_record_that_is_gone_is_named_by_its_entries_and_by_the_gap(world: World, underneath: Underneath) -> None:
    newest = underneath.item("beta#corrections", "0000000002")
    underneath.delete(newest)
    found = findings(world)
    assert any("whose record does not name it" in one.what for one in found)
    assert any(one.thing == "beta:correction:1" and "by none" in one.what for one in found)
    underneath.put(newest)
    underneath.delete(underneath.item("beta#corrections", "0000000001"))
    assert "beta:correction:1" in things(world)


def test_a_doubted_correction_stays_so_until_it_is_sound(world: World, underneath: Underneath) -> None:
    before = underneath.change(
        "beta#corrections",
        "0000000001",
        lambda item: rewrite(item, lambda content: content["days"][0][1][2].__setitem__(0, 0)),
    )
    assert "beta:correction:1" in things(world)
    for _ in range(2):
        assert "beta:correction:1" in things(world)
    assert [doubt.state for doubt in read_doubts("beta") if doubt.doubt_id == "beta:correction:1"] == [OPEN]
    underneath.put(before)
    assert things(world) == []
    assert [doubt.state for doubt in read_doubts("beta") if doubt.doubt_id == "beta:correction:1"] == [LIFTED]


def test_an_entry_that_poses_as_a_correction_is_named(world: World) -> None:
    journals = [("beta", GENERAL)]
    posting = Posting(journals, read_many(head_reads(journals)), NOW)
    lines = (debit("1000", 5_00), credit("4000", 5_00))
    entry = posting.add("beta", GENERAL, Draft("correction", day(12), day(5), "", lines, run="beta/correction/2"))
    write(*posting.operations())
    assert things(world) == [entry.entry_id]


def test_an_entry_with_other_days_than_its_correction_is_named(world: World, underneath: Underneath) -> None:
    """Its hash tells it too; here the correction does."""
    partition = keys.entries("beta", "fund")
    entry = next(item for item in underneath.items(partition) if item["k"]["S"] == "correction")
    underneath.change_json(partition, entry["sk"]["S"], "d", lambda by_day: by_day.pop())
    assert [one.what for one in findings(world)] == ["tells other days than its correction computed again"]
