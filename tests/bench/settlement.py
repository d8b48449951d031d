"""What settling a day costs: write units and requests exactly, CPU of this process."""

import random
import time
from datetime import date, timedelta

from chalicelib.aws.tables import put_many
from chalicelib.billing.settle import settle_day
from chalicelib.crm.model import EventKind, ServiceEvent
from chalicelib.crm.store import day_event_row
from tests.bench.report import Figure
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World

DAYS = 4
FIRST = date(2026, 11, 1)


def load(world: World, count: int, seed: int = 7) -> None:
    """Services of Beta that started over the fifty days before the first settled one, as events of their days."""
    chance = random.Random(seed)
    rows = []
    for number in range(1, count + 1):
        start = FIRST - timedelta(days=chance.randrange(50))
        plan = "HOME" if chance.random() < 0.7 else "FAST"
        connected = ServiceEvent(EventKind.CONNECT, start, number, number, number, number, plan)
        rows.append(day_event_row("beta", connected))
    for start_at in range(0, len(rows), 25):
        put_many(rows[start_at : start_at + 25])


def add_events(count: int, day: date, seed: int) -> None:
    """One percent of the services are disabled, enabled again, or moved to another plan on that day."""
    chance = random.Random(seed)
    rows = []
    for order, number in enumerate(chance.sample(range(1, count + 1), count // 100)):
        kind = (EventKind.DISABLE, EventKind.CHANGE_PLAN)[order % 2]
        plan = "FAST" if kind is EventKind.CHANGE_PLAN else None
        rows.append(day_event_row("beta", ServiceEvent(kind, day, 10**9 + order, order, number, number, plan)))
    for start_at in range(0, len(rows), 25):
        put_many(rows[start_at : start_at + 25])


def measure(engine: MemoryDynamoDB, count: int) -> dict[str, float]:
    """Settle some ordinary days of Beta under Alpha under the operator; figures of the last."""
    world = World.build(FIRST)
    world.fund(10**13, 10**13 - 10**12)
    load(world, count)
    for offset in range(DAYS):
        day = FIRST + timedelta(days=offset)
        if offset:
            add_events(count, day, seed=offset)
        started = time.process_time()
        with engine.measured() as meter:
            settled = settle_day(world.beta_chain, day, NOW)
        spent = time.process_time() - started
    with engine.measured() as again:
        settle_day(world.beta_chain, day, NOW)
    return {
        "units": meter.write_units,
        "per_service": meter.write_units / settled.charged,
        "requests": meter.requests,
        "cpu": spent,
        "again": again.write_units,
        "charged": settled.charged,
    }


def figures(large: dict[str, float], small: dict[str, float]) -> list[Figure]:
    how = "simulated engine, held against real ones; pin, sheet and post of the fourth day, 1% events"
    return [
        Figure(
            "write units per subscriber-day, 100,000",
            large["per_service"],
            0.002,
            "units",
            f"{large['units']:g} units; {how}",
        ),
        Figure(
            "write units per subscriber-day, 1,000",
            small["per_service"],
            0.03,
            "units",
            f"{small['units']:g} units; {how}",
        ),
        Figure("write units of settling a settled day again", large["again"], 0, "units", "the same call once more"),
        Figure(
            "CPU of settling 100,000 with 1% events", large["cpu"], 1.5, "s", "process time, the engine's own included"
        ),
        Figure("requests of settling 100,000", large["requests"], 60, "requests", "every call to the database"),
    ]
