"""Trial balance over a range of days, profit and loss, balance sheet: what accounts add up to."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.ledger.chart import Account, AccountType
from chalicelib.ledger.reports.asked import Span
from chalicelib.ledger.reports.groups import Amounts, Section, section
from chalicelib.ledger.reports.view import BookView, Movement, together
from chalicelib.ledger.totals.digests import Sum

RESULT = (AccountType.INCOME, AccountType.EXPENSE)


@dataclass(frozen=True)
class TrialLine:
    """An account over the days asked for, and over the days compared with, if any."""

    account: Account
    movement: Movement
    compared: Movement | None


@dataclass(frozen=True)
class TrialBalanceReport:
    """Every account with a balance or a movement, by code; debits and credits are equal in each of the totals."""

    lines: tuple[TrialLine, ...]
    total: Movement
    compared: Movement | None
    closing_debit_minor: int
    closing_credit_minor: int


@dataclass(frozen=True)
class ProfitAndLoss:
    """Income and expenses over the days asked for (first amount) and compared with (second); `result` is the profit."""

    income: Section
    expenses: Section

    @property
    def result_minor(self) -> Amounts:
        return _less(self.income.total_minor, self.expenses.total_minor)


@dataclass(frozen=True)
class BalanceSheet:
    """What a tenant has and owes at the end of a day (and of an earlier one): assets = liabilities + equity + result.

    `result_minor` is the profit that is not yet in retained earnings: the balance of all income and expense accounts.
    """

    assets: Section
    liabilities: Section
    equity: Section
    result_minor: Amounts

    @property
    def own_minor(self) -> Amounts:
        """Equity with the result."""
        return tuple(map(sum, zip(self.equity.total_minor, self.result_minor, strict=True)))


def trial_balance_report(view: BookView) -> TrialBalanceReport:
    """Opening balance, debits, credits and closing balance of every account."""
    now = view.movements(view.asked.span)
    then = view.movements(view.asked.compared) if view.asked.compared else None
    codes = sorted(now.keys() | (then or {}).keys())
    nothing = Movement()
    lines = tuple(
        TrialLine(view.account(code), now.get(code, nothing), None if then is None else then.get(code, nothing))
        for code in codes
    )
    closing = [movement.closing_minor for movement in now.values()]
    return TrialBalanceReport(
        lines,
        together(now.values()),
        None if then is None else together(then.values()),
        sum(net for net in closing if net > 0),
        -sum(net for net in closing if net < 0),
    )


def profit_and_loss(view: BookView) -> ProfitAndLoss:
    """Income and expenses, the closing of years left out: it only moves a result on."""

    columns = [view.movements(span, _of_the_year) for span in _spans(view)]
    income = _section(view, AccountType.INCOME, columns, lambda moved: moved.credit_minor - moved.debit_minor)
    expenses = _section(view, AccountType.EXPENSE, columns, lambda moved: moved.debit_minor - moved.credit_minor)
    return ProfitAndLoss(income, expenses)


def balance_sheet(view: BookView) -> BalanceSheet:
    """Balances at the end of the last day asked for."""
    columns = [view.movements(span) for span in _spans(view)]
    result = tuple(
        -sum(moved.closing_minor for code, moved in column.items() if view.account(code).type in RESULT)
        for column in columns
    )
    return BalanceSheet(
        _section(view, AccountType.ASSET, columns, lambda moved: moved.closing_minor),
        _section(view, AccountType.LIABILITY, columns, lambda moved: -moved.closing_minor),
        _section(view, AccountType.EQUITY, columns, lambda moved: -moved.closing_minor),
        result,
    )


def _of_the_year(one: Sum) -> bool:
    return not one.year_end


def _spans(view: BookView) -> list[Span]:
    return [span for span in (view.asked.span, view.asked.compared) if span is not None]


def _section(
    view: BookView, type_: AccountType, columns: list[dict[str, Movement]], amount: Callable[[Movement], int]
) -> Section:
    nothing = Movement()
    codes = {code for column in columns for code in column if view.account(code).type is type_}
    amounts = {code: tuple(amount(column.get(code, nothing)) for column in columns) for code in codes}
    return section(view.chart, type_, amounts, len(columns))


def _less(one: Amounts, other: Amounts) -> Amounts:
    return tuple(a - b for a, b in zip(one, other, strict=True))
