"""The cut: the longest prefix of the sheet that every level covers."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.billing.cut import Cut, Level, find_cut, level_totals, with_tax

BETA, ALPHA = "beta", "alpha"


def test_everybody_is_charged_when_the_funds_cover_them() -> None:
    assert find_cut([0, 0], [[100, 80]], [Level(BETA, 200, 0), Level(ALPHA, 0, 0)]) == Cut(2, None)


def test_exactly_at_the_limit_is_covered_and_one_less_is_not() -> None:
    assert find_cut([0, 0], [[100]], [Level(BETA, 200, 0)]) == Cut(2, None)
    assert find_cut([0, 0], [[100]], [Level(BETA, 199, 0)]) == Cut(1, BETA)


def test_it_stops_at_the_first_that_cannot_be_covered_even_if_a_cheaper_one_follows() -> None:
    assert find_cut([0, 1, 0], [[100], [300]], [Level(BETA, 200, 0)]) == Cut(1, BETA)


def test_a_parent_that_sells_below_its_cost_can_be_the_short_one() -> None:
    levels = [Level(BETA, 1000, 0), Level(ALPHA, 50, 0)]
    assert find_cut([0, 0, 0], [[100, 120]], levels) == Cut(2, ALPHA)


def test_what_a_parent_earns_by_the_same_lines_counts_for_it() -> None:
    levels = [Level(BETA, 1000, 0), Level(ALPHA, 0, 0)]
    assert find_cut([0, 0, 0], [[120, 100]], levels) == Cut(3, None)


def test_a_level_that_is_below_its_limit_already_is_not_short_by_what_raises_it() -> None:
    levels = [Level(BETA, 1000, 0), Level(ALPHA, -500, 0)]
    assert find_cut([0, 0], [[120, 100]], levels) == Cut(2, None)


def test_tax_is_rounded_once_on_the_total_and_counts_against_the_limit() -> None:
    assert with_tax(333, 500) == 350
    assert find_cut([0, 0, 0], [[111]], [Level(BETA, 350, 500)]) == Cut(3, None)
    assert find_cut([0, 0, 0], [[111]], [Level(BETA, 349, 500)]) == Cut(2, BETA)


prices = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=3)


@given(st.data(), prices, st.integers(0, 400), st.integers(-50, 200), st.integers(0, 2000), st.integers(0, 2000))
def test_it_is_the_longest_prefix_whose_every_line_is_covered(
    data: st.DataObject, table: Sequence[tuple[int, int]], beta: int, alpha: int, tax: int, upper_tax: int
) -> None:
    plans = data.draw(st.lists(st.integers(0, len(table) - 1), max_size=30))
    levels = [Level(BETA, beta, tax), Level(ALPHA, alpha, upper_tax)]
    count = 0
    while count < len(plans) and _covered(plans[: count + 1], table, levels):
        count += 1
    found = find_cut(plans, table, levels)
    assert found.count == count
    assert (found.short is None) == (count == len(plans))


def _covered(plans: Sequence[int], table: Sequence[tuple[int, int]], levels: Sequence[Level]) -> bool:
    below = 0
    for level, total in zip(levels, level_totals(plans, table, 2), strict=True):
        paid = with_tax(total, level.tax_bps)
        if paid - below > max(level.spendable_minor, 0) or (paid > below and paid - below > level.spendable_minor):
            return False
        below = paid
    return True
