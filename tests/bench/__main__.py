"""`make bench`: print every figure, how it was counted, and whether it holds; the mutants last, which take longest."""

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

import tests.conftest  # the environment of an installation, before anything of it is imported
from chalicelib.aws import clock, rows
from tests.bench import (
    corrections,
    handlers,
    imports,
    invoices,
    mutants,
    papers,
    posting,
    proof,
    routers,
    schedules,
    settlement,
    statements,
)
from tests.bench.report import show
from tests.bench.wire import on_the_wire
from tests.simulation import MemoryDynamoDB

ResultT = TypeVar("ResultT")
NOON = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


def in_memory(work: Callable[[MemoryDynamoDB], ResultT]) -> ResultT:
    """Run it against empty tables of the simulated engine."""
    engine = MemoryDynamoDB()
    with engine.installed():
        rows.forget_connections()
        tests.conftest.create_tables()
        result = work(engine)
    rows.forget_connections()
    gc.collect()
    return result


def main(only: str = "") -> int:
    """Print the parts whose name holds that text (all of them, if none is told); 1 when a figure falls short."""
    parts: dict[str, Callable[[], bool]] = {
        "settlement": _settlement,
        "proof": _proof,
        "handlers": _handlers,
        "start": lambda: show("Start", imports.figures()),
        "posting": lambda: show("Posting", posting.figures()),
        "corrections": _corrections,
        "invoices": _invoices,
        "papers": lambda: show("Papers", papers.figures()),
        "reports": lambda: show("Reports", in_memory(statements.measure)),
        "routers": lambda: show("Routers", routers.figures(in_memory)),
        "schedules": lambda: show("Schedules", schedules.figures()),
        "mutants": lambda: show("Mutants", mutants.figures()),
    }
    held = [measure() for name, measure in parts.items() if only in name]
    print("\nEvery figure holds." if all(held) else "\nNot every figure holds.")
    return 0 if held and all(held) else 1


@contextmanager
def at_noon() -> Iterator[None]:
    """The clock stands still meanwhile."""
    restore = clock.replace(now=lambda: NOON, sleep=lambda seconds: None)
    yield
    restore()


@at_noon()
def _settlement() -> bool:
    large = in_memory(lambda engine: settlement.measure(engine, 100_000))
    small = in_memory(lambda engine: settlement.measure(engine, 1_000))
    return show("Settlement", settlement.figures(large, small))


@at_noon()
def _invoices() -> bool:
    count = 10_000
    found = in_memory(lambda engine: invoices.measure(engine, count))
    return show("Invoices", invoices.figures(found, count))


@at_noon()
def _corrections() -> bool:
    return show("Corrections", in_memory(corrections.measure))


@at_noon()
def _proof() -> bool:
    of_day = in_memory(lambda engine: proof.measure_long_roster(engine, 1_000, 4))
    long_book, long_roster = in_memory(proof.measure_long_book), in_memory(proof.measure_long_roster)
    return show("Proof", proof.figures(long_book, long_roster, of_day))


@at_noon()
def _handlers() -> bool:
    counted, spent = in_memory(_of_handlers)
    held = [show("Requests", counted), show("CPU of warm handlers", spent)]
    show("CPU of warm handlers and of botocore, for information", _on_the_wire())
    return all(held)


def _on_the_wire() -> list[handlers.Figure]:
    """Against the same kind of engine, behind botocore's HTTP layer."""
    with on_the_wire(MemoryDynamoDB()) as behind:
        rows.forget_connections()
        tests.conftest.create_tables()
        found = handlers.wire_figures(handlers.Installation(), behind)
    rows.forget_connections()
    return found


def _of_handlers(engine: MemoryDynamoDB) -> tuple[list[handlers.Figure], list[handlers.Figure]]:
    isp = handlers.Installation()
    return handlers.request_figures(engine, isp), handlers.cpu_figures(engine, isp)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
