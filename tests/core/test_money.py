"""Money as text and as minor units: what is read, what is refused, and the laws that hold for every amount."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.money import (
    MAX_AMOUNT_MINOR,
    amount_pattern,
    decimals_of,
    format_money,
    parse_money,
    round_half_up,
    share_of,
    shown_pattern,
)

amounts = st.integers(-MAX_AMOUNT_MINOR, MAX_AMOUNT_MINOR)
decimals = st.sampled_from([0, 2, 3])


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("800.00", 80_000),
        ("800", 80_000),
        ("800.5", 80_050),
        ("-800.50", -80_050),
        ("0", 0),
        ("-0.00", 0),
        ("0.01", 1),
        ("-0.01", -1),
        ("10000000000000.00", MAX_AMOUNT_MINOR),
        ("-10000000000000.00", -MAX_AMOUNT_MINOR),
    ],
)
def test_an_amount_is_read_to_the_minor_unit(text: str, minor: int) -> None:
    assert parse_money(text, 2) == minor


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        " 800",
        "800 ",
        "800\n",
        "8 00",
        "8,000",
        "8_000",
        "+800",
        "--800",
        "- 800",
        "800.",
        ".50",
        "008",
        "00",
        "8e2",
        "8E2",
        "0x10",
        "NaN",
        "nan",
        "Infinity",
        "-inf",
        "1/2",
        "৮০০",
        "８００",
        "٨٠٠.٠٠",
        "800．00",
        "−800",
        "800.00.00",
        "৳800",
        "12345678901234567",
        "9" * 5000,
    ],
)
def test_what_is_not_a_plain_decimal_number_is_not_an_amount(text: str) -> None:
    with pytest.raises(ValueError, match="must be a decimal number in a string"):
        parse_money(text, 2)


@pytest.mark.parametrize("text", ["10000000000000.01", "-10000000000000.01", "9999999999999999"])
def test_an_amount_beyond_the_limit_is_too_large(text: str) -> None:
    with pytest.raises(ValueError, match="is too large"):
        parse_money(text, 2)


@pytest.mark.parametrize(("text", "places"), [("1.234", 2), ("1.5", 0), ("1.0", 0), ("1.2345", 3)])
def test_more_decimals_than_the_currency_has_are_refused_even_when_they_are_zero(text: str, places: int) -> None:
    with pytest.raises(ValueError):
        parse_money(text, places)


@pytest.mark.parametrize("value", [800, 800.0, True, None, b"800"])
def test_only_a_text_can_be_an_amount(value: object) -> None:
    with pytest.raises(TypeError):
        parse_money(value, 2)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("currency", "places", "text"), [("BDT", 2, "-800.50"), ("JPY", 0, "-80050"), ("KWD", 3, "-80.050")]
)
def test_an_amount_is_written_with_all_the_decimals_of_its_currency(currency: str, places: int, text: str) -> None:
    assert decimals_of(currency) == places
    assert format_money(-80_050, places) == text


@given(amounts, decimals)
def test_an_amount_that_is_written_is_read_back(minor: int, places: int) -> None:
    assert parse_money(format_money(minor, places), places) == minor


@given(amounts, amounts, decimals)
def test_two_amounts_are_never_written_the_same(one: int, other: int, places: int) -> None:
    assert (format_money(one, places) == format_money(other, places)) == (one == other)


@given(st.text(max_size=20), decimals)
def test_any_text_is_an_amount_within_the_limit_or_a_value_error(text: str, places: int) -> None:
    try:
        minor = parse_money(text, places)
    except ValueError:
        return
    assert abs(minor) <= MAX_AMOUNT_MINOR
    assert text.isascii()
    assert parse_money(format_money(minor, places), places) == minor


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(5, 2, 3), (-5, 2, -3), (4, 3, 1), (5, 3, 2), (-4, 3, -1), (1, 2, 1), (-1, 2, -1), (0, 7, 0), (49, 100, 0)],
)
def test_halves_are_rounded_away_from_zero(numerator: int, denominator: int, rounded: int) -> None:
    assert round_half_up(numerator, denominator) == rounded


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**12))
def test_rounding_is_never_off_by_more_than_half_and_the_half_goes_outward(numerator: int, denominator: int) -> None:
    rounded = round_half_up(numerator, denominator)
    off_twice = 2 * (rounded * denominator - numerator)
    assert abs(off_twice) <= denominator
    if abs(off_twice) == denominator:
        assert abs(rounded) * denominator > abs(numerator)


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**12))
def test_rounding_a_debt_is_rounding_the_same_claim(numerator: int, denominator: int) -> None:
    assert round_half_up(-numerator, denominator) == -round_half_up(numerator, denominator)


@pytest.mark.parametrize(("minor", "bps", "tax"), [(100, 50, 1), (99, 50, 0), (-100, 50, -1), (3_333, 1_500, 500)])
def test_tax_is_rounded_half_up_on_the_total(minor: int, bps: int, tax: int) -> None:
    assert share_of(minor, bps) == tax


@given(amounts, st.integers(0, 10_000))
def test_a_share_is_between_nothing_and_all_of_it(minor: int, bps: int) -> None:
    share = share_of(minor, bps)
    assert 0 <= abs(share) <= abs(minor)
    assert share_of(minor, 0) == 0
    assert share_of(minor, 10_000) == minor


ODD_AMOUNTS = [
    *(
        "0",
        "00",
        "0.",
        ".5",
        "0.0",
        "0.00",
        "0.000",
        "1",
        "01",
        "1.",
        "1.5",
        "1.05",
        "1.005",
        "1.0005",
        "+1",
        "1e3",
        "1 ",
        "",
    ),
    *("999999999999.999", "1000000000000", "1000000000000.000", "1000000000000.001"),
    *("9999999999999.99", "10000000000000", "10000000000000.00", "10000000000000.01", "10000000000001"),
    *("999999999999999", "1000000000000000", "1000000000000001", "9999999999999999", "10000000000000000"),
]


def is_read(text: str, decimals: int) -> bool:
    try:
        parse_money(text, decimals)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("decimals", [0, 2, 3])
def test_clients_are_told_exactly_the_amounts_that_are_read(decimals: int) -> None:
    told = re.compile(amount_pattern(decimals))
    assert [text for text in ODD_AMOUNTS if told.fullmatch(text)] == [t for t in ODD_AMOUNTS if is_read(t, decimals)]


@given(amounts, decimals)
def test_every_amount_that_is_shown_looks_as_clients_are_told(amount_minor: int, decimals: int) -> None:
    shown = format_money(amount_minor, decimals)
    assert re.fullmatch(shown_pattern(decimals), shown)
    assert re.fullmatch("-?" + amount_pattern(decimals), shown)
