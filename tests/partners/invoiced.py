"""A small world of resellers that pay by invoice: Alpha under the operator, Beta (prepaid) under Alpha, Gamma beside Alpha.

Alpha and Gamma pay the operator, a month, 249.95 for HOME and 29.95 for LITE; Beta pays Alpha 300.00 and 40.00.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from chalicelib.aws.tables import Put, read_many, write
from chalicelib.billing.connections import guard_new_connections
from chalicelib.billing.correction_store import put_correction
from chalicelib.billing.corrections import Correction, DayChange, Totals
from chalicelib.billing.legs import Use, level_lines
from chalicelib.billing.pins import guard_day
from chalicelib.billing.run import settle_through
from chalicelib.billing.state import change_state, read_state
from chalicelib.core.dates import days_between
from chalicelib.crm.change import AskedChange, record_event
from chalicelib.crm.connect import create_subscriber
from chalicelib.crm.filing import Filed
from chalicelib.crm.model import EventKind, ServiceEvent
from chalicelib.crm.plans import find_plan
from chalicelib.crm.subscriber import Line, NewSubscriber, Subscriber
from chalicelib.funds.limits import opening_row
from chalicelib.funds.model import Method
from chalicelib.funds.transfer import Order as Recharge
from chalicelib.funds.transfer import recharge_fund
from chalicelib.ledger.journal import GENERAL, Draft, child_journal
from chalicelib.ledger.periods import open_journals
from chalicelib.ledger.post import Posting, head_reads
from chalicelib.ledger.statements import trial_balance
from chalicelib.partners.cycle import Cycle, CycleKind
from chalicelib.partners.invoice import Order, issue_invoice
from chalicelib.partners.model import AggregateTerms, Issued
from chalicelib.partners.pay import Paid, record_payment
from chalicelib.partners.terms import AskedTerms, set_terms
from chalicelib.tenants.model import Mode, Tenant
from chalicelib.tenants.store import child_row, profile_row, tree_row
from tests.world import BOSS, plan, price, tenant

FIRST = date(2026, 11, 1)
MONTHLY = Cycle(CycleKind.MONTHLY)
LATE = datetime(2027, 6, 1, 6, 0, tzinfo=UTC)
"""Long after everything: what has happened by then has ended."""


def store(made: Tenant) -> Tenant:
    """Write a tenant as onboarding does."""
    rows = [Put(profile_row(made)), Put(tree_row(made))]
    if made.parent_id is not None:
        rows += [Put(child_row(made)), opening_row(made.tenant_id, 0, 0, is_open=made.has_fund)]
        rows += open_journals(made.parent_id, made.tenant_id).operations
    write(*rows)
    return made


def aggregate(tenant_id: str, parent: Tenant, first: date, timezone: str = "Asia/Dhaka") -> Tenant:
    return store(replace(tenant(tenant_id, parent, first, timezone), mode=Mode.AGGREGATE))


@dataclass
class Invoiced:
    """The tenants of this world, and the moves that tests make in it."""

    operator: Tenant
    alpha: Tenant
    beta: Tenant
    gamma: Tenant
    delta: Tenant | None = None

    @classmethod
    def build(cls, first: date = FIRST, *, tax_bps: int = 0, timezone: str = "Asia/Dhaka") -> "Invoiced":
        operator = store(tenant("op", None, date(2020, 1, 1)))
        for code in ("HOME", "LITE"):
            plan(operator, code, 30_000)
        alpha, gamma = (aggregate(name, operator, first, timezone) for name in ("alpha", "gamma"))
        beta = store(tenant("beta", alpha, first, timezone))
        for child in (alpha, gamma):
            price(operator, child, {"HOME": 24_995, "LITE": 2_995}, first, tax_bps)
            for code in ("HOME", "LITE"):
                plan(child, f"A-{code}", 50_000, f"op.{code}")
        price(alpha, beta, {"A-HOME": 30_000, "A-LITE": 4_000}, first, tax_bps)
        for code in ("HOME", "LITE"):
            plan(beta, f"B-{code}", 60_000, f"alpha.A-{code}")
        return cls(operator, alpha, beta, gamma)

    def chain(self, tenant_id: str) -> tuple[Tenant, ...]:
        return {
            "alpha": (self.operator, self.alpha),
            "beta": (self.operator, self.alpha, self.beta),
            "delta": (self.operator, self.alpha, self.delta or self.alpha),
            "gamma": (self.operator, self.gamma),
        }[tenant_id]

    def add_delta(self, first: date) -> None:
        """Delta under Alpha, which pays by invoice too: 40.00 a month for LITE."""
        self.delta = aggregate("delta", self.alpha, first)
        price(self.alpha, self.delta, {"A-LITE": 4_000}, first)
        plan(self.delta, "D-LITE", 5_000, "alpha.A-LITE")

    def fund_beta(self, minor: int) -> None:
        recharge_fund(self.alpha, self.beta, Recharge(minor, Method.CASH, "", "", BOSS), LATE)

    def connect(self, tenant_id: str, name: str, plan_code: str, start_on: date, now: datetime = LATE) -> Subscriber:
        chain = self.chain(tenant_id)
        guard = guard_new_connections(chain, [(find_plan(tenant_id, plan_code), start_on)], now)
        asked = NewSubscriber(name, None, None, Line(plan_code, name.lower(), None, start_on))
        return create_subscriber(chain[-1], asked, guard, now, lambda _: ())

    def event(
        self, tenant_id: str, subscriber: Subscriber, kind: EventKind, on: date, plan_code: str | None = None
    ) -> None:
        owner = self.chain(tenant_id)[-1]

        def file(events: Sequence[ServiceEvent]) -> Filed:
            return Filed(tuple(events), guard_day(tenant_id, on))

        asked = AskedChange(kind, on, find_plan(tenant_id, plan_code) if plan_code else None, None)
        record_event(owner, subscriber.number, asked, file, on, LATE, lambda _: ())

    def settle(self, through: date) -> None:
        """Settle everybody up to a day."""
        assert settle_through("op", through, LATE, lambda: True).is_settled

    def terms(
        self, cycle: Cycle = MONTHLY, child: str = "alpha", due_days: int = 7, block: bool = True
    ) -> AggregateTerms:
        return set_terms(self.chain(child)[-1], AskedTerms(cycle, due_days, block), BOSS, LATE)

    def invoice(self, through: date, child: str = "alpha", now: datetime = LATE) -> Issued:
        return issue_invoice(*self.chain(child)[-2:], Order(through, BOSS), now)

    def pay(self, minor: int, child: str = "alpha", now: datetime = LATE) -> Issued:
        return record_payment(*self.chain(child)[-2:], Paid(minor, "bank", "", "", BOSS), now)


def accounts(of: Tenant) -> dict[str, int]:
    """Net debit by account code."""
    return {line.account.code: line.debit_minor - line.credit_minor for line in trial_balance(of).lines}


def post_correction(chain: tuple[Tenant, ...], first: date, last: date, minor: int, now: datetime = LATE) -> str:
    """What a correction of a direct child's own days leaves: so much more (or less) for each, without tax; its id."""
    parent, child = chain[-2:]
    days = list(days_between(first, last))
    journals = [(parent.tenant_id, child_journal(child.tenant_id)), (child.tenant_id, GENERAL)]
    posting = Posting(journals, read_many(head_reads(journals)), now)
    total = minor * len(days)
    sides = level_lines(Use(total, total), child.mode, parent.tenant_id, child.tenant_id)
    for (tenant_id, journal), lines in zip(journals, sides, strict=True):
        posting.add(tenant_id, journal, Draft("correction", last, first, "late", lines))
    state = read_state(child.tenant_id)
    number = state.corrected + 1
    nothing, more = Totals((0,), (0,)), Totals((minor,), (minor,))
    made = Correction(
        tenant_id=child.tenant_id,
        number=number,
        since=number,
        first=first,
        through=last,
        posted_micros=posting.recorded_micros,
        effective_on=last,
        levels=(child.tenant_id,),
        modes=(child.mode.value,),
        facts=(),
        changes=tuple(DayChange(day, nothing, more, (0,), ()) for day in days),
        services=(),
        entries=(("", ""),),
        loans_minor=(0,),
    )
    after = replace(state, late=number, corrected=number)
    write(*posting.operations(), change_state(state, after), put_correction(made))
    return made.correction_id
