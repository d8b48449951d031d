"""Late fees: when, how much, and once."""

from dataclasses import replace
from datetime import date

import pytest

from chalicelib.retail.account_model import OpenItem
from chalicelib.retail.late_fees import LateFee, is_late, late_fees, late_items
from chalicelib.retail.model import Terms

DUE = date(2026, 11, 8)
TERMS = Terms("beta", date(2026, 1, 1), grace_days=3, late_fee_minor=50_00)
RATE = replace(TERMS, late_fee_minor=0, late_fee_bps=250)


@pytest.mark.parametrize(("day", "late"), [(8, False), (9, False), (11, False), (12, True), (30, True)])
def test_an_invoice_is_late_on_the_day_behind_its_last_day_of_grace(day: int, late: bool) -> None:
    assert is_late(OpenItem("i1", DUE, 500_00), 3, date(2026, 11, day)) is late


def test_without_grace_it_is_late_on_the_day_behind_its_due_day() -> None:
    assert not is_late(OpenItem("i1", DUE, 1), 0, DUE)
    assert is_late(OpenItem("i1", DUE, 1), 0, date(2026, 11, 9))


def test_each_late_invoice_costs_the_fixed_fee() -> None:
    items = (OpenItem("i1", DUE, 500_00), OpenItem("i2", DUE, 1), OpenItem("i3", date(2026, 12, 8), 500_00))
    assert late_fees(items, TERMS, date(2026, 11, 12)) == [LateFee("i1", 50_00), LateFee("i2", 50_00)]
    assert [item.local_id for item in late_items(items, 3, date(2026, 11, 12))] == ["i1", "i2"]


def test_a_rate_is_of_what_is_overdue_of_the_invoice_and_rounded_half_up() -> None:
    items = (OpenItem("i1", DUE, 500_00), OpenItem("i2", DUE, 2_20))
    assert late_fees(items, RATE, date(2026, 11, 12)) == [LateFee("i1", 12_50), LateFee("i2", 6)]


def test_no_fee_is_charged_twice_nor_on_a_late_fee() -> None:
    items = (OpenItem("i1", DUE, 500_00, fee_charged=True), OpenItem("l1", DUE, 50_00, fee_charged=True))
    assert late_fees(items, TERMS, date(2027, 1, 1)) == []


def test_terms_without_a_fee_and_a_rate_that_rounds_to_nothing_charge_none() -> None:
    items = (OpenItem("i1", DUE, 1),)
    assert late_fees(items, replace(TERMS, late_fee_minor=0), date(2027, 1, 1)) == []
    assert late_fees(items, RATE, date(2027, 1, 1)) == []
