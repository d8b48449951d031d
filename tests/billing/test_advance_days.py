"""Days of a tenant that pays in advance: what leaves the funds, what is deferred, earned and given back in both books.

HOME costs Beta 150.00 and Alpha 120.00 for the 30 days of November, as in the example of `domain.md`.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.billing.ahead import charge_ahead
from chalicelib.billing.model import RefundPolicy, SettledDay, Timing
from chalicelib.billing.pins import guard_day
from chalicelib.billing.restore import restore_services
from chalicelib.billing.settle import settle_day
from chalicelib.billing.state import read_state
from chalicelib.billing.tariffs import TariffTerms, set_tariff
from chalicelib.core.dates import days_between
from chalicelib.core.errors import Conflict
from chalicelib.core.proration import DayCount, Span
from chalicelib.crm.change import AskedChange, record_event
from chalicelib.crm.filing import Filed
from chalicelib.crm.model import EventKind, ServiceEvent
from chalicelib.crm.plans import find_plan
from chalicelib.crm.subscriber import Subscriber
from chalicelib.funds.limits import read_limits
from chalicelib.ledger.statements import trial_balance
from chalicelib.tenants.model import Tenant
from tests.invariants import check_invariants
from tests.world import NOW, World, plan

pytestmark = pytest.mark.usefixtures("engine")

FIRST = date(2026, 11, 1)
UNUSED = RefundPolicy.UNUSED_DAYS


def day(number: int) -> date:
    return date(2026, 11, number)


def charge_in_advance(
    seller: Tenant,
    buyer: Tenant,
    price_minor: int,
    policy: RefundPolicy = UNUSED,
    span: Span = Span.MONTH,
    fee: int = 0,
) -> None:
    prices = (("HOME", price_minor), ("FAST", 2 * price_minor))
    asked = TariffTerms(FIRST, Timing.ADVANCE, DayCount.CALENDAR_MONTH, policy, 0, prices, span, fee)
    set_tariff(seller, buyer, asked, NOW)


@pytest.fixture
def world() -> World:
    """The tenants of domain.md's example: t0 is Beta, t1 Alpha; both pay in advance. Gamma pays daily."""
    made = World.build(FIRST)
    charge_in_advance(made.operator, made.alpha, 12_000)
    charge_in_advance(made.alpha, made.beta, 15_000)
    made.fund(100_000, 40_000)
    return made


def settle(world: World, last: int, chain: tuple[Tenant, ...] | None = None) -> list[SettledDay]:
    """Every day of November up to that one, for Beta and Alpha."""
    days = []
    for one in days_between(FIRST, day(last)):
        days.append(settle_day(chain or world.beta_chain, one, NOW + timedelta(days=30)))
        if chain is None:
            settle_day(world.alpha_chain, one, NOW + timedelta(days=30))
    return days


def change(world: World, subscriber: Subscriber, kind: EventKind, on: date, plan_code: str | None = None) -> None:
    found = find_plan("beta", plan_code) if plan_code else None
    asked = AskedChange(kind, on, found, None)

    def file(events: Sequence[ServiceEvent]) -> Filed:
        return Filed(tuple(events), guard_day("beta", on))

    record_event(world.beta, subscriber.number, asked, file, FIRST, NOW, lambda _: ())


def balance(tenant_id: str) -> int:
    return read_limits([tenant_id])[tenant_id].balance_minor


def accounts(of: Tenant) -> dict[str, int]:
    return {line.account.name: line.debit_minor - line.credit_minor for line in trial_balance(of).lines}


def test_activation_pays_the_rest_of_the_month_at_every_level_and_each_day_releases_its_share(world: World) -> None:
    world.connect(world.beta_chain, "karim", "HOME", FIRST)
    (first,) = settle(world, 1)
    assert (first.paid_minor, first.earned_minor) == ((15_000, 12_000), (500, 400))
    assert (balance("beta"), balance("alpha")) == (40_000 - 15_000, 60_000 + 15_000 - 12_000)
    assert accounts(world.beta)["Prepaid bandwidth"] == 14_500
    assert accounts(world.alpha)["Deferred revenue"] == -14_500
    assert accounts(world.alpha)["Prepaid bandwidth"] == 11_600
    assert accounts(world.operator)["Deferred revenue"] == -11_600
    second = settle(world, 2)[-1]
    assert (second.paid_minor, second.earned_minor, second.charged, second.covered) == ((0, 0), (500, 400), 0, 1)
    assert accounts(world.operator)["Wholesale revenue"] == -800
    assert (balance("beta"), balance("alpha")) == (25_000, 63_000)
    check_invariants()


def test_ten_unused_days_come_back_at_every_level_as_the_worked_example_has_it(world: World) -> None:
    karim = world.connect(world.beta_chain, "karim", "HOME", FIRST)
    change(world, karim, EventKind.DISCONNECT, day(20))
    last = settle(world, 21)[19]
    assert last.paid_minor == (-5000, -4000)
    assert balance("beta") == 40_000 - 10_000
    assert balance("alpha") == 60_000 + 10_000 - 8000
    for book in (world.operator, world.alpha, world.beta):
        assert "Deferred revenue" not in accounts(book)
        assert "Prepaid bandwidth" not in accounts(book)
    check_invariants()


def test_every_level_gives_back_by_its_own_policy() -> None:
    world = World.build(FIRST)
    charge_in_advance(world.operator, world.alpha, 12_000, RefundPolicy.UNUSED_DAYS_LESS_FEE, fee=1500)
    charge_in_advance(world.alpha, world.beta, 15_000, RefundPolicy.FULL)
    world.fund(100_000, 40_000)
    karim = world.connect(world.beta_chain, "karim", "HOME", FIRST)
    change(world, karim, EventKind.DISCONNECT, day(20))
    last = settle(world, 20)[-1]
    assert last.paid_minor == (-15_000, -2500)
    assert balance("beta") == 40_000
    assert accounts(world.alpha)["Bandwidth cost"] == 9500
    assert "Wholesale revenue" not in accounts(world.alpha)
    check_invariants()


def test_what_a_level_gives_back_and_does_not_have_is_lent_by_its_parent() -> None:
    world = World.build(FIRST)
    charge_in_advance(world.operator, world.alpha, 12_000, RefundPolicy.NONE)
    charge_in_advance(world.alpha, world.beta, 15_000)
    world.fund(100_000, 40_000)
    karim = world.connect(world.beta_chain, "karim", "HOME", FIRST)
    change(world, karim, EventKind.DISCONNECT, day(20))
    settle(world, 19)
    world.refund(world.operator, world.alpha, balance("alpha"))
    settle(world, 20)
    fund = read_limits(["alpha"])["alpha"]
    assert (fund.balance_minor, fund.debt_minor) == (0, 5000)
    assert balance("beta") == 30_000
    check_invariants()


def test_a_move_to_another_plan_credits_the_old_one_and_charges_the_new(world: World) -> None:
    karim = world.connect(world.beta_chain, "karim", "HOME", FIRST)
    change(world, karim, EventKind.CHANGE_PLAN, day(21), "FAST")
    moved = settle(world, 21)[-1]
    assert moved.paid_minor == (-5000 + 10_000, -4000 + 8000)
    assert moved.earned_minor == (1000, 800)
    check_invariants()


def test_a_renewal_that_the_fund_does_not_cover_suspends_from_the_next_day_and_is_not_billed(world: World) -> None:
    world.connect(world.beta_chain, "karim", "HOME", FIRST)
    world.connect(world.beta_chain, "rahim", "HOME", FIRST)
    settle(world, 30)
    assert balance("beta") == 10_000
    december = date(2026, 12, 1)
    later = datetime(2026, 12, 2, 6, tzinfo=UTC)
    renewed = settle_day(world.beta_chain, december, later)
    assert (renewed.charged, renewed.suspended, renewed.uncollected_minor) == (0, 2, (30_000, 24_000))
    assert balance("beta") == 10_000
    world.recharge(world.alpha, world.beta, 10_000)
    assert restore_services(world.beta_chain, later) == 1
    settle_day(world.alpha_chain, december, later)
    again = settle_day(world.beta_chain, date(2026, 12, 2), later + timedelta(days=1))
    assert (again.charged, again.suspended, again.paid_minor) == (1, 0, (15_000 - 484, 12_000 - 387))
    check_invariants()


def test_who_has_paid_keeps_running_when_somebody_before_it_cannot_be_charged(world: World) -> None:
    world.recharge(world.alpha, world.beta, 10_000)
    early = world.connect(world.beta_chain, "karim", "HOME", FIRST)
    change(world, early, EventKind.DISABLE, day(2))
    world.connect(world.beta_chain, "rahim", "HOME", day(3))
    settle(world, 30)
    change(world, early, EventKind.ENABLE, date(2026, 12, 2))
    later = datetime(2026, 12, 5, 6, tzinfo=UTC)
    first = settle_day(world.beta_chain, date(2026, 12, 1), later)
    assert first.paid_minor == (15_000, 12_000)
    settle_day(world.alpha_chain, date(2026, 12, 1), later)
    assert balance("beta") == 50_000 - 15_000 - 14_000 - 15_000
    second = settle_day(world.beta_chain, date(2026, 12, 2), later)
    assert (second.charged, second.suspended, second.covered) == (0, 1, 1)
    check_invariants()


def test_of_a_mixed_chain_each_level_pays_as_its_own_tariff_says() -> None:
    world = World.build(FIRST)
    charge_in_advance(world.alpha, world.beta, 15_000, span=Span.QUARTER)
    world.fund(200_000, 100_000)
    world.connect(world.beta_chain, "karim", "HOME", FIRST)
    first, second = settle(world, 2)
    quarter = 45_000 - 15_163
    assert first.paid_minor == (quarter, 1667)
    assert second.paid_minor == (0, 1666)
    assert second.earned_minor == (489, 1666)
    assert (second.charged, second.covered) == (1, 0)
    check_invariants()


def test_a_suspended_day_that_was_paid_comes_back_to_the_level_that_paid_it() -> None:
    world = World.build(FIRST)
    charge_in_advance(world.alpha, world.beta, 15_000)
    world.fund(100_000, 95_000)
    world.connect(world.beta_chain, "karim", "HOME", FIRST)
    settle(world, 1)
    world.refund(world.operator, world.alpha, balance("alpha"))
    second = settle(world, 2)[-1]
    assert (second.charged, second.suspended, second.short) == (0, 1, "alpha")
    assert second.paid_minor == (-500, 0)
    third = settle(world, 3)[-1]
    assert third.paid_minor == (-500, 0)
    assert balance("beta") == 95_000 - 15_000 + 1000
    assert read_limits(["alpha"])["alpha"].debt_minor == 1000
    check_invariants()


def test_a_new_connection_needs_the_rest_of_the_period_at_every_level(world: World) -> None:
    world.refund(world.alpha, world.beta, 30_001)
    with pytest.raises(Conflict) as refused:
        world.connect(world.beta_chain, "karim", "HOME", day(11))
    assert refused.value.code == "fund-too-low"
    world.recharge(world.alpha, world.beta, 1)
    world.connect(world.beta_chain, "karim", "HOME", day(11))


def test_a_plan_without_users_and_a_tenant_that_pays_daily_are_as_before(world: World) -> None:
    plan(world.gamma, "LITE", 10_000, "op.HOME")
    world.recharge(world.operator, world.gamma, 10_000)
    world.connect(world.gamma_chain, "salma", "LITE", FIRST)
    settled = settle(world, 2, world.gamma_chain)
    assert [one.paid_minor for one in settled] == [(1667,), (1666,)]
    assert [one.earned_minor for one in settled] == [(1667,), (1666,)]
    check_invariants()


def charge_now(world: World, on: date, hour: int = 6) -> bool:
    """What the product does at once after an event, and every five minutes for renewals."""
    return charge_ahead(world.beta_chain, datetime(on.year, on.month, on.day, hour, tzinfo=UTC))


def test_activation_is_charged_at_once_and_its_day_then_costs_nothing_more(world: World) -> None:
    world.connect(world.beta_chain, "karim", "HOME", FIRST)
    assert charge_now(world, FIRST)
    assert (balance("beta"), balance("alpha")) == (25_000, 63_000)
    assert accounts(world.alpha)["Deferred revenue"] == -15_000
    assert not charge_now(world, FIRST)
    (first,) = settle(world, 1)
    assert (first.paid_minor, first.earned_minor, first.ahead) == ((15_000, 12_000), (500, 400), 1)
    assert (balance("beta"), balance("alpha")) == (25_000, 63_000)
    assert accounts(world.alpha)["Deferred revenue"] == -14_500
    check_invariants()


def test_what_changes_during_the_day_is_charged_or_given_back_at_once(world: World) -> None:
    settle(world, 10)
    karim = world.connect(world.beta_chain, "karim", "HOME", day(11))
    assert charge_now(world, day(11))
    assert balance("beta") == 40_000 - 10_000
    change(world, karim, EventKind.CHANGE_PLAN, day(11), "FAST")
    assert charge_now(world, day(11))
    assert balance("beta") == 40_000 - 20_000
    change(world, karim, EventKind.DISCONNECT, day(11))
    assert charge_now(world, day(11))
    assert balance("beta") == 40_000 - 1000
    last = settle_day(world.beta_chain, day(11), NOW)
    assert (last.paid_minor, last.earned_minor, last.ahead) == ((1000, 800), (1000, 800), 3)
    assert balance("beta") == 40_000 - 1000
    assert "Deferred revenue" not in accounts(world.alpha)
    check_invariants()


def test_renewals_are_planned_on_the_first_morning_of_the_period_and_once(world: World) -> None:
    world.connect(world.beta_chain, "karim", "HOME", FIRST)
    settle(world, 30)
    first_of_december = date(2026, 12, 1)
    morning = datetime(2026, 11, 30, 19, tzinfo=UTC)  # one o'clock at night in Dhaka
    assert charge_ahead(world.beta_chain, morning)
    assert balance("beta") == 40_000 - 30_000
    assert read_state("beta").ahead_on == first_of_december
    assert not charge_ahead(world.beta_chain, morning + timedelta(hours=5))
    renewed = settle_day(world.beta_chain, first_of_december, datetime(2026, 12, 2, tzinfo=UTC))
    assert renewed.paid_minor == (15_000, 12_000)
    check_invariants()


def test_who_is_cut_at_the_end_of_its_first_day_gets_back_what_it_paid_in_advance() -> None:
    world = World.build(FIRST)
    charge_in_advance(world.alpha, world.beta, 15_000)
    world.fund(20_000, 18_000)
    world.connect(world.beta_chain, "karim", "HOME", FIRST)
    assert charge_now(world, FIRST)
    assert (balance("beta"), balance("alpha")) == (3000, 17_000)
    world.refund(world.operator, world.alpha, 17_000)
    (first,) = settle(world, 1)
    assert (first.charged, first.suspended, first.paid_minor) == (0, 1, (0, 0))
    assert balance("beta") == 18_000
    assert read_limits(["alpha"])["alpha"].debt_minor == 15_000
    check_invariants()


def test_the_tax_of_a_day_is_rounded_once_whatever_was_charged_before_its_end() -> None:
    world = World.build(FIRST, tax_bps=333)
    prices = (("HOME", 15_001), ("FAST", 30_001))
    asked = TariffTerms(FIRST, Timing.ADVANCE, DayCount.CALENDAR_MONTH, UNUSED, 333, prices)
    set_tariff(world.alpha, world.beta, asked, NOW)
    world.fund(200_000, 100_000)
    for name in ("a", "b", "c"):
        world.connect(world.beta_chain, name, "HOME", FIRST)
        assert charge_now(world, FIRST)
    (first,) = settle(world, 1)
    assert (first.paid_minor[0], first.tax_minor[0], first.ahead) == (45_003 + 1499, 1499, 3)
    assert accounts(world.beta)["Input tax"] == 1499
    check_invariants()
