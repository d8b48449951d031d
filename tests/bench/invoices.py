"""What an invoice costs in a monthly run: write units, and CPU of this process."""

import gc
import random
import time
from dataclasses import replace
from datetime import UTC, date, datetime

from chalicelib.aws.tables import put_many
from chalicelib.crm.service import new_service
from chalicelib.crm.store import subscriber_row
from chalicelib.crm.subscriber import Subscriber
from chalicelib.retail.invoice_run import InvoiceRun
from chalicelib.retail.model import TaxKind
from chalicelib.retail.ruling import BY_ITSELF
from chalicelib.retail.run_invoices import begin_run, carry_on
from chalicelib.retail.terms import set_terms
from tests.bench.report import Figure
from tests.simulation import MemoryDynamoDB
from tests.world import World

FIRST = date(2026, 11, 1)
MICROS = 1_793_000_000_000_000


def load(tenant_id: str, count: int, seed: int = 7) -> None:
    """Subscribers of that tenant with a service each, connected before the first month."""
    chance = random.Random(seed)
    rows = []
    for number in range(1, count + 1):
        plan = "HOME" if chance.random() < 0.7 else "FAST"
        service = new_service(number, date(2026, 10, 1 + number % 28), f"user{number}", None, plan, MICROS, 0)
        rows.append(
            subscriber_row(
                Subscriber(
                    tenant_id,
                    number,
                    f"C{number:06d}",
                    f"Subscriber Number {number}",
                    "01710000000",
                    "Zone 4",
                    (service,),
                    MICROS,
                    MICROS,
                )
            )
        )
    for start_at in range(0, len(rows), 25):
        put_many(rows[start_at : start_at + 25])


def invoice(world: World, month: int, year: int = 2026) -> InvoiceRun:
    """Beta's run of the first of a month, soon after its midnight."""
    now = datetime(year, month, 1, 1, 0, tzinfo=UTC)
    run, terms = begin_run(world.beta, date(year, month, 1), now)
    return carry_on(world.beta, run, terms, BY_ITSELF, now)


def billing_world(count: int) -> World:
    """Beta bills that many subscribers on the first of each month, prepaid, with tax on top."""
    world = World.build(FIRST)
    load("beta", count)
    set_terms(world.beta, lambda terms: replace(terms, starts_on=FIRST, tax_bps=500, tax=TaxKind.EXCLUSIVE))
    return world


def measure(engine: MemoryDynamoDB, count: int) -> dict[str, float]:
    """Run two months of that many subscribers; figures of the second, and of running it again."""
    world = billing_world(count)
    first = invoice(world, 11)
    gc.collect()
    started = time.process_time()
    with engine.measured() as meter:
        run = invoice(world, 12)
    spent = time.process_time() - started
    assert (first.invoices, run.invoices) == (count, count)
    with engine.measured() as again:
        invoice(world, 12)
    return {
        "units": meter.write_units / count,
        "requests": meter.requests,
        "cpu": spent / count * 1000,
        "again": again.write_units,
    }


def figures(found: dict[str, float], count: int) -> list[Figure]:
    how = f"the second month of {count:,} subscribers with a service each, all that a run does"
    return [
        Figure("write units an invoice", found["units"], 6, "units", f"simulated engine; {how}"),
        Figure("CPU an invoice", found["cpu"], 1, "ms", f"process time, the engine's own included; {how}"),
        Figure("write units of the same run again", found["again"], 0, "units", "the same call once more"),
        Figure("requests of the run", found["requests"], None, "requests", "every call to the database"),
    ]
