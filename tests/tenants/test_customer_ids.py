"""Customer ids: formats that are refused, and the ids that the others make."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import Invalid
from chalicelib.tenants.customer_id import LONGEST_ID, check_format, format_customer_id, slug
from chalicelib.tenants.model import CustomerIdFormat

MONTH = date(2026, 11, 22)


def made(form: CustomerIdFormat, number: int = 42, zone: str = "Mirpur 10", plan: str = "HOME_10") -> str:
    check_format(form)
    return format_customer_id(form, number, zone=zone, plan=plan, month=MONTH)


def test_an_id_is_prefix_infix_number_and_postfix() -> None:
    assert made(CustomerIdFormat()) == "000042"
    assert made(CustomerIdFormat("B-", "X.", "_end", 4)) == "B-X.0042_end"


def test_tokens_stand_for_zone_plan_and_month() -> None:
    assert made(CustomerIdFormat("{zone}-", "{yyyymm}", "-{plan}", 5)) == "Mirpur-10-20261100042-HOME-10"


def test_a_number_that_outgrows_its_digits_is_written_in_full() -> None:
    assert made(CustomerIdFormat("B", digits=3), 12_345) == "B12345"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mirpur 10", "Mirpur-10"),
        ("  a__b  ", "a-b"),
        ("Café #1", "Cafe-1"),
        ("মিরপুর", ""),
        ("x" * 40, "x" * 16),
        ("aaaaaaaaaaaaaaa bbb", "aaaaaaaaaaaaaaa"),
        ("", ""),
    ],
)
def test_a_slug_is_ascii_letters_digits_and_hyphens(text: str, expected: str) -> None:
    assert slug(text) == expected


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        (CustomerIdFormat(prefix="{city}"), ["customer_id.prefix"]),
        (CustomerIdFormat(prefix="{zone"), ["customer_id.prefix"]),
        (CustomerIdFormat(infix="a b"), ["customer_id.infix"]),
        (CustomerIdFormat(postfix="#"), ["customer_id.postfix"]),
        (CustomerIdFormat(postfix="বাংলা"), ["customer_id.postfix"]),
        (CustomerIdFormat(prefix="x" * 41), ["customer_id.prefix"]),
        (CustomerIdFormat(digits=0), ["customer_id.digits"]),
        (CustomerIdFormat(digits=13), ["customer_id.digits"]),
        (CustomerIdFormat(prefix=" ", digits=0), ["customer_id.prefix", "customer_id.digits"]),
        (CustomerIdFormat(prefix="x" * 30, postfix="x" * 25), ["customer_id"]),
        (CustomerIdFormat(prefix="{zone}{plan}", infix="{zone}{plan}"), ["customer_id"]),
    ],
)
def test_a_bad_format_names_its_fields(form: CustomerIdFormat, fields: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        check_format(form)
    assert [error.field for error in refused.value.errors] == fields


@given(
    st.builds(CustomerIdFormat, *[st.sampled_from(["", "B-", "{zone}", "{plan}-{yyyymm}", "x" * 20])] * 3),
    st.integers(1, 9_999_999_999),
    st.text(max_size=50),
    st.text(max_size=50),
)
def test_an_id_of_an_accepted_format_is_never_too_long_and_never_odd(
    form: CustomerIdFormat, number: int, zone: str, plan: str
) -> None:
    try:
        check_format(form)
    except Invalid:
        return
    text = format_customer_id(form, number, zone=zone, plan=plan, month=MONTH)
    assert len(text) <= LONGEST_ID
    assert all(character.isascii() and (character.isalnum() or character in "-._") for character in text)
    assert str(number) in text
