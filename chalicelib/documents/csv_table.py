"""A table as CSV, exactly: for programs and for spreadsheets that open it. Pure."""

import csv
import io
from datetime import date

from chalicelib.core.money import decimals_of, format_money
from chalicelib.core.table import Cell, Column, Kind, Table

BYTE_ORDER_MARK = "\ufeff"
"""Without it the usual spreadsheet takes UTF-8 for the code page of its machine, and Bangla names become rubbish."""
ROW_KIND = "row_kind"
_FORMULA = tuple("=+-@\t\r＝＋－＠")
"""What a spreadsheet takes for the beginning of a formula, the wide forms of East Asian keyboards among them."""


def render_csv(table: Table) -> bytes:
    """The table as UTF-8 with a byte order mark: a line of column names, then a line for each row.

    The last column says of each row whether it is a `line`, a `heading` or a `total`, so that a program does not add up
    the totals too. Amounts are written with all decimals of the currency, days as 2026-11-22. A text that a
    spreadsheet would take for a formula begins with an apostrophe instead.
    """
    decimals = decimals_of(table.currency)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*(column.name for column in table.columns), ROW_KIND])
    for row in table.rows:
        cells = [_cell(column, cell, decimals) for column, cell in zip(table.columns, row.cells, strict=True)]
        writer.writerow([*cells, row.style.value])
    return (BYTE_ORDER_MARK + text.getvalue()).encode()


def _cell(column: Column, cell: Cell, decimals: int) -> str:
    if cell is None:
        return ""
    if column.kind is Kind.MONEY and isinstance(cell, int):
        return format_money(cell, decimals)
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell) if isinstance(cell, int) else guarded(cell)


def guarded(text: str) -> str:
    """The text as no spreadsheet calculates it."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
