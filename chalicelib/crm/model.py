"""Plans, subscribers, services and service events as the rules see them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from chalicelib.core.proration import DayCount


class EventKind(StrEnum):
    """What can happen to a service. `connect`, `suspend` and `resume` are ours; the others are what clients send.

    `withdraw` takes back an event that was wrong. A `start` is recorded as the withdrawal of the connection and a new one.
    """

    CONNECT = "connect"
    ENABLE = "enable"
    DISABLE = "disable"
    CHANGE_PLAN = "change_plan"
    DISCONNECT = "disconnect"
    SUSPEND = "suspend"
    RESUME = "resume"
    WITHDRAW = "withdraw"
    START = "start"


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

    `late` is the number of a fact about a day that was pinned already when it was recorded, 0 for all others: the
    sheets pinned before it do not know it. A `withdraw` names the event of its own day that it takes back, by
    `withdraws` (its instant and order). A connection that begins anew on another day says by `since` which place in
    charging order the service has.
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
    late: int = 0
    withdraws: tuple[int, int] | None = None
    since: date | None = None
