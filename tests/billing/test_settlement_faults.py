"""Settlement under crashes and races: whatever happens at whatever call, running again ends in the same books."""

from collections.abc import Callable
from datetime import date

import pytest

from chalicelib.aws import clock, rows
from chalicelib.aws.tables import write
from chalicelib.billing.settle import settle_day
from chalicelib.billing.state import read_days, read_state
from chalicelib.core.errors import Unavailable
from chalicelib.crm.find import find_subscriber
from chalicelib.funds.limits import change_limits, read_limits
from chalicelib.ledger.tie_outs import tie_out
from chalicelib.ledger.verify import verify_book
from tests.conftest import create_tables
from tests.simulation import MemoryDynamoDB, client_error
from tests.world import NOW, World

FIRST = date(2026, 11, 1)
TENANTS = ("op", "alpha", "beta", "gamma")


class Crash(Exception):
    """The process is gone, here and now."""


def in_a_world(steps: Callable[[World, MemoryDynamoDB], None]) -> tuple[object, ...]:
    """Build a world whose day has a cut, do something in it, and return everything that must come out the same."""
    engine = MemoryDynamoDB()
    restore = clock.replace(now=lambda: NOW, sleep=lambda seconds: None)
    try:
        with engine.installed():
            rows.forget_connections()
            create_tables()
            world = World.build(FIRST)
            world.fund(100_000, 6_000)
            for number in range(1, 6):
                world.connect(world.beta_chain, f"s{number}", "HOME", FIRST)
            steps(world, engine)
            engine.faults = None
            return outcome()
    finally:
        restore()
        rows.forget_connections()


def outcome() -> tuple[object, ...]:
    """Funds, days, entry counts, suspended services, and that the books are sound and tie out."""
    funds = read_limits(TENANTS)
    for tenant_id in TENANTS:
        assert verify_book(tenant_id).first_broken is None
    assert tie_out("op", ["alpha", "gamma"])[0].difference_minor == 0
    assert tie_out("alpha", ["beta"])[0].difference_minor == 0
    day = read_days([("beta", FIRST)])[0]
    assert day is not None
    state = read_state("beta")
    suspended = [find_subscriber("beta", number).services[0].suspension is not None for number in range(1, 6)]
    return (
        {tenant_id: fund.balance_minor for tenant_id, fund in funds.items()},
        (day.charged, day.suspended, day.paid_minor, day.subtree_minor, day.sheet_hash, day.cut_at),
        (state.last_day, state.held, state.marks, state.parked),
        [verify_book(tenant_id).entries for tenant_id in TENANTS],
        suspended,
    )


def settle(world: World) -> None:
    settle_day(world.beta_chain, FIRST, NOW)


def count_calls() -> tuple[int, tuple[object, ...]]:
    """How many calls an undisturbed settlement makes, and what it leaves."""
    seen: list[int] = []

    def steps(world: World, engine: MemoryDynamoDB) -> None:
        with engine.measured() as meter:
            settle(world)
        seen.append(meter.requests)

    expected = in_a_world(steps)
    return seen[0], expected


CALLS, EXPECTED = count_calls()


def test_the_undisturbed_day_has_a_cut() -> None:
    balances, day, state, entries, suspended = EXPECTED
    assert balances == {"alpha": 94_750, "beta": 249, "gamma": 0}
    assert day[:3] == (3, 2, (5751, 5001))  # type: ignore[index]
    assert state == (FIRST, 2, (), None)
    assert entries == [2, 4, 2, 0]
    assert suspended == [False, False, False, True, True]


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("at", range(CALLS))
def test_a_crash_at_any_call_is_cured_by_running_again(at: int, phase: str) -> None:
    def steps(world: World, engine: MemoryDynamoDB) -> None:
        inject(engine, at, phase, lambda operation, params: Crash())
        with pytest.raises(Crash):
            settle(world)
        engine.faults = None
        settle(world)

    assert in_a_world(steps) == EXPECTED


@pytest.mark.parametrize("at", range(CALLS))
def test_a_throttled_or_lost_call_is_cured_by_running_again(at: int) -> None:
    def steps(world: World, engine: MemoryDynamoDB) -> None:
        inject(engine, at, "after", lambda operation, params: client_error("InternalServerError", "lost", operation))
        with pytest.raises(Unavailable):
            settle(world)
        engine.faults = None
        settle(world)

    assert in_a_world(steps) == EXPECTED


@pytest.mark.parametrize("at", range(CALLS))
def test_a_second_worker_at_any_call_of_the_first_changes_nothing(at: int) -> None:
    def steps(world: World, engine: MemoryDynamoDB) -> None:
        interrupt(engine, at, lambda: settle(world))
        settle(world)

    assert in_a_world(steps) == EXPECTED


@pytest.mark.parametrize("at", range(CALLS))
def test_a_recharge_at_any_call_is_neither_lost_nor_counted_twice(at: int) -> None:
    """A recharge that comes before the post moves the cut; one behind it does not. Nothing else may happen."""

    def steps(world: World, engine: MemoryDynamoDB) -> None:
        interrupt(engine, at, lambda: world.recharge(world.alpha, world.beta, 1_917))
        settle(world)

    balances, day, *_ = in_a_world(steps)
    charged = day[0]  # type: ignore[index]
    assert charged in (3, 4)
    assert balances == {
        "beta": 6_000 + 1_917 - charged * 1917,
        "alpha": 94_000 - 1_917 + charged * 250,
        "gamma": 0,
    }


@pytest.mark.parametrize("at", range(CALLS))
def test_a_limit_that_is_taken_away_meanwhile_holds(at: int) -> None:
    def steps(world: World, engine: MemoryDynamoDB) -> None:
        write(change_limits("beta", 0, 1_917))
        interrupt(engine, at, lambda: write(change_limits("beta", 0, 0)))
        settle(world)

    balances, day, *_ = in_a_world(steps)
    assert balances["beta"] == 6_000 - day[0] * 1917  # type: ignore[index]
    assert day[0] in (3, 4)  # type: ignore[index]


def inject(engine: MemoryDynamoDB, at: int, phase: str, fault: Callable[[str, dict[str, object]], Exception]) -> None:
    """Raise at the at-th call from here on, before or after it took effect."""
    start: list[int] = []

    def hook(when: str, number: int, operation: str, params: dict[str, object]) -> None:
        start.append(number)
        if when == phase and number - start[0] == at:
            raise fault(operation, params)

    engine.faults = hook


def interrupt(engine: MemoryDynamoDB, at: int, other: Callable[[], object]) -> None:
    """Let somebody else act just before the at-th call from here on."""
    start: list[int] = []

    def hook(when: str, number: int, operation: str, params: dict[str, object]) -> None:
        start.append(number)
        if when == "before" and number - start[0] == at:
            engine.faults = None
            other()

    engine.faults = hook
