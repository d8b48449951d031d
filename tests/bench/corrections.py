"""What it costs to correct a fact that comes thirty days late, at depth two: items and units of its transactions."""

import time
from datetime import date, timedelta
from unittest.mock import patch

from chalicelib.aws.tables import Operation, write
from chalicelib.crm.model import EventKind
from tests.bench.report import Figure
from tests.billing.late import correct, record, settle
from tests.simulation import MemoryDynamoDB
from tests.world import World

YESTERDAY = date(2026, 11, 21)
FIRST = YESTERDAY - timedelta(days=31)
LATE_BY_DAYS = 30
SUBSCRIBERS = 200


def measure(engine: MemoryDynamoDB) -> list[Figure]:
    """Beta, under Alpha, with so many subscribers and a month settled; one of them was disabled thirty days ago."""
    world = World.build(FIRST)
    world.fund(100_000_000, 50_000_000)
    for number in range(SUBSCRIBERS):
        world.connect(world.beta_chain, f"s{number}", "HOME", FIRST)
    settle(world.beta_chain, FIRST, YESTERDAY)
    with engine.measured() as of_the_fact:
        record(world.beta_chain, 7, EventKind.DISABLE, YESTERDAY - timedelta(days=LATE_BY_DAYS))
    written: list[int] = []

    def counting(*operations: Operation) -> None:
        written.append(len(operations))
        write(*operations)

    started = time.process_time()
    with patch("chalicelib.billing.correct.write", counting), engine.measured() as cost:
        (correction,) = correct(world.beta_chain)
    spent_ms = (time.process_time() - started) * 1000
    assert len(correction.changes) == LATE_BY_DAYS, "every day behind the disable is corrected"
    how = f"a disable {LATE_BY_DAYS} days back, {len(correction.changes)} days corrected, two levels"
    return [
        Figure("transactions of a correction", len(written), 1, "transactions", how),
        Figure("items of its transaction", max(written), 12, "items", how),
        Figure("write units of it", cost.write_units, None, "units", "simulated engine; the record holds each day"),
        Figure("write units of the late fact", of_the_fact.write_units, None, "units", "its own write, before it"),
        Figure("CPU of it", spent_ms, None, "ms", f"among {SUBSCRIBERS} subscribers; the engine's own included"),
    ]
