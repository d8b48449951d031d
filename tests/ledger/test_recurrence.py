"""When something that recurs is due."""

from datetime import date
from itertools import islice

import pytest

from chalicelib.ledger.hand.recurrence import Every, day_of, days_from, number_from


@pytest.mark.parametrize(
    ("starts_on", "every", "expected"),
    [
        ("2026-11-22", Every.WEEK, ["2026-11-22", "2026-11-29", "2026-12-06"]),
        ("2026-12-31", Every.WEEK, ["2026-12-31", "2027-01-07", "2027-01-14"]),
        ("2026-11-05", Every.MONTH, ["2026-11-05", "2026-12-05", "2027-01-05"]),
        ("2026-12-31", Every.MONTH, ["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]),
        ("2028-01-30", Every.MONTH, ["2028-01-30", "2028-02-29", "2028-03-30"]),
        ("2026-11-30", Every.QUARTER, ["2026-11-30", "2027-02-28", "2027-05-30", "2027-08-30"]),
        ("2028-02-29", Every.YEAR, ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]),
    ],
)
def test_the_days_of_a_recurrence_with_the_last_day_of_a_shorter_month(
    starts_on: str, every: Every, expected: list[str]
) -> None:
    first = date.fromisoformat(starts_on)
    found = islice(days_from(first, every, None, 0), len(expected))
    assert [day.isoformat() for day in found] == expected


def test_the_last_day_there_may_be_one_is_included_and_nothing_behind_it() -> None:
    first = date(2026, 11, 5)
    assert list(days_from(first, Every.MONTH, date(2027, 1, 5), 1)) == [date(2026, 12, 5), date(2027, 1, 5)]
    assert list(days_from(first, Every.MONTH, date(2027, 1, 4), 1)) == [date(2026, 12, 5)]
    assert list(days_from(first, Every.MONTH, date(2026, 11, 4), 0)) == []


def test_a_recurrence_ends_with_all_days() -> None:
    assert day_of(date(2199, 12, 31), Every.WEEK, 1) is None
    assert day_of(date(2199, 12, 31), Every.MONTH, 1) is None
    assert day_of(date(2199, 11, 30), Every.MONTH, 1) == date(2199, 12, 30)
    assert day_of(date(2026, 1, 1), Every.YEAR, 200) is None
    assert len(list(days_from(date(2190, 1, 31), Every.YEAR, None, 0))) == 10


def test_the_next_occurrence_from_a_day_on_is_never_before_the_one_it_stands_at() -> None:
    first = date(2026, 1, 31)
    assert number_from(first, Every.MONTH, 0, date(2026, 2, 28)) == 1
    assert number_from(first, Every.MONTH, 0, date(2026, 3, 1)) == 2
    assert number_from(first, Every.MONTH, 5, date(2026, 2, 28)) == 5
