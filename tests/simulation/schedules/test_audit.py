"""The fast audit and `check_invariants` are of one mind: about sound worlds, and about every kind of damage."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.invariants import check_invariants
from tests.simulation.schedules.audit import Auditor, Broken
from tests.simulation.schedules.journey import Traveller, random_journey, random_turn
from tests.simulation.schedules.stage import Stage, open_stage
from tests.simulation.storage import Record, Table


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        yield opened


@pytest.mark.parametrize("seed", range(100, 112))
def test_a_world_that_one_finds_sound_the_other_does_too(stage: Stage, seed: int) -> None:
    chance = random.Random(seed)
    traveller = Traveller(stage)
    for _ in range(12):
        traveller.go(random_turn(chance, traveller))
    assert Auditor(stage.engine).check() == check_invariants()


Damage = Callable[[dict[str, Any]], None]


def more(attribute: str, by: int = 1) -> Damage:
    def damage(item: dict[str, Any]) -> None:
        item[attribute] = {"N": str(int(item[attribute]["N"]) + by)}

    return damage


def text(attribute: str, old: str, new: str) -> Damage:
    def damage(item: dict[str, Any]) -> None:
        item[attribute] = {"S": item[attribute]["S"].replace(old, new, 1)}

    return damage


DAMAGES: dict[str, tuple[str, Damage]] = {
    "a fund with a unit more": ("beta#fund", more("balance_minor")),
    "a debt of one": ("alpha#fund", more("debt_minor")),
    "an amount of an entry": ("alpha#entries#fund", text("l", "6000", "6001")),
    "both amounts of an entry": ("beta#entries#fund", lambda item: _double(item)),
    "an account of an entry": ("beta#entries#fund", text("l", '"1000"', '"1010"')),
    "another counterparty": ("alpha#entries#fund", text("l", '"beta"', '"gamma"')),
    "a memo": ("gamma#entries#fund", text("m", "recharge", "Recharge")),
    "another sequence": ("alpha#entries#fund", more("n", 5)),
    "another instant": ("gamma#entries#fund", more("at")),
    "what a movement left": ("beta#entries#fund", more("f")),
    "a hash": ("alpha#entries#fund", lambda item: item.update(h={"S": "0" * 64})),
    "the hash of a head": ("beta#journals", lambda item: item.update(hash={"S": "0" * 64})),
    "the sequence of a head": ("op#journals", more("sequence")),
    "a total of a head": ("gamma#journals", text("totals", "5000", "5001")),
    "the instant of a head": ("alpha#journals", more("recorded_micros")),
}


def _double(item: dict[str, Any]) -> None:
    item["l"] = {"S": item["l"]["S"].replace("6000", "12000")}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_that_one_finds_the_other_does_too(stage: Stage, name: str) -> None:
    partition_key, damage = DAMAGES[name]
    stage.reset()
    auditor = Auditor(stage.engine)
    assert auditor.check() == check_invariants() == 6
    table = stage.engine.tables["books"]
    partition = table.partitions[partition_key]
    begun = [sort for sort in partition.order if _is_begun(partition.records[sort])]
    assert any(_damaged(table, (partition_key, sort), damage) for sort in begun)
    with pytest.raises(AssertionError):
        check_invariants()
    with pytest.raises(Broken):
        auditor.check()


def _damaged(table: Table, key: tuple[str, str], damage: Damage) -> bool:
    """Whether it could be done to that row."""
    record = table.get(key)
    assert record is not None
    item = {attribute: dict(value) for attribute, value in record.item.items()}
    damage(item)
    table.put(key, Record(item, record.size_bytes))
    return item != record.item


def _is_begun(record: Record) -> bool:
    return record.item.get("sequence", {"N": "1"})["N"] != "0"


@pytest.mark.parametrize("part", ["alpha#entries#fund", "beta#entries#fund", "op#entries#fund", "alpha#journals"])
def test_a_row_that_is_gone_is_missed_by_both(stage: Stage, part: str) -> None:
    stage.reset()
    table = stage.engine.tables["books"]
    partition = table.partitions[part]
    gone = next(sort for sort in partition.order if _is_begun(partition.records[sort]))
    table.put((part, gone), None)
    with pytest.raises(AssertionError):
        check_invariants()
    with pytest.raises(Broken):
        Auditor(stage.engine).check()


def test_what_is_taken_back_was_never_there(stage: Stage) -> None:
    """The engine's own way back: the same rows, byte for byte, after a journey of thirty turns."""
    stage.reset()
    before = _everything(stage)
    random_journey(stage, 77, 30)
    assert _everything(stage) != before
    stage.reset()
    assert _everything(stage) == before


def _earlier(previous: dict[Any, Record | None]) -> dict[Any, Record]:
    """The version before the present one, where there was any: nothing and none of it are the same to a reader."""
    return {key: record for key, record in previous.items() if record is not None}


def _everything(stage: Stage) -> dict[str, Any]:
    return {
        f"{name} {key}": (dict(partition.records), list(partition.order), _earlier(partition.previous))
        for name, table in stage.engine.tables.items()
        for key, partition in table.partitions.items()
    }
