"""What the routes of accounts, cost centres and settings take and answer."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.fields import Amount, Answer, Body, Code, Instead, MoneyOut, Name, parsed, shown
from chalicelib.api.paging import PageQuery
from chalicelib.crm.contact import parse_zone
from chalicelib.ledger.chart import Account
from chalicelib.ledger.hand.cost_centres import CostCentre
from chalicelib.ledger.settings import LedgerSettings

AccountTypeName = Literal["asset", "liability", "equity", "income", "expense"]
StatusName = Literal["open", "closed"]
Zone = Annotated[str, parsed(parse_zone), shown("Mirpur-10", maxLength=60)]


class AccountBody(Body):
    """A new account of this book."""

    code: Code = Field(examples=["5910"])
    name: Name = Field(examples=["Office rent"])
    type: AccountTypeName = Field(examples=["expense"])
    parent: Code | None = Field(default=None, examples=["5900"])


class AccountChangeBody(Body):
    """What to change of an account; a parent of null takes it out of its group. Its type never changes."""

    name: Name = Instead
    parent: Code | None = Field(default=None, examples=["5900"])
    status: StatusName = Instead


class AccountAnswer(Answer):
    """An account. Only the system posts to a `control` account; a closed one takes no line."""

    code: str = Field(examples=["5910"])
    name: str = Field(examples=["Office rent"])
    type: AccountTypeName = Field(examples=["expense"])
    parent: str | None = Field(examples=["5900"])
    control: bool = Field(examples=[False])
    status: StatusName = Field(examples=["open"])


class AccountBalanceAnswer(AccountAnswer):
    """An account with its balance now: debits less credits, of its own lines alone."""

    balance: MoneyOut


class AccountsAnswer(Answer):
    """All accounts of the book, by code; there is never a next page."""

    items: list[AccountBalanceAnswer]
    next_cursor: None = None


class CostCentreBody(Body):
    """A new cost centre, perhaps for a zone of subscribers."""

    code: Code = Field(examples=["MIRPUR"])
    name: Name = Field(examples=["Mirpur and around"])
    zone: Zone | None = None


class CostCentreChangeBody(Body):
    """What to change of a cost centre."""

    name: Name = Instead
    status: StatusName = Instead


class CostCentreAnswer(Answer):
    """A cost centre; a closed one takes no line."""

    code: str = Field(examples=["MIRPUR"])
    name: str = Field(examples=["Mirpur and around"])
    zone: str | None = Field(examples=["Mirpur-10"])
    status: StatusName = Field(examples=["open"])


class CostCentreQuery(PageQuery):
    """A page of cost centres, by code."""


class LedgerSettingsBody(Body):
    """What to change of the settings of this book; an `approval_above` of null asks for no second person."""

    approval_above: Amount | None = None
    year_starts_in: Annotated[int, Field(ge=1, le=12, strict=True, examples=[7])] = Instead


class LedgerSettingsAnswer(Answer):
    """The amount above which an entry by hand takes a second person, and the month in which the year begins."""

    approval_above: MoneyOut | None
    year_starts_in: int = Field(examples=[1])


def show_account(account: Account) -> AccountAnswer:
    """An account as the API writes it."""
    return AccountAnswer(
        code=account.code,
        name=account.name,
        type=account.type.value,
        parent=account.parent,
        control=account.control,
        status=account.status.value,
    )


def show_balance(account: Account, net_minor: int) -> AccountBalanceAnswer:
    """An account with its net debit."""
    return AccountBalanceAnswer(**show_account(account).__dict__, balance=net_minor)


def show_cost_centre(centre: CostCentre) -> CostCentreAnswer:
    """A cost centre as the API writes it."""
    status: StatusName = "open" if centre.status == "open" else "closed"
    return CostCentreAnswer(code=centre.code, name=centre.name, zone=centre.zone, status=status)


def show_settings(settings: LedgerSettings) -> LedgerSettingsAnswer:
    """The settings as the API writes them."""
    return LedgerSettingsAnswer(approval_above=settings.approval_above_minor, year_starts_in=settings.year_starts_in)
