"""Recharges: both books, both funds, credit repaid first, and the parent's own limit. Gamma always stands beside them."""

from datetime import date

import pytest

from chalicelib.auth.model import Author
from chalicelib.core.errors import Conflict
from chalicelib.funds.limits import read_fund
from chalicelib.funds.model import Method
from chalicelib.funds.transfer import Order, recharge_fund
from chalicelib.ledger.chart import (
    BANK,
    FUND_WITH_PARENT,
    FUNDS_HELD,
    PAYABLE_TO_PARENT,
    RESELLER_RECEIVABLE,
)
from chalicelib.ledger.entries import find_entry
from chalicelib.ledger.journal import Entry, credit, debit
from tests.funds.legs import LEGS, funds_of, sink_beta, too_low
from tests.invariants import check_invariants, read_book
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World

SINCE = date(2026, 11, 1)


@pytest.fixture
def world(engine: MemoryDynamoDB) -> World:
    return World.of_tenants(SINCE)


@pytest.mark.parametrize("method", [Method.CASH, Method.BONUS])
def test_a_recharge_is_kept_in_both_books(database: None, method: Method) -> None:
    world = World.of_tenants(SINCE)
    world.recharge(world.operator, world.gamma, 70_00)
    made = world.recharge(world.operator, world.alpha, 5_000_00, method)
    assert made.parent_entry is not None
    assert find_entry("alpha", made.entry.entry_id) == made.entry
    assert find_entry("op", made.parent_entry.entry_id) == made.parent_entry
    paid_from, paid_with = LEGS[method]
    assert made.parent_entry.draft.lines == (
        debit(paid_from, 5_000_00, "alpha"),
        credit(FUNDS_HELD, 5_000_00, "alpha"),
    )
    assert made.entry.draft.lines == (debit(FUND_WITH_PARENT, 5_000_00, "op"), credit(paid_with, 5_000_00, "op"))
    assert funds_of(world) == {"alpha": 5_000_00, "beta": 0, "gamma": 70_00}
    assert check_invariants() == 4


@pytest.mark.parametrize("method", Method)
def test_by_every_method_the_childs_fund_rises_by_what_the_parents_falls(world: World, method: Method) -> None:
    world.fund(1_000_00, 0)
    world.recharge(world.alpha, world.beta, 250_00, method)
    assert funds_of(world) == {"alpha": 750_00, "beta": 250_00, "gamma": 0}
    assert read_fund("beta").debt_minor == (250_00 if method is Method.CREDIT else 0)
    assert check_invariants() == 4


def test_an_entry_says_who_when_why_and_on_which_day_of_its_own_tenant(world: World) -> None:
    order = Order(100_00, Method.BANK, "MR-1187", "paid at the counter", Author("u1", "op/u9"))
    made = recharge_fund(world.operator, world.alpha, order, NOW)
    assert made.parent_entry is not None
    for entry in (made.entry, made.parent_entry):
        draft = entry.draft
        assert (draft.kind, draft.memo, draft.reference) == ("recharge", "paid at the counter", "MR-1187")
        assert (draft.effective_on, draft.service_on) == (date(2026, 11, 22), date(2026, 11, 22))
        assert (draft.recorded_by, draft.acting_by) == ("u1", "op/u9")
    assert (made.entry.journal, made.parent_entry.journal) == ("general", "child-alpha")
    assert (made.entry.fund_after_minor, made.parent_entry.fund_after_minor) == (100_00, None)


def test_unpaid_credit_is_repaid_first_as_an_entry_of_its_own(world: World) -> None:
    world.fund(1_000_00, 0)
    world.recharge(world.alpha, world.beta, 300_00, Method.CREDIT)
    made = world.recharge(world.alpha, world.beta, 500_00, Method.BANK)
    assert (made.repaid_minor, made.entry.fund_change_minor, made.entry.fund_after_minor) == (300_00, 200_00, 500_00)
    beta, alpha = read_book(world.beta.chain), read_book(world.alpha.chain)
    repayment, recharge = beta.journals["general"][-2:]
    assert (repayment.draft.kind, recharge.draft.kind) == ("credit-repayment", "recharge")
    assert repayment.draft.lines == (debit(PAYABLE_TO_PARENT, 300_00, "alpha"), credit(BANK, 300_00, "alpha"))
    assert recharge.draft.lines == (debit(FUND_WITH_PARENT, 200_00, "alpha"), credit(BANK, 200_00, "alpha"))
    repaid, held = alpha.journals["child-beta"][-2:]
    assert repaid.draft.lines == (debit(BANK, 300_00, "beta"), credit(RESELLER_RECEIVABLE, 300_00, "beta"))
    assert held.draft.lines == (debit(BANK, 200_00, "beta"), credit(FUNDS_HELD, 200_00, "beta"))
    assert (read_fund("beta").debt_minor, funds_of(world)["alpha"]) == (0, 500_00)
    check_invariants()


def test_a_recharge_that_only_repays_credit_moves_no_fund(world: World) -> None:
    world.fund(300_00, 0)
    world.recharge(world.alpha, world.beta, 300_00, Method.CREDIT)
    made = world.recharge(world.alpha, world.beta, 120_00, Method.CASH)
    assert (made.repaid_minor, made.entry.fund_change_minor, made.entry.fund_after_minor) == (120_00, 0, None)
    assert funds_of(world) == {"alpha": 0, "beta": 300_00, "gamma": 0}
    assert read_fund("beta").debt_minor == 180_00
    check_invariants()


def test_a_repayment_is_taken_even_when_the_parents_own_fund_is_empty(world: World) -> None:
    world.fund(300_00, 0)
    world.recharge(world.alpha, world.beta, 300_00, Method.CREDIT)
    with pytest.raises(Conflict) as refused:
        world.recharge(world.alpha, world.beta, 300_01)
    assert too_low(refused) == "Your own fund does not cover this amount."
    assert read_fund("beta").debt_minor == 300_00
    world.recharge(world.alpha, world.beta, 300_00)
    assert read_fund("beta").debt_minor == 0
    check_invariants()


@pytest.mark.parametrize("limit", [0, 50_00])
def test_a_parent_gives_exactly_down_to_its_credit_limit_and_no_further(engine: MemoryDynamoDB, limit: int) -> None:
    world = World.of_tenants(SINCE, credit_limit_minor=limit)
    world.fund(100_00, 0)
    before = check_invariants()
    with pytest.raises(Conflict) as refused:
        world.recharge(world.alpha, world.beta, 100_00 + limit + 1)
    assert too_low(refused) == "Your own fund does not cover this amount."
    assert check_invariants() == before
    world.recharge(world.alpha, world.beta, 100_00 + limit)
    assert funds_of(world) == {"alpha": -limit, "beta": 100_00 + limit, "gamma": 0}
    with pytest.raises(Conflict):
        world.recharge(world.alpha, world.beta, 1)
    check_invariants()


def test_an_overdraft_is_refused_by_the_database_too(database: None) -> None:
    world = World.of_tenants(SINCE)
    world.fund(100_00, 40_00)
    with pytest.raises(Conflict) as refused:
        world.recharge(world.alpha, world.beta, 60_01)
    too_low(refused)
    world.recharge(world.alpha, world.beta, 60_00)
    assert funds_of(world) == {"alpha": 0, "beta": 100_00, "gamma": 0}
    check_invariants()


def test_a_fund_that_is_below_its_limit_may_still_be_raised(world: World) -> None:
    """A limit that was lowered under a balance refuses debits, and never what brings the fund back up."""
    world.fund(100_00, 40_00)
    sink_beta(-70_00)
    world.recharge(world.alpha, world.beta, 10_00)
    assert funds_of(world)["beta"] == -20_00


def test_movements_of_a_fund_are_recorded_in_the_order_they_happened_whatever_the_clock_says(world: World) -> None:
    made: list[Entry] = [world.recharge(world.operator, world.alpha, 10_00).entry for _ in range(4)]
    micros = [entry.recorded_micros for entry in made]
    assert micros == sorted(set(micros))
    assert [entry.sequence for entry in made] == [1, 2, 3, 4]
    assert [entry.fund_after_minor for entry in made] == [10_00, 20_00, 30_00, 40_00]
