"""Reports as tables for people: the same figures as in JSON, before they become CSV, XLSX or PDF. Pure."""

from collections.abc import Sequence
from datetime import date

from chalicelib.core.dates import FIRST_DAY, format_instant
from chalicelib.core.table import Cell, Column, Kind, Style, Table, TableRow
from chalicelib.ledger.reports.ageing import Aged
from chalicelib.ledger.reports.asked import Asked, Span
from chalicelib.ledger.reports.balances import BalanceSheet, ProfitAndLoss, TrialBalanceReport
from chalicelib.ledger.reports.groups import Amounts, Section
from chalicelib.ledger.reports.lines import Statement, StatementLine
from chalicelib.ledger.reports.tie_out import TwoTiers
from chalicelib.ledger.reports.view import BookView, Movement

_BY = {"effective_on": "accounting date", "service_on": "service date"}


def _money(name: str, title: str) -> Column:
    return Column(name, title, Kind.MONEY)


def _table(
    owner: str,
    currency: str,
    asked: Asked,
    name: str,
    title: str,
    columns: Sequence[Column],
    rows: Sequence[TableRow],
) -> Table:
    return Table(name, title, owner, currency, asked_texts(asked), tuple(columns), tuple(rows))


def asked_texts(asked: Asked) -> tuple[tuple[str, str], ...]:
    """What a report was asked for, label and text."""
    texts = [("Days", _days(asked.span)), ("By", _BY[asked.by])]
    if asked.compared is not None:
        texts.append(("Compared with", _days(asked.compared)))
    if asked.known_at is not None:
        texts.append(("As known at", format_instant(asked.known_at)))
    if asked.cost_centre is not None:
        texts.append(("Cost centre", asked.cost_centre))
    return tuple(texts)


def _days(span: Span) -> str:
    return f"on {span.last}" if span.first == FIRST_DAY else f"{span.first} to {span.last}"


def _total(*cells: Cell) -> TableRow:
    return TableRow(cells, Style.TOTAL)


def trial_balance_table(view: BookView, report: TrialBalanceReport, currency: str) -> Table:
    """A row for each account, and the totals."""
    columns = [Column("code", "Account"), Column("name", "Name"), *_movement_columns("", "")]
    compared = report.compared is not None
    if compared:
        columns += _movement_columns("compared_", "Compared: ")
    rows = [
        TableRow(
            (
                line.account.code,
                line.account.name,
                *_movement_cells(line.movement),
                *(_movement_cells(line.compared) if line.compared else ()),
            )
        )
        for line in report.lines
    ]
    rows.append(
        _total(
            None,
            "Total",
            *_movement_cells(report.total),
            *(_movement_cells(report.compared) if report.compared else ()),
        )
    )
    return _table(view.tenant.name, currency, view.asked, "trial-balance", "Trial balance", columns, rows)


def _movement_columns(prefix: str, title: str) -> list[Column]:
    named = (("opening", "Opening"), ("debit", "Debit"), ("credit", "Credit"), ("closing", "Closing"))
    return [_money(prefix + name, title + text) for name, text in named]


def _movement_cells(moved: Movement) -> tuple[int, int, int, int]:
    return moved.opening_minor, moved.debit_minor, moved.credit_minor, moved.closing_minor


def profit_and_loss_table(view: BookView, report: ProfitAndLoss, currency: str) -> Table:
    """Income, expenses, and the result."""
    rows = [
        *_section_rows("Income", report.income),
        *_section_rows("Expenses", report.expenses),
        _total(None, "Result", *report.result_minor),
    ]
    columns = _amount_columns(view.asked)
    return _table(view.tenant.name, currency, view.asked, "profit-and-loss", "Profit and loss", columns, rows)


def balance_sheet_table(view: BookView, report: BalanceSheet, currency: str) -> Table:
    """Assets, then liabilities, equity and the result, which are as much."""
    both = tuple(a + b for a, b in zip(report.liabilities.total_minor, report.own_minor, strict=True))
    rows = [
        *_section_rows("Assets", report.assets),
        *_section_rows("Liabilities", report.liabilities),
        *_section_rows("Equity", report.equity),
        TableRow((None, "Result not yet in retained earnings", *report.result_minor)),
        _total(None, "Liabilities, equity and result", *both),
    ]
    columns = _amount_columns(view.asked)
    return _table(view.tenant.name, currency, view.asked, "balance-sheet", "Balance sheet", columns, rows)


def _amount_columns(asked: Asked) -> list[Column]:
    columns = [Column("code", "Account"), Column("name", "Name"), _money("amount", "Amount")]
    return [*columns, _money("compared", "Compared")] if asked.compared else columns


def _section_rows(title: str, section: Section) -> list[TableRow]:
    nothing: tuple[None, ...] = (None,) * len(section.total_minor)
    rows = [TableRow((None, title, *nothing), Style.HEADING)]
    for number, line in enumerate(section.lines):
        own: Sequence[Cell] = line.own_minor
        rows.append(TableRow((line.account.code, line.account.name, *own), Style.LINE, line.level + 1))
        rows += _subtotals(section, number)
    return [*rows, _total(None, f"Total {title.lower()}", *section.total_minor)]


def _subtotals(section: Section, number: int) -> list[TableRow]:
    """The totals of the groups that end with this line, the innermost first."""
    following = section.lines[number + 1].level if number + 1 < len(section.lines) else 0
    rows: list[TableRow] = []
    level = section.lines[number].level
    for line in reversed(section.lines[: number + 1]):
        if line.level >= following and line.is_group and (line.level < level or number == 0):
            rows.append(_subtotal(line.account.code, line.account.name, line.total_minor, line.level))
        level = min(level, line.level)
    return rows


def _subtotal(code: str, name: str, total: Amounts, level: int) -> TableRow:
    return TableRow((code, f"Total {name}", *total), Style.TOTAL, level + 1)


def statement_table(view: BookView, report: Statement, currency: str, name: str, title: str) -> Table:
    """Opening balance, every line with the balance behind it, the totals and the closing balance."""
    columns = [
        Column("day", "Day", Kind.DAY),
        Column("entry", "Entry"),
        Column("journal", "Journal"),
        Column("memo", "Memo"),
        Column("account", "Account"),
        Column("counterparty", "Counterparty"),
        _money("debit", "Debit"),
        _money("credit", "Credit"),
        _money("balance", "Balance"),
    ]
    moved = report.movement
    empty = (None, None, None)
    rows = [
        TableRow((view.asked.span.first, None, None, "Opening balance", *empty, None, moved.opening_minor)),
        *(_statement_row(line) for line in report.lines),
        _total(
            view.asked.span.last,
            None,
            None,
            "Closing balance",
            None,
            None,
            moved.debit_minor,
            moved.credit_minor,
            moved.closing_minor,
        ),
    ]
    return _table(view.tenant.name, currency, view.asked, name, title, columns, rows)


def _statement_row(line: StatementLine) -> TableRow:
    amounts = (line.debit_minor or None, line.credit_minor or None, line.balance_minor)
    memo = line.entry.draft.memo if line.entry else None
    place = (date.fromisoformat(line.place.day), line.entry_id, line.place.journal, memo)
    return TableRow((*place, line.account or None, line.counterparty or None, *amounts))


def ageing_table(view: BookView, report: Sequence[Aged], names: dict[str, str], currency: str) -> Table:
    """A row for each counterparty and account, and the totals."""
    columns = [
        Column("counterparty", "Counterparty"),
        Column("name", "Name"),
        Column("account", "Account"),
        _money("days_0_30", "0-30 days"),
        _money("days_31_60", "31-60 days"),
        _money("days_61_90", "61-90 days"),
        _money("days_over_90", "Over 90 days"),
        _money("paid_ahead", "Paid ahead"),
        _money("total", "Total"),
    ]
    compared = view.asked.compared is not None
    rows = []
    for one in report:
        figures = (*one.by_age_minor, one.ahead_minor, one.total_minor)
        earlier = (one.compared_minor or 0,) if compared else ()
        who = (one.counterparty or None, names.get(one.counterparty), one.account)
        rows.append(TableRow((*who, *figures, *earlier)))
    if compared:
        columns.append(_money("compared", "Compared"))
    amounts = [[cell for cell in row.cells[3:] if isinstance(cell, int)] for row in rows]
    totals = [sum(column) for column in zip(*amounts, strict=True)] or [0] * (len(columns) - 3)
    rows.append(_total(None, "Total", None, *totals))
    return _table(view.tenant.name, currency, view.asked, "receivables-ageing", "Receivables by age", columns, rows)


def tie_out_table(owner: str, asked: Asked, report: Sequence[TwoTiers], currency: str) -> Table:
    """A row for each child: its fund and its credit in both books."""
    columns = [
        Column("child", "Reseller"),
        Column("name", "Name"),
        _money("held_for_child", "Held for it"),
        _money("child_fund_with_parent", "Fund in its book"),
        _money("difference", "Difference"),
        _money("receivable", "Credit, receivable"),
        _money("child_payable", "Payable in its book"),
        _money("credit_difference", "Difference"),
        _money("unexplained", "Not explained by dates"),
    ]
    if asked.compared is not None:
        columns += [_money("compared_held", "Compared, held"), _money("compared_fund", "Compared, in its book")]
        columns += [_money("compared_receivable", "Compared, credit"), _money("compared_payable", "Compared, payable")]
    rows = [TableRow((one.child.code, one.child.name, *_tie_out_figures(one))[: len(columns)]) for one in report]
    return _table(owner, currency, asked, "tie-out", "Two-tier tie-out", columns, rows)


def _tie_out_figures(one: TwoTiers) -> tuple[int | None, ...]:
    return (
        one.fund.parent_minor,
        one.fund.child_minor,
        one.fund.difference_minor,
        one.credit.parent_minor,
        one.credit.child_minor,
        one.credit.difference_minor,
        one.fund.unexplained_minor + one.credit.unexplained_minor,
        one.fund.compared_parent_minor,
        one.fund.compared_child_minor,
        one.credit.compared_parent_minor,
        one.credit.compared_child_minor,
    )
