"""Amounts, days and rates as each language writes them."""

from datetime import date

import pytest

from chalicelib.documents.figures import (
    show_amount,
    show_count,
    show_day,
    show_rate,
    show_short_day,
    show_span,
    sign_of,
)
from chalicelib.documents.labels import label_in
from chalicelib.documents.paper import Label, Language, Span

EN, BN = Language.ENGLISH, Language.BANGLA


@pytest.mark.parametrize(
    "minor,english,bangla",
    [
        (0, "0.00", "০.০০"),
        (-1, "-0.01", "-০.০১"),
        (99_999, "999.99", "৯৯৯.৯৯"),
        (100_000, "1,000.00", "১,০০০.০০"),
        (-12_345_678, "-123,456.78", "-১,২৩,৪৫৬.৭৮"),
        (123_456_789_012, "1,234,567,890.12", "১,২৩,৪৫,৬৭,৮৯০.১২"),
    ],
)
def test_an_amount_is_grouped_by_thousands_in_english_and_by_lakh_and_crore_in_bangla(
    minor: int, english: str, bangla: str
) -> None:
    assert (show_amount(minor, 2, EN), show_amount(minor, 2, BN)) == (english, bangla)


def test_a_currency_without_decimals_has_no_point() -> None:
    assert (show_amount(-1_234_567, 0, EN), show_amount(1_234_567, 3, BN)) == ("-1,234,567", "১,২৩৪.৫৬৭")


def test_counts_and_rates() -> None:
    assert (show_count(-1_000, EN), show_count(1_234_567, BN)) == ("-1,000", "১২,৩৪,৫৬৭")
    assert [show_rate(bps, EN) for bps in (0, 5, 500, 1_250, 10_000)] == ["0%", "0.05%", "5%", "12.5%", "100%"]
    assert show_rate(750, BN) == "৭.৫%"


def test_a_day_has_its_month_by_name_and_a_short_one_fits_a_column() -> None:
    day = date(2026, 2, 5)
    assert (show_day(day, EN), show_day(day, BN)) == ("5 February 2026", "৫ ফেব্রুয়ারি ২০২৬")
    assert (show_short_day(day, EN), show_short_day(day, BN)) == ("05 Feb 2026", "০৫-০২-২০২৬")


@pytest.mark.parametrize(
    "first,last,english",
    [
        ("2026-11-01", "2026-11-30", "1\N{EN DASH}30 November 2026"),
        ("2026-11-10", "2026-12-09", "10 November \N{EN DASH} 9 December 2026"),
        ("2026-12-20", "2027-01-19", "20 December 2026 \N{EN DASH} 19 January 2027"),
        ("2026-11-05", "2026-11-05", "5 November 2026"),
    ],
)
def test_a_span_repeats_neither_its_month_nor_its_year(first: str, last: str, english: str) -> None:
    assert show_span(Span(date.fromisoformat(first), date.fromisoformat(last)), EN) == english


def test_a_span_in_bangla_has_its_own_digits() -> None:
    assert show_span(Span(date(2026, 11, 1), date(2026, 11, 30)), BN) == "১\N{EN DASH}৩০ নভেম্বর ২০২৬"


def test_the_taka_has_its_sign_in_bangla_and_its_code_in_english() -> None:
    assert [sign_of("BDT", EN), sign_of("BDT", BN), sign_of("USD", BN)] == ["BDT", "৳", "USD"]


@pytest.mark.parametrize("label", Label)
def test_every_label_is_there_in_both_languages(label: Label) -> None:
    english, bangla = label_in(EN, label), label_in(BN, label)
    assert english.isascii()
    assert english
    assert any("\u0980" <= letter <= "\u09ff" for letter in bangla)
    assert not any("a" <= letter.lower() <= "z" for letter in bangla)
