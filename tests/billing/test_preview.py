"""A preview, the act itself, and the days after it: every figure at every level is what then happens, to the unit.

Beta buys from Alpha, which buys from the operator; each scenario is played twice, without the act and with it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.aws import rows
from chalicelib.aws.tables import Put, write
from chalicelib.billing.ahead import charge_soon
from chalicelib.billing.correct import correct_soon
from chalicelib.billing.late import filing_of
from chalicelib.billing.model import RefundPolicy, SettledDay, Timing
from chalicelib.billing.preview_acts import preview_activation, preview_event
from chalicelib.billing.preview_model import Preview
from chalicelib.billing.settle import settle_day
from chalicelib.billing.tariffs import TariffTerms, set_tariff
from chalicelib.core.dates import days_between
from chalicelib.core.proration import DayCount, Span
from chalicelib.crm.change import AskedChange, record_event
from chalicelib.crm.model import EventKind
from chalicelib.crm.plans import find_plan
from chalicelib.crm.subscriber import Subscriber
from chalicelib.funds.limits import open_or_close, read_limits
from chalicelib.tenants.model import Mode, Tenant
from chalicelib.tenants.store import profile_row
from tests.conftest import create_tables
from tests.invariants import check_invariants
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World, plan

FIRST = date(2026, 11, 1)


@dataclass(frozen=True)
class Edge:
    """What one level pays: for HOME so much a month, and twice that for FAST."""

    timing: Timing = Timing.DAILY
    price_minor: int = 15_000
    day_count: DayCount = DayCount.CALENDAR_MONTH
    span: Span = Span.MONTH
    policy: RefundPolicy = RefundPolicy.UNUSED_DAYS
    fee_minor: int = 0
    tax_bps: int = 0
    month_starts_on: int = 1


ADVANCE = Edge(Timing.ADVANCE)


@dataclass(frozen=True)
class Scenario:
    """Beta's and Alpha's edges; the day of the act, and which of Beta's services begin when, on which plan."""

    beta: Edge
    alpha: Edge
    today: date
    services: tuple[tuple[date, str], ...] = ()
    alpha_mode: Mode = Mode.PREPAID


@contextmanager
def fresh() -> Iterator[None]:
    with MemoryDynamoDB().installed():
        rows.forget_connections()
        create_tables()
        yield
    rows.forget_connections()


def price(seller: Tenant, buyer: Tenant, edge: Edge) -> None:
    prices = (("HOME", edge.price_minor), ("FAST", 2 * edge.price_minor))
    fee = edge.fee_minor if edge.policy is RefundPolicy.UNUSED_DAYS_LESS_FEE else 0
    asked = TariffTerms(FIRST, edge.timing, edge.day_count, edge.policy, edge.tax_bps, prices, edge.span, fee)
    set_tariff(seller, buyer, asked, NOW)


def play(
    scenario: Scenario, alpha_minor: int = 90_000_000, beta_minor: int = 40_000_000
) -> tuple[World, list[Subscriber]]:
    """The world on the morning of the day: all days before it are settled."""
    world = World.of_tenants(FIRST)
    for name, edge in (("alpha", scenario.alpha), ("beta", scenario.beta)):
        mode = scenario.alpha_mode if name == "alpha" else Mode.PREPAID
        made = replace(getattr(world, name), month_starts_on=edge.month_starts_on, mode=mode)
        setattr(world, name, made)
        fund = open_or_close(name, is_open=made.has_fund)
        write(Put(profile_row(made)), fund)
    for owner, based_on in ((world.operator, ""), (world.alpha, "op."), (world.beta, "alpha.")):
        for code in ("HOME", "FAST"):
            plan(owner, code, 100_000, f"{based_on}{code}" if based_on else None)
    price(world.operator, world.alpha, scenario.alpha)
    price(world.alpha, world.beta, scenario.beta)
    if scenario.alpha_mode is Mode.PREPAID:
        world.recharge(world.operator, world.alpha, alpha_minor)
    world.recharge(world.alpha, world.beta, beta_minor)
    people = [
        world.connect(world.beta_chain, f"s{number}", code, start_on)
        for number, (start_on, code) in enumerate(scenario.services)
    ]
    settle(world, FIRST, scenario.today - timedelta(days=1))
    charge_soon(world.beta_chain, noon(scenario.today))
    return world, people


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 6, tzinfo=UTC)


def settle(world: World, first: date, last: date) -> list[SettledDay]:
    """Those days of Beta and Alpha, each charged ahead on its morning as the planner does."""
    days = []
    for day in days_between(first, last):
        charge_soon(world.beta_chain, noon(day))
        days.append(settle_day(world.beta_chain, day, noon(day) + timedelta(days=1)))
        settle_day(world.alpha_chain, day, noon(day) + timedelta(days=1))
    return days


def balances() -> tuple[int, int]:
    funds = read_limits(["beta", "alpha"])
    return funds["beta"].balance_minor, funds["alpha"].balance_minor


Act = Callable[[World, list[Subscriber]], None]
Ask = Callable[[World, list[Subscriber]], Preview]


def event(kind: EventKind, on: date, today: date, code: str | None = None) -> tuple[Ask, Act]:
    """An event of the first subscriber: its preview, and how it is done."""

    def asked() -> AskedChange:
        return AskedChange(kind, on, find_plan("beta", code) if code else None, None)

    def ask(world: World, people: list[Subscriber]) -> Preview:
        return preview_event(world.beta_chain, people[0].number, asked(), noon(today))

    def act(world: World, people: list[Subscriber]) -> None:
        chain, now = world.beta_chain, noon(today)
        recorded = record_event(world.beta, people[0].number, asked(), filing_of(chain), today, now, lambda _: ())
        correct_soon(world.beta.chain, now, recorded.late)
        charge_soon(chain, now)

    return ask, act


def activation(on: date, today: date, code: str = "HOME", count: int = 1) -> tuple[Ask, Act]:
    def ask(world: World, people: list[Subscriber]) -> Preview:
        return preview_activation(world.beta_chain, find_plan("beta", code), on, count, noon(today))

    def act(world: World, people: list[Subscriber]) -> None:
        for number in range(count):
            world.connect(world.beta_chain, f"new{number}", code, on)
            charge_soon(world.beta_chain, noon(today))

    return ask, act


def play_both(scenario: Scenario, asked_and_done: tuple[Ask, Act]) -> Preview:
    """The preview, after making sure that each of its figures is what happens without the act and with it.

    One day more than is told is played: by then the act has changed what is billed, or there was nothing to compare.
    """
    ask, act = asked_and_done
    with fresh():
        world, people = play(scenario)
        seen = of_all_levels(ask, world, people)
        start = balances()
        assert seen.refused is None
        assert [level.buyer.tenant_id for level in seen.levels] == ["beta", "alpha"]
        last = max(level.period.last for level in seen.levels) + timedelta(days=1)
        without = {day.day: day for day in settle(world, scenario.today, last)}
    with fresh():
        world, people = play(scenario)
        act(world, people)
        after = balances()
        with_act = {day.day: day for day in settle(world, scenario.today, last)}
        check_invariants()
    assert [day.counts for day in without.values()] != [day.counts for day in with_act.values()]
    for number, level in enumerate(seen.levels):
        days = list(days_between(seen.first, level.period.last))
        assert level.total.before_minor == sum(without[day].paid_minor[number] for day in days)
        assert level.total.after_minor == sum(with_act[day].paid_minor[number] for day in days)
        assert level.first_day == (without[days[0]].paid_minor[number], with_act[days[0]].paid_minor[number])
        if level.next_day is not None:
            on = days[0] + timedelta(days=1)
            assert level.next_day == (without[on].paid_minor[number], with_act[on].paid_minor[number])
        if level.fund is not None:
            assert (level.fund.balance_minor, level.fund.after_minor) == (start[number], after[number])
    own, above = seen.levels
    left = own.now_minor + own.corrected_minor
    assert start[0] - after[0] == left
    if scenario.alpha_mode is Mode.PREPAID:
        assert start[1] - after[1] == above.now_minor + above.corrected_minor - left
    assert [level.fund is None for level in seen.levels] == [False, scenario.alpha_mode is not Mode.PREPAID]
    return seen


def of_all_levels(ask: Ask, world: World, people: list[Subscriber]) -> Preview:
    """The preview of every level: also of those that the tenant itself is not shown."""
    with pytest.MonkeyPatch.context() as patch:
        from chalicelib.billing import preview_acts

        whole = preview_acts.preview
        patch.setattr(preview_acts, "preview", lambda outlook, act, shown: whole(outlook, act, 9))
        return ask(world, people)


def day(number: int, month: int = 11) -> date:
    return date(2026, month, number)


def test_an_activation_in_the_middle_of_the_month_pays_the_rest_of_it_at_every_level() -> None:
    today = day(11)
    seen = play_both(Scenario(ADVANCE, replace(ADVANCE, price_minor=12_000), today), activation(today, today))
    own, above = seen.levels
    assert (own.now_minor, above.now_minor) == (10_000, 8_000)
    assert (own.charged_minor, own.credited_minor) == (10_000, 0)
    assert own.total == (0, 10_000)
    assert (own.first_day, own.next_day) == ((0, 10_000), (0, 0))
    assert seen.refused is None
    assert seen.not_covered is None


def test_an_activation_under_a_daily_tariff_moves_nothing_now_and_a_day_at_a_time() -> None:
    today = day(21)
    seen = play_both(Scenario(Edge(), Edge(price_minor=12_000), today, ((FIRST, "HOME"),)), activation(today, today))
    own, above = seen.levels
    assert (own.now_minor, above.now_minor) == (0, 0)
    assert (own.first_day, own.next_day) == ((500, 1000), (500, 1000))
    assert own.total == (5000, 10_000)
    assert above.total == (4000, 8000)


def test_ten_unused_days_come_back_as_the_worked_example_has_it() -> None:
    today = day(20)
    scenario = Scenario(ADVANCE, replace(ADVANCE, price_minor=12_000), today, ((FIRST, "HOME"),))
    seen = play_both(scenario, event(EventKind.DISCONNECT, today, today))
    own, above = seen.levels
    assert (own.now_minor, above.now_minor) == (-5000, -4000)
    assert (own.charged_minor, own.credited_minor) == (0, 5000)
    assert own.total == (0, -5000)


@pytest.mark.parametrize(
    "policy, back", [("none", 0), ("unused_days", 5000), ("unused_days_less_fee", 4300), ("full", 15_000)]
)
def test_each_refund_policy_credits_what_it_says(policy: str, back: int) -> None:
    today = day(20)
    edge = replace(ADVANCE, policy=RefundPolicy(policy), fee_minor=700)
    scenario = Scenario(edge, replace(Edge(), price_minor=12_000), today, ((FIRST, "HOME"), (day(3), "FAST")))
    seen = play_both(scenario, event(EventKind.DISCONNECT, today, today))
    assert seen.levels[0].credited_minor == back
    assert seen.levels[1].total == (3 * 400 * 11, 2 * 400 * 11 + 400)


def test_a_move_up_and_a_move_down_credit_the_old_plan_and_charge_the_new() -> None:
    today = day(21)
    scenario = Scenario(ADVANCE, replace(ADVANCE, price_minor=12_000), today, ((FIRST, "HOME"),))
    up = play_both(scenario, event(EventKind.CHANGE_PLAN, today, today, "FAST"))
    assert (up.levels[0].now_minor, up.levels[0].charged_minor, up.levels[0].credited_minor) == (5000, 10_000, 5000)
    down = play_both(replace(scenario, services=((FIRST, "FAST"),)), event(EventKind.CHANGE_PLAN, today, today, "HOME"))
    assert (down.levels[0].now_minor, down.levels[1].now_minor) == (-5000, -4000)


def test_a_late_disconnection_is_corrected_at_once_and_the_days_ahead_are_free() -> None:
    today = day(20)
    scenario = Scenario(Edge(tax_bps=500), Edge(price_minor=12_000), today, ((FIRST, "HOME"), (FIRST, "FAST")))
    seen = play_both(scenario, event(EventKind.DISCONNECT, day(10), today))
    assert seen.corrected == (9, day(11), day(19))
    assert seen.levels[0].corrected_minor == -9 * 525
    assert seen.levels[1].corrected_minor == -9 * 400
    assert seen.levels[0].total.difference_minor == -11 * 525


def test_a_late_change_of_plan_under_an_advance_tariff_is_corrected_and_lent() -> None:
    today = day(20)
    scenario = Scenario(ADVANCE, replace(ADVANCE, price_minor=12_000), today, ((FIRST, "HOME"),))
    seen = play_both(scenario, event(EventKind.CHANGE_PLAN, day(16), today, "FAST"))
    assert (seen.levels[0].corrected_minor, seen.levels[1].corrected_minor) == (7500, 6000)
    assert seen.levels[0].total == (0, 0)


def test_under_a_tenant_that_is_invoiced_its_own_level_accrues_and_has_no_fund() -> None:
    today = day(11)
    edge = Edge(price_minor=12_000, tax_bps=333)
    scenario = Scenario(ADVANCE, edge, today, ((FIRST, "HOME"), (FIRST, "HOME")), Mode.AGGREGATE)
    seen = play_both(scenario, activation(today, today))
    assert seen.levels[0].now_minor == 10_000
    assert seen.levels[1].total == (20 * (800 + 27), 20 * (1200 + 40))


@pytest.mark.parametrize("whose", [0, 1])
def test_a_second_late_fact_is_foreseen_behind_the_first_one_to_the_unit_of_tax(whose: int) -> None:
    today = day(20)
    scenario = Scenario(Edge(tax_bps=333), ADVANCE, today, ((FIRST, "HOME"), (FIRST, "FAST"), (day(4), "HOME")))
    ask, act = event(EventKind.CHANGE_PLAN, day(8), today, "FAST")
    _, earlier = event(EventKind.DISABLE, day(12), today)

    def ask_then(world: World, people: list[Subscriber]) -> Preview:
        earlier(world, people[whose:])
        return ask(world, people)

    with fresh():
        world, people = play(scenario)
        seen = of_all_levels(ask_then, world, people)
        before = balances()
        act(world, people)
        after = balances()
    assert seen.levels[0].corrected_minor == before[0] - after[0]
    assert seen.levels[1].corrected_minor + seen.levels[1].now_minor == (
        before[0] + before[1] - after[0] - after[1] - seen.levels[0].now_minor
    )
    assert [level.fund and level.fund.after_minor for level in seen.levels] == list(after)


def test_renewals_that_the_planner_has_yet_to_charge_are_none_of_the_act() -> None:
    today = date(2026, 12, 1)
    scenario = Scenario(ADVANCE, Edge(), day(30), ((FIRST, "HOME"), (FIRST, "HOME")))
    with fresh():
        world, people = play(scenario)
        settle(world, day(30), day(30))
        ask, act = event(EventKind.CHANGE_PLAN, today, today, "FAST")
        seen = of_all_levels(ask, world, people)
        before = balances()
        charge_soon(world.beta_chain, noon(today))
        renewed = balances()
        act(world, people)
        after = balances()
    assert before[0] - renewed[0] == 30_000
    assert seen.levels[0].now_minor == renewed[0] - after[0] == 15_000
    assert seen.levels[0].fund == (before[0], before[0] - 15_000, 0)


@pytest.mark.parametrize("beta, code", [(Edge(), None), (ADVANCE, "FAST")])
def test_what_the_funds_do_not_cover_is_said_and_is_then_suspended(beta: Edge, code: str | None) -> None:
    """A service that is enabled again, or moved to a dearer plan, is not refused: it is suspended at the day's end."""
    today, first = day(10), ((FIRST, "HOME"),)
    kind = EventKind.CHANGE_PLAN if code else EventKind.ENABLE
    with fresh():
        world, people = play(Scenario(beta, Edge(price_minor=12_000), today, first), beta_minor=20_000)
        if code is None:
            event(EventKind.DISABLE, day(9), today)[1](world, people)
        ask, act = event(kind, today, today, code)
        world.refund(world.alpha, world.beta, balances()[0] - 100)
        seen = of_all_levels(ask, world, people)
        assert seen.not_covered == (1, "beta")
        act(world, people)
        assert [level.fund and level.fund.after_minor for level in seen.levels] == list(balances())
        (settled,) = settle(world, today, today)
        assert (settled.charged, settled.suspended, settled.short) == (0, 1, "beta")
        world.recharge(world.alpha, world.beta, 50_000)
        assert of_all_levels(event(EventKind.DISABLE, day(11), day(11))[0], world, people).not_covered is None


edges = st.builds(
    Edge,
    timing=st.sampled_from(Timing),
    price_minor=st.integers(1, 90_000),
    day_count=st.sampled_from(DayCount),
    span=st.sampled_from([Span.MONTH, Span.MONTH, Span.QUARTER]),
    policy=st.sampled_from(RefundPolicy),
    fee_minor=st.integers(0, 9000),
    tax_bps=st.sampled_from([0, 0, 333, 1500]),
    month_starts_on=st.sampled_from([1, 10, 28, 31]),
)
starts = st.tuples(st.integers(0, 24).map(lambda n: FIRST + timedelta(days=n)), st.sampled_from(["HOME", "FAST"]))


@given(
    beta=edges,
    alpha=edges,
    today=st.integers(1, 25).map(lambda n: FIRST + timedelta(days=n)),
    services=st.lists(starts, min_size=1, max_size=4),
    kind=st.sampled_from(["activation", "change_plan", "disconnect", "disable", "late"]),
    ahead=st.sampled_from([0, 0, 1, 9]),
    back=st.integers(1, 12),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_foreseen_is_what_happens(
    beta: Edge, alpha: Edge, today: date, services: list[tuple[date, str]], kind: str, ahead: int, back: int
) -> None:
    services[0] = (min(services[0][0], today), services[0][1])
    on = today + timedelta(days=ahead)
    scenario = Scenario(beta, alpha, today, tuple(services))
    if kind == "activation":
        seen = play_both(scenario, activation(on, today, count=1 + back % 3))
    elif kind == "change_plan":
        other = "FAST" if services[0][1] == "HOME" else "HOME"
        seen = play_both(scenario, event(EventKind.CHANGE_PLAN, on, today, other))
    elif kind == "late":
        on = max(services[0][0], today - timedelta(days=back))
        seen = play_both(scenario, event(EventKind.DISCONNECT, on, today))
    else:
        seen = play_both(scenario, event(EventKind(kind), on, today))
    assert (seen.effective_on, seen.first) == (on, max(on, today))
