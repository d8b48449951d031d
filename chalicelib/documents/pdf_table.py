"""A table as PDF, printed by Typst in a process that can do nothing else (`press.py`)."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

from chalicelib.core.dates import zone
from chalicelib.core.errors import Invalid, Unavailable
from chalicelib.core.json import compact_json
from chalicelib.core.money import decimals_of, format_money
from chalicelib.core.table import Cell, Column, Kind, Table
from chalicelib.documents.printing import Limits, TemplateFault, print_files

HERE = Path(__file__).parent
MAX_PRINTED_CELLS = 30_000
MAX_PRINTED_BYTES = 1_500_000
"""Some 150 sheets of paper: what is printed within the memory of a function and the time of a request."""
MOST_UPRIGHT_COLUMNS = 6
_LIMITS = Limits(pages=2_000, bytes=50_000_000)
_SHORT_TEXT = 12
_LONG_TEXT = 48


def render_pdf(table: Table, made_at: datetime, timezone: str, library_path: str = "") -> bytes:
    """The table on A4: whose it is, what was asked, the heading on each page, page numbers, and when it was printed.

    More than six columns lie across. 422 `too-large` above 30,000 cells or 1.5 MB of text, `Unavailable` when the press
    fails. `library_path` is where this machine's Python finds its libraries.
    """
    if len(table.rows) * len(table.columns) > MAX_PRINTED_CELLS:
        raise _too_large(f"{MAX_PRINTED_CELLS // len(table.columns):,} rows of this report")
    data = compact_json(_as_data(table, made_at, timezone))
    if len(data.encode()) > MAX_PRINTED_BYTES:
        raise _too_large("1.5 MB of text")
    return run_press((HERE / "table.typ").read_text(), data, made_at, library_path)


def run_press(template: str, data: str, made_at: datetime, library_path: str = "") -> bytes:
    """What the press makes of a template and the data (JSON) it may read; `Unavailable` when it makes nothing."""
    try:
        return print_files({"main.typ": template, "table.json": data}, made_at, library_path, _LIMITS)
    except TemplateFault as fault:
        raise _stuck() from fault
    except Unavailable as away:
        raise _stuck() from away.__cause__


def _too_large(most: str) -> Invalid:
    return Invalid("too-large", f"At most {most} are printed: ask for fewer days, or for a spreadsheet.")


def _stuck() -> Unavailable:
    return Unavailable("press-away", "The document could not be printed; please ask for another format.")


def _as_data(table: Table, made_at: datetime, timezone: str) -> dict[str, Any]:
    """The table as the template reads it: texts as they are to be seen."""
    decimals = decimals_of(table.currency)
    rows = [
        {
            "cells": [_cell(column, cell, decimals) for column, cell in zip(table.columns, row.cells, strict=True)],
            "style": row.style.value,
            "level": row.level,
        }
        for row in table.rows
    ]
    columns = [
        {"title": column.title, "kind": column.kind.value, "share": _share(table, number)}
        for number, column in enumerate(table.columns)
    ]
    return {
        "title": table.title,
        "owner": table.owner,
        "currency": table.currency,
        "asked": [list(one) for one in table.asked],
        "printed": f"{made_at.astimezone(zone(timezone)):%Y-%m-%d %H:%M} {timezone}",
        "indented": table.indented,
        "wide": len(table.columns) > MOST_UPRIGHT_COLUMNS,
        "columns": columns,
        "rows": rows,
    }


def _cell(column: Column, cell: Cell, decimals: int) -> str:
    if cell is None:
        return ""
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, int):
        return _grouped(format_money(cell, decimals)) if column.kind is Kind.MONEY else f"{cell:,}"
    return cell


def _grouped(amount: str) -> str:
    """An amount with separators of thousands, as people read it: `-1,234,567.80`."""
    whole, point, fraction = amount.partition(".")
    return f"{int(whole):,}{point}{fraction}" if whole != "-0" else amount


def _share(table: Table, number: int) -> int:
    """How much of the page's width a column of text takes; 0 for one as wide as what stands in it."""
    if table.columns[number].kind is not Kind.TEXT:
        return 0
    longest = max((len(str(row.cells[number] or "")) + 2 * row.level for row in table.rows), default=0)
    return 0 if longest <= _SHORT_TEXT else min(longest, _LONG_TEXT)
