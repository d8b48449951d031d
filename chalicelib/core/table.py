"""A table to be read by people: what a report looks like before it becomes CSV, XLSX or PDF. Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """What the cells of a column hold: text, minor units of the currency, a day, or a whole number."""

    TEXT = "text"
    MONEY = "money"
    DAY = "day"
    COUNT = "count"


class Style(StrEnum):
    """What a row is: a line, the heading of those that follow, or their total."""

    LINE = "line"
    HEADING = "heading"
    TOTAL = "total"


@dataclass(frozen=True)
class Column:
    """One column: `name` as machines know it, `title` as people read it."""

    name: str
    title: str
    kind: Kind = Kind.TEXT


Cell = str | int | date | None


@dataclass(frozen=True)
class TableRow:
    """A cell for each column, None where there is nothing; `level` indents it under the rows above."""

    cells: tuple[Cell, ...]
    style: Style = Style.LINE
    level: int = 0


@dataclass(frozen=True)
class Table:
    """A whole report: whose it is, what it was asked for (label and text), its columns and its rows."""

    name: str
    title: str
    owner: str
    currency: str
    asked: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]

    @property
    def indented(self) -> int:
        """The number of the column that a row's level indents: the first of text."""
        return next((number for number, column in enumerate(self.columns) if column.kind is Kind.TEXT), 0)
