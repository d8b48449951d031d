"""A debit that is never refused is lent what it lacks, upward to the top."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.funds.lend import lend_shortfalls, with_loans
from chalicelib.funds.model import Fund

DAY = date(2026, 11, 1)


def a_fund(balance: int, limit: int = 0) -> Fund:
    return Fund("beta", balance, 0, limit, 0, 1, 0, DAY, 0)


def test_nothing_is_lent_to_a_fund_that_covers_its_debit_to_the_unit() -> None:
    assert lend_shortfalls([a_fund(100_00)], [-100_00]) == (0,)
    assert lend_shortfalls([a_fund(0, limit=100_00)], [-100_00]) == (0,)


def test_exactly_the_shortfall_is_lent() -> None:
    assert lend_shortfalls([a_fund(100_00)], [-100_01]) == (1,)
    assert lend_shortfalls([a_fund(30_00, limit=20_00)], [-75_00]) == (25_00,)


def test_a_loan_that_the_lender_has_not_got_is_lent_to_it_by_its_own_parent() -> None:
    """Beta lacks 40.00; Alpha earns 5.00 of it, holds 10.00, and so is lent 25.00 by the top."""
    assert lend_shortfalls([a_fund(10_00), a_fund(10_00)], [-50_00, 5_00]) == (40_00, 25_00)
    assert with_loans([-50_00, 5_00], (40_00, 25_00)) == (-10_00, -10_00)


def test_a_fund_below_its_limit_already_is_lent_what_it_falls_by_and_no_more() -> None:
    assert lend_shortfalls([a_fund(-80_00, limit=50_00)], [-10_00]) == (10_00,)


def test_a_fund_that_rises_is_lent_nothing_even_below_its_limit() -> None:
    assert lend_shortfalls([a_fund(-80_00)], [10_00]) == (0,)


def test_a_level_without_a_fund_lends_nothing_on() -> None:
    """Gamma's parent Beta is the top of its segment; what lies above Beta is not asked."""
    assert lend_shortfalls([a_fund(0), None, a_fund(0)], [-10_00, 0, -3_00]) == (10_00, 0, 3_00)


@given(
    st.lists(
        st.tuples(st.integers(-500, 500), st.integers(0, 300), st.integers(-900, 900)),
        min_size=1,
        max_size=8,
    )
)
def test_no_fall_ends_below_a_limit_and_nothing_is_lent_that_is_not_missing(
    levels: list[tuple[int, int, int]],
) -> None:
    funds = [a_fund(balance, limit) for balance, limit, _ in levels]
    changes = [change for _, _, change in levels]
    loans = lend_shortfalls(funds, changes)
    for fund, loan, change in zip(funds, loans, with_loans(changes, loans), strict=True):
        after = fund.balance_minor + change
        assert after >= fund.floor_minor or change >= 0
        assert loan == 0 or after == fund.floor_minor or change == 0
