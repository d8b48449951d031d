"""A table as a workbook: every number exact, every day a day, no text a formula."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.money import MAX_AMOUNT_MINOR
from chalicelib.core.table import Column, Table, TableRow
from chalicelib.documents.xlsx_table import render_xlsx
from tests.documents.tables import BANGLA, BITING, MADE_AT, a_table, of_amounts
from tests.documents.workbooks import Workbook, day_of


def written(table: Table) -> Workbook:
    return Workbook(render_xlsx(table, MADE_AT))


def test_titles_texts_days_counts_and_amounts_stand_where_they_belong() -> None:
    cells = written(a_table()).cells()
    days = {place: day_of(cells.pop(place)) for place in ("C3", "C4")}
    assert days == {"C3": date(2026, 11, 21), "C4": date(2026, 2, 28)}
    assert cells == {
        "A1": "'Code'",
        "B1": "'Account'",
        "C1": "'Last entry'",
        "D1": "'Entries'",
        "E1": "'Debit'",
        "B2": "'Income'",
        "A3": "'4000'",
        "B3": "'=HYPERLINK(\"http://x.test\")'",
        "D3": "12",
        "E3": "1234567.89",
        "A4": "'-5'",
        "B4": f"'{BITING}'",
        "D4": "0",
        "E4": "-0.50",
        "B5": "'Total'",
        "D5": "12",
        "E5": "1234567.39",
    }


def test_amounts_and_days_look_like_it_and_headings_and_totals_are_bold() -> None:
    book = written(a_table())
    looks = {place: book.format_of(place) for place in ("A1", "B2", "A3", "C3", "D3", "E3", "E5")}
    assert looks == {
        "A1": ("General", True, 0),
        "B2": ("General", True, 0),
        "A3": ("General", False, 1),
        "C3": ("yyyy-mm-dd", False, 0),
        "D3": ("#,##0", False, 0),
        "E3": ("#,##0.00", False, 0),
        "E5": ("#,##0.00", True, 0),
    }
    assert book.frozen_rows() == "1 frozen"


def test_the_second_sheet_says_whose_it_is_what_was_asked_and_when() -> None:
    cells = written(a_table()).cells(2)
    assert [(cells[f"A{row}"], cells[f"B{row}"]) for row in range(1, 7)] == [
        ("'Report'", "'Trial balance'"),
        ("'Of'", f"'{BANGLA}'"),
        ("'Currency'", "'BDT'"),
        ("'From'", "'2026-11-01'"),
        ("'To'", "'2026-11-22'"),
        ("'Made at'", "'2026-11-22T06:00:00.000000Z'"),
    ]


@pytest.mark.parametrize(
    "currency,decimals,looks", [("JPY", 0, "#,##0"), ("BDT", 2, "#,##0.00"), ("KWD", 3, "#,##0.000")]
)
@settings(max_examples=25)
@given(amounts=st.lists(st.integers(-MAX_AMOUNT_MINOR, MAX_AMOUNT_MINOR), min_size=20, max_size=60))
def test_an_amount_up_to_ten_to_the_fifteenth_comes_back_exactly_through_a_float(
    currency: str, decimals: int, looks: str, amounts: list[int]
) -> None:
    amounts += [MAX_AMOUNT_MINOR, -MAX_AMOUNT_MINOR, MAX_AMOUNT_MINOR - 1, 1 - MAX_AMOUNT_MINOR, 0, 1, -1]
    book = written(of_amounts(amounts, currency))
    cells = book.cells()
    for row, amount in enumerate(amounts, start=2):
        assert Decimal(cells[f"A{row}"]) == Decimal(amount).scaleb(-decimals)
        assert Decimal(f"{float(cells[f'A{row}']):.15g}").scaleb(decimals) == amount, (
            "as a spreadsheet reads and shows it"
        )
    assert book.format_of("A2")[0] == looks


@pytest.mark.parametrize("amount,text", [(10**15 + 1, "10000000000000.01"), (-(10**18) - 7, "-10000000000000000.07")])
def test_a_larger_amount_is_a_text_to_the_last_digit(amount: int, text: str) -> None:
    assert written(of_amounts([amount])).cells()["A2"] == f"'{text}'"


def test_the_same_table_at_the_same_time_gives_the_same_cells_whatever_its_name() -> None:
    rows = (TableRow(("Rent",)),)
    table = Table(
        "x", "Profit/loss: [2026] of a title that goes on and on", BANGLA, "BDT", (), (Column("a", "A"),), rows
    )
    book = written(table)
    (name, about) = [one.attrib["name"] for one in book.part("xl/workbook.xml").iter() if one.tag.endswith("}sheet")]
    assert (name, about) == ("Profit-loss- -2026- of a title ", "About")
    assert book.cells() == {"A1": "'A'", "A2": "'Rent'"}
