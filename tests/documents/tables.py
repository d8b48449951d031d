"""A small report to write down: a heading, two lines under it and their total, with a Bangla name and a text that bites."""

from datetime import UTC, date, datetime

from chalicelib.core.table import Column, Kind, Style, Table, TableRow

MADE_AT = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
BANGLA = "শ্রীমঙ্গল ব্রডব্যান্ড"
BITING = '#read("/etc/passwd")'
COLUMNS = (
    Column("code", "Code"),
    Column("name", "Account"),
    Column("last_on", "Last entry", Kind.DAY),
    Column("entries", "Entries", Kind.COUNT),
    Column("debit", "Debit", Kind.MONEY),
)
ROWS = (
    TableRow((None, "Income", None, None, None), Style.HEADING),
    TableRow(("4000", '=HYPERLINK("http://x.test")', date(2026, 11, 21), 12, 123_456_789), level=1),
    TableRow(("-5", BITING, date(2026, 2, 28), 0, -50), level=1),
    TableRow((None, "Total", None, 12, 123_456_739), Style.TOTAL),
)


def a_table(rows: tuple[TableRow, ...] = ROWS, currency: str = "BDT") -> Table:
    asked = (("From", "2026-11-01"), ("To", "2026-11-22"))
    return Table("trial-balance", "Trial balance", BANGLA, currency, asked, COLUMNS, rows)


def of_amounts(amounts: list[int], currency: str = "BDT") -> Table:
    """One column of amounts."""
    rows = tuple(TableRow((amount,)) for amount in amounts)
    return Table("amounts", "Amounts", BANGLA, currency, (), (Column("amount", "Amount", Kind.MONEY),), rows)
