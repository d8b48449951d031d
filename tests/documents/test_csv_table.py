"""A table as CSV, to the character."""

import csv
import io

import pytest

from chalicelib.core.table import Column, Table, TableRow
from chalicelib.documents.csv_table import guarded, render_csv
from tests.documents.tables import BANGLA, a_table, of_amounts

TEXT = (
    "code,name,last_on,entries,debit,row_kind\r\n"
    ",Income,,,,heading\r\n"
    '4000,"\'=HYPERLINK(""http://x.test"")",2026-11-21,12,1234567.89,line\r\n'
    '\'-5,"#read(""/etc/passwd"")",2026-02-28,0,-0.50,line\r\n'
    ",Total,,12,1234567.39,total\r\n"
)


def test_a_table_is_written_as_names_then_rows_with_all_decimals_and_the_kind_of_each_row() -> None:
    assert render_csv(a_table()).decode("utf-8") == "\ufeff" + TEXT


def test_a_spreadsheet_is_told_by_three_bytes_that_this_is_utf_8() -> None:
    table = Table("names", "Names", BANGLA, "BDT", (), (Column("name", "Name"),), (TableRow((BANGLA,)),))
    content = render_csv(table)
    assert content.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(content.decode("utf-8-sig")))) == [["name", "row_kind"], [BANGLA, "line"]]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20a"]
)
def test_a_text_that_a_spreadsheet_would_calculate_begins_with_an_apostrophe(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Rent", "1010", "a=b", "(-5)", BANGLA])
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text


@pytest.mark.parametrize(
    "currency,shown", [("BDT", "-10000000000000.01"), ("JPY", "-1000000000000001"), ("KWD", "-1000000000000.001")]
)
def test_a_negative_amount_is_a_number_with_the_decimals_of_its_currency_and_is_not_guarded(
    currency: str, shown: str
) -> None:
    assert render_csv(of_amounts([-(10**15) - 1], currency)).decode("utf-8-sig").splitlines()[1] == f"{shown},line"
