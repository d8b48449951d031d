"""What proving a book for a day costs: requests, units and CPU, by the length of the book and the size of the roster."""

import time
from dataclasses import replace
from datetime import date, timedelta

from chalicelib.aws.tables import put_many
from chalicelib.billing.settle import settle_day
from chalicelib.core.dates import to_micros
from chalicelib.ledger.journal import GENERAL, Draft, Head, Line, append
from chalicelib.ledger.statements import read_heads
from chalicelib.ledger.store import head_row, put_entry
from chalicelib.proof.prove import prove_book
from tests.bench.report import Figure
from tests.bench.settlement import FIRST, add_events, load
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World

ENTRIES = 100_000


def measure_long_book(engine: MemoryDynamoDB, count: int = ENTRIES) -> dict[str, float]:
    """The second proof of a book of so many entries by hand, in which nothing else happened."""
    world = World.of_tenants(date(2026, 11, 22))
    head = next(one for one in read_heads("gamma") if one.journal == GENERAL)
    _post_by_the_thousand(head, count)
    prove_book(world.gamma_chain, date(2026, 11, 20), NOW)
    return _measured(engine, world.gamma_chain, date(2026, 11, 21)) | {"of": count}


def _post_by_the_thousand(head: Head, count: int) -> None:
    """The entries that posting would make one by one, written in batches."""
    draft = Draft("manual", FIRST, FIRST, "a sale", (Line("1000", 500, 0), Line("4000", 0, 500)), recorded_by="u1")
    micros, rows = to_micros(NOW), []
    for number in range(count):
        head, entry = append(head, draft, micros + number)
        rows.append(put_entry(entry).row)
        if len(rows) == 25:
            put_many(rows)
            rows = []
    put_many([*rows, head_row(head)])


def measure_long_roster(engine: MemoryDynamoDB, services: int = 100_000, days: int = 30) -> dict[str, float]:
    """The proof of a day of so many services, after so many settled days with 1% events, from the first event on."""
    world = World.build(FIRST)
    world.fund(10**13, 10**13 - 10**12)
    load(world, services)
    for offset in range(days):
        day = FIRST + timedelta(days=offset)
        if offset:
            add_events(services, day, seed=offset)
        settle_day(world.beta_chain, day, NOW + timedelta(days=days))
    prove_book(world.beta_chain, day - timedelta(days=1), NOW)
    return _measured(engine, world.beta_chain, day) | {"of": services * days}


def _measured(engine: MemoryDynamoDB, chain: tuple[object, ...], day: date) -> dict[str, float]:
    started = time.process_time()
    with engine.measured() as meter:
        proof = prove_book(chain, day, NOW + timedelta(days=1))  # type: ignore[arg-type]
    spent = time.process_time() - started
    assert proof.is_sound, replace(proof, marks={})
    return {"requests": meter.requests, "reads": meter.read_units, "units": meter.write_units, "cpu": spent}


def figures(book: dict[str, float], roster: dict[str, float], small: dict[str, float]) -> list[Figure]:
    return [
        Figure(
            "requests of proving a book-day of 1,000 services, 4 days", small["requests"], 60, "requests", "all calls"
        ),
        Figure(
            "write units of keeping a proof", small["units"], 8, "units", "the proof and its marks, one transaction"
        ),
        Figure(
            "CPU of proving 100,000 entries",
            book["cpu"],
            15,
            "s",
            f"{book['requests']:g} requests, {book['reads']:g} read units; process time, the engine's own included",
        ),
        Figure(
            "CPU of computing 100,000 services again over 30 days",
            roster["cpu"],
            15,
            "s",
            f"{roster['requests']:g} requests, {roster['reads']:g} read units; 1% events a day, from the first event on",
        ),
    ]
