"""Routes of resellers. Here the packages meet: a reseller is onboarded with its owner (auth) and its fund (funds)."""

from datetime import datetime
from typing import Any

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.paging import decode_cursor, encode_cursor, page_of
from chalicelib.auth.admit import NewUser, first_owner
from chalicelib.auth.model import Role
from chalicelib.aws.tables import ConditionFailed, Operation
from chalicelib.core.errors import invalid_field
from chalicelib.funds.limits import change_limits, opening_row, read_fund, read_limits
from chalicelib.ledger.periods import open_journals
from chalicelib.tenants.amend import Amendment, Around, amend_reseller
from chalicelib.tenants.hierarchy import find_child, list_children, read_child_tree
from chalicelib.tenants.model import Mode, Status, Tenant
from chalicelib.tenants.onboard import NewReseller, draft_reseller, onboard_reseller
from chalicelib.tenants.shapes import (
    NewResellerBody,
    ResellerAnswer,
    ResellerChangeBody,
    ResellersQuery,
    TreeAnswer,
    show_reseller,
    show_tree,
    to_format,
)

bp = Blueprint(__name__, tag="Resellers")

ResellerPage = page_of(ResellerAnswer)


@bp.api(
    "POST",
    "/v1/resellers",
    may="resellers:onboard",
    module="resellers",
    body=NewResellerBody,
    answer=ResellerAnswer,
    status=201,
    repeatable=True,
    also={409: "code-taken, email-taken", 422: "too-deep"},
)
def add_reseller(call: Call) -> ResellerAnswer:
    """Onboard a reseller under this tenant, with its owner and an empty fund."""
    body = call.body
    new = NewReseller(
        name=body.name,
        code=body.code,
        mode=Mode(body.settlement.mode),
        timezone=body.timezone,
        settles_from=body.settles_from,
        modules=body.modules,
        customer_id=to_format(body.customer_id),
    )
    reseller = draft_reseller(call.tenants, new, call.now)
    fund = opening_row(reseller.tenant_id, body.minimum_balance, body.credit_limit, is_open=reseller.has_fund)
    person = NewUser(body.owner.name, body.owner.email, body.owner.password, Role.OWNER)
    owner = first_owner(reseller.chain, person, call.now)
    journals = open_journals(call.tenant.tenant_id, reseller.tenant_id)

    def show(tenant: Tenant) -> ResellerAnswer:
        return show_reseller(tenant, 0, body.minimum_balance, body.credit_limit)

    try:
        also = (fund, *owner.operations, *journals.operations)
        return show(onboard_reseller(reseller, also, call.remember(show)))
    except ConditionFailed as failure:
        owner.refuse(failure)
        journals.refuse(failure)
        raise


@bp.api("GET", "/v1/resellers", may="resellers:read", module="resellers", query=ResellersQuery, answer=ResellerPage)
def list_resellers(call: Call) -> Any:
    """The direct resellers of this tenant, by code."""
    query = call.query
    resellers, after = list_children(
        call.tenant.tenant_id,
        limit=query.limit,
        after=decode_cursor(query.cursor),
        status=Status(query.status) if query.status else None,
    )
    funds = read_limits([reseller.tenant_id for reseller in resellers])
    items = [_show(reseller, funds) for reseller in resellers]
    return ResellerPage(items=items, next_cursor=encode_cursor(after))


@bp.api("GET", "/v1/resellers/{reseller_id}", may="resellers:read", module="resellers", answer=ResellerAnswer)
def get_reseller(call: Call, reseller_id: str) -> ResellerAnswer:
    """One direct reseller."""
    reseller = find_child(call.tenant, reseller_id)
    return _show(reseller, read_limits([reseller.tenant_id]))


@bp.api(
    "PATCH",
    "/v1/resellers/{reseller_id}",
    may="resellers:write",
    module="resellers",
    body=ResellerChangeBody,
    answer=ResellerAnswer,
    also={409: "timezone-fixed, changed-meanwhile; for another mode: fund-not-empty, days-not-settled, not-settled-up"},
)
def change_reseller(call: Call, reseller_id: str) -> ResellerAnswer:
    """Change a direct reseller. Disabling stops its users and everybody below it until it is active again."""
    body = call.body
    wanted = Amendment(
        name=body.name,
        status=Status(body.status) if body.status else None,
        modules=body.modules,
        customer_id=body.customer_id.model_dump(exclude_unset=True) if body.customer_id else {},
        month_starts_on=body.month_starts_on,
        timezone=body.timezone,
        mode=Mode(body.settlement.mode) if body.settlement else None,
    )

    def look_around(before: Tenant) -> Around:
        moved = body.timezone is not None and body.timezone != before.timezone
        also = _new_limits(before.tenant_id, body)
        if wanted.mode is not None and wanted.mode is not before.mode:
            if also:
                raise invalid_field("settlement", "changes alone: send the limits after it")
            also = _new_mode(before, wanted.mode, call.now)
        if not moved:
            return Around(False, also)
        return Around(_has_settled_day(before.tenant_id), (*also, *_while_unpinned(before.tenant_id)))

    reseller = amend_reseller(call.tenants, reseller_id, wanted, look_around)
    return _show(reseller, read_limits([reseller.tenant_id]))


@bp.api("GET", "/v1/resellers/{reseller_id}/tree", may="resellers:read", module="resellers", answer=TreeAnswer)
def get_reseller_tree(call: Call, reseller_id: str) -> TreeAnswer:
    """A direct reseller and everybody below it."""
    nodes = read_child_tree(call.tenant, reseller_id)
    return show_tree(nodes, read_limits([reseller_id]).get(reseller_id))


def _show(reseller: Tenant, funds: dict[str, Any]) -> ResellerAnswer:
    fund = funds[reseller.tenant_id]
    return show_reseller(reseller, fund.balance_minor, fund.minimum_balance_minor, fund.credit_limit_minor)


def _new_limits(reseller_id: str, body: ResellerChangeBody) -> tuple[Operation, ...]:
    """The change of the fund's limits, if the body names one; the other stays."""
    if body.minimum_balance is None and body.credit_limit is None:
        return ()
    fund = read_fund(reseller_id)
    minimum_minor = fund.minimum_balance_minor if body.minimum_balance is None else body.minimum_balance
    credit_minor = fund.credit_limit_minor if body.credit_limit is None else body.credit_limit
    if (minimum_minor, credit_minor) == (fund.minimum_balance_minor, fund.credit_limit_minor):
        return ()
    return (change_limits(reseller_id, minimum_minor, credit_minor),)


def _new_mode(reseller: Tenant, mode: Mode, now: datetime) -> tuple[Operation, ...]:
    # Imported here: only a change of the mode needs it.
    from chalicelib.billing.modes import change_mode

    return change_mode(reseller, mode, now)


def _has_settled_day(reseller_id: str) -> bool:
    # Imported here: only a change of the time zone needs it.
    from chalicelib.billing.state import read_states

    state = read_states([reseller_id]).get(reseller_id)
    # A day that is pinned counts: its sheet was made with the time zone of then.
    return state is not None and (state.last_day or state.pinned_through) is not None


def _while_unpinned(reseller_id: str) -> tuple[Operation, ...]:
    """The time zone changes only while no day is pinned, also if one is being pinned at this moment."""
    from chalicelib.billing.pins import guard_unpinned

    return guard_unpinned(reseller_id).operations
