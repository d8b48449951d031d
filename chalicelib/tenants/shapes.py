"""What the routes of resellers take and answer."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.fields import (
    Answer,
    Body,
    Code,
    Day,
    DayOut,
    Email,
    InstantOut,
    Instead,
    Money,
    MoneyOut,
    Name,
    Price,
    Timezone,
    Zero,
)
from chalicelib.api.paging import PageQuery
from chalicelib.core.dates import from_micros
from chalicelib.funds.model import Fund
from chalicelib.tenants.hierarchy import TreeNode
from chalicelib.tenants.model import CustomerIdFormat, Tenant

TenantId = Annotated[str, Field(examples=["t4h8w2p5n6qr"])]
State = Annotated[Literal["active", "disabled"], Field(examples=["active"])]
ModeName = Annotated[Literal["prepaid", "aggregate", "percentage"], Field(examples=["prepaid"])]
Modules = Annotated[list[str], Field(max_length=40, examples=[["resellers", "subscribers", "ledger"]])]
MonthStart = Annotated[int, Field(ge=1, le=31, examples=[1])]
Digits = Annotated[int, Field(ge=1, le=12, examples=[6])]
Prefix = Annotated[str, Field(max_length=40, examples=["BETA-"])]
Infix = Annotated[str, Field(max_length=40, examples=["{zone}-{yyyymm}-"])]
Postfix = Annotated[str, Field(max_length=40, examples=["-{plan}"])]
Password = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        examples=["correct horse battery staple"],
        json_schema_extra={"writeOnly": True},
    ),
]


class OwnerBody(Body):
    """The first user of a reseller, who may do everything in it."""

    name: Name
    email: Email
    password: Password


class SettlementModeBody(Body):
    """How the parent deals with the reseller: by a fund, by one invoice for all its services, or by a percentage."""

    mode: ModeName


class CustomerIdBody(Body):
    """How customer ids are made: prefix, infix, running number of at least `digits` digits, postfix.

    The texts may hold the tokens `{zone}`, `{plan}` and `{yyyymm}`.
    """

    prefix: Prefix = Instead
    infix: Infix = Instead
    postfix: Postfix = Instead
    digits: Digits = Instead


class NewResellerBody(Body):
    """A reseller to onboard, with its owner. Left out: the parent's time zone and modules, zero limits, and today."""

    name: Name
    code: Code
    owner: OwnerBody
    settlement: SettlementModeBody
    timezone: Timezone = Instead
    settles_from: Day = Instead
    minimum_balance: Money = Zero
    credit_limit: Price = Zero
    customer_id: CustomerIdBody = Instead
    modules: Modules = Instead


class ResellerChangeBody(Body):
    """What to change of a reseller; what is left out stays."""

    name: Name = Instead
    status: State = Instead
    modules: Modules = Instead
    minimum_balance: Money = Instead
    credit_limit: Price = Instead
    customer_id: CustomerIdBody = Instead
    month_starts_on: MonthStart = Instead
    timezone: Timezone = Instead
    settlement: SettlementModeBody = Instead


class ResellersQuery(PageQuery):
    """Which of the direct resellers to list."""

    status: State | None = None


class SettlementModeAnswer(Answer):
    """How the parent deals with the reseller."""

    mode: ModeName


class CustomerIdAnswer(Answer):
    """How the reseller's customer ids are made."""

    prefix: Prefix
    infix: Infix
    postfix: Postfix
    digits: Digits


class ResellerAnswer(Answer):
    """A direct reseller, with its fund as its parent holds it. `depth` is 1 directly under the operator."""

    id: TenantId
    name: Annotated[str, Field(examples=["Beta Net"])]
    code: Annotated[str, Field(examples=["BETA"])]
    status: State
    depth: Annotated[int, Field(examples=[1])]
    settlement: SettlementModeAnswer
    timezone: Annotated[str, Field(examples=["Asia/Dhaka"])]
    settles_from: DayOut
    month_starts_on: MonthStart
    balance: MoneyOut
    minimum_balance: MoneyOut
    credit_limit: MoneyOut
    customer_id: CustomerIdAnswer
    modules: Modules
    created_at: InstantOut


class TreeFund(Answer):
    """A fund as the tree shows it."""

    balance: MoneyOut
    minimum_balance: MoneyOut
    credit_limit: MoneyOut


class TreeAnswer(Answer):
    """A reseller and everybody below it, by code.

    `fund` is known of one's direct reseller only; a fund further down is a matter between that reseller and its parent.
    """

    id: TenantId
    name: Annotated[str, Field(examples=["Beta Net"])]
    code: Annotated[str, Field(examples=["BETA"])]
    status: State
    depth: Annotated[int, Field(examples=[1])]
    fund: TreeFund | None
    children: list["TreeAnswer"]


def to_format(body: CustomerIdBody | None) -> CustomerIdFormat:
    """The format a new reseller asks for; what it leaves out is as `CustomerIdFormat` has it."""
    return CustomerIdFormat(**body.model_dump(exclude_unset=True)) if body else CustomerIdFormat()


def show_reseller(
    tenant: Tenant, balance_minor: int, minimum_balance_minor: int, credit_limit_minor: int
) -> ResellerAnswer:
    """A reseller as its parent sees it."""
    form = tenant.customer_id
    return ResellerAnswer(
        id=tenant.tenant_id,
        name=tenant.name,
        code=tenant.code,
        status=tenant.status.value,
        depth=tenant.depth,
        settlement=SettlementModeAnswer(mode=tenant.mode.value),
        timezone=tenant.timezone,
        settles_from=tenant.settles_from,
        month_starts_on=tenant.month_starts_on,
        balance=balance_minor,
        minimum_balance=minimum_balance_minor,
        credit_limit=credit_limit_minor,
        customer_id=CustomerIdAnswer(prefix=form.prefix, infix=form.infix, postfix=form.postfix, digits=form.digits),
        modules=sorted(tenant.modules),
        created_at=from_micros(tenant.created_at_micros),
    )


def show_tree(nodes: list[TreeNode], fund: Fund | None) -> TreeAnswer:
    """The sub-tree of the first node; `nodes` has each parent before its children."""
    below: dict[str, list[TreeNode]] = {}
    for node in nodes[1:]:
        below.setdefault(node.chain[-2], []).append(node)

    def show(node: TreeNode, shown_fund: TreeFund | None) -> TreeAnswer:
        children = sorted(below.get(node.tenant_id, ()), key=lambda child: child.code)
        return TreeAnswer(
            id=node.tenant_id,
            name=node.name,
            code=node.code,
            status=node.status.value,
            depth=node.depth,
            fund=shown_fund,
            children=[show(child, None) for child in children],
        )

    return show(nodes[0], _show_fund(fund))


def _show_fund(fund: Fund | None) -> TreeFund | None:
    if fund is None:
        return None
    return TreeFund(
        balance=fund.balance_minor,
        minimum_balance=fund.minimum_balance_minor,
        credit_limit=fund.credit_limit_minor,
    )
