"""Reports over HTTP: trial balance, profit and loss, balance sheet, statements, ageing and tie-out of a book."""

from collections.abc import Callable, Sequence

from chalice.app import Response

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.fields import Answer
from chalicelib.api.paging import decode_cursor
from chalicelib.api.papers import answer_table
from chalicelib.aws.config import config
from chalicelib.core.errors import invalid_field
from chalicelib.core.table import Table
from chalicelib.ledger.periods import read_periods
from chalicelib.ledger.reports import answer_shapes as shown
from chalicelib.ledger.reports import tables
from chalicelib.ledger.reports.ageing import receivables_ageing
from chalicelib.ledger.reports.asked import Asked, compared_span, span_of, through
from chalicelib.ledger.reports.balances import balance_sheet, profit_and_loss, trial_balance_report
from chalicelib.ledger.reports.lines import Statement, account_ledger, cash_book, fund_statement
from chalicelib.ledger.reports.shapes import (
    AccountLedgerQuery,
    AgeingFile,
    AgeingQuery,
    BalanceSheetFile,
    CashBookQuery,
    CentreQuery,
    DayQuery,
    ProfitAndLossFile,
    SpanQuery,
    StatementFile,
    StatementQuery,
    TieOutFile,
    TieOutQuery,
    TrialBalanceFile,
)
from chalicelib.ledger.reports.tie_out import tie_out_report
from chalicelib.ledger.reports.view import BookView, open_book
from chalicelib.tenants.hierarchy import list_children, read_chain
from chalicelib.tenants.model import Tenant

bp = Blueprint(__name__, tag="Reports")

_CSV = {"text/csv": "code,name,amount,row_kind\r\n4000,Internet revenue,800.00,line\r\n"}
MOST_CHILDREN = 100
"""How many direct children a file of tie-outs holds: each takes some requests."""


def _spans(call: Call, query: SpanQuery, cost_centre: str | None = None) -> Asked:
    span = span_of(query.from_, query.to, call.today)
    return Asked(span, compared_span(query.compare_from, query.compare_to), query.by, query.known_at, cost_centre)


def _days(call: Call, query: DayQuery) -> Asked:
    compared = None if query.compare_on is None else through(query.compare_on)
    return Asked(through(query.on or call.today), compared, query.by, query.known_at)


def _answer(call: Call, answer: Callable[[], Answer], table: Callable[[str], Table]) -> Answer | Response:
    """The report as data, or as a file of the format that was asked for."""
    if call.query.format == "json":
        return answer()
    return answer_table(call, table(config().currency), call.query.format)


@bp.api(
    "GET",
    "/v1/ledger/reports/trial-balance",
    may="ledger:read",
    module="ledger",
    query=CentreQuery,
    answer=TrialBalanceFile,
    text=_CSV,
)
def report_trial_balance(call: Call) -> Answer | Response:
    """Opening balance, debits, credits and closing balance of every account over a range of days."""
    view = open_book(call.tenant, _spans(call, call.query, call.query.cost_centre))
    report = trial_balance_report(view)
    return _answer(
        call,
        lambda: shown.show_trial_balance(view, report),
        lambda currency: tables.trial_balance_table(view, report, currency),
    )


@bp.api(
    "GET",
    "/v1/ledger/reports/profit-and-loss",
    may="ledger:read",
    module="ledger",
    query=CentreQuery,
    answer=ProfitAndLossFile,
    text=_CSV,
)
def report_profit_and_loss(call: Call) -> Answer | Response:
    """Income and expenses by account over a range of days, grouped, and the result; the closing of years left out."""
    view = open_book(call.tenant, _spans(call, call.query, call.query.cost_centre))
    report = profit_and_loss(view)
    return _answer(
        call,
        lambda: shown.show_profit_and_loss(view, report),
        lambda currency: tables.profit_and_loss_table(view, report, currency),
    )


@bp.api(
    "GET",
    "/v1/ledger/reports/balance-sheet",
    may="ledger:read",
    module="ledger",
    query=DayQuery,
    answer=BalanceSheetFile,
    text=_CSV,
)
def report_balance_sheet(call: Call) -> Answer | Response:
    """Assets, liabilities and equity at the end of a day, with the result that is not yet in retained earnings."""
    view = open_book(call.tenant, _days(call, call.query))
    report = balance_sheet(view)
    return _answer(
        call,
        lambda: shown.show_balance_sheet(view, report),
        lambda currency: tables.balance_sheet_table(view, report, currency),
    )


@bp.api(
    "GET",
    "/v1/ledger/reports/cash-book",
    may="ledger:read",
    module="ledger",
    query=CashBookQuery,
    answer=StatementFile,
    text=_CSV,
    also={422: "too-large"},
)
def report_cash_book(call: Call) -> Answer | Response:
    """Receipts (debits) and payments (credits) of cash, bank and gateway over a range of days, with running balance."""
    query: CashBookQuery = call.query
    view = open_book(call.tenant, _spans(call, query))
    return _statement(call, view, "cash-book", "Cash and bank book", cash_book(view, query.account, *_page(call)))


@bp.api(
    "GET",
    "/v1/ledger/reports/account-ledger",
    may="ledger:read",
    module="ledger",
    query=AccountLedgerQuery,
    answer=StatementFile,
    text=_CSV,
    also={422: "too-large"},
)
def report_account_ledger(call: Call) -> Answer | Response:
    """The lines of one account over a range of days, in order of day and recording, with running balance."""
    query: AccountLedgerQuery = call.query
    view = open_book(call.tenant, _spans(call, query, query.cost_centre))
    report = account_ledger(view, query.account, *_page(call))
    title = f"Ledger of {query.account} {view.account(query.account).name}"
    return _statement(call, view, "account-ledger", title, report)


@bp.api(
    "GET",
    "/v1/ledger/reports/fund-statement",
    may="ledger:read",
    module="ledger",
    query=StatementQuery,
    answer=StatementFile,
    text=_CSV,
    also={404: "not-found", 422: "too-large"},
)
def report_fund_statement(call: Call) -> Answer | Response:
    """The movements of the own fund over a range of days, with running balance; the operator has none."""
    view = open_book(call.tenant, _spans(call, call.query))
    return _statement(call, view, "fund-statement", "Fund statement", fund_statement(view, *_page(call)))


def _page(call: Call) -> tuple[int | None, str | None]:
    """The page asked for; a file holds all lines."""
    if call.query.format != "json":
        return None, None
    return call.query.limit, decode_cursor(call.query.cursor)


def _statement(call: Call, view: BookView, name: str, title: str, report: Statement) -> Answer | Response:
    return _answer(
        call,
        lambda: shown.show_statement(view, report),
        lambda currency: tables.statement_table(view, report, currency, name, title),
    )


@bp.api(
    "GET",
    "/v1/ledger/reports/receivables-ageing",
    may="ledger:read",
    module="ledger",
    query=AgeingQuery,
    answer=AgeingFile,
    text=_CSV,
)
def report_receivables_ageing(call: Call) -> Answer | Response:
    """What every counterparty owes at the end of a day, by age; what was paid has paid the oldest debts first."""
    view = open_book(call.tenant, _days(call, call.query))
    report = receivables_ageing(view)
    limit, after = _page(call)
    page = shown.aged_page(report, limit, after)
    names = _names(call.tenant, [one.counterparty for one in page])
    return _answer(
        call,
        lambda: shown.show_ageing(view, report, page, names),
        lambda currency: tables.ageing_table(view, report, names, currency),
    )


def _names(tenant: Tenant, ids: Sequence[str]) -> dict[str, str]:
    """The names of those who are direct children, by id."""
    wanted = list(dict.fromkeys(one for one in ids if one))
    return {one.tenant_id: one.name for one in read_chain(wanted) if one.parent_id == tenant.tenant_id}


@bp.api(
    "GET",
    "/v1/ledger/reports/tie-out",
    may="ledger:read",
    module="ledger",
    query=TieOutQuery,
    answer=TieOutFile,
    text=_CSV,
)
def report_tie_out(call: Call) -> Answer | Response:
    """For each direct child on a day and as known then: fund and credit in this book and in its own, and the difference."""
    asked = _days(call, call.query)
    limit, after = _page(call)
    children, following = list_children(call.tenant.tenant_id, limit=limit or MOST_CHILDREN, after=after)
    if limit is None and following is not None:
        raise invalid_field("format", f"holds {MOST_CHILDREN} resellers; ask for pages of json", "too-large")
    report = tie_out_report(call.tenant, children, asked)
    closed_through = read_periods(call.tenant.tenant_id).closed_through
    return _answer(
        call,
        lambda: shown.show_tie_out(asked, closed_through, report, following),
        lambda currency: tables.tie_out_table(call.tenant.name, asked, report, currency),
    )
