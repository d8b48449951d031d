"""The price book: what a plan costs every level of a chain on a day, by the tariff versions of its edges."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from chalicelib.aws import keys
from chalicelib.aws.tables import read_all, read_page
from chalicelib.billing.advance import EdgeTerms, charge
from chalicelib.billing.model import Tariff, Terms, Timing
from chalicelib.billing.store import TariffRow, to_tariff
from chalicelib.core.errors import NotFound
from chalicelib.core.proration import DayCount, Span, day_price
from chalicelib.crm.model import Plan
from chalicelib.crm.plans import read_plans
from chalicelib.tenants.model import Mode, Tenant


class NotPricedError(Exception):
    """A plan in use has no price at some level on a day: a defect that stops the settlement of that day."""


@dataclass(frozen=True)
class DayPrices:
    """What every plan of a tenant costs on one day at each level of its chain, from the tenant's own edge upward.

    `by_plan` is for that day, `periods` for the whole period it lies in. `edges` is None where nothing is charged: toward
    the parent of a `percentage` tenant, and before the first version.
    """

    levels: tuple[str, ...]
    tax_bps: tuple[int, ...]
    terms: Terms
    day_counts: tuple[str, ...]
    by_plan: dict[str, tuple[int, ...]]
    periods: dict[str, tuple[int, ...]]
    edges: tuple[EdgeTerms | None, ...]

    @property
    def funded(self) -> tuple[bool, ...]:
        """Whether each level pays from a fund."""
        return tuple(mode == Mode.PREPAID for mode in self.terms.modes)

    def first_charges(self, code: str, day: date) -> tuple[int, ...] | None:
        """What a service of that plan moves at each level on its first day, without tax; None where it has no price."""
        if code not in self.by_plan:
            return None
        return tuple(
            charge(edge, code, period, day).rest_minor(day.toordinal())
            if edge is not None and edge.timing is Timing.ADVANCE
            else price
            for edge, period, price in zip(self.edges, self.periods[code], self.by_plan[code], strict=True)
        )


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
        """What prices that day as things stand: the versions in force, each buyer's first day of month and mode."""
        return Terms(
            tuple(next((t.version for t in edge if t.effective_on <= day), "") for edge in self.tariffs),
            tuple(buyer.month_starts_on for buyer in self.buyers),
            tuple(buyer.mode.value for buyer in self.buyers),
        )

    def charges_in_advance(self) -> bool:
        """Whether any edge has a version that charges in advance."""
        return any(version.timing is Timing.ADVANCE for edge in self.tariffs for version in edge)

    def prices_on(self, day: date, terms: Terms | None = None) -> DayPrices:
        """What each plan costs on that day, by these terms; plans that some level has no price for are left out."""
        terms = terms or self.terms_on(day)
        edges = [
            None if mode == Mode.PERCENTAGE else next((t for t in edge if t.version == name), None)
            for edge, name, mode in zip(self.tariffs, terms.versions, terms.modes, strict=True)
        ]
        rules = [
            _edge_terms(edge, first) if edge else None for edge, first in zip(edges, terms.month_starts, strict=True)
        ]
        periods = {}
        for code in self.plans[0] if self.plans else ():
            prices = self._period_prices(code, edges, terms.modes)
            if prices is not None:
                periods[code] = prices
        by_plan = {
            code: tuple(
                day_price(price, day, rule.day_count, rule.month_starts_on, rule.months) if rule else 0
                for price, rule in zip(prices, rules, strict=True)
            )
            for code, prices in periods.items()
        }
        return DayPrices(
            tuple(buyer.tenant_id for buyer in self.buyers),
            tuple(edge.tax_bps if edge else 0 for edge in edges),
            terms,
            tuple(name_rule(edge.day_count, edge.span) if edge else "" for edge in edges),
            by_plan,
            periods,
            tuple(rules),
        )

    def _period_prices(self, code: str, edges: Sequence[Tariff | None], modes: Sequence[str]) -> tuple[int, ...] | None:
        """What the plan costs each level for a whole period: nothing where its buyer earns a percentage."""
        prices = []
        for plans, edge, mode in zip(self.plans, edges, modes, strict=True):
            plan = plans.get(code)
            if plan is None or plan.based_on is None:
                return None
            code = plan.based_on.partition(".")[2]
            if mode == Mode.PERCENTAGE:
                prices.append(0)
                continue
            monthly = edge.prices_minor.get(code) if edge else None
            if edge is None or monthly is None:
                return None
            prices.append(monthly * edge.span.months)
        return tuple(prices)


def name_rule(day_count: DayCount, span: Span) -> str:
    """How a settled day names by what its price is spread: `calendar_month`, `fixed_30 a quarter`."""
    return day_count.value if span is Span.MONTH else f"{day_count.value} a {span.value}"


def rule_named(name: str) -> tuple[DayCount, int]:
    """The day count and the months of a period that a settled day names."""
    day_count, _, span = name.partition(" a ")
    return DayCount(day_count), Span(span or Span.MONTH).months


def _edge_terms(tariff: Tariff, month_starts_on: int) -> EdgeTerms:
    return EdgeTerms(
        tariff.timing,
        tariff.day_count,
        tariff.span.months,
        month_starts_on,
        tariff.refund_policy,
        tariff.refund_fee_minor,
    )


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


def tariffs_of_chain(chain: Sequence[Tenant]) -> list[list[Tariff]]:
    """All versions of every edge of the chain, from the last tenant's own upward."""
    return [read_tariffs(buyer.tenant_id) for buyer in reversed(chain[1:])]


def tariff_on(child_id: str, day: date) -> Tariff:
    """The version in force on a day; `NotFound` before the first."""
    page = read_page(TariffRow, keys.tariffs(child_id), last=f"{day}#{keys.LAST}", limit=1, newest_first=True)
    if not page.rows:
        raise NotFound("tariff")
    return to_tariff(page.rows[0])
