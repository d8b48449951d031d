"""Receivables of subscribers by age as a table for people, and as pages. Pure."""

from collections.abc import Sequence
from datetime import date

from chalicelib.core.errors import invalid_field
from chalicelib.core.table import Column, Kind, Style, Table, TableRow
from chalicelib.retail.owing import AgedAccount


def ageing_table(owner: str, on: date, report: Sequence[AgedAccount], currency: str) -> Table:
    """A row for each subscriber, and the totals."""
    money = (
        ("not_due", "Not due"),
        ("days_1_30", "1-30 days"),
        ("days_31_60", "31-60 days"),
        ("days_61_90", "61-90 days"),
        ("days_over_90", "Over 90 days"),
        ("paid_ahead", "Paid ahead"),
        ("total", "Total"),
    )
    columns = (
        Column("subscriber", "Subscriber"),
        Column("customer_id", "Customer id"),
        Column("name", "Name"),
        *(Column(name, title, Kind.MONEY) for name, title in money),
    )
    figures = [(one.not_due_minor, *one.by_age_minor, one.account.advance_minor, one.total_minor) for one in report]
    rows = [
        TableRow((one.account.subscriber_id, one.customer_id, one.name, *minor))
        for one, minor in zip(report, figures, strict=True)
    ]
    totals = [sum(column) for column in zip(*figures, strict=True)] or [0] * len(money)
    rows.append(TableRow(("Total", None, None, *totals), Style.TOTAL))
    asked = (("Days", f"on {on}"),)
    return Table("retail-ageing", "Receivables of subscribers by age", owner, currency, asked, columns, tuple(rows))


def page_of_aged(
    report: Sequence[AgedAccount], limit: int, after: str | None
) -> tuple[Sequence[AgedAccount], str | None]:
    """The page behind what an earlier one ended on, and where to go on."""
    begin = 0
    if after is not None:
        places = [one.account.subscriber_id for one in report]
        if after not in places:
            raise invalid_field("cursor", "must be a next_cursor of this list")
        begin = places.index(after) + 1
    page = report[begin : begin + limit]
    return page, page[-1].account.subscriber_id if page and begin + limit < len(report) else None
