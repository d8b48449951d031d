"""Allocation: which documents money pays, and what is opened again when it is taken back."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.retail.account_model import OpenItem
from chalicelib.retail.allocation import allocate, lower, reopen

DUE = date(2026, 11, 8)


def item(local_id: str, minor: int) -> OpenItem:
    return OpenItem(local_id, DUE, minor)


THREE = (item("i1", 500), item("i2", 500), item("l1", 50))


def test_a_payment_pays_the_oldest_first_and_the_next_in_part() -> None:
    paid = allocate(THREE, 700)
    assert paid.parts == (("i1", 500), ("i2", 200))
    assert paid.items == (item("i2", 300), item("l1", 50))
    assert paid.rest_minor == 0


def test_a_payment_of_a_named_document_pays_it_before_the_oldest() -> None:
    paid = allocate(THREE, 600, first="i2")
    assert paid.parts == (("i2", 500), ("i1", 100))
    assert paid.items == (item("i1", 400), item("l1", 50))


def test_what_nothing_open_takes_is_left_over() -> None:
    paid = allocate(THREE, 1_100)
    assert (paid.items, paid.rest_minor) == ((), 50)


def test_a_credit_lowers_its_own_document_alone() -> None:
    credited = lower(THREE, "i2", 500)
    assert credited.items == (item("i1", 500), item("l1", 50))
    assert (credited.parts, credited.rest_minor) == ((("i2", 500),), 0)


def test_a_credit_beyond_what_is_open_of_its_document_is_left_over() -> None:
    credited = lower((item("i1", 500), item("i2", 120)), "i2", 500)
    assert credited.items == (item("i1", 500),)
    assert credited.rest_minor == 380


def test_a_payment_taken_back_opens_what_it_had_paid_the_newest_first() -> None:
    opened = reopen((), (item("i1", 500), item("i2", 200)), {"i1": 500, "i2": 500}, 600)
    assert opened.items == (item("i1", 400), item("i2", 200))
    assert opened.rest_minor == 0


def test_a_document_that_is_open_in_part_is_opened_further_in_its_own_place() -> None:
    opened = reopen((item("i2", 300), item("i3", 500)), (item("i1", 500), item("i2", 200)), {"i1": 500, "i2": 200}, 700)
    assert opened.items == (item("i1", 500), item("i2", 500), item("i3", 500))


def test_no_document_is_opened_by_more_than_is_paid_of_it() -> None:
    opened = reopen((), (item("i1", 500),), {"i1": 120}, 500)
    assert opened.items == (item("i1", 120),)
    assert opened.rest_minor == 380


amounts = st.lists(st.integers(1, 1000), max_size=6)


@given(amounts, st.integers(1, 4000), st.integers(0, 7))
def test_what_is_paid_open_and_left_over_is_what_was_open_and_came_in(
    open_minor: list[int], amount: int, named: int
) -> None:
    items = [item(f"i{number}", minor) for number, minor in enumerate(open_minor)]
    paid = allocate(items, amount, first=f"i{named}")
    assert sum(part for _, part in paid.parts) + paid.rest_minor == amount
    assert sum(one.remaining_minor for one in paid.items) == sum(open_minor) - amount + paid.rest_minor
    assert not (paid.items and paid.rest_minor), "nothing is left over while something is open"


@given(amounts, st.integers(1, 4000))
def test_what_is_taken_back_at_once_leaves_everything_open_as_it_was(open_minor: list[int], amount: int) -> None:
    items = tuple(item(f"i{number}", minor) for number, minor in enumerate(open_minor))
    paid = allocate(items, amount)
    again = reopen(paid.items, [item(name, part) for name, part in paid.parts], dict(paid.parts), amount)
    assert again.items == items
    assert again.rest_minor == paid.rest_minor
