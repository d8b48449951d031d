"""A table as an XLSX workbook: numbers that add up, days that sort, and a second sheet that says what was asked."""

import io
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from chalicelib.core.dates import format_instant
from chalicelib.core.money import MAX_AMOUNT_MINOR, decimals_of, format_money
from chalicelib.core.table import Cell, Column, Kind, Style, Table

MAX_ROWS = 1_048_575
"""What a sheet holds beside its heading."""
_WIDEST = 60
_SHEET_NAME = 31
_NOT_IN_A_SHEET_NAME = str.maketrans("[]:*?/\\'", "--------")


def render_xlsx(table: Table, made_at: datetime) -> bytes:
    """The table as a workbook; the heading row is bold and stays in sight, rows are indented by their level.

    A number of a sheet is a binary fraction of some 15 digits: amounts up to 10^15 minor units come back from it
    exactly. A larger amount is written as text, digit for digit, and is not added up by the spreadsheet.
    """
    # Kept out of every cold start: one request in thousands makes a workbook.
    from xlsxwriter import Workbook  # type: ignore[import-untyped]

    content = io.BytesIO()
    book = Workbook(content, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": table.title, "author": table.owner, "created": made_at.replace(tzinfo=None)})
    _write_table(_Sheet(book.add_worksheet(_sheet_name(table.title)), book, decimals_of(table.currency)), table)
    _write_about(book.add_worksheet("About"), table, made_at)
    book.close()
    return content.getvalue()


@dataclass
class _Sheet:
    """A sheet being written, with the formats made so far."""

    sheet: Any
    book: Any
    decimals: int

    def __post_init__(self) -> None:
        self._formats: dict[tuple[Any, ...], Any] = {}

    def format(self, kind: Kind, style: Style, level: int) -> Any:
        """How a cell of that kind looks in a row of that style."""
        known = (kind, style, level)
        if known not in self._formats:
            looks: dict[str, Any] = {"bold": style is not Style.LINE, "top": 1 if style is Style.TOTAL else 0}
            if kind is Kind.TEXT:
                looks["indent"] = min(level, 15)
            else:
                looks["align"] = "right"
                looks["num_format"] = self._number_format(kind)
            self._formats[known] = self.book.add_format(looks)
        return self._formats[known]

    def _number_format(self, kind: Kind) -> str:
        if kind is Kind.DAY:
            return "yyyy-mm-dd"
        fraction = "." + "0" * self.decimals if kind is Kind.MONEY and self.decimals else ""
        return "#,##0" + fraction

    def write(self, row: int, number: int, column: Column, cell: Cell, style: Style, level: int) -> None:
        looks = self.format(column.kind, style, level)
        if cell is None:
            self.sheet.write_blank(row, number, None, looks)
        elif isinstance(cell, date):
            self.sheet.write_datetime(row, number, cell, looks)
        elif isinstance(cell, str):
            self.sheet.write_string(row, number, cell, looks)
        elif abs(cell) > MAX_AMOUNT_MINOR:
            text = format_money(cell, self.decimals) if column.kind is Kind.MONEY else str(cell)
            self.sheet.write_string(row, number, text, looks)
        else:
            # Decimals are written as they are, with no float in between.
            value = Decimal(cell).scaleb(-self.decimals) if column.kind is Kind.MONEY else cell
            self.sheet.write_number(row, number, value, looks)


def _write_table(sheet: _Sheet, table: Table) -> None:
    for number, column in enumerate(table.columns):
        kind = Kind.TEXT if column.kind is Kind.TEXT else Kind.COUNT
        sheet.sheet.write_string(0, number, column.title, sheet.format(kind, Style.HEADING, 0))
        sheet.sheet.set_column(number, number, _width(table, number, sheet.decimals))
    for place, row in enumerate(table.rows, start=1):
        for number, (column, cell) in enumerate(zip(table.columns, row.cells, strict=True)):
            level = row.level if number == table.indented else 0
            sheet.write(place, number, column, cell, row.style, level)
    sheet.sheet.freeze_panes(1, 0)
    sheet.sheet.repeat_rows(0)
    sheet.sheet.set_paper(9)
    sheet.sheet.fit_to_pages(1, 0)


def _write_about(sheet: Any, table: Table, made_at: datetime) -> None:
    lines = [("Report", table.title), ("Of", table.owner), ("Currency", table.currency), *table.asked]
    for number, (label, text) in enumerate([*lines, ("Made at", format_instant(made_at))]):
        sheet.write_string(number, 0, label)
        sheet.write_string(number, 1, text)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 40)


def _width(table: Table, number: int, decimals: int) -> int:
    """Wide enough for what the column holds, with room for the separators of thousands."""
    column = table.columns[number]
    longest = len(column.title)
    for row in table.rows:
        cell = row.cells[number]
        if isinstance(cell, int) and column.kind is Kind.MONEY:
            whole = len(format_money(cell, decimals))
            longest = max(longest, whole + (whole - decimals) // 3)
        elif cell is not None:
            longest = max(longest, len(str(cell)) + 2 * row.level)
    return min(longest + 2, _WIDEST)


def _sheet_name(title: str) -> str:
    """What a sheet may be called."""
    return title.translate(_NOT_IN_A_SHEET_NAME).strip()[:_SHEET_NAME] or "Report"
