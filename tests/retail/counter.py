"""A counter to test payments at: Beta and Gamma bill subscribers, and what is owed to each is held against its book."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from chalicelib.aws.guards import no_guard
from chalicelib.aws.tables import Remember, forget, write
from chalicelib.crm.connect import create_subscriber
from chalicelib.crm.subscriber import Line, NewSubscriber, Subscriber
from chalicelib.ledger.chart import INTERNET_REVENUE, RECEIVABLE, TAX_PAYABLE
from chalicelib.ledger.journal import credit, debit
from chalicelib.retail.account_model import Account, OpenItem
from chalicelib.retail.desk import issue, issued_of
from chalicelib.retail.document_model import Document, DocumentLine, LineKind
from chalicelib.retail.find import documents_of, find_account, read_terms
from chalicelib.retail.model import DocumentKind, Terms
from chalicelib.retail.moves import charge
from chalicelib.retail.owing import all_accounts
from chalicelib.retail.payments import Payment, PaymentMethod, receive_payment
from chalicelib.retail.ruling import Issued, Matter, Ruling, Visit
from chalicelib.retail.store import put_terms
from chalicelib.tenants.model import Tenant
from tests.invariants import check_invariants, read_book
from tests.retail.checks import check_retail
from tests.world import BOSS, NOW, World

SINCE = date(2026, 11, 1)
TODAY = date(2026, 11, 22)


def at(day: int, month: int = 11) -> datetime:
    """Noon in Dhaka on that day of 2026."""
    return datetime(2026, month, day, 6, 0, tzinfo=UTC)


class Counter:
    """Beta's counter, and Gamma's beside it: each has two subscribers; Gamma's first has an invoice of 99.00 open."""

    def __init__(self, **terms: object) -> None:
        self.world = World.build(SINCE)
        self.now = NOW
        for biller in (self.world.beta, self.world.gamma):
            before = read_terms(biller)
            write(put_terms(before, replace(Terms(biller.tenant_id, SINCE), **terms)))  # type: ignore[arg-type]
            for number in (1, 2):
                subscribe(biller, f"{biller.code.lower()}{number}")
        self.invoice(99_00, biller=self.world.gamma)
        self.other_before = self.seen_of(self.world.gamma)

    @property
    def beta(self) -> Tenant:
        return self.world.beta

    def visit(self, number: int = 1, biller: Tenant | None = None, remember: Remember = forget) -> Visit:
        whose = biller or self.beta
        return Visit(whose, whose.tenant_id, number, BOSS, self.now, remember)

    def invoice(
        self,
        minor: int,
        tax_minor: int = 0,
        *,
        number: int = 1,
        due_on: date | None = None,
        biller: Tenant | None = None,
    ) -> Document:
        """An invoice of that much, of which so much is tax."""
        visit = self.visit(number, biller)

        def rule(matter: Matter) -> Ruling:
            due = due_on or matter.today + timedelta(days=7)
            taxed = (credit(TAX_PAYABLE, tax_minor),) if tax_minor else ()
            return Ruling(
                moved=charge(matter.account, DocumentKind.INVOICE, OpenItem(matter.local_id, due, minor), matter.today),
                total_minor=minor,
                tax_minor=tax_minor,
                booked=(debit(RECEIVABLE, minor), credit(INTERNET_REVENUE, minor - tax_minor), *taxed),
                due_on=due,
                lines=(DocumentLine(LineKind.SERVICE, minor - tax_minor, 1, "Home"),),
            )

        return issued_of(issue(visit, DocumentKind.INVOICE, rule)).document

    def pay(self, minor: int, number: int = 1, **more: object) -> Issued:
        return receive_payment(self.visit(number), Payment(minor, PaymentMethod.CASH, **more))  # type: ignore[arg-type]

    def account(self, number: int = 1) -> Account:
        return find_account("beta", "beta", number)

    def open_of(self, number: int = 1) -> dict[str, int]:
        """What is open of which document."""
        return {item.local_id: item.remaining_minor for item in self.account(number).open_items}

    def stands(self, number: int = 1) -> tuple[int, int]:
        """Balance and advance."""
        account = self.account(number)
        return account.balance_minor, account.advance_minor

    def seen_of(self, biller: Tenant) -> object:
        return list(all_accounts(biller.tenant_id)), read_book(biller.chain).net(RECEIVABLE)

    def net(self, account: str) -> int:
        """Net debit of an account of Beta's book."""
        return read_book(self.beta.chain).net(account)

    def check(self) -> None:
        """Accounts, documents and book agree, and Gamma saw nothing of it."""
        for biller in (self.beta, self.world.gamma):
            check_receivable(biller)
            check_retail(biller.tenant_id)
        check_invariants()
        assert self.seen_of(self.world.gamma) == self.other_before


def subscribe(tenant: Tenant, username: str, start_on: date = SINCE) -> Subscriber:
    asked = NewSubscriber(username.title(), None, None, Line("HOME", username, None, start_on))
    return create_subscriber(tenant, asked, no_guard(), NOW, forget)


def check_receivable(biller: Tenant) -> None:
    """What all accounts of a biller owe is its account 1100; and each account is what its documents say."""
    accounts = list(all_accounts(biller.tenant_id))
    assert sum(one.balance_minor for one in accounts) == read_book(biller.chain).net(RECEIVABLE)
    for one in accounts:
        assert one.balance_minor == sum(item.remaining_minor for item in one.open_items) - one.advance_minor
        assert one.advance_minor >= 0
        assert not (one.advance_minor and one.open_items), "an advance pays what is open"
        assert all(item.remaining_minor > 0 for item in one.open_items)
        documents = documents_of(biller.tenant_id, one.tenant_id, one.number)
        balance = 0
        for document in documents:
            balance += document.change_minor
            assert document.balance_after_minor == balance, document.document_id
        assert balance == one.balance_minor
