"""Movements of a fund: newest first, each with the balance it left; and random moves against a plain sum."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.aws import rows, tables
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.funds.limits import change_limits, opening_row, read_fund
from chalicelib.funds.model import Method
from chalicelib.funds.movements import list_movements
from chalicelib.ledger.journal import Entry
from tests.conftest import create_tables
from tests.funds.legs import MONEY, funds_of
from tests.invariants import check_invariants
from tests.simulation import MemoryDynamoDB
from tests.world import World

SINCE = date(2026, 11, 1)


def all_movements(tenant_id: str, limit: int) -> list[Entry]:
    found, after = list_movements(tenant_id, limit=limit, after=None)
    while after is not None:
        page, after = list_movements(tenant_id, limit=limit, after=after)
        found += page
    return found


def told(entries: list[Entry]) -> list[tuple[str, int, int | None]]:
    return [(entry.draft.kind, entry.fund_change_minor, entry.fund_after_minor) for entry in entries]


def move_about(world: World) -> None:
    world.recharge(world.operator, world.gamma, 70_00)
    world.recharge(world.operator, world.alpha, 1_000_00)
    world.recharge(world.alpha, world.beta, 300_00, Method.CREDIT)
    world.recharge(world.alpha, world.beta, 350_00, Method.CASH)
    world.refund(world.alpha, world.beta, 20_00, Method.BANK)


EXPECTED = {
    "alpha": [
        ("refund", 20_00, 670_00),
        ("recharge", -50_00, 650_00),
        ("recharge", -300_00, 700_00),
        ("recharge", 1_000_00, 1_000_00),
    ],
    "beta": [("refund", -20_00, 330_00), ("recharge", 50_00, 350_00), ("recharge", 300_00, 300_00)],
    "gamma": [("recharge", 70_00, 70_00)],
}


def test_movements_come_newest_first_and_sum_up_to_the_balance_of_their_own_tenant(database: None) -> None:
    world = World.of_tenants(SINCE)
    move_about(world)
    for tenant_id, expected in EXPECTED.items():
        movements = all_movements(tenant_id, 50)
        assert told(movements) == expected
        assert sum(entry.fund_change_minor for entry in movements) == read_fund(tenant_id).balance_minor
    check_invariants()


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_pages_of_any_size_show_the_same_movements(engine: MemoryDynamoDB, limit: int) -> None:
    world = World.of_tenants(SINCE)
    move_about(world)
    for tenant_id, expected in EXPECTED.items():
        assert told(all_movements(tenant_id, limit)) == expected


def test_a_page_of_movements_is_one_request(engine: MemoryDynamoDB) -> None:
    move_about(World.of_tenants(SINCE))
    with engine.measured() as cost:
        list_movements("alpha", limit=50, after=None)
    assert (cost.requests, cost.write_units) == (1, 0)


def test_what_came_after_a_page_was_read_does_not_show_on_the_next(engine: MemoryDynamoDB) -> None:
    world = World.of_tenants(SINCE)
    move_about(world)
    _, after = list_movements("beta", limit=1, after=None)
    world.recharge(world.alpha, world.beta, 1)
    page, _ = list_movements("beta", limit=50, after=after)
    assert told(page) == EXPECTED["beta"][1:]


def test_the_operator_has_no_fund(engine: MemoryDynamoDB) -> None:
    world = World.of_tenants(SINCE)
    with pytest.raises(NotFound):
        read_fund(world.operator.tenant_id)


def test_limits_that_are_changed_leave_the_balance_and_bind_the_next_debit(engine: MemoryDynamoDB) -> None:
    world = World.of_tenants(SINCE)
    world.fund(100_00, 0)
    tables.write(change_limits("alpha", -20_00, 50_00))
    fund = read_fund("alpha")
    assert (fund.balance_minor, fund.minimum_balance_minor, fund.credit_limit_minor) == (100_00, -20_00, 50_00)
    world.recharge(world.alpha, world.beta, 150_00)
    assert funds_of(world)["alpha"] == -50_00
    check_invariants()


steps = st.lists(
    st.tuples(
        st.sampled_from(["recharge", "refund"]),
        st.sampled_from(["alpha", "beta", "gamma"]),
        st.sampled_from(Method),
        st.integers(1, 300),
    ),
    min_size=4,
    max_size=14,
)


@settings(max_examples=15)
@given(steps, st.sampled_from([0, 100]))
def test_any_moves_leave_the_funds_a_plain_sum_would(
    moves: list[tuple[str, str, Method, int]], credit_limit: int
) -> None:
    memory = MemoryDynamoDB()
    with memory.installed():
        rows.forget_connections()
        create_tables()
        world = World.of_tenants(SINCE, credit_limit_minor=credit_limit)
        funds, debts = {"alpha": 0, "beta": 0, "gamma": 0}, {"alpha": 0, "beta": 0, "gamma": 0}
        world.recharge(world.operator, world.alpha, 500)
        funds["alpha"] = 500
        for kind, child_id, method, minor in moves:
            child = getattr(world, child_id)
            parent = world.alpha if child_id == "beta" else world.operator
            allowed = _apply(funds, debts, kind, child_id, parent.tenant_id, method, minor, -credit_limit)
            move = world.recharge if kind == "recharge" else world.refund
            if allowed:
                move(parent, child, minor, method)
            else:
                with pytest.raises(Conflict):
                    move(parent, child, minor, method)
            assert funds_of(world) == funds
        assert {one: read_fund(one).debt_minor for one in debts} == debts
        check_invariants()
    rows.forget_connections()


def _apply(
    funds: dict[str, int],
    debts: dict[str, int],
    kind: str,
    child: str,
    parent: str,
    method: Method,
    minor: int,
    floor: int,
) -> bool:
    """The rules of `domain.md` once more, in the plainest words; whether the move is allowed."""
    if kind == "refund":
        leave = debts[child] if method in MONEY else 0
        if funds[child] - minor < leave or (method is Method.CREDIT and minor > debts[child]):
            return False
        debts[child] -= minor if method is Method.CREDIT else 0
        change = -minor
    else:
        repaid = min(minor, debts[child]) if method in MONEY else 0
        change = minor - repaid
        if change and parent in funds and funds[parent] - change < floor:
            return False
        debts[child] += minor if method is Method.CREDIT else -repaid
    funds[child] += change
    if parent in funds:
        funds[parent] -= change
    return True


def test_a_fund_is_opened_once_and_its_limits_are_those_of_a_fund_that_is_there(engine: MemoryDynamoDB) -> None:
    world = World.of_tenants(date(2026, 11, 1))
    world.recharge(world.operator, world.alpha, 100_00)
    for what in (opening_row("alpha", 0, 0), change_limits("op", 0, 50_00), change_limits("delta", 0, 50_00)):
        with pytest.raises(tables.ConditionFailed):
            tables.write(what)
    assert read_fund("alpha").balance_minor == 100_00
    check_invariants()
