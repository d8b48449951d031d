"""Change: record what happened to a service (enable, disable, another plan, disconnect) as an event of it, or that an
earlier event was wrong."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

from chalicelib.aws.tables import ConditionFailed, Operation, Remember, write
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import Unavailable, invalid_field
from chalicelib.crm.events import order_of_one, read_history
from chalicelib.crm.filing import File
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.model import EventKind, Plan, ServiceEvent
from chalicelib.crm.outbox import changed, wake_routers
from chalicelib.crm.service import (
    Change,
    Service,
    begun_on,
    compacted,
    reaches_behind,
    unfolded,
    with_change,
    without_change,
)
from chalicelib.crm.store import event_operations
from chalicelib.crm.subscriber import Subscriber
from chalicelib.tenants.model import Tenant

TRIES = 8


class ChangedMeanwhile(Unavailable):
    """The history is newer than the subscriber that was read."""


@dataclass(frozen=True)
class AskedChange:
    """What is asked for: the plan is there on a change of plan alone, the service where the subscriber has several.

    A `withdraw` names the kind of event that it takes back of that day.
    """

    kind: EventKind
    effective_on: date
    plan: Plan | None
    service_number: int | None
    withdraws: EventKind | None = None


@dataclass(frozen=True)
class RecordedChange:
    """The events as they were recorded (two for a `start`), and the subscriber after them."""

    kind: EventKind
    events: tuple[ServiceEvent, ...]
    subscriber: Subscriber

    @property
    def event(self) -> ServiceEvent:
        return self.events[-1]

    @property
    def late(self) -> int:
        """The number of the late fact that it is, 0 for one whose days were open yet."""
        return max(event.late for event in self.events)


def record_event(
    tenant: Tenant,
    subscriber_number: int,
    asked: AskedChange,
    file: File,
    today: date,
    now: datetime,
    remember: Remember,
) -> RecordedChange:
    """Record the event under its day, in the subscriber's history and in the subscriber, in one write.

    `NotFound`; `Conflict` with the code of what stands against it (`service.py` has them), or what the filing says; 422
    on `service` when it must be named or is not one of the subscriber's.
    """
    for _ in range(TRIES):
        before = find_subscriber(tenant.tenant_id, subscriber_number)
        try:
            after, events = foresee_event(before, asked, today, now)
        except ChangedMeanwhile:
            continue
        filed = file(events)
        recorded = RecordedChange(asked.kind, filed.events, after)
        try:
            operations = change_operations(before, recorded, now)
            write(*operations, *filed.guard.operations, *remember(recorded))
        except ConditionFailed as failure:
            filed.guard.refuse(failure)
            continue
        wake_routers(operations)
        return recorded
    raise Unavailable("busy", "This subscriber is being changed by others; please send the request again.")


def foresee_event(
    before: Subscriber, asked: AskedChange, today: date, now: datetime
) -> tuple[Subscriber, list[ServiceEvent]]:
    """The subscriber after what is asked for, and the events that say so; refused as `record_event` is. Writes nothing."""
    service = _service_asked(before, asked.service_number)
    micros = max(to_micros(now), before.last_recorded_micros + 1)
    changed, events = _judge(before, service, asked, micros)
    return with_service(before, compacted(changed, today), micros), events


def _judge(
    subscriber: Subscriber, service: Service, asked: AskedChange, micros: int
) -> tuple[Service, list[ServiceEvent]]:
    """The service with what is asked for, and the events that say so."""
    if asked.kind is EventKind.START:
        return _start_anew(subscriber, service, asked.effective_on, micros)
    change = Change(
        asked.kind, asked.effective_on, micros, order_of_one(service.number), asked.plan.code if asked.plan else None
    )
    event = event_of(subscriber.number, service.number, change)
    if asked.kind is EventKind.WITHDRAW:
        assert asked.withdraws is not None, "a withdrawal names the kind that it takes back"
        history = read_history(subscriber.tenant_id, subscriber.number)
        left, taken = without_change(service, history, asked.withdraws, asked.effective_on)
        return left, [replace(event, withdraws=(taken.recorded_micros, taken.order))]
    return judge_change(subscriber.tenant_id, subscriber, service, change), [event]


def _start_anew(
    subscriber: Subscriber, service: Service, start_on: date, micros: int
) -> tuple[Service, list[ServiceEvent]]:
    """The connection is withdrawn and made again on the other day; its place in charging order is for billing to say."""
    history = read_history(subscriber.tenant_id, subscriber.number)
    begun = begun_on(service, history, start_on)
    own = (one for one in history if one.service_number == service.number)
    old = next(one for one in own if one.kind is EventKind.CONNECT)
    if old.effective_on != service.start_on:
        raise ChangedMeanwhile("busy", "This subscriber is being changed by others; please send the request again.")
    new = replace(
        old,
        effective_on=start_on,
        recorded_micros=micros,
        order=order_of_one(service.number),
        late=0,
        since=old.since or old.effective_on,
    )
    gone = replace(
        new,
        kind=EventKind.WITHDRAW,
        effective_on=old.effective_on,
        plan=None,
        since=None,
        withdraws=(old.recorded_micros, old.order),
    )
    return begun, [gone, new]


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


def change_operations(before: Subscriber, recorded: RecordedChange, now: datetime) -> list[Operation]:
    """The three writes of one event, or the five of two; and one more where the service is on a router."""
    writes = [one for event in recorded.events for one in event_operations(before.tenant_id, event)]
    return [*changed(before, recorded.subscriber, now), *writes]


def _service_asked(subscriber: Subscriber, number: int | None) -> Service:
    if number is None:
        if len(subscriber.services) > 1:
            raise invalid_field("service", "is required: this subscriber has several services")
        return subscriber.services[0]
    service = subscriber.service(number)
    if service is None:
        raise invalid_field("service", "is not a service of this subscriber")
    return service
