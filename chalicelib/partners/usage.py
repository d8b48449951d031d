"""What every service below a child cost its parent over the days of an invoice: the annex, and lines by plan."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.billing.columns import Columns, billable_positions, paid_positions
from chalicelib.billing.evidence import find_sheet
from chalicelib.billing.model import SettledDay
from chalicelib.crm.find import read_subscribers
from chalicelib.crm.plans import read_plans
from chalicelib.crm.subscriber import Subscriber
from chalicelib.partners.model import USE, Line, Service
from chalicelib.tenants.hierarchy import TreeNode


@dataclass
class _Use:
    """One service on one of its tenant's plans."""

    subscriber: int
    days: int = 0
    amount_minor: int = 0


Uses = dict[tuple[int, str], _Use]
"""By service number and plan code of its tenant."""


def read_services(days: Sequence[SettledDay], nodes: Sequence[TreeNode], levels: Mapping[str, int]) -> list[Service]:
    """Every service that was billed on these days, on each of its plans, by tenant and number.

    Every day is read from its sheet, which is the evidence of it: a request for each, and one for each hundred subscribers.
    A service costs the sum of its days, each of which is a whole number of minor units.
    """
    by_tenant: dict[str, list[SettledDay]] = defaultdict(list)
    for day in days:
        by_tenant[day.tenant_id].append(day)
    plans = _PlanNames(nodes, levels)
    services: list[Service] = []
    for node in sorted((node for node in nodes if node.tenant_id in by_tenant), key=lambda one: (one.depth, one.code)):
        uses = add_up(by_tenant[node.tenant_id], levels[node.tenant_id])
        services += _named(node.tenant_id, uses, plans.of(node, {code for _, code in uses}))
    return services


def add_up(days: Iterable[SettledDay], level: int) -> Uses:
    """What the services of one tenant used over days of it, at that level."""
    uses: Uses = {}
    for day in days:
        sheet = find_sheet(day)
        prices = [day.prices_minor.get(code, ()) for code in sheet.plan_codes]
        amounts = [price[level] if level < len(price) else 0 for price in prices]
        for at in billed_positions(sheet, day.charged):
            plan = sheet.plans[at]
            key = (sheet.numbers[at], sheet.plan_codes[plan])
            use = uses.get(key)
            if use is None:
                use = uses[key] = _Use(sheet.subscribers[at])
            use.days += 1
            use.amount_minor += amounts[plan]
    return uses


def billed_positions(sheet: Columns, charged: int) -> Iterator[int]:
    """The positions of the services that were billed: the charged ones before the cut, and those paid in advance."""
    yield from billable_positions(sheet)[:charged]
    yield from paid_positions(sheet)


class _PlanNames:
    """Which plan of the parent each plan below stands on; a plan that is used never moves to another."""

    def __init__(self, nodes: Sequence[TreeNode], levels: Mapping[str, int]) -> None:
        self._based_on: dict[str, dict[str, str]] = {}
        self._levels = levels

    def of(self, node: TreeNode, codes: set[str]) -> dict[str, str]:
        """The parent's plan code of each of a tenant's codes: as many steps up as there are edges."""
        found = {code: code for code in codes}
        for tenant_id in reversed(node.chain[-self._levels[node.tenant_id] - 1 :]):
            if tenant_id not in self._based_on:
                plans = read_plans(tenant_id)
                self._based_on[tenant_id] = {code: (plan.based_on or "") for code, plan in plans.items()}
            steps = self._based_on[tenant_id]
            found = {code: steps.get(at, "").partition(".")[2] for code, at in found.items()}
        return found


def _named(tenant_id: str, uses: Uses, plans: Mapping[str, str]) -> Iterator[Service]:
    """The uses as lines of the annex, by service number."""
    numbers = sorted({use.subscriber for use in uses.values()})
    known = dict(zip(numbers, read_subscribers(tenant_id, numbers), strict=True))
    for (number, code), use in sorted(uses.items()):
        customer_id, username = _names(known[use.subscriber], number)
        plan = plans[code]
        yield Service(tenant_id, number, use.subscriber, customer_id, username, plan, use.days, use.amount_minor)


def _names(subscriber: Subscriber | None, number: int) -> tuple[str, str]:
    if subscriber is None:
        return "", ""
    service = subscriber.service(number)
    return subscriber.customer_id, service.username if service else ""


def plan_lines(services: Sequence[Service]) -> list[Line]:
    """A line for each plan of the parent, by code."""
    by_plan: dict[str, list[Service]] = defaultdict(list)
    for service in services:
        by_plan[service.plan].append(service)
    return [
        Line(
            USE,
            sum(one.amount_minor for one in of_plan),
            plan,
            len({(one.tenant_id, one.service) for one in of_plan}),
            sum(one.days for one in of_plan),
        )
        for plan, of_plan in sorted(by_plan.items())
    ]
