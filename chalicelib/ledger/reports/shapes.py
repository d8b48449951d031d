"""What the routes of the reports take and answer."""

from typing import Annotated, Literal

from pydantic import Field, RootModel

from chalicelib.api.fields import Answer, Body, Code, Day, DayOut, Instant, InstantOut, MoneyOut
from chalicelib.api.paging import MAX_LIMIT
from chalicelib.api.papers import PaperAnswer

By = Literal["effective_on", "service_on"]
Format = Literal["json", "csv", "xlsx", "pdf"]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, examples=[50])]
Cursor = Annotated[str, Field(max_length=2000)]


class _Query(Body):
    """By which date, as known when, in which format."""

    by: By = "effective_on"
    known_at: Instant | None = None
    format: Format = "json"


class SpanQuery(_Query):
    """A range of days (this month through today, unless told), and one to compare it with."""

    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None
    compare_from: Day | None = None
    compare_to: Day | None = None


class CentreQuery(SpanQuery):
    """A range of days, perhaps of one cost centre alone."""

    cost_centre: Code | None = None


class DayQuery(_Query):
    """The end of a day (today, unless told), and of an earlier one to compare it with."""

    on: Day | None = None
    compare_on: Day | None = None


class StatementQuery(SpanQuery):
    """A page of the lines of a range of days; files hold all of them."""

    limit: Limit = 50
    cursor: Cursor | None = None


class AccountLedgerQuery(StatementQuery):
    """The account whose lines are asked for, perhaps of one cost centre alone."""

    account: Code = Field(examples=["1010"])
    cost_centre: Code | None = None


class CashBookQuery(StatementQuery):
    """One account of money and those below it, or all of them."""

    account: Code | None = None


class AgeingQuery(DayQuery):
    """A page of the counterparties on a day; files hold all of them."""

    limit: Limit = 50
    cursor: Cursor | None = None


class TieOutQuery(DayQuery):
    """A page of the direct children on a day."""

    limit: Annotated[int, Field(ge=1, le=50, examples=[20])] = 20
    cursor: Cursor | None = None


class ReportAnswer(Answer):
    """What a report was asked for, and through which day the book is closed."""

    begins_on: DayOut | None
    ends_on: DayOut
    compared_from: DayOut | None
    compared_to: DayOut | None
    by: By
    known_at: InstantOut | None
    cost_centre: str | None = Field(examples=[None])
    closed_through: DayOut | None


class TurnoverAnswer(Answer):
    """Net debit before the first day, debits and credits of the days, and net debit after the last."""

    opening: MoneyOut
    debit: MoneyOut
    credit: MoneyOut
    closing: MoneyOut


class TrialLineAnswer(Answer):
    """One account of a trial balance over a range of days."""

    code: str = Field(examples=["1010"])
    name: str = Field(examples=["Bank"])
    type: str = Field(examples=["asset"])
    parent: str | None = Field(examples=[None])
    movement: TurnoverAnswer
    compared: TurnoverAnswer | None


class TrialBalanceReportAnswer(ReportAnswer):
    """Every account with a balance or a movement; debits and credits are equal."""

    accounts: list[TrialLineAnswer]
    total_debit: MoneyOut
    total_credit: MoneyOut
    closing_debit: MoneyOut
    closing_credit: MoneyOut


class GroupLineAnswer(Answer):
    """An account at its level under those above it: its own amount, and the total of it and all below."""

    code: str = Field(examples=["4000"])
    name: str = Field(examples=["Internet revenue"])
    parent: str | None = Field(examples=[None])
    level: int = Field(examples=[0])
    amount: MoneyOut
    total: MoneyOut
    compared_amount: MoneyOut | None
    compared_total: MoneyOut | None


class SectionAnswer(Answer):
    """All accounts of one type, and what they add up to."""

    lines: list[GroupLineAnswer]
    total: MoneyOut
    compared_total: MoneyOut | None


class ProfitAndLossAnswer(ReportAnswer):
    """Income less expenses is the result. The closing of years is left out."""

    income: SectionAnswer
    expenses: SectionAnswer
    result: MoneyOut
    compared_result: MoneyOut | None


class BalanceSheetAnswer(ReportAnswer):
    """Assets are liabilities, equity and the result that is not yet in retained earnings."""

    assets: SectionAnswer
    liabilities: SectionAnswer
    equity: SectionAnswer
    result: MoneyOut
    compared_result: MoneyOut | None


class StatementLineAnswer(Answer):
    """One line and the balance behind it. `account` is null where it stands for several."""

    on: DayOut
    effective_on: DayOut | None
    service_on: DayOut | None
    recorded_at: InstantOut
    entry: str = Field(examples=["op.o1795329000000000-general-7"])
    journal: str = Field(examples=["general"])
    kind: str | None = Field(examples=["manual"])
    memo: str | None = Field(examples=["Rent of November"])
    account: str | None = Field(examples=["1010"])
    counterparty: str | None = Field(examples=["tk7m2p9qx4abc"])
    cost_centre: str | None = Field(examples=[None])
    late_for: DayOut | None
    corrects: str | None = Field(examples=[None])
    debit: MoneyOut
    credit: MoneyOut
    balance: MoneyOut


class StatementAnswer(ReportAnswer):
    """The totals are of all days asked for, whatever the page; `brought_forward` is the balance before its first line."""

    accounts: list[str] = Field(examples=[["1000", "1010", "1020"]])
    opening: MoneyOut
    debit: MoneyOut
    credit: MoneyOut
    closing: MoneyOut
    compared: TurnoverAnswer | None
    brought_forward: MoneyOut
    items: list[StatementLineAnswer]
    next_cursor: str | None


class AgedAnswer(Answer):
    """What one counterparty owes on one account by age in days; `paid_ahead` is what it paid beyond its debts."""

    counterparty: str | None = Field(examples=["tk7m2p9qx4abc"])
    name: str | None = Field(examples=["Beta Net"])
    account: str = Field(examples=["1150"])
    days_0_30: MoneyOut
    days_31_60: MoneyOut
    days_61_90: MoneyOut
    days_over_90: MoneyOut
    paid_ahead: MoneyOut
    total: MoneyOut
    compared_total: MoneyOut | None


class AgeingAnswer(ReportAnswer):
    """Everybody who owes, by counterparty; the total is the balance of the accounts, whatever the page."""

    total: MoneyOut
    compared_total: MoneyOut | None
    items: list[AgedAnswer]
    next_cursor: str | None


class SidesAnswer(Answer):
    """One figure in both books. `unexplained` is the part of the difference that no date explains; it is zero."""

    parent: MoneyOut
    child: MoneyOut
    difference: MoneyOut
    unexplained: MoneyOut
    compared_parent: MoneyOut | None
    compared_child: MoneyOut | None


class TwoTiersAnswer(Answer):
    """One direct child: its fund, and its unpaid credit, in this book and in its own."""

    child: str = Field(examples=["tk7m2p9qx4abc"])
    name: str = Field(examples=["Beta Net"])
    fund: SidesAnswer
    credit: SidesAnswer


class TieOutReportAnswer(ReportAnswer):
    """Both books of each direct child, which agree as known at any instant."""

    items: list[TwoTiersAnswer]
    next_cursor: str | None


class TrialBalanceFile(RootModel[TrialBalanceReportAnswer | PaperAnswer]):
    """The report, or as a file a link to it."""


class ProfitAndLossFile(RootModel[ProfitAndLossAnswer | PaperAnswer]):
    """The report, or as a file a link to it."""


class BalanceSheetFile(RootModel[BalanceSheetAnswer | PaperAnswer]):
    """The report, or as a file a link to it."""


class StatementFile(RootModel[StatementAnswer | PaperAnswer]):
    """The report, or as a file a link to it."""


class AgeingFile(RootModel[AgeingAnswer | PaperAnswer]):
    """The report, or as a file a link to it."""


class TieOutFile(RootModel[TieOutReportAnswer | PaperAnswer]):
    """The report, or as a file a link to it."""
