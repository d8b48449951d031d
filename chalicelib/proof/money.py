"""Invariants 3 and 4 of one book, pure: its fund movement by movement, and what a top put in and earned."""

from chalicelib.aws.config import config
from chalicelib.core.money import format_money
from chalicelib.funds.model import Fund
from chalicelib.ledger.chart import (
    FUNDS_HELD,
    OTHER_INCOME,
    PAYABLE_TO_PARENT,
    TAX_PAYABLE,
    WHOLESALE_REVENUE,
)
from chalicelib.ledger.journal import RETAIL, Entry
from chalicelib.proof.model import CONSERVED, FUND, ISOLATION, Finding, Result, judged
from chalicelib.proof.walk import broken_entry

PUT_IN = ("recharge", "refund")
EARNED = (WHOLESALE_REVENUE, TAX_PAYABLE, OTHER_INCOME)


def amount(minor: int) -> str:
    """An amount as people read it."""
    return format_money(minor, config().decimals)


class Movements:
    """F(t) as its movements make it, up to the newest one that the fund's row knew of when it was read.

    Every movement carries the balance it left and moves the fund's row in its own write, each later than the one before:
    a row read before the walk says exactly which entries made it, however much moves meanwhile.
    """

    def __init__(self, fund: Fund) -> None:
        self._fund = fund
        self._balance = self._debt = self._count = 0
        self._findings: list[Finding] = []

    def take(self, entry: Entry) -> None:
        if entry.recorded_micros > self._fund.moved_micros:
            return
        self._debt -= sum(
            line.debit_minor - line.credit_minor for line in entry.draft.lines if line.account == PAYABLE_TO_PARENT
        )
        if entry.part != "fund":
            return
        self._count += 1
        self._balance += entry.fund_change_minor
        left = entry.fund_after_minor
        if left != self._balance:
            said = "no balance" if left is None else amount(left)
            self._findings.append(
                broken_entry(entry, f"says it left {said}, the movements up to it {self._balance_text}")
            )
            self._balance = self._balance if left is None else left

    @property
    def _balance_text(self) -> str:
        return amount(self._balance)

    def result(self) -> Result:
        fund, findings = self._fund, list(self._findings)
        thing, order = f"{fund.tenant_id}:fund", fund.moved_micros
        if fund.balance_minor != self._balance:
            what = f"says {amount(fund.balance_minor)}, its movements {amount(self._balance)}"
            findings.append(Finding(fund.tenant_id, thing, what, order=order))
        if fund.debt_minor != self._debt:
            what = f"says {amount(fund.debt_minor)} of unpaid credit, the book {amount(self._debt)}"
            findings.append(Finding(fund.tenant_id, thing, what, order=order))
        return judged(FUND, f"{amount(fund.balance_minor)} after {self._count} movements", findings)


class PutInAndEarned:
    """What the top of a segment holds for its children: what was put in, less what each debit earned or took as tax."""

    def __init__(self) -> None:
        self.held_minor = self.put_in_minor = self.earned_minor = 0
        self._findings: list[Finding] = []

    def take(self, entry: Entry) -> None:
        lines = entry.draft.lines
        held = sum(line.credit_minor - line.debit_minor for line in lines if line.account == FUNDS_HELD)
        if not held:
            return
        self.held_minor += held
        if entry.draft.kind in PUT_IN:
            self.put_in_minor += held
            return
        earned = sum(line.credit_minor - line.debit_minor for line in lines if line.account in EARNED)
        self.earned_minor += earned
        if held != -earned:
            what = f"takes {amount(-held)} out of the funds and earns {amount(earned)}"
            self._findings.append(broken_entry(entry, what))

    def result(self, funds: str, of_funds: list[Finding]) -> Result:
        """`funds` is what the funds of the whole tree came to, in words, `of_funds` what is wrong with that."""
        says = (
            f"{amount(self.put_in_minor)} put in, {amount(self.earned_minor)} earned, {amount(self.held_minor)} held; "
        )
        return judged(CONSERVED, says + funds, [*self._findings, *of_funds])


class Counterparties:
    """Nobody but the parent and direct children is named in a book; where subscribers are billed, also a tenant below whose
    subscribers they are. What else invariant 5 says cannot be read off data."""

    def __init__(self, known: frozenset[str], below: frozenset[str] = frozenset()) -> None:
        self._known, self._below = known, below
        self._count = 0
        self._findings: list[Finding] = []

    def take(self, entry: Entry) -> None:
        named = {line.counterparty for line in entry.draft.lines if line.counterparty}
        self._count += len(named)
        strange = named - self._known
        if entry.journal == RETAIL:
            strange -= self._below
        if strange:
            self._findings.append(broken_entry(entry, f"names {', '.join(sorted(strange))}, neither parent nor child"))

    def result(self) -> Result:
        says = (
            f"{self._count} counterparties; that every key begins with its tenant, and that nobody is let in, "
            "cannot be read off data: tests of every route stand for it"
        )
        return judged(ISOLATION, says, self._findings)
