"""What a parent holds for each child against what the child says it has, both as of one instant."""

from datetime import date

import pytest

from chalicelib.ledger.tie_outs import tie_out
from tests.simulation import MemoryDynamoDB
from tests.world import World


@pytest.mark.usefixtures("database")
def test_both_books_of_every_child_agree() -> None:
    world = World.build(date(2026, 11, 1))
    world.fund(100_000, 40_000)
    outs = tie_out("op", ["alpha", "gamma"])
    assert [(one.child_id, one.held_for_child_minor, one.difference_minor) for one in outs] == [
        ("alpha", 100_000, 0),
        ("gamma", 0, 0),
    ]
    assert [one.child_fund_with_parent_minor for one in tie_out("alpha", ["beta"])] == [40_000]


def test_each_fifty_children_are_read_in_one_transaction(engine: MemoryDynamoDB) -> None:
    with engine.measured() as meter:
        assert len(tie_out("op", [f"t{number}" for number in range(120)])) == 120
    assert dict(meter.by_operation) == {"TransactGetItems": 3}
