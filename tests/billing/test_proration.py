"""Proration against its worked figures and its laws."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.billing.proration import day_price, days_price, period_of
from chalicelib.core.dates import days_between, days_in_month
from chalicelib.crm.model import DayCount

CALENDAR, PERIOD, FIXED = DayCount.CALENDAR_MONTH, DayCount.SERVICE_PERIOD, DayCount.FIXED_30

prices = st.integers(0, 10**9)
days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
counts = st.sampled_from(DayCount)
starts = st.integers(1, 28)


def test_the_worked_example_17_95_over_30_days() -> None:
    november = date(2026, 11, 1)
    assert days_price(1795, november, november.replace(day=20), CALENDAR) == 1197
    assert days_price(1795, november.replace(day=21), november.replace(day=30), CALENDAR) == 598


@pytest.mark.parametrize(
    ("price", "refund"), [(15000, 5000), (12000, 4000), (10000, 3333)], ids=["t0", "t1", "operator"]
)
def test_ten_unused_days_of_thirty_come_to_the_worked_refunds(price: int, refund: int) -> None:
    assert price - days_price(price, date(2026, 11, 1), date(2026, 11, 20), CALENDAR) == refund


def test_under_fixed_30_day_31_is_free() -> None:
    assert day_price(3000, date(2026, 10, 30), FIXED) == 100
    assert day_price(3000, date(2026, 10, 31), FIXED) == 0


def test_under_fixed_30_the_28th_of_february_carries_three_days() -> None:
    assert day_price(3000, date(2026, 2, 27), FIXED) == 100
    assert day_price(3000, date(2026, 2, 28), FIXED) == 300


def test_under_fixed_30_the_29th_of_a_leap_february_carries_two_days() -> None:
    assert day_price(3000, date(2028, 2, 28), FIXED) == 100
    assert day_price(3000, date(2028, 2, 29), FIXED) == 200


def test_a_service_period_runs_from_the_10th_to_the_9th() -> None:
    assert period_of(date(2026, 11, 9), PERIOD, 10) == (date(2026, 10, 10), 31)
    assert period_of(date(2026, 11, 10), PERIOD, 10) == (date(2026, 11, 10), 30)
    assert period_of(date(2026, 1, 5), PERIOD, 10) == (date(2025, 12, 10), 31)


@given(prices, days, counts, starts)
def test_a_whole_period_costs_exactly_the_price(price: int, day: date, count: DayCount, start: int) -> None:
    first, length = period_of(day, count, start)
    assert days_price(price, first, first + timedelta(days=length - 1), count, start) == price


@given(prices, days, st.integers(0, 70), st.integers(0, 70), counts, starts)
def test_any_way_of_cutting_a_span_sums_to_the_same(
    price: int, first: date, one: int, other: int, count: DayCount, start: int
) -> None:
    middle = first + timedelta(days=one)
    last = middle + timedelta(days=other)
    whole = days_price(price, first, last, count, start)
    parts = days_price(price, first, middle, count, start)
    parts += days_price(price, middle + timedelta(days=1), last, count, start)
    assert whole == parts
    assert whole == sum(day_price(price, day, count, start) for day in days_between(first, last))


@given(prices, days, counts, starts)
def test_no_day_is_ever_negative(price: int, day: date, count: DayCount, start: int) -> None:
    assert day_price(price, day, count, start) >= 0


@given(prices, days)
def test_a_calendar_day_differs_from_the_even_share_by_at_most_one(price: int, day: date) -> None:
    share = price / days_in_month(day)
    assert share - 1 <= day_price(price, day, CALENDAR) <= share + 1


@given(prices, prices, days, counts)
def test_a_higher_price_never_makes_a_period_cheaper(one: int, other: int, day: date, count: DayCount) -> None:
    first, _ = period_of(day, count)
    low, high = sorted((one, other))
    assert days_price(low, first, day, count) <= days_price(high, first, day, count)
