"""Rows of subscribers, of what finds them, and of their events; and how they become models and back."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.rows import BytesAttribute, CrmRow, IntegerAttribute, JsonAttribute, TenantsRow, TextAttribute
from chalicelib.aws.tables import Delete, Operation, Put, Update
from chalicelib.core.proration import DayCount
from chalicelib.crm.model import EventKind, Plan, ServiceEvent
from chalicelib.crm.service import Change, Resumption, Service, State, Suspension
from chalicelib.crm.subscriber import Subscriber
from chalicelib.crm.words import fold, mac_word, name_words, phone_word


class PlanRow(TenantsRow):
    """A plan in its tenant's list, by code."""

    name = TextAttribute()
    download_kbps = IntegerAttribute()
    upload_kbps = IntegerAttribute()
    monthly_price_minor = IntegerAttribute()
    based_on = TextAttribute(null=True)
    day_count = TextAttribute()


class SubscriberRow(CrmRow):
    """A subscriber with its services: all in one attribute, because a list reads many and each attribute costs time."""

    data = JsonAttribute()
    revision = IntegerAttribute()


class FoundRow(CrmRow):
    """A word that finds a subscriber; a username's names its service too."""

    subscriber = IntegerAttribute()
    service = IntegerAttribute(null=True)


class EventRow(CrmRow):
    """A service event, under its day and in its subscriber's history; day, instant and order are in the key.

    `fact` is [kind, service, subscriber, plan, reason]. `recorded` is there where the key has no instant: the key of a
    suspension in the history is a function of its day and service. `numbers` are the services a resume names. The
    last three are there where an event has them (`model.ServiceEvent`).
    """

    fact = JsonAttribute()
    recorded = IntegerAttribute(null=True)
    numbers = BytesAttribute(null=True)
    late = IntegerAttribute(null=True)
    withdraws = JsonAttribute(null=True)
    since = TextAttribute(null=True)


class CountersRow(CrmRow):
    """The last numbers given out in a tenant, and the newest instant that a file's events were recorded at.

    `free` are numbers below them that were given back: runs [subscriber, service, size].
    """

    subscribers = IntegerAttribute()
    services = IntegerAttribute()
    file_micros = IntegerAttribute()
    free = JsonAttribute(null=True)


def to_plan(tenant_id: str, row: PlanRow) -> Plan:
    return Plan(
        tenant_id=tenant_id,
        code=row.sk,
        name=row.name,
        download_kbps=row.download_kbps,
        upload_kbps=row.upload_kbps,
        monthly_price_minor=row.monthly_price_minor,
        based_on=row.based_on,
        day_count=DayCount(row.day_count),
    )


def plan_row(plan: Plan) -> PlanRow:
    return PlanRow.at(
        keys.plan(plan.tenant_id, plan.code),
        name=plan.name,
        download_kbps=plan.download_kbps,
        upload_kbps=plan.upload_kbps,
        monthly_price_minor=plan.monthly_price_minor,
        based_on=plan.based_on,
        day_count=plan.day_count.value,
    )


def subscriber_row(subscriber: Subscriber) -> SubscriberRow:
    key = keys.subscriber(subscriber.tenant_id, subscriber.number)
    return SubscriberRow.at(key, data=_data(subscriber), revision=subscriber.revision)


def to_subscriber(tenant_id: str, row: SubscriberRow) -> Subscriber:
    data = row.data
    return Subscriber(
        tenant_id=tenant_id,
        number=int(row.sk),
        customer_id=data["customer_id"],
        name=data["name"],
        phone=data["phone"],
        zone=data["zone"],
        services=tuple(map(_to_service, data["services"])),
        created_at_micros=data["created_at_micros"],
        last_recorded_micros=data["last_recorded_micros"],
        revision=row.revision,
    )


def update_of(before: Subscriber, after: Subscriber) -> Update:
    """The write that turns one into the other, only while the row is still as `before` was read.

    `ConditionFailed` hands back the row as it is now. The revision grows by one.
    """
    row = SubscriberRow.at(keys.subscriber(after.tenant_id, after.number))
    actions = [SubscriberRow.revision.set(before.revision + 1), SubscriberRow.data.set(_data(after))]
    return Update(row, actions, SubscriberRow.revision == before.revision)


def _data(subscriber: Subscriber) -> dict[str, Any]:
    return {
        "customer_id": subscriber.customer_id,
        "name": subscriber.name,
        "phone": subscriber.phone,
        "zone": subscriber.zone,
        "created_at_micros": subscriber.created_at_micros,
        "last_recorded_micros": subscriber.last_recorded_micros,
        "services": services_data(subscriber.services),
    }


def services_data(services: Sequence[Service]) -> list[list[Any]]:
    """Services as they lie in the row, each a list in the order of `_to_service`."""
    return [
        [
            service.number,
            service.start_on.isoformat(),
            service.username,
            service.mac,
            [service.base.plan, int(service.base.enabled), _day_text(service.base.disconnected_on)],
            [service.based_at[0].isoformat(), *service.based_at[1:]],
            [[c.kind.value, c.effective_on.isoformat(), c.recorded_micros, c.order, c.plan] for c in service.changes],
            None if (s := service.suspension) is None else [s.on.isoformat(), s.recorded_micros, s.because],
            None if (r := service.resumption) is None else [r.on.isoformat(), r.recorded_micros],
            *([] if service.router is None else [service.router]),
        ]
        for service in services
    ]


def _to_service(data: list[Any]) -> Service:
    number, start_on, username, mac, (plan, enabled, disconnected_on), at, changes, suspension, resumption, *router = (
        data
    )
    return Service(
        number=number,
        start_on=date.fromisoformat(start_on),
        username=username,
        mac=mac,
        base=State(plan, enabled == 1, None if disconnected_on is None else date.fromisoformat(disconnected_on)),
        based_at=(date.fromisoformat(at[0]), at[1], at[2]),
        changes=tuple(
            Change(EventKind(kind), date.fromisoformat(on), micros, order, new_plan)
            for kind, on, micros, order, new_plan in changes
        ),
        suspension=suspension and Suspension(date.fromisoformat(suspension[0]), suspension[1], suspension[2]),
        resumption=resumption and Resumption(date.fromisoformat(resumption[0]), resumption[1]),
        router=router[0] if router else None,
    )


def _day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


# What finds a subscriber


def username_key(tenant_id: str, username: str) -> keys.Key:
    return keys.found_unique(tenant_id, "username", fold(username))


def mac_key(tenant_id: str, mac: str) -> keys.Key:
    return keys.found_unique(tenant_id, "mac", mac_word(mac))


def customer_id_key(tenant_id: str, customer_id: str) -> keys.Key:
    return keys.found_unique(tenant_id, "customer", fold(customer_id))


def shared_words(subscriber: Subscriber) -> list[str]:
    """The words that other subscribers may have too: of the name and the phone."""
    words = dict.fromkeys(name_words(subscriber.name))
    if subscriber.phone is not None:
        words[phone_word(subscriber.phone)] = None
    return list(words)


def found_keys(subscriber: Subscriber) -> dict[keys.Key, int | None]:
    """Every key under which the subscriber is found; those that must be its alone name a service or 0, others None."""
    tenant_id = subscriber.tenant_id
    found: dict[keys.Key, int | None] = {
        keys.found_word(tenant_id, word, subscriber.number): None for word in shared_words(subscriber)
    }
    found[customer_id_key(tenant_id, subscriber.customer_id)] = 0
    for service in subscriber.services:
        found[username_key(tenant_id, service.username)] = service.number
        if service.mac is not None:
            found[mac_key(tenant_id, service.mac)] = service.number
    return found


def found_operations(before: Subscriber | None, after: Subscriber) -> list[Operation]:
    """The writes that make the subscriber found by its words now and no longer by those it had."""
    old = {} if before is None else found_keys(before)
    new = found_keys(after)
    gone: list[Operation] = [Delete(FoundRow.at(key)) for key in old if key not in new]
    return gone + [_found_put(key, after.number, owner) for key, owner in new.items() if old.get(key, -1) != owner]


def _found_put(key: keys.Key, number: int, service: int | None) -> Put:
    row = FoundRow.at(key, subscriber=number, service=service or None)
    if service is None:
        return Put(row)
    return Put(row, FoundRow.pk.does_not_exist() | (FoundRow.subscriber == number))


# Events


def day_event_row(tenant_id: str, event: ServiceEvent) -> EventRow:
    """The event under its day: what settlement reads."""
    key = keys.event(tenant_id, event.effective_on, event.recorded_micros, event.order)
    return EventRow.at(key, fact=_fact(event), **_beside(event))


def history_event_row(tenant_id: str, event: ServiceEvent) -> EventRow:
    """The event in its subscriber's history: what the bill reads."""
    key = keys.history_event(tenant_id, event.subscriber_number, event.effective_on, event.recorded_micros, event.order)
    return EventRow.at(key, fact=_fact(event), **_beside(event))


def state_change_row(tenant_id: str, event: ServiceEvent) -> EventRow:
    """A suspension or resumption in the history, under a key that only its day, kind and service decide."""
    place = event.service_number * 2 + (event.kind is EventKind.RESUME)
    key = keys.history_event(tenant_id, event.subscriber_number, event.effective_on, 0, place)
    return EventRow.at(key, fact=_fact(event), recorded=event.recorded_micros)


def event_operations(tenant_id: str, event: ServiceEvent) -> list[Operation]:
    """The event written twice, each only if it is not there yet."""
    absent = EventRow.pk.does_not_exist()
    return [Put(day_event_row(tenant_id, event), absent), Put(history_event_row(tenant_id, event), absent)]


def _fact(event: ServiceEvent) -> list[Any]:
    return [event.kind.value, event.service_number, event.subscriber_number, event.plan, event.reason]


def _beside(event: ServiceEvent) -> dict[str, Any]:
    """What only few events have."""
    return {
        "late": event.late or None,
        "withdraws": list(event.withdraws) if event.withdraws else None,
        "since": _day_text(event.since),
    }
