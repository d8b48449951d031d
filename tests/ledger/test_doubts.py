"""Doubts: raised once, lifted by a proof, dismissed by the owner; none of them overtakes another."""

from datetime import date

from chalicelib.ledger.doubts import (
    DISMISSED,
    LIFTED,
    OPEN,
    Doubt,
    dismiss_doubt,
    lift_doubts,
    raise_doubt,
    read_doubts,
)
from tests.simulation import MemoryDynamoDB
from tests.world import BOSS, NOW

DAY = date(2026, 11, 21)


def doubted(tenant_id: str) -> Doubt:
    raise_doubt(Doubt(tenant_id, f"{tenant_id}:day:{DAY}", DAY, "settlement", "the sheet is another", tenant_id, DAY))
    return read_doubts(tenant_id)[0]


def states() -> tuple[str, str]:
    return read_doubts("alpha")[0].state, read_doubts("gamma")[0].state


def test_a_doubt_that_was_dismissed_meanwhile_stays_dismissed_when_a_proof_lifts_it(engine: MemoryDynamoDB) -> None:
    doubt, _ = doubted("alpha"), doubted("gamma")
    dismiss_doubt("alpha", doubt.doubt_id, "seen with the auditor", BOSS, NOW)
    lift_doubts([doubt])
    assert states() == (DISMISSED, OPEN)
    assert read_doubts("alpha")[0].reason == "seen with the auditor"


def test_a_doubt_is_raised_anew_when_it_was_lifted_and_not_when_it_was_dismissed(engine: MemoryDynamoDB) -> None:
    for tenant_id in ("alpha", "gamma"):
        doubted(tenant_id)
    lift_doubts([doubted("alpha")])
    dismiss_doubt("gamma", doubted("gamma").doubt_id, "seen with the auditor", BOSS, NOW)
    assert states() == (LIFTED, DISMISSED)
    doubted("alpha")
    doubted("gamma")
    assert states() == (OPEN, DISMISSED)
