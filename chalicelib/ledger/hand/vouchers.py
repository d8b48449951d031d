"""Vouchers: what people ask to be posted by hand, and the rules it is held against. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from chalicelib.auth.model import Author
from chalicelib.core.dates import FIRST_DAY, ONE_DAY
from chalicelib.core.errors import Conflict, FieldError, Invalid, invalid_field
from chalicelib.ledger.chart import OPENING_EQUITY, Account, holds_money
from chalicelib.ledger.journal import (
    CONTRA,
    GENERAL,
    MAX_LINES,
    PAYMENTS,
    RECEIPTS,
    Draft,
    Line,
    UnbalancedEntryError,
    check_balanced,
)

MANUAL = "manual"
OPENING = "opening"
RECURRING = "recurring"
REVERSAL = "reversal"
REVERSIBLE = frozenset({MANUAL, OPENING, RECURRING})
"""Kinds of entry that are taken back by a reversal; what the system posted is moved back by its own way."""

NEEDS_APPROVAL = "needs-approval"


@dataclass(frozen=True)
class Voucher:
    """An entry as people ask for it: for which journal, of which day, with which lines.

    `kind` says where it comes from. `attachments` are ids of uploaded documents. `corrects` is the entry that a reversal
    takes back, and `about` that entry's `service_on`; every other voucher is about the day it is dated on.
    """

    kind: str
    journal: str
    effective_on: date
    memo: str
    lines: tuple[Line, ...]
    reference: str = ""
    attachments: tuple[str, ...] = ()
    corrects: str = ""
    about: date | None = None

    @property
    def total_minor(self) -> int:
        """The sum of its debits."""
        return sum(line.debit_minor for line in self.lines)

    def as_draft(self, author: Author, run: str, marks: tuple[str, ...]) -> Draft:
        """What is posted of it; `marks` tie its documents into the hash."""
        return Draft(
            self.kind,
            self.effective_on,
            self.about or self.effective_on,
            self.memo,
            self.lines,
            corrects=self.corrects,
            run=run,
            reference=self.reference,
            recorded_by=author.user_id,
            acting_by=author.acting_id,
            attachments=marks,
        )


@dataclass(frozen=True)
class Rules:
    """What a voucher is held against, as it stood at one revision.

    `cost_centres` are those of the voucher's that are there and open. `approval_above_minor` is the amount above which a
    second person approves, None where there is none.
    """

    revision: int
    chart: Mapping[str, Account]
    cost_centres: frozenset[str]
    approval_above_minor: int | None

    def needs_approval(self, voucher: Voucher) -> bool:
        """Whether a second person has to approve of it."""
        return self.approval_above_minor is not None and voucher.total_minor > self.approval_above_minor

    def refuse_above(self, voucher: Voucher) -> None:
        """409 `needs-approval` for what one person may not post alone."""
        if self.needs_approval(voucher):
            raise Conflict(NEEDS_APPROVAL, "An entry of this amount is drafted, and approved by a second person.")


def person_of(tenant_id: str, author: Author) -> str:
    """Who is really there: the person behind a login-as, else the user itself, as `tenant/user`."""
    return author.acting_id or f"{tenant_id}/{author.user_id}"


def approval_of(draft_id: str, person: str) -> str:
    """What an entry names as its run when it was approved: the draft, and by whom."""
    return f"draft/{draft_id}/approved-by/{person}"


def approver_of(run: str) -> str | None:
    """The person who approved the entry of that run, as `tenant/user`; None for one that was not a draft."""
    before, _, person = run.partition("/approved-by/")
    return person if before.startswith("draft/") and person else None


def opening_of(effective_on: date, memo: str, lines: tuple[Line, ...]) -> Voucher:
    """Opening balances as a voucher: what is left over goes against opening equity."""
    left = sum(line.debit_minor - line.credit_minor for line in lines)
    equity = (Line(OPENING_EQUITY, max(-left, 0), max(left, 0)),) if left else ()
    return Voucher(OPENING, GENERAL, effective_on, memo, (*lines, *equity))


def check_day(voucher: Voucher, today: date) -> None:
    """422 on `effective_on` for a day that has not come, or lies before all books."""
    if voucher.effective_on > today:
        raise invalid_field("effective_on", "must not lie in the future")
    if voucher.effective_on < FIRST_DAY:
        raise invalid_field("effective_on", "lies too far back")


def check_open(voucher: Voucher, closed_through: date | None) -> None:
    """422 `period-closed` on `effective_on` for a day of a closed period."""
    if closed_through is not None and voucher.effective_on <= closed_through:
        said = f"lies in a closed period: the first open day is {closed_through + ONE_DAY}"
        raise invalid_field("effective_on", said, code="period-closed")


def check_lines(voucher: Voucher, rules: Rules) -> None:
    """That the lines can be posted by hand: 422 naming them, `unbalanced-entry` where they do not balance.

    A reversal is the mirror of what was posted: of it only closed accounts are refused, 409 `account-closed`.
    """
    if voucher.kind == REVERSAL:
        closed = sorted({line.account for line in voucher.lines if not rules.chart[line.account].is_open})
        if closed:
            raise Conflict("account-closed", f"Account {closed[0]} is closed; open it again to reverse this entry.")
        return
    faults = tuple(_faults(voucher, rules))
    if faults:
        raise Invalid("invalid", "Some lines cannot be posted.", faults)
    try:
        check_balanced(voucher.lines)
    except UnbalancedEntryError as error:
        raise Invalid("unbalanced-entry", str(error), (FieldError("lines", str(error)),)) from None


def _faults(voucher: Voucher, rules: Rules) -> Iterator[FieldError]:
    for number, line in enumerate(voucher.lines[:MAX_LINES]):
        fault = _fault_of_account(rules.chart.get(line.account)) or _fault_of_journal(voucher.journal, line, rules)
        if fault:
            yield FieldError(f"lines.{number}.account", fault)
        if line.cost_centre and line.cost_centre not in rules.cost_centres:
            yield FieldError(f"lines.{number}.cost_centre", "is not an open cost centre of this book")
    missing = _missing(voucher, rules)
    if missing:
        yield FieldError("lines", missing)


def _fault_of_account(account: Account | None) -> str:
    if account is None:
        return "is not an account of this book"
    if account.control:
        return "is a control account: only the system posts to it"
    return "" if account.is_open else "is closed"


def _fault_of_journal(journal: str, line: Line, rules: Rules) -> str:
    """What is wrong with a line in a journal of money: there money comes in, goes out, or moves within."""
    if journal == GENERAL:
        return ""
    is_money = holds_money(rules.chart, line.account)
    if journal == CONTRA and not is_money:
        return "holds no money: the contra journal moves money between cash, bank and gateway"
    if journal == RECEIPTS and is_money and line.credit_minor:
        return "pays money out: the receipts journal takes money in"
    if journal == PAYMENTS and is_money and line.debit_minor:
        return "takes money in: the payments journal pays money out"
    return ""


def _missing(voucher: Voucher, rules: Rules) -> str:
    money = [line for line in voucher.lines if line.account in rules.chart and holds_money(rules.chart, line.account)]
    if voucher.journal == RECEIPTS and not money:
        return "must take money in: a receipt debits cash, bank or gateway"
    if voucher.journal == PAYMENTS and not money:
        return "must pay money out: a payment credits cash, bank or gateway"
    return ""
