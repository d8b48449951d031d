"""Connect: a new subscriber with its first service, or another service for one that is there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from chalicelib.aws.guards import Guard
from chalicelib.aws.tables import ConditionFailed, Operation, Put, Remember
from chalicelib.core.dates import day_at, to_micros
from chalicelib.core.errors import Conflict
from chalicelib.crm.events import order_of_one
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.model import EventKind, ServiceEvent
from chalicelib.crm.numbers import Counters, write_numbered
from chalicelib.crm.outbox import changed
from chalicelib.crm.service import Service, new_service
from chalicelib.crm.store import (
    FoundRow,
    SubscriberRow,
    event_operations,
    found_operations,
    subscriber_row,
)
from chalicelib.crm.subscriber import MAX_SERVICES, Line, NewSubscriber, Subscriber
from chalicelib.crm.words import fold
from chalicelib.tenants.customer_id import format_customer_id
from chalicelib.tenants.model import CustomerIdFormat, Tenant


def create_subscriber(
    tenant: Tenant, asked: NewSubscriber, guard: Guard, now: datetime, remember: Remember
) -> Subscriber:
    """Take on a subscriber, connected from `start_on`; numbers, customer id, events and all that finds it in one write.

    `Conflict`: `username-taken`, `mac-taken`, or what the guard says no with.
    """
    micros = to_micros(now)
    distinct = False
    spent: set[int] = set()

    def compose(counters: Counters) -> tuple[Counters, Sequence[Operation], Subscriber]:
        after, [(number, service_number, _)] = counters.without(spent).take(1)
        service = _connected(asked.line, service_number, micros)
        month = day_at(now, tenant.timezone)
        customer_id = customer_id_of(tenant.customer_id, number, asked, month, distinct)
        subscriber = new_subscriber(tenant.tenant_id, number, customer_id, asked, service, micros)
        operations = creation_operations(subscriber)
        return after, [*operations, *guard.operations, *remember(subscriber)], subscriber

    def judge(failure: ConditionFailed) -> None:
        nonlocal distinct
        guard.refuse(failure)
        spent.update(int(operation.row.sk) for operation in failure.rows if isinstance(operation.row, SubscriberRow))
        distinct = distinct or refuse_taken(failure, asked.line)

    return write_numbered(tenant.tenant_id, compose, judge)


def add_service(
    tenant: Tenant, subscriber_number: int, line: Line, guard: Guard, now: datetime, remember: Remember
) -> Subscriber:
    """Connect another line of the same customer; refused as above, and beyond 16 services: `too-many-services`."""

    def compose(counters: Counters) -> tuple[Counters, Sequence[Operation], Subscriber]:
        before = find_subscriber(tenant.tenant_id, subscriber_number)
        _refuse_beside(before.services, line)
        after = replace(counters, services=counters.services + 1)
        micros = max(to_micros(now), before.last_recorded_micros + 1)
        service = _connected(line, after.services, micros)
        grown = replace(
            before,
            services=(*before.services, service),
            last_recorded_micros=micros,
            revision=before.revision + 1,
        )
        operations = [
            *changed(before, grown, now),
            *event_operations(tenant.tenant_id, connection_of(grown, service)),
            *found_operations(before, grown),
        ]
        return after, [*operations, *guard.operations, *remember(grown)], grown

    def judge(failure: ConditionFailed) -> None:
        guard.refuse(failure)
        refuse_taken(failure, line)

    return write_numbered(tenant.tenant_id, compose, judge)


def new_subscriber(
    tenant_id: str, number: int, customer_id: str, asked: NewSubscriber, service: Service, micros: int
) -> Subscriber:
    """The subscriber as it begins."""
    return Subscriber(
        tenant_id=tenant_id,
        number=number,
        customer_id=customer_id,
        name=asked.name,
        phone=asked.phone,
        zone=asked.zone,
        services=(service,),
        created_at_micros=micros,
        last_recorded_micros=micros,
    )


def creation_operations(subscriber: Subscriber) -> list[Operation]:
    """Everything that a new subscriber is in the database, each condition saying that it is new."""
    return [
        Put(subscriber_row(subscriber), SubscriberRow.pk.does_not_exist()),
        *event_operations(subscriber.tenant_id, connection_of(subscriber, subscriber.services[0])),
        *found_operations(None, subscriber),
    ]


def connection_of(subscriber: Subscriber, service: Service) -> ServiceEvent:
    """The event that a service begins with."""
    effective_on, micros, order = service.based_at
    return ServiceEvent(
        kind=EventKind.CONNECT,
        effective_on=effective_on,
        recorded_micros=micros,
        order=order,
        service_number=service.number,
        subscriber_number=subscriber.number,
        plan=service.base.plan,
    )


def customer_id_of(form: CustomerIdFormat, number: int, asked: NewSubscriber, month: date, distinct: bool) -> str:
    """The customer id that the form makes of the number, for somebody who came in that month.

    Two numbers can give one id where the form changed or its zone ends in digits; a `distinct` one has the number again
    at its end, because a number must never be left out.
    """
    plain = format_customer_id(form, number, zone=asked.zone or "", plan=asked.line.plan, month=month)
    return f"{plain}-{number}" if distinct else plain


def refuse_taken(failure: ConditionFailed, line: Line) -> bool:
    """Raise the `Conflict` when a username or MAC is what stood in the way; whether a customer id did."""
    kinds = [operation.row.sk.rpartition("#")[2] for operation in failure.rows if isinstance(operation.row, FoundRow)]
    if "username" in kinds:
        raise Conflict("username-taken", f"Another service has the username {line.username}.")
    if "mac" in kinds:
        raise Conflict("mac-taken", f"Another service has the MAC address {line.mac}.")
    return "customer" in kinds


def _connected(line: Line, number: int, micros: int) -> Service:
    return new_service(number, line.start_on, line.username, line.mac, line.plan, micros, order_of_one(number))


def _refuse_beside(services: Sequence[Service], line: Line) -> None:
    if len(services) >= MAX_SERVICES:
        raise Conflict("too-many-services", f"A subscriber has at most {MAX_SERVICES} services.")
    if any(fold(service.username) == fold(line.username) for service in services):
        raise Conflict("username-taken", f"Another service has the username {line.username}.")
    if line.mac is not None and any(service.mac == line.mac for service in services):
        raise Conflict("mac-taken", f"Another service has the MAC address {line.mac}.")
