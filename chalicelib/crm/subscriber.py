"""A subscriber with its services, and the ids that clients know them by."""

import re
from dataclasses import dataclass
from datetime import date

from chalicelib.core.errors import NotFound
from chalicelib.crm.service import Service, ServiceStatus

MAX_SERVICES = 16

_NUMBER = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """What a new service is asked to be; `plan` is a plan code of the tenant."""

    plan: str
    username: str
    mac: str | None
    start_on: date


@dataclass(frozen=True, slots=True)
class NewSubscriber:
    """What a new subscriber is asked to be, with its first service."""

    name: str
    phone: str | None
    zone: str | None
    line: Line


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A customer of one tenant. `last_recorded_micros` is when its newest event was recorded."""

    tenant_id: str
    number: int
    customer_id: str
    name: str
    phone: str | None
    zone: str | None
    services: tuple[Service, ...]
    created_at_micros: int
    last_recorded_micros: int
    revision: int = 1

    def status_on(self, day: date) -> ServiceStatus:
        """The first of active, suspended, disabled, scheduled, disconnected that one of its services is on that day."""
        statuses = {service.status_on(day) for service in self.services}
        return next(status for status in ServiceStatus if status in statuses)

    def service(self, number: int) -> Service | None:
        """Its service of that number."""
        return next((service for service in self.services if service.number == number), None)


def subscriber_id(tenant_id: str, number: int) -> str:
    return f"{tenant_id}.s{number}"


def service_id(tenant_id: str, number: int) -> str:
    return f"{tenant_id}.v{number}"


def subscriber_number(tenant_id: str, text: str) -> int:
    """The number in a subscriber's id; `NotFound` for another tenant's id, and for what is no id at all."""
    return _number_in(text, f"{tenant_id}.s", "subscriber")


def service_number(tenant_id: str, text: str) -> int:
    """The number in a service's id; `NotFound` as above."""
    return _number_in(text, f"{tenant_id}.v", "service")


def _number_in(text: str, before: str, what: str) -> int:
    digits = text.removeprefix(before)
    if digits == text or _NUMBER.fullmatch(digits) is None:
        raise NotFound(what)
    return int(digits)
