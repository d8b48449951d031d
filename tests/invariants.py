"""The invariants of `domain.md`, checked from the entries alone: for every test to call when it has moved money.

    world.recharge(world.operator, world.alpha, 100_00)
    check_invariants()                      # the whole installation, as the tree has it
    check_invariants(world.beta_chain)      # these tenants only (invariant 4 needs all of them, and is left out)

Nothing here trusts a total, a head or a balance that the product keeps: each is computed again and compared.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Protocol

from chalicelib.aws import keys
from chalicelib.aws.config import config
from chalicelib.aws.tables import read, read_all
from chalicelib.funds.store import FundRow, to_fund
from chalicelib.ledger.chart import (
    ACCRUED_PAYABLE,
    COMMISSION_PAYABLE,
    COMMISSION_RECEIVABLE,
    DEFERRED_REVENUE,
    FUND_WITH_PARENT,
    FUNDS_HELD,
    OTHER_INCOME,
    PAYABLE_TO_PARENT,
    PREPAID_BANDWIDTH,
    RESELLER_RECEIVABLE,
    TAX_PAYABLE,
    UNBILLED_RECEIVABLE,
    WHOLESALE_REVENUE,
)
from chalicelib.ledger.entries import PARTS
from chalicelib.ledger.journal import GENERAL, GENESIS, YEAR_END, Entry, child_journal, entry_hash
from chalicelib.ledger.periods import CLOSE, read_events, read_periods
from chalicelib.ledger.statements import read_heads
from chalicelib.ledger.store import EntryRow, entry_key, to_entry
from chalicelib.ledger.tie_outs import tie_out
from chalicelib.ledger.verify import verify_book
from chalicelib.tenants.hierarchy import read_tree

EDGE_PAIRS = (
    (RESELLER_RECEIVABLE, PAYABLE_TO_PARENT),
    (UNBILLED_RECEIVABLE, ACCRUED_PAYABLE),
    (DEFERRED_REVENUE, PREPAID_BANDWIDTH),
    (COMMISSION_PAYABLE, COMMISSION_RECEIVABLE),
)
"""Accounts of a parent in the journal of its child, and of the child: each is the other's negative."""


class Placed(Protocol):
    """Anything that knows its chain: a tenant, a node of the tree."""

    @property
    def chain(self) -> tuple[str, ...]: ...


@dataclass
class Book:
    """One tenant's entries by journal, in order of sequence, and what they add up to."""

    chain: tuple[str, ...]
    journals: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))

    @property
    def tenant_id(self) -> str:
        return self.chain[-1]

    @property
    def parent_id(self) -> str:
        return self.chain[-2]

    @property
    def entries(self) -> list[Entry]:
        return [entry for journal in self.journals.values() for entry in journal]

    def net(self, account: str, journal: str | None = None, counterparty: str | None = None) -> int:
        """Net debit of an account, in the whole book or one journal, with everybody or one counterparty."""
        return sum(
            line.debit_minor - line.credit_minor
            for entry in self.entries
            for line in entry.draft.lines
            if line.account == account
            and journal in (None, entry.journal)
            and counterparty in (None, line.counterparty)
        )

    @property
    def fund_minor(self) -> int:
        return self.net(FUND_WITH_PARENT) + self.net(FUNDS_HELD)


def read_book(chain: Sequence[str]) -> Book:
    """A whole book, entry by entry."""
    book = Book(tuple(chain))
    for part in PARTS:
        for row in read_all(EntryRow, keys.entries(book.tenant_id, part)):
            entry = to_entry(book.tenant_id, row)
            assert row.key == entry_key(entry), f"{entry.entry_id} lies at {row.key}"
            book.journals[entry.journal].append(entry)
    for journal in book.journals.values():
        journal.sort(key=lambda entry: entry.sequence)
    return book


def check_invariants(tenants: Sequence[Placed] | None = None) -> int:
    """Assert invariants 1 to 3 for these tenants, or 1 to 4 for the whole installation; the number of entries seen."""
    nodes: Sequence[Placed] = read_tree((config().operator_id,)) if tenants is None else tenants
    books = {node.chain[-1]: read_book(node.chain) for node in nodes}
    for book in books.values():
        _check_book(book)
        if len(book.chain) > 1:
            _check_fund(book)
            if book.parent_id in books:
                _check_edge(books[book.parent_id], book)
    if tenants is None:
        _check_conserved(books)
    return sum(len(book.entries) for book in books.values())


def _check_book(book: Book) -> None:
    """Invariant 1: every entry balances, sequences have no gap, hashes chain, and the kept heads say the same."""
    heads = {head.journal: head for head in read_heads(book.tenant_id) if head.sequence}
    assert heads.keys() == book.journals.keys(), f"{book.tenant_id}: heads {sorted(heads)}"
    for name, entries in book.journals.items():
        before, at = GENESIS, 0
        totals: dict[str, int] = defaultdict(int)
        for number, entry in enumerate(entries, start=1):
            where = entry.entry_id
            lines = entry.draft.lines
            assert sum(line.debit_minor for line in lines) == sum(line.credit_minor for line in lines) > 0, where
            assert all((line.debit_minor > 0) != (line.credit_minor > 0) for line in lines), where
            assert all(min(line.debit_minor, line.credit_minor) == 0 for line in lines), where
            assert entry.sequence == number, where
            assert entry.recorded_micros >= at, where
            place = (book.tenant_id, name, number, entry.recorded_micros)
            assert entry.hash == entry_hash(before, *place, entry.draft, entry.fund_after_minor), where
            before, at = entry.hash, entry.recorded_micros
            for line in lines:
                totals[line.account] += line.debit_minor - line.credit_minor
        head = heads[name]
        assert (head.sequence, head.hash, head.recorded_micros) == (len(entries), before, at), (
            f"{book.tenant_id} {name}"
        )
        assert {code: net for code, net in head.totals.items() if net} == {c: n for c, n in totals.items() if n}
    _check_periods(book)
    found = verify_book(book.tenant_id)
    assert found.is_sound, found
    assert found.entries == len(book.entries)


def _check_periods(book: Book) -> None:
    """Invariant 1: what was posted behind a closing, and not opened again, has its day in the open period."""
    events = read_events(book.tenant_id)
    for event, following in zip_longest(events, events[1:]):
        if event.action != CLOSE or event.through is None or (following is not None and following.action != CLOSE):
            continue
        for entry in book.entries:
            if entry.sequence > event.sequences.get(entry.journal, 0) and entry.journal != YEAR_END:
                assert entry.draft.effective_on > event.through, entry.entry_id
    closed = read_periods(book.tenant_id)
    if closed.pending is None:
        for head in read_heads(book.tenant_id):
            assert (head.closed_through, head.fence) == (closed.closed_through, closed.fence), head.journal


def _check_edge(parent: Book, child: Book) -> None:
    """Invariant 2: what the parent holds for the child is what the child has with it; and so for credit."""
    journal = child_journal(child.tenant_id)
    held = -parent.net(FUNDS_HELD, journal)
    assert held == -parent.net(FUNDS_HELD, counterparty=child.tenant_id), child.tenant_id
    assert held == child.net(FUND_WITH_PARENT), f"{parent.tenant_id} holds {held} for {child.tenant_id}"
    assert child.net(FUND_WITH_PARENT, GENERAL) == held, "a child's side is kept in its general journal"
    for above, below in EDGE_PAIRS:
        assert parent.net(above, journal) == -child.net(below, counterparty=parent.tenant_id), (child.tenant_id, above)
    (found,) = tie_out(parent.tenant_id, [child.tenant_id])
    assert (found.held_for_child_minor, found.difference_minor) == (held, 0)


def _check_fund(book: Book) -> None:
    """Invariant 3: the fund is what the book says, and each movement carries the balance it left."""
    row = read(FundRow, keys.fund(book.tenant_id))
    assert row is not None, f"{book.tenant_id} has no fund"
    fund = to_fund(row)
    if not fund.is_open:
        assert (fund.balance_minor, fund.debt_minor) == (0, 0), f"{book.tenant_id} has a closed fund"
        return
    assert fund.balance_minor == book.fund_minor, book.tenant_id
    assert fund.debt_minor == -book.net(PAYABLE_TO_PARENT), book.tenant_id
    movements = [to_entry(book.tenant_id, one) for one in read_all(EntryRow, keys.entries(book.tenant_id, "fund"))]
    balance = 0
    for entry in movements:
        balance += entry.fund_change_minor
        assert entry.fund_after_minor == balance, entry.entry_id
    assert balance == fund.balance_minor, book.tenant_id


def _check_conserved(books: dict[str, Book]) -> None:
    """Invariant 4: the funds of a segment are what their top put in, less what it gave back, earned, and took as tax.

    What a top was paid in advance counts as earned here: it has left the funds.
    """
    for top in books.values():
        if not _has_fund(top):
            _check_segment(top, [book for book in books.values() if _has_fund(book) and _top_of(book, books) is top])


def _has_fund(book: Book) -> bool:
    row = read(FundRow, keys.fund(book.tenant_id))
    return row is not None and to_fund(row).is_open


def _top_of(book: Book, books: dict[str, Book]) -> Book:
    return next(books[above] for above in reversed(book.chain[:-1]) if not _has_fund(books[above]))


def _check_segment(top: Book, members: Sequence[Book]) -> None:
    put_in = earned = 0
    for entry in top.entries:
        moved = sum(x.credit_minor - x.debit_minor for x in entry.draft.lines if x.account == FUNDS_HELD)
        if not moved:
            continue
        if entry.draft.kind in ("recharge", "refund"):
            put_in += moved
        earned += sum(
            line.credit_minor - line.debit_minor
            for line in entry.draft.lines
            if line.account in (WHOLESALE_REVENUE, DEFERRED_REVENUE, TAX_PAYABLE, OTHER_INCOME)
        )
    funds = sum(book.fund_minor for book in members)
    assert funds == put_in - earned, f"{funds} in the funds, {put_in} put in, {earned} earned"
