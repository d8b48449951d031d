"""Tenants to test subscribers with: Beta and, always beside it, Gamma; and what billing would be asked."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from chalicelib.aws.guards import Guard, no_guard
from chalicelib.aws.tables import forget
from chalicelib.core.proration import DayCount
from chalicelib.crm.connect import create_subscriber
from chalicelib.crm.import_days import Days
from chalicelib.crm.model import Plan
from chalicelib.crm.plans import create_plan
from chalicelib.crm.subscriber import Line, NewSubscriber, Subscriber
from chalicelib.tenants.model import MODULES, CustomerIdFormat, Mode, Tenant

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
PLANS = ("HOME-10", "HOME-20", "HOME-40", "BIZ-50")


def a_tenant(tenant_id: str = "beta", form: CustomerIdFormat | None = None) -> Tenant:
    return Tenant(
        tenant_id=tenant_id,
        chain=("op", tenant_id),
        name=tenant_id.title(),
        code=tenant_id.upper(),
        mode=Mode.PREPAID,
        timezone="Asia/Dhaka",
        settles_from=date(2026, 10, 1),
        modules=frozenset(MODULES),
        customer_id=form or CustomerIdFormat(prefix="BN-", digits=6),
    )


def with_plans(tenant: Tenant) -> Tenant:
    """The tenant, with the four plans of the roster on offer."""
    for code in PLANS:
        create_plan(a_plan(tenant.tenant_id, code), forget)
    return tenant


def a_plan(tenant_id: str, code: str = "HOME-10") -> Plan:
    return Plan(tenant_id, code, code.title(), 10_240, 10_240, 80_000, f"op.{code}", DayCount.CALENDAR_MONTH)


def asked(name: str = "Karim Uddin", username: str = "karim", **changes: object) -> NewSubscriber:
    line = Line(
        plan=str(changes.get("plan", "HOME-10")),
        username=username,
        mac=changes.get("mac"),  # type: ignore[arg-type]
        start_on=changes.get("start_on", TODAY),  # type: ignore[arg-type]
    )
    phone, zone = changes.get("phone"), changes.get("zone")
    return NewSubscriber(name, phone, zone, line)  # type: ignore[arg-type]


def taken_on(tenant: Tenant, new: NewSubscriber, now: datetime = NOW) -> Subscriber:
    return create_subscriber(tenant, new, no_guard(), now, forget)


def any_connection(starts: Sequence[tuple[Plan, date]]) -> Guard:
    return no_guard()


def any_days(guard: Callable[[date], Guard] = lambda day: no_guard()) -> Days:
    """Days that nobody settles: they need not be held."""
    return Days(
        pinned_through=lambda: None, guard=guard, hold=lambda import_id, day: no_guard(), release=lambda import_id: None
    )


def any_price(plan: Plan, on: date) -> None:
    return None
