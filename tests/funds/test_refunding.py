"""Refunds: the reverse of every recharge, never more than the fund, and in money never the parent's unpaid credit."""

from datetime import date

import pytest

from chalicelib.core.errors import Conflict
from chalicelib.funds.limits import read_fund
from chalicelib.funds.model import Method
from chalicelib.ledger.chart import FUND_WITH_PARENT, FUNDS_HELD
from chalicelib.ledger.journal import credit, debit
from tests.funds.legs import LEGS, MONEY, funds_of, sink_beta, too_low
from tests.invariants import check_invariants
from tests.simulation import MemoryDynamoDB
from tests.world import World

SINCE = date(2026, 11, 1)


@pytest.fixture
def world(engine: MemoryDynamoDB) -> World:
    built = World.of_tenants(SINCE)
    built.fund(1_000_00, 400_00)
    built.recharge(built.operator, built.gamma, 70_00)
    return built


@pytest.mark.parametrize("method", [method for method in Method if method is not Method.CREDIT])
def test_a_refund_lowers_the_childs_fund_and_raises_the_parents(world: World, method: Method) -> None:
    made = world.refund(world.alpha, world.beta, 150_00, method)
    paid_from, paid_with = LEGS[method]
    assert made.parent_entry is not None
    assert made.parent_entry.draft.lines == (debit(FUNDS_HELD, 150_00, "beta"), credit(paid_from, 150_00, "beta"))
    assert made.entry.draft.lines == (debit(paid_with, 150_00, "alpha"), credit(FUND_WITH_PARENT, 150_00, "alpha"))
    assert (made.entry.fund_after_minor, made.parent_entry.fund_after_minor) == (250_00, 750_00)
    assert funds_of(world) == {"alpha": 750_00, "beta": 250_00, "gamma": 70_00}
    check_invariants()


def test_a_refund_by_credit_takes_back_what_was_lent(world: World) -> None:
    world.recharge(world.alpha, world.beta, 100_00, Method.CREDIT)
    world.refund(world.alpha, world.beta, 60_00, Method.CREDIT)
    assert read_fund("beta").debt_minor == 40_00
    with pytest.raises(Conflict) as refused:
        world.refund(world.alpha, world.beta, 40_01, Method.CREDIT)
    assert "more than the credit that is owed" in too_low(refused)
    world.refund(world.alpha, world.beta, 40_00, Method.CREDIT)
    assert (read_fund("beta").debt_minor, funds_of(world)["beta"]) == (0, 400_00)
    check_invariants()


def test_more_than_was_lent_is_not_taken_back_by_credit_though_the_fund_would_bear_it(world: World) -> None:
    world.recharge(world.alpha, world.beta, 40_00, Method.CREDIT)
    world.recharge(world.alpha, world.beta, 60_00, Method.BONUS)
    before = funds_of(world)
    with pytest.raises(Conflict) as refusal:
        world.refund(world.alpha, world.beta, 40_01, Method.CREDIT)
    assert (refusal.value.code, funds_of(world)) == ("fund-too-low", before)
    world.refund(world.alpha, world.beta, 40_00, Method.CREDIT)
    check_invariants()


@pytest.mark.parametrize("method", [method for method in Method if method is not Method.CREDIT])
def test_a_refund_is_at_most_the_whole_fund(world: World, method: Method) -> None:
    before = check_invariants()
    with pytest.raises(Conflict) as refused:
        world.refund(world.alpha, world.beta, 400_01, method)
    assert too_low(refused) == "The reseller's fund does not cover this amount."
    assert check_invariants() == before
    world.refund(world.alpha, world.beta, 400_00, method)
    assert funds_of(world)["beta"] == 0


@pytest.mark.parametrize("method", MONEY)
def test_money_is_refunded_only_down_to_the_unpaid_credit(world: World, method: Method) -> None:
    world.recharge(world.alpha, world.beta, 100_00, Method.CREDIT)
    with pytest.raises(Conflict) as refused:
        world.refund(world.alpha, world.beta, 400_01, method)
    too_low(refused)
    world.refund(world.alpha, world.beta, 400_00, method)
    assert (funds_of(world)["beta"], read_fund("beta").debt_minor) == (100_00, 100_00)
    check_invariants()


def test_what_is_no_money_is_refunded_down_to_nothing_though_credit_is_unpaid(world: World) -> None:
    world.recharge(world.alpha, world.beta, 100_00, Method.CREDIT)
    world.refund(world.alpha, world.beta, 500_00, Method.BONUS)
    assert (funds_of(world)["beta"], read_fund("beta").debt_minor) == (0, 100_00)
    check_invariants()


def test_a_fund_below_zero_is_not_refunded_though_its_credit_limit_would_bear_it(engine: MemoryDynamoDB) -> None:
    world = World.of_tenants(SINCE, credit_limit_minor=500_00)
    world.fund(100_00, 0)
    sink_beta(-10_00)
    with pytest.raises(Conflict) as refused:
        world.refund(world.alpha, world.beta, 1)
    too_low(refused)


def test_a_credit_limit_is_nothing_that_can_be_refunded(engine: MemoryDynamoDB) -> None:
    world = World.of_tenants(SINCE, credit_limit_minor=500_00)
    world.fund(100_00, 30_00)
    with pytest.raises(Conflict):
        world.refund(world.alpha, world.beta, 30_01)
    world.refund(world.alpha, world.beta, 30_00)
    assert funds_of(world)["beta"] == 0
    check_invariants()


def test_a_refund_is_kept_in_both_books_by_the_database_too(database: None) -> None:
    world = World.of_tenants(SINCE)
    world.fund(1_000_00, 400_00)
    world.refund(world.alpha, world.beta, 400_00)
    world.refund(world.operator, world.alpha, 1_000_00)
    with pytest.raises(Conflict):
        world.refund(world.operator, world.alpha, 1)
    assert funds_of(world) == {"alpha": 0, "beta": 0, "gamma": 0}
    assert check_invariants() == 8
