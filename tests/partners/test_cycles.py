"""When aggregate invoices are made: weeks, numbers of days, months that are too short, quarters."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.partners.cycle import Cycle, CycleKind, check_cycle

START = date(2026, 1, 1)


def ends(cycle: Cycle, after: date, count: int, counted_from: date = START) -> list[str]:
    found = []
    for _ in range(count):
        after = cycle.next_end(after, counted_from)
        found.append(after.isoformat())
    return found


def test_a_monthly_invoice_of_the_first_covers_the_month_before() -> None:
    assert ends(Cycle(CycleKind.MONTHLY), date(2026, 1, 15), 3) == ["2026-01-31", "2026-02-28", "2026-03-31"]


def test_a_monthly_invoice_of_the_31st_is_made_on_the_last_day_of_a_short_month() -> None:
    cycle = Cycle(CycleKind.MONTHLY, day=31)
    assert ends(cycle, date(2027, 12, 30), 4) == ["2028-01-30", "2028-02-28", "2028-03-30", "2028-04-29"]
    assert ends(cycle, date(2027, 1, 30), 2) == ["2027-02-27", "2027-03-30"]


def test_a_day_that_is_itself_an_end_is_followed_by_the_next_one() -> None:
    assert ends(Cycle(CycleKind.MONTHLY, day=10), date(2026, 3, 9), 1) == ["2026-04-09"]
    assert ends(Cycle(CycleKind.MONTHLY, day=10), date(2026, 3, 8), 1) == ["2026-03-09"]


def test_a_quarterly_invoice_is_made_in_january_april_july_and_october() -> None:
    assert ends(Cycle(CycleKind.QUARTERLY), date(2026, 2, 1), 4) == [
        "2026-03-31",
        "2026-06-30",
        "2026-09-30",
        "2026-12-31",
    ]
    assert ends(Cycle(CycleKind.QUARTERLY, day=31), date(2026, 1, 31), 2) == ["2026-04-29", "2026-07-30"]


def test_a_weekly_invoice_of_a_monday_covers_through_the_sunday_before() -> None:
    assert ends(Cycle(CycleKind.WEEKLY, weekday=1), date(2026, 11, 1), 2) == ["2026-11-08", "2026-11-15"]
    assert ends(Cycle(CycleKind.WEEKLY, weekday=1), date(2026, 10, 31), 1) == ["2026-11-01"]
    assert ends(Cycle(CycleKind.WEEKLY, weekday=7), date(2026, 11, 1), 1) == ["2026-11-07"]


def test_every_so_many_days_is_counted_from_the_first_day_whatever_was_invoiced_by_hand() -> None:
    cycle = Cycle(CycleKind.DAYS, every_days=10)
    first = date(2026, 11, 3)
    assert ends(cycle, date(2026, 11, 2), 3, first) == ["2026-11-12", "2026-11-22", "2026-12-02"]
    assert ends(cycle, date(2026, 11, 15), 1, first) == ["2026-11-22"]
    assert ends(cycle, date(2026, 10, 1), 1, first) == ["2026-11-12"]
    assert ends(Cycle(CycleKind.DAYS, every_days=1), first, 2, first) == ["2026-11-04", "2026-11-05"]
    assert ends(Cycle(CycleKind.DAYS, every_days=366), first - timedelta(days=1), 1, first) == ["2027-11-03"]


@pytest.mark.parametrize(
    "cycle, field",
    [
        (Cycle(CycleKind.DAYS, every_days=0), "every_days"),
        (Cycle(CycleKind.DAYS, every_days=1000), "every_days"),
        (Cycle(CycleKind.DAYS, every_days=367), "every_days"),
        (Cycle(CycleKind.MONTHLY, day=0), "day"),
        (Cycle(CycleKind.MONTHLY, day=32), "day"),
        (Cycle(CycleKind.WEEKLY, weekday=0), "weekday"),
        (Cycle(CycleKind.WEEKLY, weekday=8), "weekday"),
    ],
)
def test_what_cannot_be_a_cycle_is_refused_by_its_field(cycle: Cycle, field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        check_cycle(cycle)


CYCLES = st.builds(Cycle, st.sampled_from(CycleKind), st.integers(1, 7), st.integers(1, 366), st.integers(1, 31))


@given(cycle=CYCLES, after=st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_the_next_end_is_the_first_one_after_whatever_day_it_is_asked_from(cycle: Cycle, after: date) -> None:
    end = cycle.next_end(after, START)
    assert end > after
    assert all(cycle.next_end(after + timedelta(days=n), START) == end for n in range(min(40, (end - after).days)))
    assert cycle.next_end(end, START) > end
