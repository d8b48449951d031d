"""Tariffs: setting a new version of what a child pays, and what a plan costs every level of a chain on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.aws import keys
from chalicelib.aws.guards import Guard, together
from chalicelib.aws.tables import ConditionFailed, Put, read_all, read_page, write
from chalicelib.billing.model import RefundPolicy, Tariff, Terms, Timing
from chalicelib.billing.pins import guard_day
from chalicelib.billing.proration import day_price
from chalicelib.billing.store import TariffRow, tariff_row, to_tariff
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import Conflict, FieldError, Invalid, NotFound, invalid_field
from chalicelib.crm.model import DayCount, Plan
from chalicelib.crm.plans import plan_code, read_plans
from chalicelib.tenants.hierarchy import read_tree
from chalicelib.tenants.model import Tenant

MAX_GUARDED = 90
EASTERNMOST = timedelta(hours=14)
"""How far the earliest time zone is ahead of UTC."""


@dataclass(frozen=True)
class TariffTerms:
    """What a parent asks for: everything of a version but when it was recorded. Prices are by the parent's plan."""

    effective_on: date
    timing: Timing
    day_count: DayCount
    refund_policy: RefundPolicy
    tax_bps: int
    prices: tuple[tuple[str, int], ...]


class NotPricedError(Exception):
    """A plan in use has no price at some level on a day: a defect that stops the settlement of that day."""


@dataclass(frozen=True)
class DayPrices:
    """What every plan of a tenant costs on one day at each level of its chain, from the tenant's own edge upward."""

    levels: tuple[str, ...]
    tax_bps: tuple[int, ...]
    versions: tuple[str, ...]
    day_counts: tuple[str, ...]
    by_plan: dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class PriceBook:
    """Everything that prices a tenant's services: the plans of its chain and all versions of every edge's tariff."""

    chain: tuple[Tenant, ...]
    plans: tuple[dict[str, Plan], ...]
    tariffs: tuple[tuple[Tariff, ...], ...]

    @property
    def buyers(self) -> tuple[Tenant, ...]:
        """The tenants that pay somebody, from the bottom up."""
        return tuple(reversed(self.chain[1:]))

    def terms_on(self, day: date) -> Terms:
        """What prices that day as things stand: the versions in force, and each buyer's first day of month."""
        return Terms(
            tuple(next((t.version for t in edge if t.effective_on <= day), "") for edge in self.tariffs),
            tuple(buyer.month_starts_on for buyer in self.buyers),
        )

    def prices_on(self, day: date, terms: Terms | None = None) -> DayPrices:
        """What each plan costs on that day, by these terms; plans that some level has no price for are left out."""
        terms = terms or self.terms_on(day)
        names = terms.versions
        edges = [
            next((t for t in edge if t.version == name), None) for edge, name in zip(self.tariffs, names, strict=True)
        ]
        by_plan = {}
        for code in self.plans[0] if self.plans else ():
            prices = self._plan_prices(code, edges, day, terms.month_starts)
            if prices is not None:
                by_plan[code] = prices
        return DayPrices(
            tuple(buyer.tenant_id for buyer in self.buyers),
            tuple(edge.tax_bps if edge else 0 for edge in edges),
            names,
            tuple(edge.day_count.value if edge else "" for edge in edges),
            by_plan,
        )

    def _plan_prices(
        self, code: str, edges: Sequence[Tariff | None], day: date, month_starts: Sequence[int]
    ) -> tuple[int, ...] | None:
        prices = []
        for plans, edge, month_starts_on in zip(self.plans, edges, month_starts, strict=True):
            plan = plans.get(code)
            if plan is None or plan.based_on is None or edge is None:
                return None
            code = plan.based_on.partition(".")[2]
            monthly = edge.prices_minor.get(code)
            if monthly is None:
                return None
            prices.append(day_price(monthly, day, edge.day_count, month_starts_on))
        return tuple(prices)


def read_price_book(chain: Sequence[Tenant]) -> PriceBook:
    """What prices the services of the last tenant of the chain: two requests for each level above it."""
    buyers = list(reversed(chain[1:]))
    return PriceBook(
        tuple(chain),
        tuple(read_plans(buyer.tenant_id) for buyer in buyers),
        tuple(tuple(read_tariffs(buyer.tenant_id)) for buyer in buyers),
    )


def read_tariffs(child_id: str) -> list[Tariff]:
    """All versions of a child's tariff, the one that wins first."""
    return [to_tariff(row) for row in read_all(TariffRow, keys.tariffs(child_id), newest_first=True)]


def tariff_on(child_id: str, day: date) -> Tariff:
    """The version in force on a day; `NotFound` before the first."""
    page = read_page(TariffRow, keys.tariffs(child_id), last=f"{day}#{keys.LAST}", limit=1, newest_first=True)
    if not page.rows:
        raise NotFound("tariff")
    return to_tariff(page.rows[0])


def set_tariff(parent: Tenant, child: Tenant, terms: TariffTerms, now: datetime) -> Tariff:
    """Add a version of the child's tariff; the same terms again are the version that is there.

    409 `day-already-pinned` from a day that is settled or being settled; 422 `timing-not-available` for `advance`, for a
    plan that is not the parent's, named twice, or in use by the child and left without a price.
    """
    if terms.timing is not Timing.DAILY:
        raise invalid_field("timing", "is not available yet: only daily", "timing-not-available")
    prices = _check_prices(parent, child, terms)
    newest = next((t for t in read_tariffs(child.tenant_id) if t.effective_on == terms.effective_on), None)
    tariff = Tariff(
        child.tenant_id,
        terms.effective_on,
        max(to_micros(now), newest.recorded_micros + 1 if newest else 0),
        terms.timing,
        terms.day_count,
        terms.refund_policy,
        terms.tax_bps,
        prices,
    )
    if newest is not None and _same_terms(newest, tariff):
        return newest
    guard = _guard_sub_tree(child, terms.effective_on, now)
    try:
        write(Put(tariff_row(tariff), TariffRow.pk.does_not_exist()), *guard.operations)
    except ConditionFailed as failure:
        guard.refuse(failure)
        raise
    return tariff


def _guard_sub_tree(child: Tenant, effective_on: date, now: datetime) -> Guard:
    """The version is taken only while its first day is pinned neither for the child nor for anybody below it.

    Their days are priced by this edge too. A day that has ended nowhere on earth is pinned for nobody, so that only a
    version from a past day needs the whole sub-tree in its write.
    """
    own = guard_day(child.tenant_id, effective_on)
    if effective_on >= (now + EASTERNMOST).date():
        return own
    below = [node for node in read_tree(child.chain) if node.tenant_id != child.tenant_id]
    if len(below) > MAX_GUARDED:
        raise Conflict("too-many-resellers-below", "With so many resellers below it, a tariff starts today or later.")
    return together([own, *(guard_day(node.tenant_id, effective_on) for node in below)])


def _same_terms(one: Tariff, other: Tariff) -> bool:
    def terms(tariff: Tariff) -> tuple[object, ...]:
        prices = dict(tariff.prices_minor)
        return tariff.timing, tariff.day_count, tariff.refund_policy, tariff.tax_bps, prices

    return terms(one) == terms(other)


def _check_prices(parent: Tenant, child: Tenant, terms: TariffTerms) -> dict[str, int]:
    plans = read_plans(parent.tenant_id)
    prices: dict[str, int] = {}
    errors = []
    for number, (reference, price) in enumerate(terms.prices):
        code = plan_code(parent.tenant_id, reference) or ""
        if code not in plans:
            errors.append(FieldError(f"prices.{number}.plan", "is not one of your plans"))
        elif code in prices:
            errors.append(FieldError(f"prices.{number}.plan", "is named twice"))
        else:
            prices[code] = price
    used = {plan.based_on for plan in read_plans(child.tenant_id).values()}
    for code in sorted(plans.keys() - prices.keys()):
        if plans[code].plan_id in used:
            errors.append(FieldError("prices", f"leaves {code} without a price, which the reseller has a plan on"))
    if errors:
        raise Invalid("invalid", "Some prices are not valid.", tuple(errors))
    return prices


def guard_base(tenant: Tenant, parent_plan_id: str) -> None:
    """422 unless the plan is one that the tenant's newest tariff has a price for."""
    newest = next(iter(read_tariffs(tenant.tenant_id)), None)
    code = plan_code(tenant.parent_id or "", parent_plan_id)
    if newest is None or code not in newest.prices_minor:
        raise invalid_field("based_on", "is not a plan that your tariff has a price for")


def guard_priced(chain: Sequence[Tenant], plan: Plan, on: date) -> None:
    """422 unless every level of the chain has a price for the plan on that day."""
    if len(chain) > 1 and plan.code not in read_price_book(chain).prices_on(on).by_plan:
        raise invalid_field("plan", f"has no price at some level on {on}", "plan-not-priced")
