"""Whatever is invoiced, paid, credited, refunded and taken back, in any order: the statements sum to the rate of the net."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.aws import clock, rows
from chalicelib.core.errors import Conflict
from chalicelib.partners.commission import Base, Payer, Taxed, Versions
from chalicelib.partners.commission_base import _Walk
from chalicelib.partners.commission_terms import read_commission, read_versions
from chalicelib.retail.document_model import Document
from chalicelib.retail.find import documents_of, find_account
from chalicelib.retail.model import DocumentKind
from tests.conftest import create_tables
from tests.partners.commissions import Commissions, noon
from tests.simulation import MemoryDynamoDB

KINDS = ("invoice", "pay", "credit", "refund", "bounce", "month")
Step = tuple[str, int, int]
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 2), st.integers(1, 99_999)), min_size=3, max_size=14)
RATE = 3_333


@contextmanager
def a_world() -> Iterator[Commissions]:
    memory = MemoryDynamoDB()
    restore = clock.replace(sleep=lambda seconds: None)
    try:
        with memory.installed():
            rows.forget_connections()
            create_tables()
            yield Commissions()
    finally:
        restore()
        rows.forget_connections()


class Life:
    """The subscribers of Alpha, and what happens to them month after month."""

    def __init__(self, world: Commissions, tax_bps: int) -> None:
        self.world, self.tax_bps, self.months, self.lines = world, tax_bps, 0, 0
        self.accrued = 0

    def documents(self, number: int, kind: DocumentKind | None = None) -> list[Document]:
        found = documents_of("op", "alpha", number)
        return [one for one in found if kind in (None, one.kind)]

    def step(self, what: str, number: int, minor: int) -> None:
        who = f"alpha{number}"
        try:
            if what == "invoice":
                rest = minor // 3
                self.world.invoice(who, minor * self.tax_bps // 10_000, HOME=minor - rest, LITE=rest)
            elif what == "pay":
                self.world.pay(who, minor)
            elif what == "refund":
                advance = find_account("op", "alpha", number).advance_minor
                self.world.refund(who, advance - advance * (minor % 3) // 3 if advance else 1)
            elif what == "month":
                self.end_month()
            else:
                self.take_back(what, number, who, minor)
        except Conflict:
            return

    def take_back(self, what: str, number: int, who: str, minor: int) -> None:
        kind = DocumentKind.INVOICE if what == "credit" else DocumentKind.RECEIPT
        found = self.documents(number, kind)
        if found:
            one = found[minor % len(found)]
            if what == "credit":
                self.world.credit(who, one, 1 + minor % one.total_minor)
            else:
                self.world.bounce(who, one)

    def end_month(self) -> None:
        self.months += 1
        year, month = divmod(10 + self.months, 12)
        self.world.now = noon(month + 1, 1, 2026 + year)
        for statement in self.world.accrue():
            self.lines += statement.sums.lines
            self.accrued += statement.accrued_minor

    def settle_all(self) -> None:
        """Everything that is open is paid, and what was paid ahead is given back."""
        for number in (1, 2):
            account = find_account("op", "alpha", number)
            if account.balance_minor > 0:
                self.world.pay(f"alpha{number}", account.balance_minor)
            elif account.advance_minor:
                self.world.refund(f"alpha{number}", account.advance_minor)

    def sums(self, sign: int, *kinds: DocumentKind, of_net: bool = False) -> int:
        documents = [one for number in (1, 2) for one in self.documents(number) if one.kind in kinds]
        return sign * sum(one.net_minor if of_net else one.total_minor for one in documents)


def base_total(world: Commissions) -> int:
    """What all the walks together say the base is."""
    total = 0
    for number in (1, 2):
        walk = _Walk(Payer(f"alpha.s{number}", None, {"A-LITE": "LITE"}), read_versions("alpha"))
        for document in documents_of("op", "alpha", number):
            total += sum(one.base_minor for one in walk.moved(document))
        account = find_account("op", "alpha", number)
        assert sum(one.amount_minor for one in walk.advance) == account.advance_minor
        open_now = {item.local_id: item.remaining_minor for item in account.open_items}
        for local_id, item in walk.items.items():
            paid = item.total_minor - item.credited_minor - open_now.get(local_id, 0)
            assert item.paid_minor == max(0, paid), local_id
    return total


@settings(max_examples=40)
@given(steps=STEPS, base=st.sampled_from(Base), amount=st.sampled_from(Taxed), lite=st.sampled_from([RATE, 1_000]))
def test_statements_sum_to_the_rate_of_the_net(steps: list[Step], base: Base, amount: Taxed, lite: int) -> None:
    with a_world() as world:
        world.terms(rate_bps=RATE, base=base, amount=amount, plans={"LITE": lite} if lite != RATE else {})
        life = Life(world, 1_500)
        for step in steps:
            life.step(*step)
        total = base_total(world)
        if base is Base.PAYMENTS and amount is Taxed.AFTER_TAX:
            assert total == net_money(life)
        if base is Base.INVOICES:
            assert total == net_invoices(life, of_net=amount is Taxed.BEFORE_TAX)
        life.settle_all()
        rounded = sum(len(life.documents(number)) for number in (1, 2))
        of_net = amount is Taxed.BEFORE_TAX
        assert base_total(world) == pytest.approx(net_invoices(life, of_net=of_net), abs=rounded if of_net else 0)
        life.end_month()
        carried = read_commission("alpha").carried_minor
        assert life.accrued == read_commission("alpha").owed_minor
        if lite == RATE:
            exact = base_total(world) * RATE / 10_000
            assert abs(life.accrued + carried - exact) <= life.lines / 2
        world.check()


def net_money(life: Life) -> int:
    return life.sums(1, DocumentKind.RECEIPT) + life.sums(-1, DocumentKind.REFUND, DocumentKind.PAYMENT_REVERSAL)


def net_invoices(life: Life, *, of_net: bool) -> int:
    return life.sums(1, DocumentKind.INVOICE, of_net=of_net) + life.sums(-1, DocumentKind.CREDIT_NOTE, of_net=of_net)


@settings(max_examples=20)
@given(steps=STEPS, rates=st.lists(st.tuples(st.sampled_from(Base), st.sampled_from(Taxed)), min_size=2, max_size=4))
def test_whatever_changes_from_month_to_month_nothing_counts_twice(
    steps: list[Step], rates: list[tuple[Base, Taxed]]
) -> None:
    """With everything paid in the end, no more was counted than was invoiced, and no less than that without tax."""
    with a_world() as world:
        for at, (base, amount) in enumerate(rates):
            year, month = divmod(10 + at, 12)
            world.terms(rate_bps=10_000, base=base, amount=amount, month=f"{2026 + year}-{month + 1:02d}")
        life = Life(world, 1_500)
        for step in steps:
            life.step(*step)
        life.settle_all()
        life.end_month()
        counted = life.accrued + read_commission("alpha").carried_minor
        documents = sum(len(life.documents(number)) for number in (1, 2))
        assert counted <= net_invoices(life, of_net=False) + documents
        world.check()


def test_versions_hold_from_their_month_on() -> None:
    with a_world() as world:
        first, second = world.terms(), world.terms(rate_bps=1, month="2027-02")
        versions = Versions([second, first])
        assert versions.of(noon(12, 1).date()) == first
        assert versions.of(noon(10, 1).date()) is None
        assert versions.of(noon(3, 1, 2028).date()) == second
