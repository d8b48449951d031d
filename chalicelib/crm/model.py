"""Plans, subscribers, services and service events as the rules see them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from chalicelib.core.proration import DayCount


class EventKind(StrEnum):
    """What can happen to a service. Clients send the middle four; `connect`, `suspend` and `resume` are ours."""

    CONNECT = "connect"
    ENABLE = "enable"
    DISABLE = "disable"
    CHANGE_PLAN = "change_plan"
    DISCONNECT = "disconnect"
    SUSPEND = "suspend"
    RESUME = "resume"


@dataclass(frozen=True)
class Plan:
    """What a tenant sells. A reseller's plan is based on one of its parent's; `code` never changes."""

    tenant_id: str
    code: str
    name: str
    download_kbps: int
    upload_kbps: int
    monthly_price_minor: int
    based_on: str | None
    day_count: DayCount

    @property
    def plan_id(self) -> str:
        return f"{self.tenant_id}.{self.code}"


@dataclass(frozen=True)
class ServiceEvent:
    """An append-only fact about a service: the day it holds from and the instant it was recorded.

    Events of one day are applied in the order (recorded_micros, order). `plan` is a plan code of the tenant, on
    `connect` and `change_plan`. A `resume` (after a recharge) names many services at once in `service_numbers`; every
    other event is about the one service `service_number` of the subscriber `subscriber_number`.
    """

    kind: EventKind
    effective_on: date
    recorded_micros: int
    order: int
    service_number: int
    subscriber_number: int
    plan: str | None = None
    reason: str | None = None
    service_numbers: tuple[int, ...] = ()
