"""Credit notes: how much, and out of which accounts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import Conflict, Invalid
from chalicelib.retail.crediting import check_credit, creditable_minor, taken_back

INVOICE = {"4000": 800_00, "4010": 200_00, "2200": 150_00}


def test_a_whole_invoice_is_taken_back_as_it_was_posted() -> None:
    assert taken_back(INVOICE, 0, 1_150_00) == INVOICE


def test_a_part_is_taken_back_in_the_invoices_own_proportion() -> None:
    assert taken_back(INVOICE, 0, 115_00) == {"4000": 80_00, "4010": 20_00, "2200": 15_00}


def test_three_credits_of_a_third_take_back_the_odd_units_exactly_once() -> None:
    invoice = {"4000": 100, "2200": 5}
    credits = [taken_back(invoice, before, 35) for before in (0, 35, 70)]
    assert credits == [{"4000": 33, "2200": 2}, {"4000": 34, "2200": 1}, {"4000": 33, "2200": 2}]


def test_an_invoice_with_a_part_below_zero_is_taken_back_with_it() -> None:
    assert taken_back({"4000": -50_00, "4010": 300_00}, 0, 250_00) == {"4000": -50_00, "4010": 300_00}


def test_what_is_left_to_credit_is_what_it_came_to_less_earlier_credits() -> None:
    assert creditable_minor(500_00, 120_00) == 380_00
    assert creditable_minor(500_00, 120_00, 80_00) == 300_00
    check_credit(380_00, 380_00)
    with pytest.raises(Conflict) as refused:
        check_credit(380_00, 380_01)
    assert refused.value.code == "credit-above-invoice"


def test_a_credit_of_nothing_is_refused() -> None:
    with pytest.raises(Invalid):
        check_credit(500_00, 0)


positive_parts = st.dictionaries(st.sampled_from(["4000", "4010", "4050", "2200"]), st.integers(1, 10_000), min_size=1)


@given(positive_parts, st.lists(st.integers(1, 10_000), max_size=8))
def test_however_an_invoice_is_credited_each_credit_sums_and_all_of_them_are_the_invoice(
    parts: dict[str, int], cuts: list[int]
) -> None:
    total, before = sum(parts.values()), 0
    taken = dict.fromkeys(parts, 0)
    for cut in sorted({cut % total for cut in cuts} - {0} | {total}):
        amount = cut - before
        credit = taken_back(parts, before, amount)
        assert sum(credit.values()) == amount
        assert all(minor > 0 for minor in credit.values()), "no credit note adds revenue or tax"
        for account, minor in credit.items():
            taken[account] += minor
        before = cut
    assert taken == parts
