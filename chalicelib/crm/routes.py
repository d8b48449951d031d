"""Routes of subscribers, their services and what happens to them."""

from datetime import date
from typing import Any

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.paging import decode_cursor, encode_cursor, page_of
from chalicelib.billing.ahead import charge_soon
from chalicelib.billing.connections import guard_new_connections
from chalicelib.billing.correct import correct_soon
from chalicelib.billing.late import filing_of
from chalicelib.billing.tariffs import guard_priced
from chalicelib.core.errors import NotFound, invalid_field
from chalicelib.crm import find
from chalicelib.crm.change import AskedChange, record_event
from chalicelib.crm.connect import add_service, create_subscriber
from chalicelib.crm.edit import SubscriberChange, edit_subscriber
from chalicelib.crm.model import EventKind, Plan
from chalicelib.crm.plans import find_plan, plan_code
from chalicelib.crm.service import ServiceStatus
from chalicelib.crm.shapes import (
    EventAnswer,
    LineBody,
    NewEventBody,
    NewSubscriberBody,
    ServiceChangeBody,
    SubscriberAnswer,
    SubscriberChangeBody,
    SubscribersQuery,
    show_event,
    show_subscriber,
)
from chalicelib.crm.subscriber import Line, NewSubscriber, service_number, subscriber_number

bp = Blueprint(__name__, tag="Subscribers")

SubscriberPage = page_of(SubscriberAnswer)
REFUSED = "fund-too-low, invoice-overdue, day-already-pinned, username-taken, mac-taken"


@bp.api(
    "POST",
    "/v1/subscribers",
    may="subscribers:write",
    module="subscribers",
    body=NewSubscriberBody,
    answer=SubscriberAnswer,
    status=201,
    repeatable=True,
    also={409: REFUSED, 422: "plan-not-priced"},
)
def add_subscriber(call: Call) -> SubscriberAnswer:
    """Take on a subscriber with its first service."""
    body = call.body
    plan, line = _line(call, body)
    guard = guard_new_connections(call.tenants, [(plan, line.start_on)], call.now)
    asked = NewSubscriber(body.name, body.phone, body.zone, line)
    remember = call.remember(lambda subscriber: show_subscriber(subscriber, call.today))
    subscriber = create_subscriber(call.tenant, asked, guard, call.now, remember)
    charge_soon(call.tenants, call.now)
    return show_subscriber(subscriber, call.today)


@bp.api(
    "POST",
    "/v1/subscribers/{subscriber_id}/services",
    may="subscribers:write",
    module="subscribers",
    body=LineBody,
    answer=SubscriberAnswer,
    status=201,
    repeatable=True,
    also={409: f"{REFUSED}, too-many-services", 422: "plan-not-priced"},
)
def connect_service(call: Call, subscriber_id: str) -> SubscriberAnswer:
    """Connect another line for the same customer."""
    number = subscriber_number(call.tenant.tenant_id, subscriber_id)
    plan, line = _line(call, call.body)
    guard = guard_new_connections(call.tenants, [(plan, line.start_on)], call.now)
    remember = call.remember(lambda subscriber: show_subscriber(subscriber, call.today))
    subscriber = add_service(call.tenant, number, line, guard, call.now, remember)
    charge_soon(call.tenants, call.now)
    return show_subscriber(subscriber, call.today)


@bp.api(
    "GET",
    "/v1/subscribers",
    may="subscribers:read",
    module="subscribers",
    query=SubscribersQuery,
    answer=SubscriberPage,
)
def list_subscribers(call: Call) -> Any:
    """The tenant's subscribers in the order they came, or those that `q` finds in the order of the word found."""
    query, tenant_id = call.query, call.tenant.tenant_id
    wanted = find.Wanted(
        today=call.today,
        status=None if query.status is None else ServiceStatus(query.status),
        plan=None if query.plan is None else plan_code(tenant_id, query.plan) or query.plan,
        zone=query.zone,
    )
    after = decode_cursor(query.cursor)
    if query.q is None:
        found, next_after = find.list_subscribers(tenant_id, wanted, limit=query.limit, after=after)
    else:
        limit = min(query.limit, find.FOUND_TOGETHER)
        found, next_after = find.search_subscribers(tenant_id, query.q, wanted, limit=limit, after=after)
    items = [show_subscriber(subscriber, call.today) for subscriber in found]
    return SubscriberPage(items=items, next_cursor=encode_cursor(next_after))


@bp.api(
    "GET",
    "/v1/subscribers/{subscriber_id}",
    may="subscribers:read",
    module="subscribers",
    answer=SubscriberAnswer,
)
def show_one_subscriber(call: Call, subscriber_id: str) -> SubscriberAnswer:
    """One subscriber with its services."""
    number = subscriber_number(call.tenant.tenant_id, subscriber_id)
    return show_subscriber(find.find_subscriber(call.tenant.tenant_id, number), call.today)


@bp.api(
    "PATCH",
    "/v1/subscribers/{subscriber_id}",
    may="subscribers:write",
    module="subscribers",
    body=SubscriberChangeBody,
    answer=SubscriberAnswer,
    also={409: "username-taken, mac-taken"},
)
def change_subscriber(call: Call, subscriber_id: str) -> SubscriberAnswer:
    """Change a subscriber's name, phone or zone, and the username or MAC of its services."""
    tenant_id, body = call.tenant.tenant_id, call.body
    number = subscriber_number(tenant_id, subscriber_id)
    change = SubscriberChange(
        fields={name: getattr(body, name) for name in body.model_fields_set - {"services"}},
        services={
            _own_service(tenant_id, service.id, "services"): _service_fields(service) for service in body.services or ()
        },
    )
    return show_subscriber(edit_subscriber(tenant_id, number, change, call.now), call.today)


@bp.api(
    "POST",
    "/v1/subscribers/{subscriber_id}/events",
    may="subscribers:write",
    module="subscribers",
    body=NewEventBody,
    answer=EventAnswer,
    status=201,
    repeatable=True,
    also={
        409: "day-already-pinned, already-enabled, already-disabled, same-plan, already-disconnected, "
        "service-disconnected, before-start, contradicts-later-event, too-many-events, no-such-event, same-start",
        422: "plan-not-priced",
    },
)
def add_event(call: Call, subscriber_id: str) -> EventAnswer:
    """Enable, disable, move to another plan or disconnect a service from a day on.

    `start` tells its true first day, and `withdraw` takes back an event of that day that was wrong. What is dated on a
    settled day is corrected at once: the answer shows by how much.
    """
    tenant_id, body = call.tenant.tenant_id, call.body
    number = subscriber_number(tenant_id, subscriber_id)
    asked = AskedChange(
        kind=EventKind(body.type),
        effective_on=body.effective_on,
        plan=_plan_moved_to(call, EventKind(body.type), body.plan, body.effective_on),
        service_number=None if body.service is None else _own_service(tenant_id, body.service, "service"),
        withdraws=_withdrawn(EventKind(body.type), body.withdraws),
    )
    remember = call.remember(lambda recorded: show_event(recorded, call.today))
    recorded = record_event(call.tenant, number, asked, filing_of(call.tenants), call.today, call.now, remember)
    correction = correct_soon(call.tenant.chain, call.now, recorded.late)
    charge_soon(call.tenants, call.now)
    answer = show_event(recorded, call.today, correction)
    if correction is not None:
        call.answer_again_with(answer)
    return answer


def _withdrawn(kind: EventKind, withdraws: str | None) -> EventKind | None:
    if kind is not EventKind.WITHDRAW:
        if withdraws is not None:
            raise invalid_field("withdraws", "belongs to withdraw only")
        return None
    if withdraws is None:
        raise invalid_field("withdraws", "is required: the type of the event that was wrong")
    return EventKind(withdraws)


def _line(call: Call, body: LineBody) -> tuple[Plan, Line]:
    plan = _plan(call, body.plan)
    return plan, Line(plan.code, body.username, body.mac, body.start_on or call.today)


def _plan(call: Call, reference: str) -> Plan:
    try:
        return find_plan(call.tenant.tenant_id, reference)
    except NotFound:
        raise invalid_field("plan", "is not one of your plans") from None


def _plan_moved_to(call: Call, kind: EventKind, reference: str | None, on: date) -> Plan | None:
    if kind is not EventKind.CHANGE_PLAN:
        if reference is not None:
            raise invalid_field("plan", "belongs to change_plan only")
        return None
    if reference is None:
        raise invalid_field("plan", "is required")
    plan = _plan(call, reference)
    guard_priced(call.tenants, plan, on)
    return plan


def _own_service(tenant_id: str, text: str, field: str) -> int:
    try:
        return service_number(tenant_id, text)
    except NotFound:
        raise invalid_field(field, "is not a service of this subscriber") from None


def _service_fields(service: ServiceChangeBody) -> dict[str, Any]:
    return {name: getattr(service, name) for name in service.model_fields_set - {"id"}}
