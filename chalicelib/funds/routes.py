"""Funds over HTTP: recharging and refunding a child, reading one's own fund and its movements."""

from typing import Literal

from pydantic import Field

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.fields import Amount, Answer, Body, DayOut, InstantOut, MoneyOut, Note, Reason
from chalicelib.api.paging import PageQuery, decode_cursor, encode_cursor, page_of
from chalicelib.aws.log import log, measure
from chalicelib.billing.run import ask_restore
from chalicelib.core.dates import from_micros
from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.funds.limits import read_limits
from chalicelib.funds.model import Method
from chalicelib.funds.movements import connections_standing, list_movements, runway_days
from chalicelib.funds.transfer import Movement, Order, recharge_fund, refund_fund
from chalicelib.ledger.journal import Entry
from chalicelib.tenants.hierarchy import find_child
from chalicelib.tenants.model import Tenant

bp = Blueprint(__name__, tag="Funds")

MethodName = Literal["cash", "bank", "gateway", "credit", "bonus", "opening"]


class RechargeBody(Body):
    """Money for a reseller's fund."""

    amount: Amount = Field(examples=["5000.00"])
    method: MethodName = Field(examples=["cash"])
    reference: Note = Field(default="", examples=["MR-2026-1187"])
    note: Note = Field(default="", examples=["paid at the counter"])


class RefundBody(Body):
    """Money back from a reseller's fund."""

    amount: Amount = Field(examples=["500.00"])
    method: MethodName = Field(examples=["cash"])
    reason: Reason = Field(examples=["leaving at the end of the month"])


class MovementAnswer(Answer):
    """One movement of a fund: `amount` is negative when it fell. `id` is the entry in the fund's own book."""

    id: str = Field(examples=["tk7m2p9qx4abc.f1795329000000000-general-3"])
    kind: str = Field(examples=["recharge"])
    amount: MoneyOut = Field(examples=["5000.00"])
    balance_after: MoneyOut | None = Field(examples=["5250.00"])
    effective_on: DayOut
    service_on: DayOut
    recorded_at: InstantOut
    run: str | None = Field(examples=[None])
    reference: str | None = Field(examples=["MR-2026-1187"])
    memo: str = Field(examples=["paid at the counter"])
    counterparty: str | None = Field(examples=["op"])


class TransferAnswer(MovementAnswer):
    """A movement of the child's fund, with its twin in the caller's book and what of it repaid credit."""

    entry: str = Field(examples=["op.f1795329000000000-child-tk7m2p9qx4abc-3"])
    repaid: MoneyOut = Field(examples=["0.00"])


class FundAnswer(Answer):
    """A fund: `short_tenant` is who stops new connections (an id, or `upstream`); `runway_days` is at the last day's use."""

    balance: MoneyOut = Field(examples=["5250.00"])
    minimum_balance: MoneyOut = Field(examples=["0.00"])
    credit_limit: MoneyOut = Field(examples=["0.00"])
    credit_owed: MoneyOut = Field(examples=["0.00"])
    new_connections: Literal["open", "blocked"] = Field(examples=["open"])
    short_tenant: str | None = Field(examples=[None])
    runway_days: int | None = Field(examples=[12])


def _movement_fields(entry: Entry) -> dict[str, object]:
    draft = entry.draft
    return {
        "id": entry.entry_id,
        "kind": draft.kind,
        "amount": entry.fund_change_minor,
        "balance_after": entry.fund_after_minor,
        "effective_on": draft.effective_on,
        "service_on": draft.service_on,
        "recorded_at": from_micros(entry.recorded_micros),
        "run": draft.run or None,
        "reference": draft.reference or None,
        "memo": draft.memo,
        "counterparty": draft.lines[0].counterparty or None,
    }


def _transfer(movement: Movement) -> TransferAnswer:
    assert movement.parent_entry is not None, "a transfer has two sides"
    return TransferAnswer.model_validate(
        {
            **_movement_fields(movement.entry),
            "entry": movement.parent_entry.entry_id,
            "repaid": movement.repaid_minor,
        }
    )


@bp.api(
    "POST",
    "/v1/resellers/{reseller_id}/recharges",
    may="funds:write",
    module="resellers",
    body=RechargeBody,
    answer=TransferAnswer,
    status=201,
    repeatable=True,
    also={409: "fund-too-low, no-fund"},
)
def create_recharge(call: Call, reseller_id: str) -> TransferAnswer:
    """Recharge a direct child's fund. What the child owes of earlier credit is repaid first."""
    child = find_child(call.tenant, reseller_id)
    body: RechargeBody = call.body
    order = Order(body.amount, Method(body.method), body.reference, body.note, call.author)
    movement = recharge_fund(call.tenant, child, order, call.now, call.remember(_transfer))
    measure("MoneyRechargedMinor", body.amount)
    _ask_restore(child, call)
    return _transfer(movement)


def _ask_restore(child: Tenant, call: Call) -> None:
    """Have suspended services looked at soon; the money has moved whatever comes of this, and the planner looks anyway."""
    try:
        ask_restore(child.chain, call.now)
    except Unavailable:
        log("services wait for the planner", tenant=child.tenant_id)


@bp.api(
    "POST",
    "/v1/resellers/{reseller_id}/refunds",
    may="funds:write",
    module="resellers",
    body=RefundBody,
    answer=TransferAnswer,
    status=201,
    repeatable=True,
    also={409: "fund-too-low, no-fund"},
)
def create_refund(call: Call, reseller_id: str) -> TransferAnswer:
    """Give back part of a direct child's fund."""
    child = find_child(call.tenant, reseller_id)
    body: RefundBody = call.body
    order = Order(body.amount, Method(body.method), "", body.reason, call.author)
    movement = refund_fund(call.tenant, child, order, call.now, call.remember(_transfer))
    measure("MoneyRefundedMinor", body.amount)
    return _transfer(movement)


def _fund(chain: tuple[Tenant, ...]) -> FundAnswer:
    funds = read_limits([tenant.tenant_id for tenant in chain])
    fund = funds.get(chain[-1].tenant_id)
    if fund is None or not fund.is_open:
        raise NotFound("fund")
    standing = connections_standing(chain, funds)
    return FundAnswer(
        balance=fund.balance_minor,
        minimum_balance=fund.minimum_balance_minor,
        credit_limit=fund.credit_limit_minor,
        credit_owed=fund.debt_minor,
        new_connections="open" if standing.open else "blocked",
        short_tenant=standing.short_tenant,
        runway_days=runway_days(fund),
    )


@bp.api("GET", "/v1/resellers/{reseller_id}/fund", may="funds:read", module="resellers", answer=FundAnswer)
def read_child_fund(call: Call, reseller_id: str) -> FundAnswer:
    """The fund of a direct child."""
    child = find_child(call.tenant, reseller_id)
    return _fund((*call.tenants, child))


@bp.api("GET", "/v1/fund", may="funds:read", answer=FundAnswer, also={404: "not-found"})
def read_own_fund(call: Call) -> FundAnswer:
    """One's own fund; the operator has none."""
    return _fund(call.tenants)


@bp.api(
    "GET",
    "/v1/fund/movements",
    may="funds:read",
    query=PageQuery,
    answer=page_of(MovementAnswer),
    also={404: "not-found"},
)
def list_own_movements(call: Call) -> Answer:
    """Every movement of one's own fund, newest first."""
    if call.tenant.is_operator:
        raise NotFound("fund")
    entries, after = list_movements(
        call.tenant.tenant_id, limit=call.query.limit, after=decode_cursor(call.query.cursor)
    )
    items = [MovementAnswer.model_validate(_movement_fields(entry)) for entry in entries]
    page: Answer = page_of(MovementAnswer)(items=items, next_cursor=encode_cursor(after))
    return page
