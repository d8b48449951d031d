"""The rules of a fund, without any database: legs, repayment, floors, limits, and whether connections are open."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import Invalid
from chalicelib.funds.limits import check_limits
from chalicelib.funds.model import (
    Fund,
    Method,
    recharge_lines,
    refund_floor,
    refund_lines,
    repayment_lines,
    split_repayment,
)
from chalicelib.funds.movements import Standing, connections_standing, name_short, runway_days
from chalicelib.ledger.chart import FUND_WITH_PARENT, FUNDS_HELD, PAYABLE_TO_PARENT, RESELLER_RECEIVABLE
from chalicelib.ledger.journal import Line, check_balanced, credit, debit, fund_change_of
from tests.funds.legs import LEGS, MONEY
from tests.world import tenant

DAY = date(2026, 11, 1)
methods = st.sampled_from(Method)
amounts = st.integers(1, 10**15)


def a_fund(balance: int = 0, *, minimum: int = 0, limit: int = 0, debt: int = 0, used: int = 0) -> Fund:
    return Fund("beta", balance, minimum, limit, debt, 1, 0, DAY, used)


@pytest.mark.parametrize("method", Method)
def test_a_recharge_has_the_legs_of_its_method_in_both_books(method: Method) -> None:
    paid_from, paid_with = LEGS[method]
    assert recharge_lines(method, 500_00, "alpha", "beta") == (
        (debit(paid_from, 500_00, "beta"), credit(FUNDS_HELD, 500_00, "beta")),
        (debit(FUND_WITH_PARENT, 500_00, "alpha"), credit(paid_with, 500_00, "alpha")),
    )


@given(methods, amounts)
def test_a_refund_is_the_recharge_turned_around(method: Method, minor: int) -> None:
    def turned(lines: tuple[Line, ...]) -> set[Line]:
        return {line._replace(debit_minor=line.credit_minor, credit_minor=line.debit_minor) for line in lines}

    recharged, refunded = recharge_lines(method, minor, "p", "c"), refund_lines(method, minor, "p", "c")
    assert [turned(side) for side in recharged] == [set(side) for side in refunded]


@given(methods, amounts)
def test_a_recharge_takes_from_the_parents_fund_what_it_gives_to_the_childs(method: Method, minor: int) -> None:
    parents, childs = recharge_lines(method, minor, "p", "c")
    check_balanced(parents)
    check_balanced(childs)
    assert (fund_change_of(parents), fund_change_of(childs)) == (-minor, minor)


@pytest.mark.parametrize("method", MONEY)
def test_a_repayment_is_money_against_what_was_owed_and_moves_no_fund(method: Method) -> None:
    money = LEGS[method][0]
    parents, childs = repayment_lines(method, 300_00, "alpha", "beta")
    assert parents == (debit(money, 300_00, "beta"), credit(RESELLER_RECEIVABLE, 300_00, "beta"))
    assert childs == (debit(PAYABLE_TO_PARENT, 300_00, "alpha"), credit(money, 300_00, "alpha"))
    assert (fund_change_of(parents), fund_change_of(childs)) == (0, 0)


@pytest.mark.parametrize(
    ("method", "amount", "debt", "repaid", "raised"),
    [
        (Method.CASH, 500, 0, 0, 500),
        (Method.CASH, 500, 300, 300, 200),
        (Method.BANK, 500, 500, 500, 0),
        (Method.GATEWAY, 500, 800, 500, 0),
        (Method.CREDIT, 500, 300, 0, 500),
        (Method.BONUS, 500, 300, 0, 500),
        (Method.OPENING, 500, 300, 0, 500),
    ],
)
def test_only_money_repays_credit_and_it_does_so_first(
    method: Method, amount: int, debt: int, repaid: int, raised: int
) -> None:
    assert split_repayment(method, amount, debt) == (repaid, raised)


@given(methods, amounts, st.integers(0, 10**15))
def test_a_recharge_is_split_without_a_rest(method: Method, minor: int, debt: int) -> None:
    repaid, raised = split_repayment(method, minor, debt)
    assert repaid + raised == minor
    assert 0 <= repaid <= debt
    assert raised >= 0


@pytest.mark.parametrize("method", Method)
def test_money_that_goes_out_leaves_the_unpaid_credit_in_the_fund(method: Method) -> None:
    assert refund_floor(method, a_fund(1_000, debt=300)) == (300 if method in MONEY else 0)


@pytest.mark.parametrize(("minimum", "limit"), [(0, 0), (-500, 500), (-499, 500), (1_000, 0)])
def test_a_minimum_balance_may_be_as_low_as_the_credit_limit(minimum: int, limit: int) -> None:
    check_limits(minimum, limit)


@pytest.mark.parametrize(
    ("minimum", "limit", "name"), [(-1, 0, "minimum_balance"), (-501, 500, "minimum_balance"), (0, -1, "credit_limit")]
)
def test_limits_that_contradict_each_other_are_refused(minimum: int, limit: int, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_limits(minimum, limit)
    assert [error.field for error in refused.value.errors] == [name]


def test_what_may_be_spent_reaches_down_to_the_credit_limit() -> None:
    assert a_fund(100, limit=500).spendable_minor == 600
    assert a_fund(-500, limit=500).spendable_minor == 0


@pytest.mark.parametrize(
    ("balance", "limit", "used", "days"),
    [(1_000, 0, 300, 3), (-100, 500, 100, 4), (-600, 500, 100, 0), (10, 0, 0, None)],
)
def test_the_runway_is_whole_days_at_the_last_days_use(balance: int, limit: int, used: int, days: int | None) -> None:
    assert runway_days(a_fund(balance, limit=limit, used=used)) == days


def test_a_tenant_that_earned_on_its_last_day_has_no_runway() -> None:
    assert runway_days(a_fund(1_000, used=-20)) is None


OPERATOR = tenant("op", None, DAY)
ALPHA = tenant("alpha", OPERATOR, DAY)
BETA = tenant("beta", ALPHA, DAY)
DELTA = tenant("delta", BETA, DAY)


@pytest.mark.parametrize(
    ("alpha", "beta", "delta", "expected"),
    [
        (a_fund(0), a_fund(0), a_fund(1), Standing(True, None)),
        (a_fund(0), a_fund(0), a_fund(0), Standing(False, "delta")),
        (a_fund(0), a_fund(-1), a_fund(1), Standing(False, "beta")),
        (a_fund(-1), a_fund(0), a_fund(1), Standing(False, "upstream")),
        (a_fund(-1), a_fund(-1), a_fund(-1), Standing(False, "delta")),
        (a_fund(99, minimum=100), a_fund(100, minimum=100), a_fund(-49, minimum=-50), Standing(False, "upstream")),
    ],
)
def test_new_connections_are_blocked_by_whoever_is_short_below_first(
    alpha: Fund, beta: Fund, delta: Fund, expected: Standing
) -> None:
    funds = {"alpha": alpha, "beta": beta, "delta": delta}
    assert connections_standing((OPERATOR, ALPHA, BETA, DELTA), funds) == expected


def test_new_connections_of_the_operator_itself_are_always_open() -> None:
    assert connections_standing((OPERATOR,), {}) == Standing(True, None)


def test_who_is_short_further_up_is_never_named() -> None:
    chain = ("op", "alpha", "beta", "delta")
    assert [name_short(chain, one) for one in chain] == ["upstream", "upstream", "beta", "delta"]
