"""Verification: whatever is changed behind the product's back is found, and the first entry that does not hold is named."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from chalicelib.aws import keys
from chalicelib.aws.rows import Row
from chalicelib.aws.tables import Delete, Put, read, write
from chalicelib.ledger.journal import Entry, book_hash
from chalicelib.ledger.statements import read_heads
from chalicelib.ledger.store import EntryRow, HeadRow, entry_key, put_entry
from chalicelib.ledger.verify import Verification, verify_book
from tests.conftest import SetClock
from tests.ledger.entries import TODAY, record, sale
from tests.simulation import MemoryDynamoDB
from tests.world import World

SINCE = date(2026, 11, 1)


@pytest.fixture
def world(engine: MemoryDynamoDB, the_clock: SetClock) -> World:
    built = World.of_tenants(SINCE)
    built.recharge(built.operator, built.gamma, 70_00)
    return built


@pytest.fixture
def entries(world: World) -> list[Entry]:
    """Alpha's general journal: a recharge, and three entries by hand."""
    movement = world.recharge(world.operator, world.alpha, 1_000_00).entry
    world.recharge(world.alpha, world.beta, 400_00)
    return [movement, *(record(world.alpha, sale(minor)) for minor in (1_00, 2_00, 3_00))]


def verdict_on_alpha() -> str | None:
    """What is broken in Alpha's book; Gamma's and the operator's are always sound."""
    assert verify_book("gamma").is_sound
    assert verify_book("op").is_sound
    found = verify_book("alpha")
    assert found.is_sound == (found.first_broken is None)
    return found.first_broken


def test_a_book_as_it_was_posted_is_sound(database: None) -> None:
    world = World.of_tenants(SINCE)
    world.fund(1_000_00, 400_00)
    record(world.alpha, sale())
    expected = book_hash(read_heads("alpha"))
    assert verify_book("alpha") == Verification(3, expected, None)
    assert verify_book("gamma").entries == 0
    assert verify_book("gamma").is_sound


def change(key: keys.Key, row_kind: type[Row], /, **attributes: Any) -> None:
    row = read(row_kind, key)
    assert row is not None
    for name, value in attributes.items():
        assert getattr(row, name) != value
        setattr(row, name, value)
    write(Put(row))


TAMPERED: dict[str, Any] = {
    "kind": "reversal",
    "effective_on": "2026-11-21",
    "service_on": "2026-11-21",
    "memo": "nothing to see here",
    "lines": [["1000", 900_00, 0, ""], ["4000", 0, 900_00, ""]],
    "corrects": "alpha.o1-general-1",
    "run": "alpha/2026-11-21",
    "reference": "MR-1",
    "recorded_by": "somebody-else",
    "acting_by": "op/u1",
    "late_for": "2026-10-31",
    "attachments": ["a1:0000"],
    "by_day": [["2026-11-21", [["1000", 2_00], ["4000", -2_00]]]],
    "fund_after_minor": 5,
    "hash": "0" * 64,
}


def test_an_entry_that_was_changed_is_named(entries: list[Entry]) -> None:
    original = put_entry(entries[2])
    for name, value in TAMPERED.items():
        change(entry_key(entries[2]), EntryRow, **{name: value})
        assert verdict_on_alpha() == entries[2].entry_id, name
        write(original)
    assert verdict_on_alpha() is None


def test_every_stored_field_of_an_entry_is_tampered_with_above() -> None:
    stored = EntryRow.get_attributes().keys() - {"pk", "sk", "journal", "sequence", "recorded_micros"}
    assert stored == TAMPERED.keys()


NO_LINES: list[Any] = [
    [["1000", 2_00, 0, ""], ["4000", 0, 1_00, ""]],
    [["1000", 2_00, 0, ""]],
    [["1000", 2_00, 0, ""], ["4000", 0, 2_00, "", ""]],
    [["1000", 2_00, 0, ""], ["4000", 0, 2_00, "", "NORTH", "EAST"]],
    [["1000", 2_00, 0], ["4000", 0, 2_00, ""]],
    [["1000", "2", 0, ""], ["4000", 0, "2", ""]],
    [],
    "nonsense",
]


def test_an_entry_that_does_not_even_balance_is_named(entries: list[Entry]) -> None:
    for lines in NO_LINES:
        change(entry_key(entries[2]), EntryRow, lines=lines)
        assert verdict_on_alpha() == entries[2].entry_id, lines


@pytest.mark.parametrize(("name", "value"), [("sequence", 9), ("recorded_micros", 5), ("journal", "child-beta")])
def test_an_entry_that_claims_another_place_than_it_lies_at_is_found(
    entries: list[Entry], name: str, value: Any
) -> None:
    change(entry_key(entries[2]), EntryRow, **{name: value})
    assert verdict_on_alpha() is not None


def test_an_entry_that_was_moved_out_of_the_movements_is_found(entries: list[Entry]) -> None:
    key = entry_key(entries[0])
    row = read(EntryRow, key)
    assert row is not None
    row.pk = keys.entries("alpha", "other")
    write(Put(row), Delete(EntryRow.at(key)))
    assert verdict_on_alpha() == entries[0].entry_id.replace(".f", ".o")


@pytest.mark.parametrize(("missing", "named"), [(0, 1), (1, 2), (2, 3)])
def test_where_an_entry_is_missing_the_one_behind_it_is_named(entries: list[Entry], missing: int, named: int) -> None:
    write(Delete(EntryRow.at(entry_key(entries[missing]))))
    assert verdict_on_alpha() == entries[named].entry_id


def test_where_the_last_entry_is_missing_the_head_is_named(entries: list[Entry]) -> None:
    write(Delete(EntryRow.at(entry_key(entries[3]))))
    assert verdict_on_alpha() == "alpha:general:head"


OTHER_HEADS: list[dict[str, Any]] = [
    {"sequence": 3},
    {"hash": "f" * 64},
    {"totals": {"1000": 1}},
    {"totals": {}},
    {"recorded_micros": 1},
    {"recorded_micros": 9 * 10**15},
]


def test_a_head_that_was_changed_is_found(entries: list[Entry]) -> None:
    key = keys.journal("alpha", "general")
    original = read(HeadRow, key)
    assert original is not None
    for attributes in OTHER_HEADS:
        change(key, HeadRow, **attributes)
        assert verdict_on_alpha() is not None, attributes
        write(Put(original))
    assert verdict_on_alpha() is None


def test_where_a_head_is_gone_the_first_entry_that_nothing_accounts_for_is_named(entries: list[Entry]) -> None:
    write(Delete(HeadRow.at(keys.journal("alpha", "general"))))
    assert verdict_on_alpha() == entries[0].entry_id


def test_an_entry_that_was_slipped_in_behind_the_head_is_named(entries: list[Entry]) -> None:
    key = entry_key(entries[3])
    row = read(EntryRow, key)
    assert row is not None
    row.sequence = 5
    row.sk = keys.entry("alpha", "other", row.recorded_micros, "general", 5).sk
    write(Put(row))
    assert verdict_on_alpha() == f"alpha.o{row.recorded_micros:016d}-general-5"


def test_an_entry_of_a_journal_that_never_was_is_found(entries: list[Entry]) -> None:
    key = entry_key(entries[3])
    row = read(EntryRow, key)
    assert row is not None
    row.journal = "secret"
    row.sk = keys.entry("alpha", "other", row.recorded_micros, "secret", 4).sk
    write(Put(row))
    assert verdict_on_alpha() is not None


def test_a_history_written_anew_from_the_start_changes_the_hash_of_the_book(entries: list[Entry]) -> None:
    """Whoever has written down the book's hash can tell, though the new history holds in itself."""
    before = verify_book("alpha")
    change(entry_key(entries[3]), EntryRow, memo="another memo")
    change(keys.journal("alpha", "general"), HeadRow, hash="e" * 64)
    assert verify_book("alpha").head_hash != before.head_hash


def test_of_two_broken_entries_the_first_recorded_is_named(entries: list[Entry], world: World) -> None:
    for entry in (entries[3], entries[1]):
        change(entry_key(entry), EntryRow, memo="changed")
    assert verdict_on_alpha() == entries[1].entry_id


@pytest.mark.parametrize("call", [1, 2, 3])
@pytest.mark.parametrize("happens", ["entry", "movement", "first of a journal"])
def test_a_book_is_sound_while_it_is_being_written(
    entries: list[Entry], world: World, engine: MemoryDynamoDB, call: int, happens: str
) -> None:
    moves: dict[str, Callable[[], object]] = {
        "entry": lambda: record(world.alpha, sale(), TODAY),
        "movement": lambda: world.recharge(world.alpha, world.beta, 1_00),
        "first of a journal": lambda: world.recharge(world.operator, world.alpha, 1_00),
    }
    queries = 0

    def fault(phase: str, number: int, operation: str, params: Any) -> None:
        nonlocal queries
        queries += phase == "after" and operation == "Query"
        if queries == call:
            engine.faults = None
            moves[happens]()

    tenant_id = "beta" if happens == "first of a journal" else "alpha"
    engine.faults = fault
    found = verify_book(tenant_id)
    engine.faults = None
    assert found.is_sound, found
