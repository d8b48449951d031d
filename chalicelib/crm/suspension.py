"""Suspension and coming back: bringing subscribers' rows and histories in line with what settlement decided.

Thousands at once, and at any instant it may stop and be started again: a history row has a key that its day, kind and
service decide, and it is written before the subscriber's row, which only ever moves on to a newer decision.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date

from chalicelib.aws import clock
from chalicelib.aws.tables import MAX_BATCH_GET, MAX_BATCH_WRITE, ConditionFailed, put_many, write
from chalicelib.core.errors import Unavailable
from chalicelib.crm.find import read_subscribers
from chalicelib.crm.lanes import in_lanes
from chalicelib.crm.model import EventKind, ServiceEvent
from chalicelib.crm.outbox import changed, wake
from chalicelib.crm.service import Resumption, Service, Suspension
from chalicelib.crm.store import state_change_row
from chalicelib.crm.subscriber import Subscriber

TRIES = 8
Numbers = tuple[int, int]
"""(service number, subscriber number)"""


def mark_suspended(tenant_id: str, services: Sequence[Numbers], on: date, because: str, recorded_micros: int) -> None:
    """These (service, subscriber) numbers are suspended from that day on; `because` names the tenant that is short.

    What was decided later (by day, then instant) stays as it is. Two writes a service, none for one that has it all.
    """
    suspension = Suspension(on, recorded_micros, because)

    def is_known(service: Service) -> bool:
        return service.suspension == suspension

    def mark(service: Service) -> Service:
        newest = max(_position(service.suspension), _position(service.resumption))
        return service if newest >= (on, recorded_micros) else replace(service, suspension=suspension)

    _bring_in_line(tenant_id, services, _event(EventKind.SUSPEND, on, recorded_micros, because), is_known, mark)


def mark_resumed(tenant_id: str, services: Sequence[Numbers], on: date, recorded_micros: int) -> None:
    """These (service, subscriber) numbers are back from that day on. As above."""
    resumption = Resumption(on, recorded_micros)

    def is_known(service: Service) -> bool:
        return service.resumption == resumption

    def mark(service: Service) -> Service:
        newest = max(_position(service.suspension), _position(service.resumption))
        return service if newest >= (on, recorded_micros) else replace(service, resumption=resumption)

    _bring_in_line(tenant_id, services, _event(EventKind.RESUME, on, recorded_micros, None), is_known, mark)


Mark = Callable[[Service], Service]
EventOf = Callable[[Numbers], ServiceEvent]


def _bring_in_line(
    tenant_id: str, services: Sequence[Numbers], event_of: EventOf, is_known: Callable[[Service], bool], mark: Mark
) -> None:
    by_subscriber: dict[int, list[int]] = {}
    for service_number, subscriber_number in services:
        by_subscriber.setdefault(subscriber_number, []).append(service_number)
    numbers = list(by_subscriber)
    groups = [numbers[start : start + MAX_BATCH_GET] for start in range(0, len(numbers), MAX_BATCH_GET)]

    def bring(group: Sequence[int]) -> None:
        behind = []
        for subscriber in read_subscribers(tenant_id, group):
            assert subscriber is not None, "a service that is settled has its subscriber"
            wanted = [n for n in by_subscriber[subscriber.number] if not _has(subscriber, n, is_known)]
            if wanted:
                behind.append((subscriber, wanted))
        events = [event_of((number, subscriber.number)) for subscriber, wanted in behind for number in wanted]
        rows = [state_change_row(tenant_id, event) for event in events]
        for start in range(0, len(rows), MAX_BATCH_WRITE):
            put_many(rows[start : start + MAX_BATCH_WRITE])
        for subscriber, wanted in behind:
            _mark_subscriber(subscriber, wanted, mark)
        wake({one.router: None for subscriber, _ in behind for one in subscriber.services if one.router is not None})

    in_lanes(bring, groups)


def _has(subscriber: Subscriber, number: int, is_known: Callable[[Service], bool]) -> bool:
    service = subscriber.service(number)
    return service is not None and is_known(service)


def _mark_subscriber(subscriber: Subscriber, wanted: Iterable[int], mark: Mark) -> None:
    chosen = set(wanted)
    for _ in range(TRIES):
        services = tuple(mark(one) if one.number in chosen else one for one in subscriber.services)
        if services == subscriber.services:
            return
        try:
            write(*changed(subscriber, replace(subscriber, services=services), clock.now()))
            return
        except ConditionFailed:
            newer = read_subscribers(subscriber.tenant_id, [subscriber.number])[0]
            assert newer is not None, "subscribers are never removed"
            subscriber = newer
    raise Unavailable("busy", "A subscriber is being changed by others.")


def _position(fact: Suspension | Resumption | None) -> tuple[date, int]:
    return (date.min, 0) if fact is None else (fact.on, fact.recorded_micros)


def _event(kind: EventKind, on: date, recorded_micros: int, because: str | None) -> EventOf:
    def event_of(numbers: Numbers) -> ServiceEvent:
        return ServiceEvent(kind, on, recorded_micros, 0, numbers[0], numbers[1], reason=because)

    return event_of
