"""Change: record what a subscriber asks for (enable, disable, another plan, disconnect) as an event of its service."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

from chalicelib.aws.guards import Guard
from chalicelib.aws.tables import ConditionFailed, Operation, Remember, write
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import Unavailable, invalid_field
from chalicelib.crm.events import order_of_one, read_history
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.model import EventKind, Plan, ServiceEvent
from chalicelib.crm.service import Change, Service, compacted, reaches_behind, unfolded, with_change
from chalicelib.crm.store import event_operations, update_of
from chalicelib.crm.subscriber import Subscriber
from chalicelib.tenants.model import Tenant

TRIES = 8


@dataclass(frozen=True)
class AskedChange:
    """What is asked for: the plan is there on a change of plan alone, the service where the subscriber has several."""

    kind: EventKind
    effective_on: date
    plan: Plan | None
    service_number: int | None


@dataclass(frozen=True)
class RecordedChange:
    """The event as it was recorded, and the subscriber after it."""

    event: ServiceEvent
    subscriber: Subscriber


def record_event(
    tenant: Tenant,
    subscriber_number: int,
    asked: AskedChange,
    guard: Guard,
    today: date,
    now: datetime,
    remember: Remember,
) -> RecordedChange:
    """Record the event under its day, in the subscriber's history and in the subscriber, in one write.

    `NotFound`; `Conflict` with the code of what stands against it (`service.py` has them), or what the guard says; 422
    on `service` when it must be named or is not one of the subscriber's.
    """
    for _ in range(TRIES):
        before = find_subscriber(tenant.tenant_id, subscriber_number)
        service = _service_asked(before, asked.service_number)
        micros = max(to_micros(now), before.last_recorded_micros + 1)
        plan = asked.plan.code if asked.plan is not None else None
        change = Change(asked.kind, asked.effective_on, micros, order_of_one(service.number), plan)
        changed = judge_change(tenant.tenant_id, before, service, change)
        after = with_service(before, compacted(changed, today), micros)
        recorded = RecordedChange(event_of(before.number, service.number, change), after)
        try:
            write(*change_operations(before, recorded), *guard.operations, *remember(recorded))
        except ConditionFailed as failure:
            guard.refuse(failure)
            continue
        return recorded
    raise Unavailable("busy", "This subscriber is being changed by others; please send the request again.")


def judge_change(
    tenant_id: str,
    subscriber: Subscriber,
    service: Service,
    change: Change,
    history: Callable[[str, int], list[ServiceEvent]] = read_history,
) -> Service:
    """The service with the change; `Conflict` when it cannot be. Reads the history only for a change far back."""
    if reaches_behind(service, change):
        service = unfolded(service, history(tenant_id, subscriber.number))
    return with_change(service, change)


def with_service(subscriber: Subscriber, service: Service, recorded_micros: int) -> Subscriber:
    """The subscriber with that service in place of the one of the same number, one revision on."""
    services = tuple(service if one.number == service.number else one for one in subscriber.services)
    return replace(
        subscriber,
        services=services,
        last_recorded_micros=max(recorded_micros, subscriber.last_recorded_micros),
        revision=subscriber.revision + 1,
    )


def event_of(subscriber_number: int, service_number: int, change: Change) -> ServiceEvent:
    """The change as the event that it is written as."""
    return ServiceEvent(
        kind=change.kind,
        effective_on=change.effective_on,
        recorded_micros=change.recorded_micros,
        order=change.order,
        service_number=service_number,
        subscriber_number=subscriber_number,
        plan=change.plan,
    )


def change_operations(before: Subscriber, recorded: RecordedChange) -> list[Operation]:
    """The three writes of one event."""
    return [update_of(before, recorded.subscriber), *event_operations(before.tenant_id, recorded.event)]


def _service_asked(subscriber: Subscriber, number: int | None) -> Service:
    if number is None:
        if len(subscriber.services) > 1:
            raise invalid_field("service", "is required: this subscriber has several services")
        return subscriber.services[0]
    service = subscriber.service(number)
    if service is None:
        raise invalid_field("service", "is not a service of this subscriber")
    return service
