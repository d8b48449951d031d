"""Imports beside settlement: no day of a file is settled between its first line and its last."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import partial

import pytest

from chalicelib.aws import clock, keys, rows
from chalicelib.aws.guards import Guard
from chalicelib.aws.tables import forget, read_all
from chalicelib.billing.connections import guard_new_connections
from chalicelib.billing.pins import guard_day, hold_days, pinned_through, release_days
from chalicelib.billing.settle import NotDueError, settle_day
from chalicelib.billing.state import read_state
from chalicelib.core.errors import Conflict, Invalid
from chalicelib.crm import lanes
from chalicelib.crm.events import read_events
from chalicelib.crm.import_days import Days
from chalicelib.crm.import_events import import_events
from chalicelib.crm.import_outcome import ImportResult
from chalicelib.crm.import_roster import import_subscribers
from chalicelib.crm.job import JobStatus, OpenJobRow, find_job
from chalicelib.crm.worker import run_job
from tests.conftest import create_tables
from tests.crm.a_tenant import any_connection, any_price
from tests.crm.test_importing import Crash, crash_at
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World

FIRST = date(2026, 11, 1)
SECOND = date(2026, 11, 2)
DAYS = Days(
    pinned_through=partial(pinned_through, "gamma"),
    guard=partial(guard_day, "gamma"),
    hold=partial(hold_days, "gamma"),
    release=partial(release_days, "gamma"),
)


@pytest.fixture
def world(engine: MemoryDynamoDB, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(lanes, "LANES", 1)
    restore = clock.replace(now=lambda: NOW, sleep=lambda seconds: None)
    yield a_world()
    restore()


def a_world() -> World:
    world = World.build(FIRST)
    world.recharge(world.operator, world.gamma, 1_000_000)
    return world


def roster(count: int, first: int = 1) -> bytes:
    lines = [f"User {n},,HOME,user{n},,,{FIRST}" for n in range(first, first + count)]
    return "\n".join(["name,phone,plan,username,mac,zone,start_on", *lines]).encode()


def events(count: int) -> bytes:
    lines = [f"user{n},disable,{FIRST}," for n in range(1, count + 1)]
    return "\n".join(["username,type,effective_on,plan", *lines]).encode()


def import_roster(world: World, data: bytes, *, dry_run: bool = False) -> ImportResult:
    return import_subscribers(
        world.gamma,
        data,
        dry_run=dry_run,
        connections=lambda starts: guard_new_connections(world.gamma_chain, starts, NOW),
        days=DAYS,
        now=NOW,
        remember=forget,
    )


def import_happenings(world: World, data: bytes, *, dry_run: bool = False) -> ImportResult:
    return import_events(
        world.gamma,
        data,
        dry_run=dry_run,
        check_price=any_price,
        days=DAYS,
        today=NOW.date(),
        now=NOW,
        remember=forget,
    )


def settle_in_the_middle(engine: MemoryDynamoDB, world: World, write_number: int) -> list[str]:
    """Try to settle when the import has come to that write after its begin; what came of it."""
    outcomes: list[str] = []
    seen = [0]

    def faults(phase: str, number: int, operation: str, parameters: object) -> None:
        seen[0] += phase == "before" and operation == "TransactWriteItems"
        if seen[0] == write_number and not outcomes:
            outcomes.append("tried")
            try:
                settle_day(world.gamma_chain, FIRST, NOW)
            except NotDueError:
                outcomes[0] = "not due"

    engine.faults = faults
    return outcomes


@pytest.mark.parametrize("write_number", [2, 3, 5])
def test_a_settlement_in_the_middle_of_a_roster_waits_for_it(
    engine: MemoryDynamoDB, world: World, write_number: int
) -> None:
    outcomes = settle_in_the_middle(engine, world, write_number)
    assert import_roster(world, roster(60)).written == 60
    assert outcomes == ["not due"]
    engine.faults = None
    assert read_state("gamma").holds == ()
    assert settle_day(world.gamma_chain, FIRST, NOW).charged == 60


def test_a_settlement_in_the_middle_of_a_job_waits_for_it(engine: MemoryDynamoDB, world: World) -> None:
    queued = import_roster(world, roster(401)).job
    assert queued is not None
    with pytest.raises(NotDueError):
        settle_day(world.gamma_chain, FIRST, NOW)
    outcomes = settle_in_the_middle(engine, world, 9)
    run_job(queued)
    engine.faults = None
    job = find_job("gamma", queued.job_id)
    assert (outcomes, job.status, job.done) == (["not due"], JobStatus.DONE, 401)
    assert settle_day(world.gamma_chain, FIRST, NOW).charged == 401
    run_job(queued)
    assert find_job("gamma", queued.job_id).status is JobStatus.DONE


def test_a_settlement_in_the_middle_of_events_waits_for_them(engine: MemoryDynamoDB, world: World) -> None:
    import_roster(world, roster(60))
    outcomes = settle_in_the_middle(engine, world, 3)
    assert import_happenings(world, events(60)).written == 60
    engine.faults = None
    assert outcomes == ["not due"]
    assert read_state("gamma").holds == ()
    assert settle_day(world.gamma_chain, FIRST, NOW).charged == 60
    assert len(read_events("gamma", None, FIRST)) == 120


def test_a_settlement_at_the_moment_of_taking_on_is_met_by_trying_again_or_refusing(
    engine: MemoryDynamoDB, world: World
) -> None:
    seen = [0]

    def faults(phase: str, number: int, operation: str, parameters: object) -> None:
        if phase == "before" and operation == "TransactWriteItems" and not seen[0]:
            seen[0] = 1
            settle_day(world.gamma_chain, FIRST, NOW)

    engine.faults = faults
    with pytest.raises(Conflict) as caught:
        import_roster(world, roster(3))
    assert caught.value.code == "day-already-pinned"
    seen[0] = 0
    later = roster(3).replace(str(FIRST).encode(), b"2026-11-05")

    def settle_second(phase: str, number: int, operation: str, parameters: object) -> None:
        if phase == "before" and operation == "TransactWriteItems" and not seen[0]:
            seen[0] = 1
            settle_day(world.gamma_chain, SECOND, NOW)

    engine.faults = settle_second
    assert import_roster(world, later).written == 3


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["roster", "events"])
def test_an_import_cut_off_at_any_write_is_finished_by_sending_it_again_and_holds_no_day(
    engine: MemoryDynamoDB, world: World, kind: str, when: str
) -> None:
    call, is_cut = 0, True
    while is_cut:
        call += 1
        engine.tables.clear()
        rows.forget_connections()
        create_tables()
        fresh = a_world()
        if kind == "events":
            import_roster(fresh, roster(40))
        send = (
            partial(import_roster, fresh, roster(40))
            if kind == "roster"
            else partial(import_happenings, fresh, events(40))
        )
        crash_at(engine, call, when)
        try:
            send()
            is_cut = False
        except Crash:
            pass
        engine.faults = None
        send()
        send()
        assert read_state("gamma").holds == ()
        assert read_all(OpenJobRow, keys.open_jobs("op")) == []
        assert len(read_events("gamma", None, FIRST)) == (40 if kind == "roster" else 80)
        assert settle_day(fresh.gamma_chain, FIRST, NOW).charged == 40
    assert call > 6


def test_lines_about_settled_days_are_told_one_by_one_dry_or_not(engine: MemoryDynamoDB, world: World) -> None:
    import_roster(world, roster(2))
    settle_day(world.gamma_chain, FIRST, NOW)
    data = roster(3, 10) + b"\nLater,,HOME,later,,,2026-11-02"
    dry = import_roster(world, data, dry_run=True)
    message = "lies on or before 2026-11-01, which is settled or being settled"
    assert [(f.line, f.field, f.message) for f in dry.faults] == [(n, "start_on", message) for n in (2, 3, 4)]
    with pytest.raises(Invalid) as caught:
        import_roster(world, data)
    assert [error.field for error in caught.value.errors] == [f"line {n}: start_on" for n in (2, 3, 4)]
    dry = import_happenings(world, events(2), dry_run=True)
    assert [(f.line, f.field, f.message) for f in dry.faults] == [(n, "effective_on", message) for n in (2, 3)]


def test_a_dry_run_with_too_little_money_is_refused_as_the_real_one_and_writes_nothing(
    engine: MemoryDynamoDB, world: World
) -> None:
    world.refund(world.operator, world.gamma, 1_000_000 - 3_000)
    for dry_run in (True, False):
        with engine.measured() as cost, pytest.raises(Conflict) as caught:
            import_roster(world, roster(2), dry_run=dry_run)
        assert caught.value.code == "fund-too-low"
        assert not dry_run or "PutItem" not in cost.by_operation
    assert import_roster(world, roster(1), dry_run=True).written == 1
    assert read_state("gamma").holds == ()


def test_a_job_stopped_as_a_whole_is_left_alone_until_its_file_is_sent_again(
    engine: MemoryDynamoDB, world: World
) -> None:
    queued = import_roster(world, roster(401)).job
    assert queued is not None
    release_days("gamma", queued.job_id)  # what should never happen, and the guard of each write is there for
    settle_day(world.gamma_chain, FIRST, NOW)
    for _ in range(2):
        run_job(queued)
        assert find_job("gamma", queued.job_id).status is JobStatus.FAILED
        assert read_all(OpenJobRow, keys.open_jobs("op")) == []
    with pytest.raises(Conflict) as caught:
        import_roster(world, roster(401))
    assert caught.value.code == "day-already-pinned"
    assert (read_state("gamma").holds, read_all(OpenJobRow, keys.open_jobs("op"))) == ((), [])


def test_a_job_that_was_stopped_holds_its_days_again_when_its_file_is_sent_again(
    engine: MemoryDynamoDB, world: World
) -> None:
    def refuse(day: date) -> Guard:
        raise Conflict("day-already-pinned", "The day is settled.")

    with pytest.raises(Conflict, match="The day is settled"):
        import_subscribers(
            world.gamma,
            roster(3),
            dry_run=False,
            connections=any_connection,
            days=replace(DAYS, guard=refuse),
            now=NOW,
            remember=forget,
        )
    assert read_state("gamma").holds == ()
    outcomes = settle_in_the_middle(engine, world, 2)
    assert import_roster(world, roster(3)).written == 3
    assert (outcomes, read_state("gamma").holds) == (["not due"], ())
