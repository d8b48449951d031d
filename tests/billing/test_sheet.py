"""A sheet comes back as it was kept, costs about a byte a service, and nobody can change it unseen."""

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.billing.columns import Columns
from chalicelib.billing.sheet import MAX_PART_BYTES, DamagedSheetError, decode_sheet, encode_sheet

numbers = st.integers(1, 5 * 10**8)


@given(st.lists(st.tuples(st.integers(700_000, 780_000), numbers, numbers, st.integers(0, 2), st.integers(0, 5))))
def test_a_sheet_comes_back_as_it_was(rows: list[tuple[int, int, int, int, int]]) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], [], []]
    sheet = Columns(("HOME", "FAST", "বাসা"), *columns[:4], bytearray(columns[4]))
    stored = encode_sheet(sheet, "beta", "2026-11-01", {"HOME": [1917, 1667]})
    assert decode_sheet(stored.parts, stored.hash) == (sheet, {"HOME": [1917, 1667]})


def roster_of(count: int) -> Columns:
    chance = random.Random(7)
    first = date(2026, 9, 1).toordinal()
    services = sorted((first + chance.randrange(50), number) for number in range(1, count + 1))
    plans = [chance.choice([0, 0, 0, 1, 1, 2, 3]) for _ in services]
    starts, order = [start for start, _ in services], [number for _, number in services]
    return Columns(("A", "B", "C", "D"), starts, order, list(order), plans, bytearray(count))


def test_a_hundred_thousand_services_take_less_than_a_byte_and_a_half_each() -> None:
    stored = encode_sheet(roster_of(100_000), "beta", "2026-11-01", {})
    assert sum(map(len, stored.parts)) < 150_000


def test_a_sheet_beyond_a_part_is_cut_into_parts_of_at_most_300_kb() -> None:
    sheet = roster_of(300_000)
    stored = encode_sheet(sheet, "beta", "2026-11-01", {})
    assert len(stored.parts) > 1
    assert max(map(len, stored.parts)) <= MAX_PART_BYTES == 300_000
    assert decode_sheet(stored.parts, stored.hash)[0] == sheet


def test_a_sheet_whose_content_was_changed_is_refused() -> None:
    stored = encode_sheet(roster_of(100), "beta", "2026-11-01", {})
    other = encode_sheet(roster_of(101), "beta", "2026-11-01", {})
    with pytest.raises(DamagedSheetError):
        decode_sheet(other.parts, stored.hash)
    with pytest.raises(DamagedSheetError):
        decode_sheet([stored.parts[0][:-9]], stored.hash)


def test_tenant_day_and_prices_are_under_the_hash() -> None:
    sheet = roster_of(3)
    hashes = {
        encode_sheet(sheet, tenant, day, prices).hash
        for tenant, day, prices in (
            ("beta", "2026-11-01", {}),
            ("gamma", "2026-11-01", {}),
            ("beta", "2026-11-02", {}),
            ("beta", "2026-11-01", {"A": [1]}),
        )
    }
    assert len(hashes) == 4
