"""What one level pays in advance for one service, day by day: pure."""

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.billing.advance import DayOfService, EdgeTerms, Paid, step, to_paid
from chalicelib.billing.model import RefundPolicy, Timing
from chalicelib.core.dates import days_between
from chalicelib.core.proration import DayCount, days_price

BILLED, DISABLED, SUSPENDED = DayOfService(True), DayOfService(False), DayOfService(False, suspended=True)
GONE = DayOfService(True, ends=True)
NONE, UNUSED, LESS_FEE, FULL = RefundPolicy


def terms(
    policy: RefundPolicy = UNUSED, months: int = 1, fee: int = 0, count: DayCount = DayCount.CALENDAR_MONTH
) -> EdgeTerms:
    return EdgeTerms(Timing.ADVANCE, count, months, 1, policy, fee)


def day(number: int) -> date:
    return date(2026, 11, number)


def run(uses: Sequence[tuple[int, DayOfService]], of: EdgeTerms, price: int = 3000) -> tuple[list[int], list[int]]:
    """What these days of November move and earn."""
    paid: Paid | None = None
    moved, earned = [], []
    for number, use in uses:
        done = step(paid, of, "HOME", price, day(number), use)
        moved.append(done.moved_minor)
        earned.append(done.earned_minor)
        paid = done.paid
    return moved, earned


def test_the_first_billed_day_pays_the_rest_of_the_period_and_each_day_earns_its_share() -> None:
    assert run([(21, BILLED), (22, BILLED), (23, BILLED)], terms()) == ([1000, 0, 0], [100, 100, 100])


def test_a_day_that_is_disabled_passes_and_one_that_is_suspended_comes_back() -> None:
    assert run([(21, BILLED), (22, DISABLED), (23, SUSPENDED)], terms()) == ([1000, 0, -100], [100, 100, 0])


def test_the_next_period_is_paid_on_its_first_billed_day() -> None:
    paid = step(None, terms(), "HOME", 3000, date(2026, 11, 30), BILLED).paid
    assert paid is None
    renewed = step(paid, terms(), "HOME", 3100, date(2026, 12, 1), BILLED)
    assert (renewed.moved_minor, renewed.earned_minor) == (3100, 100)


@pytest.mark.parametrize(
    ("policy", "fee", "back"),
    [(NONE, 0, 0), (UNUSED, 0, 1000), (LESS_FEE, 250, 750), (LESS_FEE, 1100, 0), (FULL, 0, 3000)],
)
def test_on_disconnection_on_the_20th_comes_back_what_the_policy_says(
    policy: RefundPolicy, fee: int, back: int
) -> None:
    days = [(number, BILLED) for number in range(1, 20)]
    moved, earned = run([*days, (20, GONE)], terms(policy, fee=fee))
    assert (moved[0], moved[-1]) == (3000, -back)
    assert sum(earned) == sum(moved) == 3000 - back


def test_never_more_comes_back_than_was_charged_less_what_was_credited_before() -> None:
    moved, earned = run([(1, BILLED), (2, SUSPENDED), (3, BILLED), (4, GONE)], terms(FULL))
    assert moved == [3000, -100, 0, -2900]
    assert sum(earned) == 0


def test_a_change_of_plan_credits_the_old_and_charges_the_new_from_that_day_on() -> None:
    old = step(None, terms(), "HOME", 3000, day(1), BILLED).paid
    changed = step(old, terms(), "FAST", 6000, day(21), BILLED)
    assert (changed.moved_minor, changed.earned_minor) == (-1000 + 2000, 200)
    assert changed.paid is not None
    assert changed.paid.plan == "FAST"


def test_another_tariff_changes_nothing_of_what_was_charged_before() -> None:
    paid = step(None, terms(), "HOME", 3000, day(1), BILLED).paid
    later = EdgeTerms(Timing.DAILY, DayCount.FIXED_30, 3, 10, NONE, 500)
    done = step(paid, later, "HOME", 9000, day(2), GONE)
    assert (done.moved_minor, done.earned_minor) == (-2800, 100)


def test_a_quarter_is_paid_at_once() -> None:
    assert run([(1, BILLED)], terms(months=3), 9200) == ([9200 - 3100], [100])


def test_what_is_paid_is_kept_in_a_sheet_and_found_again() -> None:
    paid = step(None, terms(LESS_FEE, 3, 100, DayCount.FIXED_30), "বাসা", 9200, day(5), BILLED).paid
    assert paid is not None
    assert to_paid(paid.as_list) == paid
    assert to_paid(None) is None


uses = st.lists(st.sampled_from([BILLED, DISABLED, SUSPENDED]), min_size=1, max_size=70)


@given(
    uses, st.integers(0, 10**6), st.sampled_from(RefundPolicy), st.sampled_from(DayCount), st.sampled_from([1, 3, 12])
)
def test_whatever_happens_all_that_was_paid_is_earned_or_came_back_in_the_end(
    days: list[DayOfService], price: int, policy: RefundPolicy, count: DayCount, months: int
) -> None:
    paid: Paid | None = None
    moved = earned = charged = 0
    first = date(2026, 1, 9)
    of = terms(policy, months, 50, count)
    for number, use in enumerate([*days, GONE]):
        done = step(paid, of, "HOME", price, date.fromordinal(first.toordinal() + number), use)
        moved, earned, paid = moved + done.moved_minor, earned + done.earned_minor, done.paid
        charged += max(done.moved_minor, 0)
        assert moved >= 0
        if paid is not None:
            assert moved - earned == paid.rest_minor(first.toordinal() + number + 1)
    assert paid is None
    assert moved == earned
    assert 0 <= moved <= charged


@given(st.integers(0, 10**6), st.sampled_from(DayCount), st.integers(1, 30))
def test_in_a_month_used_to_its_end_advance_costs_what_daily_does(price: int, count: DayCount, start: int) -> None:
    moved, earned = run([(number, BILLED) for number in range(start, 31)], terms(count=count), price)
    daily = days_price(price, day(start), day(30), count)
    assert (sum(moved), sum(earned)) == (daily, daily)
    each = [days_price(price, one, one, count) for one in days_between(day(start), day(30))]
    assert earned == each
