"""Routes of plans."""

from typing import Any

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.paging import PageQuery, decode_cursor, encode_cursor, page_of
from chalicelib.aws.guards import Guard, no_guard
from chalicelib.billing.tariffs import guard_base
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import NotFound, invalid_field
from chalicelib.core.proration import DayCount
from chalicelib.crm import plans
from chalicelib.crm.model import Plan
from chalicelib.crm.plan_shapes import NewPlanBody, PlanAnswer, PlanChangeBody, show_plan
from chalicelib.network.in_line import bring_all_in_line_soon

bp = Blueprint(__name__, tag="Plans")

PlanPage = page_of(PlanAnswer)


@bp.api(
    "POST",
    "/v1/plans",
    may="plans:write",
    body=NewPlanBody,
    answer=PlanAnswer,
    status=201,
    repeatable=True,
    also={409: "code-taken"},
)
def add_plan(call: Call) -> PlanAnswer:
    """Offer a plan. A reseller's stands on a plan of its parent that its tariff has a price for."""
    body = call.body
    based_on, guard = _base(call, body.based_on)
    plan = Plan(
        tenant_id=call.tenant.tenant_id,
        code=body.code,
        name=body.name,
        download_kbps=body.download_kbps,
        upload_kbps=body.upload_kbps,
        monthly_price_minor=body.monthly_price,
        based_on=based_on,
        day_count=DayCount(body.day_count),
    )
    return show_plan(plans.create_plan(plan, call.remember(show_plan), guard))


@bp.api("GET", "/v1/plans", may="plans:read", query=PageQuery, answer=PlanPage)
def list_plans(call: Call) -> Any:
    """The tenant's plans, by code."""
    found, after = plans.page_of_plans(call.tenant.tenant_id, call.query.limit, decode_cursor(call.query.cursor))
    return PlanPage(items=[show_plan(plan) for plan in found], next_cursor=encode_cursor(after))


@bp.api("GET", "/v1/plans/{plan}", may="plans:read", answer=PlanAnswer)
def show_one_plan(call: Call, plan: str) -> PlanAnswer:
    """One plan, by its id or code."""
    return show_plan(plans.find_plan(call.tenant.tenant_id, plan))


@bp.api("PATCH", "/v1/plans/{plan}", may="plans:write", body=PlanChangeBody, answer=PlanAnswer)
def change_plan(call: Call, plan: str) -> PlanAnswer:
    """Change a plan's name, speeds, retail price or day count; what it is based on never changes.

    Routers hear of new speeds at once; a line has them when it signs in the next time.
    """
    body = call.body
    change = plans.PlanChange(
        name=body.name,
        download_kbps=body.download_kbps,
        upload_kbps=body.upload_kbps,
        monthly_price_minor=body.monthly_price,
        day_count=None if body.day_count is None else DayCount(body.day_count),
    )
    edited = plans.edit_plan(call.tenant.tenant_id, plan, change)
    if change.download_kbps is not None or change.upload_kbps is not None:
        why = f"{edited.plan_id}.{edited.upload_kbps}.{edited.download_kbps}.{to_micros(call.now)}"
        bring_all_in_line_soon(call.tenant.tenant_id, why)
    return show_plan(edited)


def _base(call: Call, based_on: str | None) -> tuple[str | None, Guard]:
    """The id of the parent's plan that a new plan stands on, and what must hold for it; 422 on `based_on`."""
    tenant = call.tenant
    if tenant.parent_id is None:
        if based_on is not None:
            raise invalid_field("based_on", "must be null: the operator's plans stand on no other")
        return None, no_guard()
    if based_on is None:
        raise invalid_field("based_on", "is required: it names a plan of your parent")
    try:
        base = plans.find_plan(tenant.parent_id, based_on)
    except NotFound:
        raise invalid_field("based_on", "is not a plan of your parent") from None
    return base.plan_id, guard_base(tenant, base.plan_id)
