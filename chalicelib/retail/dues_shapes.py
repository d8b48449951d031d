"""What the routes of statements, dues and receivables by age take and answer."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, RootModel

from chalicelib.api.fields import Answer, Body, Day, DayOut, MoneyOut
from chalicelib.api.paging import MAX_LIMIT, PageQuery, encode_cursor
from chalicelib.api.papers import PaperAnswer
from chalicelib.crm.subscriber import subscriber_id
from chalicelib.retail.account_model import Account
from chalicelib.retail.document_model import document_id
from chalicelib.retail.dues import MonthDues
from chalicelib.retail.owing import AgedAccount, Owing, Tied
from chalicelib.retail.payment_shapes import DocumentId, SubscriberId
from chalicelib.retail.statement import Dues, Statement, StatementLine

DuesName = Annotated[Literal["cumulative", "monthly"], Field(examples=["cumulative"])]
Count = Annotated[int, Field(examples=[12])]


class SubscriberStatementQuery(PageQuery):
    """The days of a statement: everything, unless told."""

    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None


class DuesQuery(PageQuery):
    """Whether to list only those who are past a due day."""

    overdue: Annotated[bool, Field(examples=[True])] = False


class RetailAgeingQuery(Body):
    """A page of the subscribers, or all of them as a file."""

    format: Literal["json", "csv", "xlsx", "pdf"] = "json"
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, examples=[50])] = 50
    cursor: Annotated[str, Field(max_length=2000)] | None = None


class StatementLineSubscriberAnswer(Answer):
    """A document on its day: what it made the subscriber owe more or less, and the balance behind it."""

    date: DayOut
    document: DocumentId
    kind: str = Field(examples=["invoice"])
    number: str = Field(examples=["INV-2026-000012"])
    charged: MoneyOut
    settled: MoneyOut
    balance: MoneyOut
    about: DocumentId | None
    method: str | None = Field(examples=["cash"])
    note: str | None = Field(examples=["paid at the counter"])


class SubscriberStatementAnswer(Answer):
    """The statement of a subscriber: `opening` + `charged` - `settled` = `closing`; below zero is paid ahead."""

    subscriber: SubscriberId
    begins_on: DayOut | None
    ends_on: DayOut | None
    opening: MoneyOut
    charged: MoneyOut
    settled: MoneyOut
    closing: MoneyOut
    items: list[StatementLineSubscriberAnswer]
    next_cursor: str | None


class MonthDuesAnswer(Answer):
    """A month: what counted for it, and what was due at its end both ways."""

    month: str = Field(examples=["2026-11"])
    billed: MoneyOut
    credited: MoneyOut
    received: MoneyOut
    monthly: MoneyOut
    cumulative: MoneyOut


class SubscriberDuesAnswer(Answer):
    """What a subscriber owes today: `due` is the one of the two figures that its biller's terms name."""

    subscriber: SubscriberId
    dues: DuesName
    due: MoneyOut
    cumulative: MoneyOut
    monthly: MoneyOut
    overdue: MoneyOut
    advance: MoneyOut


class DuesByMonthAnswer(SubscriberDuesAnswer):
    """The dues of today, and at the end of each month."""

    months: list[MonthDuesAnswer]


class OwingAnswer(SubscriberDuesAnswer):
    """A subscriber that owes."""

    name: str = Field(examples=["Rahim Uddin"])
    customer_id: str = Field(examples=["BETA-000012"])


class TotalDuesAnswer(Answer):
    """What the subscribers of one tenant owe together; `balance` is what they owe less what is paid ahead."""

    tenant: str = Field(examples=["tk7m2p9qx4abc"])
    accounts: Count
    owing: Count
    dues: DuesName
    due: MoneyOut
    cumulative: MoneyOut
    monthly: MoneyOut
    overdue: MoneyOut
    advance: MoneyOut
    balance: MoneyOut


class TotalsOfDuesAnswer(Answer):
    """The dues of every tenant whose subscribers are billed here. The balances together are that of account 1100 in the
    book (`receivable`), and the difference is zero."""

    balance: MoneyOut
    receivable: MoneyOut
    difference: MoneyOut = Field(examples=["0.00"])
    items: list[TotalDuesAnswer]


class AgedSubscriberAnswer(Answer):
    """What a subscriber owes by days past the due day; `total` is that less what is paid ahead."""

    subscriber: SubscriberId
    name: str = Field(examples=["Rahim Uddin"])
    customer_id: str = Field(examples=["BETA-000012"])
    not_due: MoneyOut
    days_1_30: MoneyOut
    days_31_60: MoneyOut
    days_61_90: MoneyOut
    days_over_90: MoneyOut
    paid_ahead: MoneyOut
    total: MoneyOut


class RetailAgeingAnswer(Answer):
    """Receivables of subscribers by age, as of now; `total` is of all of them."""

    on: DayOut
    total: MoneyOut
    items: list[AgedSubscriberAnswer]
    next_cursor: str | None


class RetailAgeingFile(RootModel[RetailAgeingAnswer | PaperAnswer]):
    """The report, or the file that was made of it."""


# From records


def show_statement_of(
    whose: str, asked: tuple[date | None, date | None], statement: Statement, limit: int, after: str | None
) -> SubscriberStatementAnswer:
    lines, following = statement.page(limit, after)
    return SubscriberStatementAnswer(
        subscriber=whose,
        begins_on=asked[0],
        ends_on=asked[1],
        opening=statement.opening_minor,
        charged=statement.charged_minor,
        settled=statement.settled_minor,
        closing=statement.closing_minor,
        items=[_line(line) for line in lines],
        next_cursor=encode_cursor(following),
    )


def _line(line: StatementLine) -> StatementLineSubscriberAnswer:
    document = line.document
    return StatementLineSubscriberAnswer(
        date=line.on,
        document=document.document_id,
        kind=document.kind.value,
        number=document.number,
        charged=max(0, document.change_minor),
        settled=max(0, -document.change_minor),
        balance=line.balance_minor,
        about=document_id(document.biller_id, document.about) if document.about else None,
        method=document.method or None,
        note=document.note or None,
    )


def show_dues(account: Account, dues: Dues, months: Sequence[MonthDues]) -> DuesByMonthAnswer:
    shown = [
        MonthDuesAnswer(
            month=one.figures.month,
            billed=one.figures.billed_minor,
            credited=one.figures.credited_minor,
            received=one.figures.received_minor,
            monthly=one.monthly_minor,
            cumulative=one.cumulative_minor,
        )
        for one in months
    ]
    return DuesByMonthAnswer.model_validate({**_dues(account, dues), "months": shown})


def show_owing(one: Owing, names: dict[tuple[str, int], tuple[str, str]]) -> OwingAnswer:
    name, customer_id = names.get((one.account.tenant_id, one.account.number), ("", ""))
    fields = {**_dues(one.account, one.dues), "name": name, "customer_id": customer_id}
    return OwingAnswer.model_validate(fields)


def _dues(account: Account, dues: Dues) -> dict[str, object]:
    return {
        "subscriber": subscriber_id(account.tenant_id, account.number),
        "dues": dues.kind.value,
        "due": dues.due_minor,
        "cumulative": dues.cumulative_minor,
        "monthly": dues.monthly_minor,
        "overdue": dues.overdue_minor,
        "advance": dues.advance_minor,
    }


def show_totals(tied: Tied, dues: Literal["cumulative", "monthly"]) -> TotalsOfDuesAnswer:
    items = [
        TotalDuesAnswer(
            tenant=one.tenant_id,
            accounts=one.accounts,
            owing=one.owing,
            dues=dues,
            due=one.cumulative_minor if dues == "cumulative" else one.monthly_minor,
            cumulative=one.cumulative_minor,
            monthly=one.monthly_minor,
            overdue=one.overdue_minor,
            advance=one.advance_minor,
            balance=one.balance_minor,
        )
        for one in tied.totals
    ]
    return TotalsOfDuesAnswer(
        balance=tied.balance_minor, receivable=tied.receivable_minor, difference=tied.difference_minor, items=items
    )


def show_retail_ageing(
    on: date, report: Sequence[AgedAccount], page: Sequence[AgedAccount], following: str | None
) -> RetailAgeingAnswer:
    return RetailAgeingAnswer(
        on=on,
        total=sum(one.total_minor for one in report),
        items=[_aged(one) for one in page],
        next_cursor=encode_cursor(following),
    )


def _aged(one: AgedAccount) -> AgedSubscriberAnswer:
    return AgedSubscriberAnswer(
        subscriber=one.account.subscriber_id,
        name=one.name,
        customer_id=one.customer_id,
        not_due=one.not_due_minor,
        days_1_30=one.by_age_minor[0],
        days_31_60=one.by_age_minor[1],
        days_61_90=one.by_age_minor[2],
        days_over_90=one.by_age_minor[3],
        paid_ahead=one.account.advance_minor,
        total=one.total_minor,
    )
