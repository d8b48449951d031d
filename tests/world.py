"""A small world to test in: an operator, Alpha under it, Beta under Alpha, and Gamma beside Alpha, with plans and prices.

Plans cost, a month: HOME 500.00 from the operator to Alpha and Gamma, 575.00 from Alpha to Beta; FAST 800.00 and 899.50.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from chalicelib.auth.model import Author
from chalicelib.aws.tables import Put, write
from chalicelib.billing.connections import guard_new_connections
from chalicelib.billing.model import RefundPolicy, Timing
from chalicelib.billing.tariffs import TariffTerms, set_tariff
from chalicelib.core.proration import DayCount
from chalicelib.crm.connect import create_subscriber
from chalicelib.crm.model import Plan
from chalicelib.crm.plans import create_plan, find_plan
from chalicelib.crm.subscriber import Line, NewSubscriber, Subscriber
from chalicelib.funds.limits import opening_row
from chalicelib.funds.model import Method
from chalicelib.funds.transfer import Movement, Order, recharge_fund, refund_fund
from chalicelib.ledger.periods import open_journals
from chalicelib.tenants.model import MODULES, Mode, Tenant
from chalicelib.tenants.store import child_row, profile_row, tree_row

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
BOSS = Author("uboss")


def tenant(tenant_id: str, parent: Tenant | None, settles_from: date, timezone: str = "Asia/Dhaka") -> Tenant:
    """A tenant as onboarding makes it, under that parent."""
    chain = (*parent.chain, tenant_id) if parent else (tenant_id,)
    return Tenant(
        tenant_id, chain, tenant_id.title(), tenant_id.upper(), Mode.PREPAID, timezone, settles_from, frozenset(MODULES)
    )


def store_tenant(made: Tenant, minimum_minor: int = 0, credit_limit_minor: int = 0) -> None:
    """Write a tenant's rows: profile, place in the tree, place in its parent's list, and its fund."""
    rows = [Put(profile_row(made)), Put(tree_row(made))]
    if made.parent_id is not None:
        rows += [Put(child_row(made)), opening_row(made.tenant_id, minimum_minor, credit_limit_minor)]
        rows += open_journals(made.parent_id, made.tenant_id).operations
    write(*rows)


def plan(owner: Tenant, code: str, price_minor: int, based_on: str | None = None) -> Plan:
    made = Plan(owner.tenant_id, code, code.title(), 10_000, 10_000, price_minor, based_on, DayCount.CALENDAR_MONTH)
    return create_plan(made, lambda _: ())


def price(seller: Tenant, buyer: Tenant, prices: dict[str, int], on: date, tax_bps: int = 0) -> None:
    """Set what the buyer pays its parent from that day on."""
    terms = TariffTerms(
        on, Timing.DAILY, DayCount.CALENDAR_MONTH, RefundPolicy.UNUSED_DAYS, tax_bps, tuple(prices.items())
    )
    set_tariff(seller, buyer, terms, NOW)


@dataclass
class World:
    """The tenants of the small world, all settling from one day, and the moves that tests make in it."""

    operator: Tenant
    alpha: Tenant
    beta: Tenant
    gamma: Tenant

    @classmethod
    def of_tenants(cls, settles_from: date, *, credit_limit_minor: int = 0) -> "World":
        """The tenants with their funds, without a plan or a price: all that moving money and keeping books needs."""
        operator = tenant("op", None, date(2020, 1, 1))
        alpha = tenant("alpha", operator, settles_from)
        beta = tenant("beta", alpha, settles_from)
        gamma = tenant("gamma", operator, settles_from)
        world = cls(operator, alpha, beta, gamma)
        for one in (operator, alpha, beta, gamma):
            store_tenant(one, credit_limit_minor=credit_limit_minor)
        return world

    @classmethod
    def build(cls, settles_from: date, *, credit_limit_minor: int = 0, tax_bps: int = 0) -> "World":
        world = cls.of_tenants(settles_from, credit_limit_minor=credit_limit_minor)
        operator, alpha, beta, gamma = world.operator, world.alpha, world.beta, world.gamma
        for code, retail in (("HOME", 60_000), ("FAST", 90_000)):
            plan(operator, code, retail)
        for reseller in (alpha, gamma):
            price(operator, reseller, {"HOME": 50_000, "FAST": 80_000}, settles_from, tax_bps)
            for code in ("HOME", "FAST"):
                plan(reseller, code, 70_000, f"op.{code}")
        price(alpha, beta, {"HOME": 57_500, "FAST": 89_950}, settles_from, tax_bps)
        for code in ("HOME", "FAST"):
            plan(beta, code, 100_000, f"alpha.{code}")
        return world

    @property
    def beta_chain(self) -> tuple[Tenant, ...]:
        return (self.operator, self.alpha, self.beta)

    @property
    def alpha_chain(self) -> tuple[Tenant, ...]:
        return (self.operator, self.alpha)

    @property
    def gamma_chain(self) -> tuple[Tenant, ...]:
        return (self.operator, self.gamma)

    def recharge(self, parent: Tenant, child: Tenant, minor: int, method: Method = Method.CASH) -> Movement:
        return recharge_fund(parent, child, Order(minor, method, "", "", BOSS), NOW)

    def refund(self, parent: Tenant, child: Tenant, minor: int, method: Method = Method.CASH) -> Movement:
        return refund_fund(parent, child, Order(minor, method, "", "", BOSS), NOW)

    def fund(self, alpha_minor: int, beta_minor: int) -> None:
        """Recharge Alpha with all of it, and Beta out of that."""
        self.recharge(self.operator, self.alpha, alpha_minor)
        if beta_minor:
            self.recharge(self.alpha, self.beta, beta_minor)

    def connect(self, chain: tuple[Tenant, ...], name: str, plan_code: str, start_on: date) -> Subscriber:
        """A subscriber of the chain's last tenant, as a user would add it."""
        owner = chain[-1]
        guard = guard_new_connections(chain, [(find_plan(owner.tenant_id, plan_code), start_on)], NOW)
        asked = NewSubscriber(name, None, None, Line(plan_code, name.lower(), None, start_on))
        return create_subscriber(owner, asked, guard, NOW, lambda _: ())
