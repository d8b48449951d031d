"""`make bench`: print every figure, how it was counted, and whether it holds."""

import gc
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import tests.conftest  # the environment of an installation, before anything of it is imported
from chalicelib.aws import clock, rows
from tests.bench import handlers, imports, posting, proof, schedules, settlement, statements
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


def main() -> int:
    restore = clock.replace(now=lambda: NOON, sleep=lambda seconds: None)
    large = in_memory(lambda engine: settlement.measure(engine, 100_000))
    small = in_memory(lambda engine: settlement.measure(engine, 1_000))
    held = show("Settlement", settlement.figures(large, small))
    of_day = in_memory(lambda engine: proof.measure_long_roster(engine, 1_000, 4))
    held &= show(
        "Proof", proof.figures(in_memory(proof.measure_long_book), in_memory(proof.measure_long_roster), of_day)
    )
    counted, spent = in_memory(lambda engine: _handlers(engine))
    held &= show("Requests", counted)
    held &= show("CPU of warm handlers", spent)
    show("CPU of warm handlers and of botocore, for information", _on_the_wire())
    restore()
    held &= show("Start", imports.figures())
    held &= show("Posting", posting.figures())
    held &= show("Reports", in_memory(statements.measure))
    held &= show("Schedules", schedules.figures())
    print("\nEvery figure holds." if held else "\nNot every figure holds.")
    return 0 if held else 1


def _on_the_wire() -> list[handlers.Figure]:
    """Against the same kind of engine, behind botocore's HTTP layer."""
    with on_the_wire(MemoryDynamoDB()) as behind:
        rows.forget_connections()
        tests.conftest.create_tables()
        found = handlers.wire_figures(handlers.Installation(), behind)
    rows.forget_connections()
    return found


def _handlers(engine: MemoryDynamoDB) -> tuple[list[handlers.Figure], list[handlers.Figure]]:
    isp = handlers.Installation()
    return handlers.request_figures(engine, isp), handlers.cpu_figures(engine, isp)


if __name__ == "__main__":
    sys.exit(main())
