"""Invariants 1 to 4 of `domain.md`, read straight from the engine's storage: `tests/invariants.py` in a tenth of its time.

A test holds it against `check_invariants`: both find the same worlds sound, and the same damage. An entry that is still
the same record as at an earlier look is not decoded and hashed again; all sums are made anew at every look.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from chalicelib.funds.model import Fund
from chalicelib.funds.store import FundRow, to_fund
from chalicelib.ledger.chart import (
    ACCRUED_PAYABLE,
    COMMISSION_PAYABLE,
    COMMISSION_RECEIVABLE,
    DEFERRED_REVENUE,
    FUND_ACCOUNTS,
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
from chalicelib.ledger.journal import GENERAL, GENESIS, Entry, child_journal, entry_hash
from chalicelib.ledger.store import EntryRow, HeadRow, entry_key, to_entry, to_head
from tests.simulation import MemoryDynamoDB
from tests.simulation.storage import Record, Table

EARNED = (WHOLESALE_REVENUE, DEFERRED_REVENUE, TAX_PAYABLE, OTHER_INCOME)
"""What leaves the funds is one of these, for the top of a segment; what is paid in advance has left them."""

PAIRS = (
    (RESELLER_RECEIVABLE, PAYABLE_TO_PARENT),
    (UNBILLED_RECEIVABLE, ACCRUED_PAYABLE),
    (DEFERRED_REVENUE, PREPAID_BANDWIDTH),
    (COMMISSION_PAYABLE, COMMISSION_RECEIVABLE),
)
"""Accounts of a parent in the journal of its child, and of the child: each is the other's negative."""


class Broken(AssertionError):
    """An invariant does not hold."""


class _Seen(NamedTuple):
    """An entry that was decoded, whose lines balance, and which lies where it should."""

    record: Record
    entry: Entry
    nets: dict[tuple[str, str], int]
    followed: set[str]


@dataclass
class AuditedBook:
    """A book and what its entries add up to, in net debits."""

    chain: tuple[str, ...]
    fund: Fund | None = None
    journals: dict[str, list[_Seen]] = field(default_factory=lambda: defaultdict(list))
    accounts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    by_journal: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    by_party: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    fund_minor: int = 0

    @property
    def has_fund(self) -> bool:
        return self.fund is not None and self.fund.is_open


class Auditor:
    """Checks the books of an engine; remembers the entries it has seen, by the record that holds them.

    `books` are those of the last look that found them sound, by tenant.
    """

    def __init__(self, engine: MemoryDynamoDB, table: str = "books", tree: tuple[str, str] = ("tenants", "op#tree")):
        self._engine = engine
        self._table = table
        self._tree = tree
        self._seen: dict[int, _Seen] = {}
        self.books: dict[str, AuditedBook] = {}

    def check(self) -> int:
        """`Broken` unless invariants 1 to 4 hold for the whole installation; the number of entries."""
        if len(self._seen) > 20_000:
            self._seen.clear()
        books = self._engine.tables[self._table]
        tree = self._engine.tables[self._tree[0]].partitions[self._tree[1]]
        found = {}
        for place in tree.order:
            chain = tuple(place.strip("/").split("/"))
            found[chain[-1]] = self._read(books, chain)
        for book in found.values():
            _check_heads(books, book)
            if len(book.chain) > 1:
                _check_edge(found[book.chain[-2]], book)
        _check_conserved(found)
        self.books = found
        return sum(len(journal) for book in found.values() for journal in book.journals.values())

    def _read(self, books: Table, chain: tuple[str, ...]) -> AuditedBook:
        """A book and its fund (invariants 1 and 3)."""
        tenant_id = chain[-1]
        record = books.get((f"{tenant_id}#fund", "fund"))
        book = AuditedBook(chain, to_fund(FundRow.from_raw_data(record.item)) if record else None)
        for part in PARTS:
            partition = books.partitions.get(f"{tenant_id}#entries#{part}")
            for sort in partition.order if partition else ():
                seen = self._entry(tenant_id, partition.records[sort], (f"{tenant_id}#entries#{part}", sort))
                book.journals[seen.entry.journal].append(seen)
                self._add(book, seen, part)
        for journal in book.journals.values():
            journal.sort(key=lambda seen: seen.entry.sequence)
            _check_chain(tenant_id, journal)
        if len(chain) > 1:
            _check_fund(book)
        return book

    def _entry(self, tenant_id: str, record: Record, place: tuple[str, str]) -> _Seen:
        seen = self._seen.get(id(record))
        if seen is not None and seen.record is record:
            return seen
        entry = to_entry(tenant_id, EntryRow.from_raw_data(record.item))
        if entry_key(entry) != place:
            raise Broken(f"{entry.entry_id} lies at {place}")
        debits = credits = 0
        nets: dict[tuple[str, str], int] = defaultdict(int)
        for line in entry.draft.lines:
            if (line.debit_minor > 0) == (line.credit_minor > 0) or min(line.debit_minor, line.credit_minor) != 0:
                raise Broken(f"{entry.entry_id} has a line that is neither a debit nor a credit")
            debits += line.debit_minor
            credits += line.credit_minor
            nets[(line.account, line.counterparty)] += line.debit_minor - line.credit_minor
        if debits != credits or debits <= 0:
            raise Broken(f"{entry.entry_id} does not balance")
        seen = self._seen[id(record)] = _Seen(record, entry, dict(nets), set())
        return seen

    @staticmethod
    def _add(book: AuditedBook, seen: _Seen, part: str) -> None:
        change = 0
        for (account, party), net in seen.nets.items():
            book.accounts[account] += net
            book.by_journal[(seen.entry.journal, account)] += net
            book.by_party[(party, account)] += net
            if account in FUND_ACCOUNTS:
                change += net
        is_of_fund = book.has_fund or seen.entry.fund_after_minor is not None
        if part == "fund" and is_of_fund:
            book.fund_minor += change
            if seen.entry.fund_after_minor != book.fund_minor:
                raise Broken(f"{seen.entry.entry_id} leaves {book.fund_minor}, and says {seen.entry.fund_after_minor}")
        elif part != "fund" and any(account in FUND_ACCOUNTS for account, _ in seen.nets):
            raise Broken(f"{seen.entry.entry_id} moves a fund and is no movement")


def _check_chain(tenant_id: str, journal: list[_Seen]) -> None:
    """Sequences without a gap, in order of recording, each entry chained to the one before it."""
    before, at = GENESIS, 0
    for number, seen in enumerate(journal, start=1):
        entry = seen.entry
        if entry.sequence != number or entry.recorded_micros < at:
            raise Broken(f"{entry.entry_id} stands at {number}")
        if before not in seen.followed:
            place = (tenant_id, entry.journal, number, entry.recorded_micros)
            if entry.hash != entry_hash(before, *place, entry.draft, entry.fund_after_minor):
                raise Broken(f"{entry.entry_id} does not follow from the entry before it")
            seen.followed.add(before)
        before, at = entry.hash, entry.recorded_micros


def _check_heads(books: Table, book: AuditedBook) -> None:
    """The kept heads say what the entries add up to."""
    tenant_id = book.chain[-1]
    partition = books.partitions.get(f"{tenant_id}#journals")
    begun = set()
    for name in partition.order if partition else ():
        head = to_head(tenant_id, name, HeadRow.from_raw_data(partition.records[name].item))
        if not head.sequence:
            continue
        begun.add(name)
        last = book.journals[name][-1].entry if name in book.journals else None
        if last is None or (head.sequence, head.hash, head.recorded_micros) != (
            last.sequence,
            last.hash,
            last.recorded_micros,
        ):
            raise Broken(f"the head of {tenant_id} {name} is not its last entry")
        totals = {account: net for (journal, account), net in book.by_journal.items() if net and journal == name}
        if {account: net for account, net in head.totals.items() if net} != totals:
            raise Broken(f"the head of {tenant_id} {name} does not add up")
    if begun != set(book.journals):
        raise Broken(f"{tenant_id} has entries in {sorted(book.journals)} and heads for {sorted(begun)}")


def _check_fund(book: AuditedBook) -> None:
    """Invariant 3: the fund is what the book says; one that is closed is empty."""
    tenant_id, fund = book.chain[-1], book.fund
    if fund is None:
        raise Broken(f"{tenant_id} has no fund")
    if not fund.is_open:
        if fund.balance_minor or fund.debt_minor or book.fund_minor:
            raise Broken(f"the closed fund of {tenant_id} is not empty")
        return
    said = book.accounts[FUND_WITH_PARENT] + book.accounts[FUNDS_HELD]
    if not fund.balance_minor == said == book.fund_minor:
        raise Broken(f"the fund of {tenant_id} is {fund.balance_minor}, its book says {said}")
    if fund.debt_minor != -book.accounts[PAYABLE_TO_PARENT]:
        raise Broken(f"the debt of {tenant_id} is {fund.debt_minor}")


def _check_edge(parent: AuditedBook, child: AuditedBook) -> None:
    """Invariant 2: what the parent holds for the child is what the child has with it; and so for credit."""
    tenant_id = child.chain[-1]
    journal = child_journal(tenant_id)
    held = -parent.by_journal[(journal, FUNDS_HELD)]
    sides = (-parent.by_party[(tenant_id, FUNDS_HELD)], child.accounts[FUND_WITH_PARENT])
    if sides != (held, held) or child.by_journal[(GENERAL, FUND_WITH_PARENT)] != held:
        raise Broken(f"{parent.chain[-1]} holds {held} for {tenant_id}, which has {sides[1]}")
    for above, below in PAIRS:
        if parent.by_journal[(journal, above)] != -child.by_party[(parent.chain[-1], below)]:
            raise Broken(f"{parent.chain[-1]} and {tenant_id} do not agree on {above} and {below}")


def _check_conserved(books: dict[str, AuditedBook]) -> None:
    """Invariant 4: a segment's funds are what its top put in, less what it gave back, earned, and took as tax."""
    tops = {tenant_id: 0 for tenant_id, book in books.items() if not book.has_fund}
    for book in books.values():
        if book.has_fund:
            tops[next(above for above in reversed(book.chain[:-1]) if above in tops)] += book.fund_minor
    for tenant_id, funds in tops.items():
        _check_segment(books[tenant_id], funds)


def _check_segment(top: AuditedBook, funds: int) -> None:
    put_in = earned = 0
    for journal in top.journals.values():
        for seen in journal:
            moved = -sum(net for (account, _), net in seen.nets.items() if account == FUNDS_HELD)
            if not moved:
                continue
            if seen.entry.draft.kind in ("recharge", "refund"):
                put_in += moved
            earned -= sum(net for (account, _), net in seen.nets.items() if account in EARNED)
    if funds != put_in - earned:
        raise Broken(f"{funds} in the funds, {put_in} put in, {earned} earned")
