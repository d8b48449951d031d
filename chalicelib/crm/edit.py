"""Edit: a subscriber's name, phone and zone, and the username and MAC of its services. No money hangs on these."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chalicelib.aws.tables import ConditionFailed, write
from chalicelib.core.errors import Conflict, Unavailable, invalid_field
from chalicelib.crm.connect import refuse_taken
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.outbox import changed, wake_routers
from chalicelib.crm.service import Service
from chalicelib.crm.store import found_operations
from chalicelib.crm.subscriber import Line, Subscriber
from chalicelib.crm.words import fold

TRIES = 8


@dataclass(frozen=True)
class SubscriberChange:
    """What a PATCH names: fields of the subscriber by name, and fields of services by service number and name.

    Fields are `name`, `phone`, `zone`, and of a service `username` and `mac`; None takes a phone, zone or MAC away.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    services: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


def edit_subscriber(tenant_id: str, number: int, change: SubscriberChange, now: datetime) -> Subscriber:
    """Change what is named, and what finds the subscriber along with it and its routers have to hear, in one write.

    `NotFound`; 422 when a service is not the subscriber's; `Conflict` `username-taken` or `mac-taken`.
    """
    for _ in range(TRIES):
        before = find_subscriber(tenant_id, number)
        services = _edited_services(before, change.services)
        after = replace(before, **change.fields, services=services, revision=before.revision + 1)
        if replace(after, revision=before.revision) == before:
            return before
        _refuse_doubles(services)
        update, *outbox = changed(before, after, now)
        try:
            write(update, *outbox, *found_operations(before, after))
        except ConditionFailed as failure:
            if not failure.failed(update):
                refuse_taken(failure, _taken_line(services, failure))
            continue
        wake_routers(outbox)
        return after
    raise Unavailable("busy", "This subscriber is being changed by others; please send the request again.")


def _edited_services(before: Subscriber, changes: Mapping[int, Mapping[str, Any]]) -> tuple[Service, ...]:
    for number in changes:
        if before.service(number) is None:
            raise invalid_field("services", "names a service that is not this subscriber's")
    if not changes:
        return before.services
    return tuple(replace(service, **changes.get(service.number, {})) for service in before.services)


def _refuse_doubles(services: tuple[Service, ...]) -> None:
    usernames = [fold(service.username) for service in services]
    if len(set(usernames)) < len(usernames):
        raise Conflict("username-taken", "Two services cannot have the same username.")
    macs = [service.mac for service in services if service.mac is not None]
    if len(set(macs)) < len(macs):
        raise Conflict("mac-taken", "Two services cannot have the same MAC address.")


def _taken_line(services: tuple[Service, ...], failure: ConditionFailed) -> Line:
    """The username and MAC to name in the refusal: those of the service whose word is taken."""
    words = {operation.row.sk.rpartition("#")[0] for operation in failure.rows}
    service = next(
        (s for s in services if fold(s.username) in words or (s.mac or "").replace(":", "").lower() in words),
        services[0],
    )
    return Line(service.base.plan, service.username, service.mac, service.start_on)
