"""Tariffs: versions, what they refuse, and what a plan costs every level."""

from dataclasses import replace
from datetime import date

import pytest

from chalicelib.billing import tariffs
from chalicelib.billing.model import RefundPolicy, Timing
from chalicelib.billing.price_book import read_price_book, read_tariffs, tariff_on
from chalicelib.billing.settle import settle_day
from chalicelib.billing.tariffs import TariffTerms, guard_base, guard_priced, set_tariff
from chalicelib.core.errors import Conflict, Invalid, NotFound
from chalicelib.core.proration import DayCount
from chalicelib.crm.model import Plan
from chalicelib.crm.plans import create_plan, find_plan
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World, plan, price, store_tenant, tenant

FIRST = date(2026, 11, 1)


def terms(prices: dict[str, int], on: date = FIRST, timing: Timing = Timing.DAILY) -> TariffTerms:
    return TariffTerms(on, timing, DayCount.CALENDAR_MONTH, RefundPolicy.UNUSED_DAYS, 0, tuple(prices.items()))


@pytest.mark.usefixtures("database")
def test_a_plan_costs_each_level_its_own_price() -> None:
    world = World.build(FIRST)
    day = read_price_book(world.beta_chain).prices_on(date(2026, 11, 3))
    assert day.levels == ("beta", "alpha")
    assert day.by_plan == {"HOME": (1917, 1667), "FAST": (2998, 2667)}
    assert read_price_book(world.gamma_chain).prices_on(FIRST).by_plan == {"HOME": (1667,), "FAST": (2667,)}


@pytest.mark.usefixtures("engine")
def test_the_version_in_force_on_the_day_governs_and_of_two_the_later_recorded_wins() -> None:
    world = World.build(FIRST)
    price(world.operator, world.alpha, {"HOME": 60_000, "FAST": 90_000}, date(2026, 11, 10))
    price(world.operator, world.alpha, {"HOME": 61_000, "FAST": 90_000}, date(2026, 11, 10))
    book = read_price_book(world.alpha_chain)
    assert book.prices_on(date(2026, 11, 9)).by_plan["HOME"] == (1667,)
    assert book.prices_on(date(2026, 11, 10)).by_plan["HOME"] == (2033,)
    assert tariff_on("alpha", date(2026, 11, 12)).prices_minor["HOME"] == 61_000
    assert tariff_on("gamma", date(2026, 11, 12)).prices_minor["HOME"] == 50_000


@pytest.mark.usefixtures("engine")
def test_the_same_terms_again_are_the_version_that_is_there() -> None:
    world = World.build(FIRST)
    price(world.operator, world.alpha, {"HOME": 50_000, "FAST": 80_000}, FIRST)
    assert len(read_tariffs("alpha")) == 1


@pytest.mark.usefixtures("engine")
def test_there_is_no_tariff_before_the_first() -> None:
    World.build(FIRST)
    with pytest.raises(NotFound):
        tariff_on("alpha", date(2026, 10, 31))


@pytest.mark.usefixtures("engine")
def test_a_fee_is_kept_under_its_policy_alone() -> None:
    world = World.build(FIRST)
    asked = replace(terms({"HOME": 1, "FAST": 1}, timing=Timing.ADVANCE), refund_fee_minor=100)
    with pytest.raises(Invalid) as refused:
        set_tariff(world.operator, world.alpha, asked, NOW)
    assert [error.field for error in refused.value.errors] == ["refund_fee"]
    kept = set_tariff(world.operator, world.alpha, replace(asked, refund_policy=RefundPolicy.UNUSED_DAYS_LESS_FEE), NOW)
    assert (kept.timing, kept.refund_fee_minor) == (Timing.ADVANCE, 100)
    assert tariff_on("alpha", FIRST) == kept


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("prices", "field"),
    [
        ({"NOPE": 1, "HOME": 1, "FAST": 1}, "prices.0.plan"),
        ({"HOME": 1}, "prices"),
        ({"beta.HOME": 1}, "prices.0.plan"),
    ],
    ids=["unknown plan", "a plan in use left out", "another tenant's plan"],
)
def test_prices_that_do_not_fit_the_plans_are_refused_by_field(prices: dict[str, int], field: str) -> None:
    world = World.build(FIRST)
    with pytest.raises(Invalid) as refused:
        set_tariff(world.operator, world.alpha, terms(prices), NOW)
    assert refused.value.errors[0].field == field
    assert len(read_tariffs("alpha")) == 1


@pytest.mark.usefixtures("engine")
def test_a_plan_named_twice_by_id_and_by_code_is_refused() -> None:
    world = World.build(FIRST)
    with pytest.raises(Invalid) as refused:
        set_tariff(world.operator, world.alpha, terms({"HOME": 1, "op.HOME": 2, "FAST": 1}), NOW)
    assert [(e.field, e.message) for e in refused.value.errors] == [("prices.1.plan", "is named twice")]


@pytest.mark.usefixtures("engine")
def test_a_version_from_a_settled_day_is_refused_and_one_from_the_next_day_is_taken() -> None:
    world = World.build(FIRST)
    settle_day(world.gamma_chain, FIRST, NOW)
    with pytest.raises(Conflict) as refused:
        price(world.operator, world.gamma, {"HOME": 1, "FAST": 1}, FIRST)
    assert refused.value.code == "day-already-pinned"
    price(world.operator, world.gamma, {"HOME": 1, "FAST": 1}, date(2026, 11, 2))
    assert len(read_tariffs("gamma")) == 2


@pytest.mark.usefixtures("engine")
def test_a_version_from_a_day_that_is_settled_for_somebody_below_is_refused() -> None:
    world = World.build(FIRST)
    settle_day(world.beta_chain, FIRST, NOW)
    with pytest.raises(Conflict) as refused:
        price(world.operator, world.alpha, {"HOME": 1, "FAST": 1}, FIRST)
    assert refused.value.code == "day-already-pinned"
    price(world.operator, world.gamma, {"HOME": 1, "FAST": 1}, FIRST)


@pytest.mark.usefixtures("engine")
def test_a_plan_can_only_be_based_on_one_that_the_tariff_prices() -> None:
    world = World.build(FIRST)
    plan(world.operator, "NEW", 1)
    guard_base(world.alpha, "op.HOME")
    with pytest.raises(Invalid) as refused:
        guard_base(world.alpha, "op.NEW")
    assert refused.value.errors[0].field == "based_on"


@pytest.mark.usefixtures("engine")
def test_a_plan_has_to_be_priced_at_every_level_on_the_day() -> None:
    world = World.build(FIRST)
    home = find_plan("beta", "HOME")
    guard_priced(world.beta_chain, home, FIRST)
    with pytest.raises(Invalid) as refused:
        guard_priced(world.beta_chain, home, date(2026, 10, 31))
    assert refused.value.code == "plan-not-priced"


@pytest.mark.usefixtures("engine")
def test_a_plan_cannot_stand_on_one_that_a_later_version_leaves_out() -> None:
    world = World.build(FIRST)
    plan(world.operator, "NEW", 1)
    both = {"HOME": 50_000, "FAST": 80_000}
    price(world.operator, world.gamma, both | {"NEW": 5_000}, date(2026, 11, 10))
    price(world.operator, world.gamma, both, date(2026, 11, 20))
    price(world.operator, world.gamma, both | {"NEW": 5_000}, date(2026, 11, 25))
    with pytest.raises(Invalid):
        guard_base(world.gamma, "op.NEW")
    price(world.operator, world.gamma, both | {"NEW": 5_000}, date(2026, 11, 20))
    with pytest.raises(Invalid):
        guard_base(world.gamma, "op.NEW")
    price(world.operator, world.gamma, both | {"NEW": 5_000}, FIRST)
    assert len(guard_base(world.gamma, "op.NEW").operations) == 1


@pytest.mark.usefixtures("engine")
def test_a_version_without_a_plan_and_a_plan_on_it_are_never_both_accepted(engine: MemoryDynamoDB) -> None:
    world = World.build(FIRST)
    plan(world.operator, "NEW", 1)
    both = {"HOME": 50_000, "FAST": 80_000}
    price(world.operator, world.gamma, both | {"NEW": 5_000}, FIRST)

    def a_plan_comes_first(when: str, number: int, operation: str, params: dict[str, object]) -> None:
        if when == "before" and operation == "TransactWriteItems":
            engine.faults = None
            made = Plan("gamma", "NEW", "New", 1, 1, 1, "op.NEW", DayCount.CALENDAR_MONTH)
            create_plan(made, lambda _: (), guard_base(world.gamma, "op.NEW"))

    engine.faults = a_plan_comes_first
    with pytest.raises(Invalid) as refused:
        price(world.operator, world.gamma, both, date(2026, 11, 20))
    assert refused.value.errors[0].field == "prices"
    assert "NEW" in tariff_on("gamma", date(2026, 11, 20)).prices_minor


def test_a_tariff_from_a_past_day_needs_few_enough_resellers_below_for_its_write(
    engine: MemoryDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World.build(FIRST)
    monkeypatch.setattr(tariffs, "MAX_GUARDED", 0)
    with pytest.raises(Conflict) as refusal:
        set_tariff(world.operator, world.alpha, terms({"HOME": 1, "FAST": 2}, date(2026, 11, 2)), NOW)
    assert refusal.value.code == "too-many-resellers-below"
    assert len(read_tariffs("alpha")) == 1
    set_tariff(world.operator, world.alpha, terms({"HOME": 1, "FAST": 2}, date(2026, 11, 23)), NOW)
    set_tariff(world.operator, world.gamma, terms({"HOME": 1, "FAST": 2}, date(2026, 11, 2)), NOW)
    assert (len(read_tariffs("alpha")), len(read_tariffs("gamma"))) == (2, 2)


def test_the_first_two_versions_of_a_tariff_at_once_are_both_kept(engine: MemoryDynamoDB) -> None:
    world = World.build(FIRST)
    delta = tenant("delta", world.operator, FIRST)
    store_tenant(delta)

    def beside(phase: str, number: int, operation: str, params: dict[str, object]) -> None:
        if phase == "before" and operation == "TransactWriteItems":
            engine.faults = None
            set_tariff(world.operator, delta, terms({"HOME": 1}), NOW)

    engine.faults = beside
    set_tariff(world.operator, delta, terms({"HOME": 2}), NOW)
    assert [version.prices_minor["HOME"] for version in read_tariffs("delta")] in ([1, 2], [2, 1])
    assert tariff_on("delta", FIRST).prices_minor["HOME"] == 2
