"""Days, time zones and instants: days that do not exist, days of 23 and 25 hours, and texts that are not RFC 3339."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.dates import (
    FIRST_DAY,
    LAST_DAY,
    ONE_DAY,
    day_at,
    days_between,
    days_in_month,
    format_instant,
    from_micros,
    last_ended_day,
    parse_day,
    parse_instant,
    start_of,
    to_micros,
    zone,
)

days = st.dates(FIRST_DAY, LAST_DAY)
present_days = st.dates(date(2015, 1, 1), date(2037, 12, 31))
zones = st.sampled_from(
    [
        "UTC",
        "Asia/Dhaka",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Europe/Berlin",
        "America/New_York",
        "America/Santiago",
        "America/Havana",
        "America/Sao_Paulo",
        "Africa/Cairo",
        "Asia/Beirut",
        "Australia/Lord_Howe",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
        "Pacific/Chatham",
    ]
)
instants = st.datetimes(
    datetime.fromisoformat("1970-01-01"), datetime.fromisoformat("2199-12-31"), timezones=st.just(UTC)
)


def test_a_day_is_read_as_it_is_written() -> None:
    assert parse_day("2026-11-22") == date(2026, 11, 22)
    assert parse_day("2028-02-29") == date(2028, 2, 29)


@pytest.mark.parametrize("text", ["2026-02-29", "2026-02-30", "2026-11-31", "2026-13-01", "2026-00-10", "2026-10-40"])
def test_a_date_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        parse_day(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-1-2",
        "20261122",
        "22.11.2026",
        "2026-11-22T00:00:00",
        " 2026-11-22",
        "2026-11-22\n",
        "2026-W47-7",
        "2026-326",
        "২০২৬-১১-২২",
        "２０２６-11-22",
        "+2026-11-22",
        "-2026-11-22",
    ],
)
def test_a_day_in_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a date written like"):
        parse_day(text)


@pytest.mark.parametrize("text", ["1999-12-31", "2200-01-01", "0001-01-01", "9999-12-31"])
def test_a_day_outside_the_two_centuries_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must lie between"):
        parse_day(text)


@given(days)
def test_a_day_that_is_written_is_read_back(day: date) -> None:
    assert parse_day(day.isoformat()) == day


@pytest.mark.parametrize(
    "name",
    ["", "Mars/Olympus", "Asia", "asia/dhaka/", "../../etc/passwd", "/etc/passwd", "Asia/Dhaka\n", "Asia//Dhaka", "+6"],
)
def test_a_name_that_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="must be the name of a time zone"):
        zone(name)


def test_the_same_instant_is_another_day_elsewhere() -> None:
    instant = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)
    assert day_at(instant, "Asia/Dhaka") == date(2026, 11, 22)
    assert day_at(instant, "UTC") == date(2026, 11, 21)
    assert last_ended_day(instant, "Asia/Dhaka") == date(2026, 11, 21)


def test_a_day_begins_at_midnight_where_it_is() -> None:
    assert start_of(date(2026, 11, 22), "Asia/Dhaka") == datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timezone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Asia/Dhaka", date(2026, 3, 29), 24),
    ],
)
def test_a_day_has_as_many_hours_as_its_clock_change_leaves_it(timezone: str, day: date, hours: float) -> None:
    assert start_of(day + ONE_DAY, timezone) - start_of(day, timezone) == timedelta(hours=hours)


def test_a_day_whose_midnight_does_not_exist_begins_when_the_clock_has_jumped() -> None:
    """In Santiago on 6 September 2026 the clock goes from 23:59:59 to 01:00."""
    begin = start_of(date(2026, 9, 6), "America/Santiago")
    assert begin == datetime(2026, 9, 6, 4, 0, tzinfo=UTC)
    assert begin.astimezone(ZoneInfo("America/Santiago")).hour == 1
    assert day_at(begin - timedelta(microseconds=1), "America/Santiago") == date(2026, 9, 5)


def test_a_day_whose_last_hour_comes_twice_ends_after_the_second() -> None:
    """In Beirut on 25 October 2026 the clock goes from midnight back to 23:00 of the 24th."""
    again = start_of(date(2026, 10, 24), "Asia/Beirut") + timedelta(hours=24, minutes=30)
    assert day_at(again, "Asia/Beirut") == date(2026, 10, 24)
    assert last_ended_day(again, "Asia/Beirut") == date(2026, 10, 23)
    assert start_of(date(2026, 10, 25), "Asia/Beirut") == datetime(2026, 10, 24, 22, 0, tzinfo=UTC)


@given(present_days, zones)
def test_a_day_begins_at_its_first_instant(day: date, timezone: str) -> None:
    begin = start_of(day, timezone)
    assert day_at(begin, timezone) == day
    assert day_at(begin - timedelta(microseconds=1), timezone) == day - ONE_DAY
    assert last_ended_day(begin, timezone) == day - ONE_DAY


@given(days)
def test_a_month_has_the_days_of_its_calendar(day: date) -> None:
    last = day.replace(day=days_in_month(day))
    assert (last + ONE_DAY).day == 1
    assert last.month == day.month


def test_the_days_between_two_days_are_both_of_them_and_all_within() -> None:
    assert list(days_between(date(2026, 2, 27), date(2026, 3, 1))) == [
        date(2026, 2, 27),
        date(2026, 2, 28),
        date(2026, 3, 1),
    ]
    assert list(days_between(date(2026, 3, 1), date(2026, 3, 1))) == [date(2026, 3, 1)]
    assert list(days_between(date(2026, 3, 2), date(2026, 3, 1))) == []


@given(instants)
def test_an_instant_keeps_every_microsecond(instant: datetime) -> None:
    assert from_micros(to_micros(instant)) == instant
    assert parse_instant(format_instant(instant)) == instant


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-22T06:30:00Z", datetime(2026, 11, 22, 6, 30, tzinfo=UTC)),
        ("2026-11-22T12:30:00+06:00", datetime(2026, 11, 22, 6, 30, tzinfo=UTC)),
        ("2026-11-22T06:30:00.5-00:30", datetime(2026, 11, 22, 7, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-11-22t06:30:00.123456z", datetime(2026, 11, 22, 6, 30, 0, 123_456, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_from_rfc_3339(text: str, at: datetime) -> None:
    assert parse_instant(text) == at
    assert parse_instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-22",
        "2026-11-22T06:30Z",
        "20261122T063000Z",
        "2026-W47-7T00:00:00Z",
        "2026-11-22 06:30:00Z",
        "2026-11-22T06:30:00+06:00:30",
        "2026-11-22T06:30:00+0600",
        "2026-11-22T25:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-22T06:30:00Z\n",
        "২০২৬-11-22T06:30:00Z",
        "1795329000",
        "\ud800",
    ],
)
def test_an_instant_in_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be an instant written like"):
        parse_instant(text)


def test_an_instant_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="must say its offset"):
        parse_instant("2026-11-22T06:30:00")


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+06:00", "9999-12-31T23:59:59-06:00"])
def test_an_instant_that_leaves_the_calendar_on_its_way_to_utc_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be an instant written like"):
        parse_instant(text)


@given(st.text(max_size=40))
def test_any_text_is_an_instant_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert parse_instant(text).tzinfo is UTC
