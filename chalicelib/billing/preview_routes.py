"""Previews over HTTP: what an act would do, before it is done."""

from datetime import date

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.billing.model import RefundPolicy, Timing
from chalicelib.billing.preview_acts import preview_activation, preview_activation_below, preview_event
from chalicelib.billing.preview_model import Preview
from chalicelib.billing.preview_shapes import PreviewAnswer, PreviewBody, show_commission, show_preview
from chalicelib.billing.preview_tariff import preview_tariff
from chalicelib.billing.tariffs import TariffTerms, guard_priced
from chalicelib.core.errors import FieldError, Invalid, NotAllowed, NotFound, invalid_field
from chalicelib.core.proration import DayCount, Span
from chalicelib.crm.change import AskedChange
from chalicelib.crm.model import EventKind, Plan
from chalicelib.crm.plans import find_plan
from chalicelib.crm.subscriber import service_number, subscriber_number
from chalicelib.partners.commission import Base, Taxed
from chalicelib.partners.commission_preview import CommissionPreview, preview_commission
from chalicelib.tenants.hierarchy import find_child
from chalicelib.tenants.model import effective_modules

bp = Blueprint(__name__, tag="Settlement")

_TERMS = ("timing", "day_count", "period", "refund_policy", "refund_fee", "tax_bps")
_OF_EVENTS = (("subscriber", "effective_on"), ("service",))
_FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "activation": (("plan",), ("start_on", "count", "reseller")),
    "change_plan": (("subscriber", "effective_on", "plan"), ("service",)),
    "disconnect": _OF_EVENTS,
    "enable": _OF_EVENTS,
    "disable": _OF_EVENTS,
    "tariff": (("reseller", "effective_on", "prices"), _TERMS),
    "commission": (("reseller", "rate_bps", "base"), ("amount",)),
}
"""By type, the fields that it needs and those that it may have."""


@bp.api(
    "POST",
    "/v1/billing/preview",
    may="billing:preview",
    module="subscribers",
    body=PreviewBody,
    answer=PreviewAnswer,
    also={
        404: "the subscriber or the reseller is not yours",
        409: "what the event would be refused with; settlement-parked, too-far-away, too-many-resellers-below, "
        "not-percentage, not-biller, too-many-subscribers",
        422: "plan-not-priced",
    },
)
def preview_act(call: Call) -> PreviewAnswer:
    """What an activation, an event of a service, another tariff or rate would do at each level. Nothing is done."""
    body: PreviewBody = call.body
    _check_fields(body)
    if body.reseller is not None and "resellers" not in effective_modules(call.tenants):
        raise NotAllowed("module-not-granted", "The module resellers is not granted to this tenant.")
    if body.type == "tariff":
        return show_preview(_tariff(call, body))
    if body.type == "commission":
        return show_commission(_commission(call, body))
    if body.type == "activation":
        return show_preview(_activation(call, body))
    return show_preview(_event(call, body))


def _check_fields(body: PreviewBody) -> None:
    needed, allowed = _FIELDS[body.type]
    errors = [FieldError(name, "is required") for name in needed if getattr(body, name) is None]
    for name in sorted(body.model_fields_set - {"type", *needed, *allowed}):
        owners = [kind for kind, fields in _FIELDS.items() if any(name in group for group in fields)]
        errors.append(FieldError(name, f"belongs to {', '.join(owners)} only"))
    if errors:
        raise Invalid("invalid", "The act is not described as its type needs it.", tuple(errors))


def _activation(call: Call, body: PreviewBody) -> Preview:
    plan = _plan(call, body.plan or "")
    start_on, count = body.start_on or call.today, body.count or 1
    if body.reseller is None:
        return preview_activation(call.tenants, plan, start_on, count, call.now)
    child = find_child(call.tenant, body.reseller)
    return preview_activation_below(call.tenants, child, plan, start_on, count, call.now)


def _event(call: Call, body: PreviewBody) -> Preview:
    tenant_id, on = call.tenant.tenant_id, body.effective_on or call.today
    number = subscriber_number(tenant_id, body.subscriber or "")
    plan = None if body.plan is None else _moved_to(call, body.plan, on)
    asked = AskedChange(
        kind=EventKind(body.type),
        effective_on=on,
        plan=plan,
        service_number=None if body.service is None else _own_service(tenant_id, body.service),
    )
    return preview_event(call.tenants, number, asked, call.now)


def _tariff(call: Call, body: PreviewBody) -> Preview:
    child = find_child(call.tenant, body.reseller or "")
    terms = TariffTerms(
        body.effective_on or call.today,
        Timing(body.timing or "daily"),
        DayCount(body.day_count or "calendar_month"),
        RefundPolicy(body.refund_policy or "unused_days"),
        body.tax_bps or 0,
        tuple((price.plan, price.monthly_price) for price in body.prices or ()),
        Span(body.period or "month"),
        body.refund_fee or 0,
    )
    return preview_tariff(call.tenants, child, terms, call.now)


def _commission(call: Call, body: PreviewBody) -> CommissionPreview:
    child = find_child(call.tenant, body.reseller or "")
    base, amount = Base(body.base or "payments"), Taxed(body.amount or "after_tax")
    return preview_commission(call.tenants, child, body.rate_bps or 0, base, amount, call.now)


def _plan(call: Call, reference: str) -> Plan:
    try:
        return find_plan(call.tenant.tenant_id, reference)
    except NotFound:
        raise invalid_field("plan", "is not one of your plans") from None


def _moved_to(call: Call, reference: str, on: date) -> Plan:
    plan = _plan(call, reference)
    guard_priced(call.tenants, plan, on)
    return plan


def _own_service(tenant_id: str, text: str) -> int:
    try:
        return service_number(tenant_id, text)
    except NotFound:
        raise invalid_field("service", "is not a service of this subscriber") from None
