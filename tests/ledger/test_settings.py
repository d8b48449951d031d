"""What a tenant settles about its book: changed by name, by one person at a time, each book its own."""

from collections.abc import Callable

import pytest

from chalicelib.core.errors import Conflict
from chalicelib.ledger.settings import LedgerSettings, change_settings, read_settings
from tests.simulation import MemoryDynamoDB


def before_the_write(engine: MemoryDynamoDB, other: Callable[[], object]) -> None:
    """Let somebody else act just before the next write."""

    def hook(phase: str, number: int, operation: str, params: dict[str, object]) -> None:
        if phase == "before" and operation in ("PutItem", "TransactWriteItems"):
            engine.faults = None
            other()

    engine.faults = hook


def test_a_change_names_what_it_changes_and_leaves_the_rest(engine: MemoryDynamoDB) -> None:
    change_settings("alpha", {"year_starts_in": 7})
    change_settings("alpha", {"approval_above_minor": 500_00})
    assert read_settings("alpha") == LedgerSettings(500_00, 7, 2)
    assert read_settings("gamma") == LedgerSettings(None, 1, 0)
    change_settings("alpha", {"approval_above_minor": None})
    assert read_settings("alpha") == LedgerSettings(None, 7, 3)


@pytest.mark.parametrize("changed_before", [False, True])
def test_of_two_changes_at_once_one_holds_and_the_other_is_told(engine: MemoryDynamoDB, changed_before: bool) -> None:
    if changed_before:
        change_settings("alpha", {"year_starts_in": 7})
    before_the_write(engine, lambda: change_settings("alpha", {"approval_above_minor": 900_00}))
    with pytest.raises(Conflict) as refusal:
        change_settings("alpha", {"approval_above_minor": 500_00})
    assert refusal.value.code == "changed-meanwhile"
    assert read_settings("alpha").approval_above_minor == 900_00
    assert read_settings("gamma").revision == 0
