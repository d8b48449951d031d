"""Proration against its worked figures and its laws."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.dates import days_between, days_in_month
from chalicelib.core.proration import DayCount, day_price, days_price, period_of

CALENDAR, PERIOD, FIXED = DayCount.CALENDAR_MONTH, DayCount.SERVICE_PERIOD, DayCount.FIXED_30

prices = st.integers(0, 10**9)
days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
counts = st.sampled_from(DayCount)
starts = st.integers(1, 31)
spans = st.sampled_from([1, 3, 12])


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
    assert period_of(date(2026, 11, 9), PERIOD, 10) == (date(2026, 10, 10), date(2026, 11, 9))
    assert period_of(date(2026, 11, 10), PERIOD, 10) == (date(2026, 11, 10), date(2026, 12, 9))
    assert period_of(date(2026, 1, 5), PERIOD, 10) == (date(2025, 12, 10), date(2026, 1, 9))


def test_a_billing_month_that_begins_on_the_31st_begins_on_the_last_day_of_a_short_month() -> None:
    assert period_of(date(2026, 2, 27), PERIOD, 31) == (date(2026, 1, 31), date(2026, 2, 27))
    assert period_of(date(2026, 2, 28), PERIOD, 31) == (date(2026, 2, 28), date(2026, 3, 30))
    assert period_of(date(2028, 2, 29), PERIOD, 31) == (date(2028, 2, 29), date(2028, 3, 30))
    assert period_of(date(2026, 3, 31), PERIOD, 31) == (date(2026, 3, 31), date(2026, 4, 29))


def test_quarters_and_years_are_those_of_the_calendar_or_begin_on_the_buyers_own_day_of_them() -> None:
    assert period_of(date(2026, 11, 22), CALENDAR, 1, 3) == (date(2026, 10, 1), date(2026, 12, 31))
    assert period_of(date(2026, 11, 22), CALENDAR, 1, 12) == (date(2026, 1, 1), date(2026, 12, 31))
    assert period_of(date(2027, 1, 9), PERIOD, 10, 3) == (date(2026, 10, 10), date(2027, 1, 9))
    assert period_of(date(2027, 1, 9), PERIOD, 10, 12) == (date(2026, 1, 10), date(2027, 1, 9))


def test_a_quarter_of_300_costs_its_days_and_under_fixed_30_ninetieths_of_it() -> None:
    assert days_price(90000, date(2026, 10, 1), date(2026, 10, 31), CALENDAR, 1, 3) == 30326
    assert days_price(90000, date(2026, 10, 1), date(2026, 10, 31), FIXED, 1, 3) == 31000
    assert days_price(90000, date(2026, 12, 31), date(2026, 12, 31), FIXED, 1, 3) == 0
    assert days_price(90000, date(2026, 2, 28), date(2026, 3, 31), FIXED, 1, 3) == 32000


@given(prices, days, counts, starts, spans)
def test_a_whole_period_costs_exactly_the_price(price: int, day: date, count: DayCount, start: int, span: int) -> None:
    period = period_of(day, count, start, span)
    assert period.first <= day <= period.last
    assert days_price(price, period.first, period.last, count, start, span) == price


@given(days, counts, starts, spans)
def test_periods_follow_each_other_without_a_gap(day: date, count: DayCount, start: int, span: int) -> None:
    period = period_of(day, count, start, span)
    following = period_of(period.last + timedelta(days=1), count, start, span)
    assert following.first == period.last + timedelta(days=1)


@given(prices, days, st.integers(0, 70), st.integers(0, 70), counts, starts, spans)
def test_any_way_of_cutting_a_span_sums_to_the_same(
    price: int, first: date, one: int, other: int, count: DayCount, start: int, span: int
) -> None:
    middle = first + timedelta(days=one)
    last = middle + timedelta(days=other)
    whole = days_price(price, first, last, count, start, span)
    parts = days_price(price, first, middle, count, start, span)
    parts += days_price(price, middle + timedelta(days=1), last, count, start, span)
    assert whole == parts
    assert whole == sum(day_price(price, day, count, start, span) for day in days_between(first, last))


@given(prices, days, counts, starts)
def test_no_day_is_ever_negative(price: int, day: date, count: DayCount, start: int) -> None:
    assert day_price(price, day, count, start) >= 0


@given(prices, days)
def test_a_calendar_day_differs_from_the_even_share_by_at_most_one(price: int, day: date) -> None:
    share = price / days_in_month(day)
    assert share - 1 <= day_price(price, day, CALENDAR) <= share + 1


@given(prices, prices, days, counts)
def test_a_higher_price_never_makes_a_period_cheaper(one: int, other: int, day: date, count: DayCount) -> None:
    first = period_of(day, count).first
    low, high = sorted((one, other))
    assert days_price(low, first, day, count) <= days_price(high, first, day, count)
