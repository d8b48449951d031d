"""Whatever is recorded late, in whatever order, between whatever days: the books come to what they are for a tenant that
knew all of it on time."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.aws import rows
from chalicelib.billing.correction_store import list_corrections
from chalicelib.billing.model import RefundPolicy, Timing
from chalicelib.billing.settle import settle_day
from chalicelib.billing.state import read_days
from chalicelib.billing.tariffs import TariffTerms, set_tariff
from chalicelib.core.errors import Conflict
from chalicelib.core.proration import DayCount
from chalicelib.crm.model import EventKind
from tests.billing.late import balances, charges, correct, day, record
from tests.conftest import create_tables
from tests.invariants import check_invariants
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World

DAYS = 10
CUSTOMERS = 3
KINDS = (EventKind.DISABLE, EventKind.ENABLE, EventKind.CHANGE_PLAN, EventKind.DISCONNECT)
Fact = tuple[int, EventKind, date, str | None]
"""Whose, what, from which day on, and the plan."""


@contextmanager
def own_engine() -> Iterator[None]:
    memory = MemoryDynamoDB()
    with memory.installed():
        rows.forget_connections()
        create_tables()
        yield
    rows.forget_connections()


def a_world(tax_bps: int, policy: RefundPolicy | None) -> World:
    """Beta with three customers on HOME and more money than they cost; it pays in advance where a policy says so."""
    world = World.build(day(1), tax_bps=tax_bps)
    if policy is not None:
        for seller, buyer, home, fast in (
            (world.operator, world.alpha, 500_00, 800_00),
            (world.alpha, world.beta, 575_00, 899_50),
        ):
            terms = TariffTerms(
                day(1), Timing.ADVANCE, DayCount.CALENDAR_MONTH, policy, tax_bps, (("HOME", home), ("FAST", fast))
            )
            set_tariff(seller, buyer, terms, NOW)
    world.fund(1_000_000_00, 500_000_00)
    return world


@dataclass
class Life:
    """What happened to a customer in truth: on which day it began, and everything since, in order."""

    start_on: date
    facts: list[tuple[date, EventKind, str | None]] = field(default_factory=list)


@dataclass
class Books:
    """What is compared: the funds, what each day comes to at every level, and what each customer was charged."""

    funds: list[int]
    totals: list[tuple[tuple[int, ...], tuple[int, ...]]]
    bills: list[list[int]]
    counts: dict[str, int]


def books(world: World) -> Books:
    corrections, _ = list_corrections("beta", limit=200, after=None)
    totals = []
    for record_ in read_days([("beta", day(n)) for n in range(1, DAYS + 1)]):
        assert record_ is not None
        net, tax = list(record_.net_minor), list(record_.tax_minor)
        for change in (c for one in corrections for c in one.changes if c.day == record_.day):
            for level in range(len(net)):
                net[level] += change.use(level).moved_minor
                tax[level] += change.use(level).tax_minor
        totals.append((tuple(net), tuple(tax)))
    newest = read_days([("beta", day(DAYS + 1))])[0]
    assert newest is not None
    bills = [
        [charge or 0 for charge in charges(world.beta_chain, number, day(1), day(DAYS + 1))]
        for number in range(1, CUSTOMERS + 1)
    ]
    return Books(balances("beta", "alpha"), totals, bills, dict(newest.counts))


def known_late(world: World, seed: random.Random) -> dict[int, Life]:
    """Days are settled while facts of any day come in, and are corrected now or later; what was true in the end."""
    lives = {number: Life(day(1)) for number in range(1, CUSTOMERS + 1)}
    for number in lives:
        world.connect(world.beta_chain, f"c{number}", "HOME", day(1))
    settled = 0
    at = NOW
    while settled < DAYS:
        at += timedelta(seconds=1)
        act = seed.random()
        if act < 0.3:
            settled += 1
            settle_day(world.beta_chain, day(settled), NOW)
        elif act < 0.45:
            correct(world.beta_chain)
        else:
            _tell(world, lives, seed, at)
    correct(world.beta_chain)
    settle_day(world.beta_chain, day(DAYS + 1), NOW)
    return lives


def _tell(world: World, lives: dict[int, Life], seed: random.Random, at: datetime) -> None:
    """One more fact, if it can be: an event, that an earlier one was wrong, or another first day."""
    number = seed.randint(1, CUSTOMERS)
    life, on = lives[number], day(seed.randint(1, DAYS))
    try:
        if life.facts and seed.random() < 0.2:
            was = seed.choice(life.facts)
            record(world.beta_chain, number, EventKind.WITHDRAW, was[0], withdraws=was[1], now=at)
            last = max(n for n, one in enumerate(life.facts) if one[:2] == was[:2])
            life.facts.pop(last)
        elif seed.random() < 0.1:
            record(world.beta_chain, number, EventKind.START, on, now=at)
            life.start_on = on
        else:
            kind = seed.choice(KINDS)
            plan = seed.choice(("HOME", "FAST")) if kind is EventKind.CHANGE_PLAN else None
            record(world.beta_chain, number, kind, on, plan, now=at)
            life.facts.append((on, kind, plan))
            life.facts.sort(key=lambda fact: fact[0])
    except Conflict:
        return


def known_on_time(world: World, lives: dict[int, Life]) -> None:
    at = NOW
    for number in lives:
        world.connect(world.beta_chain, f"c{number}", "HOME", lives[number].start_on)
    for number, life in lives.items():
        for on, kind, plan in life.facts:
            at += timedelta(seconds=1)
            record(world.beta_chain, number, kind, on, plan, now=at)
    for n in range(1, DAYS + 2):
        settle_day(world.beta_chain, day(n), NOW)


@settings(max_examples=30)
@given(
    st.integers(0, 10**9),
    st.sampled_from([0, 1500]),
    st.sampled_from([None, None, RefundPolicy.UNUSED_DAYS, RefundPolicy.NONE, RefundPolicy.FULL]),
)
def test_any_order_of_late_facts_ends_as_if_they_had_been_known_on_time(
    seed: int, tax_bps: int, policy: RefundPolicy | None
) -> None:
    with own_engine():
        world = a_world(tax_bps, policy)
        lives = known_late(world, random.Random(seed))
        late = books(world)
        check_invariants()
    with own_engine():
        world = a_world(tax_bps, policy)
        known_on_time(world, lives)
        on_time = books(world)
    assert replace(late) == on_time
