"""A small world of resellers that earn a percentage: Alpha under the operator, Beta under Alpha, Gamma beside Alpha.

The operator bills the subscribers of all of them, from 1 November 2026 on. Alpha and Gamma sell HOME and LITE on the
operator's plans, Beta on Alpha's. Each has subscribers 1 and 2.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from chalicelib.aws.guards import no_guard
from chalicelib.aws.tables import write
from chalicelib.crm.connect import create_subscriber
from chalicelib.crm.subscriber import Line, NewSubscriber
from chalicelib.ledger.chart import (
    COMMISSION_EXPENSE,
    COMMISSION_PAYABLE,
    COMMISSION_RECEIVABLE,
    COMMISSION_REVENUE,
    INTERNET_REVENUE,
    RECEIVABLE,
    TAX_PAYABLE,
)
from chalicelib.ledger.journal import credit, debit
from chalicelib.partners.accrue import accrue_due
from chalicelib.partners.commission import Base, CommissionTerms, Taxed, parse_month
from chalicelib.partners.commission_find import read_lines
from chalicelib.partners.commission_model import CommissionPayout, CommissionStatement
from chalicelib.partners.commission_terms import read_commission, set_terms
from chalicelib.partners.payout import PayoutOrder, pay_commission
from chalicelib.retail.account_model import OpenItem
from chalicelib.retail.credit_notes import CreditLine, credit_document
from chalicelib.retail.desk import issue, issued_of
from chalicelib.retail.document_model import Document, DocumentLine, LineKind
from chalicelib.retail.find import read_terms
from chalicelib.retail.model import DocumentKind, Terms
from chalicelib.retail.moves import charge
from chalicelib.retail.moves import credit as taken_off
from chalicelib.retail.payments import Payment, PaymentMethod, receive_payment, refund_advance, reverse_payment
from chalicelib.retail.ruling import Matter, Ruling, Visit
from chalicelib.retail.store import put_terms
from chalicelib.tenants.model import Mode, Tenant
from tests.invariants import check_invariants, read_book
from tests.partners.invoiced import store
from tests.retail.checks import check_retail
from tests.world import BOSS, NOW, plan, tenant

FIRST = date(2026, 11, 1)
NOVEMBER, DECEMBER, JANUARY = date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)


def noon(month: int, day: int, year: int = 2026) -> datetime:
    """Noon in Dhaka on that day."""
    return datetime(year, month, day, 6, 0, tzinfo=UTC)


class Commissions:
    """The tenants of this world, and the moves that tests make in it."""

    def __init__(self) -> None:
        self.now = noon(11, 10)
        self.operator = store(tenant("op", None, date(2020, 1, 1)))
        write(put_terms(read_terms(self.operator), Terms("op", FIRST)))
        for code in ("HOME", "LITE"):
            plan(self.operator, code, 100_000)
        self.alpha = self._percentage("alpha", self.operator)
        self.gamma = self._percentage("gamma", self.operator)
        self.beta = self._percentage("beta", self.alpha)

    def _percentage(self, name: str, parent: Tenant) -> Tenant:
        made = store(replace(tenant(name, parent, FIRST), mode=Mode.PERCENTAGE))
        for code in ("HOME", "LITE"):
            above = code if parent is self.operator else f"{parent.tenant_id[0].upper()}-{code}"
            plan(made, f"{name[0].upper()}-{code}", 100_000, f"{parent.tenant_id}.{above}")
        for number in (1, 2):
            line = Line(f"{name[0].upper()}-HOME", f"{name}{number}", None, FIRST)
            create_subscriber(made, NewSubscriber(f"{name}{number}", None, None, line), no_guard(), NOW, lambda _: ())
        return made

    def chain(self, tenant_id: str) -> tuple[Tenant, ...]:
        chains = {"alpha": (self.alpha,), "beta": (self.alpha, self.beta), "gamma": (self.gamma,)}
        return (self.operator, *chains[tenant_id])

    def terms(
        self, child: str = "alpha", rate_bps: int = 3_000, month: str = "2026-11", **more: object
    ) -> CommissionTerms:
        asked = CommissionTerms(parse_month(month), rate_bps, **more)  # type: ignore[arg-type]
        return set_terms(*self.chain(child)[-2:], asked, BOSS, self.now)

    # What the operator does for a subscriber

    def visit(self, who: str) -> Visit:
        return Visit(self.operator, who[:-1], int(who[-1]), BOSS, self.now)

    def invoice(self, who: str, tax_minor: int = 0, late: bool = False, **by_plan: int) -> Document:
        """An invoice of so much without tax on these plans (HOME, LITE), and the tax; or a late fee."""
        kind = DocumentKind.LATE_FEE if late else DocumentKind.INVOICE
        code = who[0].upper()
        lines = tuple(
            DocumentLine(LineKind.SERVICE, minor, 1, name.title(), code=f"{code}-{name}")
            for name, minor in by_plan.items()
        )
        net = sum(by_plan.values())
        total = net + tax_minor

        def rule(matter: Matter) -> Ruling:
            taxed = (credit(TAX_PAYABLE, tax_minor),) if tax_minor else ()
            due_on = matter.today + timedelta(days=7)
            return Ruling(
                moved=charge(matter.account, kind, OpenItem(matter.local_id, due_on, total), matter.today),
                total_minor=total,
                tax_minor=tax_minor,
                booked=(debit(RECEIVABLE, total), credit(INTERNET_REVENUE, net), *taxed),
                due_on=due_on,
                lines=lines,
            )

        return issued_of(issue(self.visit(who), kind, rule)).document

    def pay(self, who: str, minor: int, received_on: date | None = None) -> Document:
        return receive_payment(self.visit(who), Payment(minor, PaymentMethod.CASH, received_on=received_on)).document

    def refund(self, who: str, minor: int) -> Document:
        return refund_advance(self.visit(who), minor, PaymentMethod.CASH, "", "moved away").document

    def bounce(self, who: str, receipt: Document) -> Document:
        return reverse_payment(self.visit(who), receipt, "no money").document

    def credit(self, who: str, invoice: Document, minor: int) -> Document:
        return credit_document(self.visit(who), invoice, [CreditLine("less", minor)], "agreed").document

    def adjust(self, who: str, minor: int, tax_minor: int) -> Document:
        """A credit note as a run of invoices makes it: about no invoice, of so much of HOME and the tax on it."""
        lines = (DocumentLine(LineKind.ADJUSTMENT, minor, 1, "Home", code=f"{who[0].upper()}-HOME"),)
        total = minor + tax_minor

        def rule(matter: Matter) -> Ruling:
            taxed = (debit(TAX_PAYABLE, tax_minor),) if tax_minor else ()
            return Ruling(
                moved=taken_off(matter.account, "", total, matter.today),
                total_minor=total,
                tax_minor=tax_minor,
                booked=(debit(INTERNET_REVENUE, minor), *taxed, credit(RECEIVABLE, total)),
                lines=lines,
            )

        return issued_of(issue(self.visit(who), DocumentKind.CREDIT_NOTE, rule)).document

    # Commissions

    def accrue(self, child: str = "alpha") -> list[CommissionStatement]:
        return accrue_due(self.chain(child), self.now)

    def statement(self, child: str = "alpha") -> CommissionStatement:
        """The one statement that is due."""
        (made,) = self.accrue(child)
        return made

    def payout(self, minor: int, child: str = "alpha") -> CommissionPayout:
        return pay_commission(*self.chain(child)[-2:], PayoutOrder(minor, "bank", "TRX-1", "", BOSS), self.now)

    def check(self) -> None:
        """Books, accounts and what is owed agree, on every edge."""
        check_invariants()
        check_retail("op")
        for child in ("alpha", "beta", "gamma"):
            parent, of = self.chain(child)[-2:]
            owed = read_commission(child).owed_minor
            above, below = read_book(parent.chain), read_book(of.chain)
            assert below.net(COMMISSION_RECEIVABLE) == owed
            if child != "alpha":
                continue
            paid = -above.net(COMMISSION_PAYABLE)
            assert paid == owed + read_commission("gamma").owed_minor
            assert above.net(COMMISSION_EXPENSE) == -(below.net(COMMISSION_REVENUE) + self.revenue("gamma"))

    def revenue(self, child: str) -> int:
        """Net debit of a child's commission revenue."""
        return read_book(self.chain(child)[-1].chain).net(COMMISSION_REVENUE)


def lines_of(statement: CommissionStatement) -> list[tuple[str, str, int, int, int]]:
    """The lines as (subscriber, month, rate, base, commission)."""
    lines, _ = read_lines(statement, limit=200)
    return [(f"{line.tenant_id}{line.number}", f"{line.month:%Y-%m}", *line[5:]) for line in lines]


__all__ = ["Base", "Commissions", "Taxed", "lines_of", "noon"]
