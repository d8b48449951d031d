"""What the routes of the books take and answer."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.fields import (
    Amount,
    Answer,
    Body,
    Code,
    Day,
    DayOut,
    Instant,
    InstantOut,
    MoneyOut,
    Name,
    Note,
    Reason,
)
from chalicelib.api.paging import PageQuery

AccountTypeName = Literal["asset", "liability", "equity", "income", "expense"]


class AccountBody(Body):
    """A new account of this book."""

    code: Code = Field(examples=["5910"])
    name: Name = Field(examples=["Office rent"])
    type: AccountTypeName = Field(examples=["expense"])
    parent: Code | None = Field(default=None, examples=["5900"])


class AccountAnswer(Answer):
    """An account. Only the system posts to a `control` account."""

    code: str = Field(examples=["5910"])
    name: str = Field(examples=["Office rent"])
    type: AccountTypeName = Field(examples=["expense"])
    parent: str | None = Field(examples=["5900"])
    control: bool = Field(examples=[False])


class EntryLineBody(Body):
    """One leg of an entry: an account and either a debit or a credit."""

    account: Code = Field(examples=["1010"])
    debit: Amount | None = None
    credit: Amount | None = None


class EntryBody(Body):
    """An entry made by hand."""

    effective_on: Day
    memo: Note = Field(examples=["Rent of November"])
    lines: Annotated[
        list[EntryLineBody],
        Field(
            min_length=2,
            max_length=100,
            examples=[[{"account": "5910", "debit": "800.00"}, {"account": "1010", "credit": "800.00"}]],
        ),
    ]


class LineAnswer(Answer):
    """One leg of an entry; one of debit and credit is zero."""

    account: str = Field(examples=["1010"])
    debit: MoneyOut
    credit: MoneyOut
    counterparty: str | None = Field(examples=["tk7m2p9qx4abc"])


class EntryAnswer(Answer):
    """An entry of the book. It is never changed."""

    id: str = Field(examples=["op.o1795329000000000-general-7"])
    journal: str = Field(examples=["general"])
    sequence: int = Field(examples=[7])
    kind: str = Field(examples=["manual"])
    effective_on: DayOut
    service_on: DayOut
    recorded_at: InstantOut
    memo: str = Field(examples=["Rent of November"])
    lines: list[LineAnswer]
    corrects: str | None = Field(examples=[None])
    run: str | None = Field(examples=[None])
    reference: str | None = Field(examples=[None])
    recorded_by: str | None = Field(examples=["u4mw2k8rt6vyx"])
    acting_by: str | None = Field(examples=[None])
    hash: str = Field(examples=["9f2c61b0" * 8])


class ReversalBody(Body):
    """Why an entry is reversed."""

    reason: Reason


class EntryQuery(PageQuery):
    """A page of the book, newest first."""


class BalanceAnswer(Answer):
    """One account of a trial balance."""

    code: str = Field(examples=["1010"])
    name: str = Field(examples=["Bank"])
    debit: MoneyOut
    credit: MoneyOut


class TrialBalanceAnswer(Answer):
    """Every account with a balance; the totals are equal."""

    accounts: list[BalanceAnswer]
    total_debit: MoneyOut
    total_credit: MoneyOut


class TrialBalanceQuery(Body):
    """At the end of which day, by which date, as known when."""

    on: Day | None = None
    by: Literal["effective_on", "service_on"] = "effective_on"
    known_at: Instant | None = None


class VerificationAnswer(Answer):
    """What the recomputation of the whole book found."""

    entries: int = Field(examples=[412])
    head_hash: str = Field(examples=["9f2c61b0" * 8])
    status: Literal["sound", "broken"] = Field(examples=["sound"])
    first_broken: str | None = Field(examples=[None])


class TieOutAnswer(Answer):
    """One direct child: both books' figures, which must be equal."""

    child: str = Field(examples=["tk7m2p9qx4abc"])
    name: str = Field(examples=["Beta Net"])
    held_for_child: MoneyOut
    child_fund_with_parent: MoneyOut
    difference: MoneyOut


class AccountsAnswer(Answer):
    """All accounts of the book, by code; there is never a next page."""

    items: list[AccountAnswer]
    next_cursor: None = None
