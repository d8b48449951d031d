"""Entries and journals: the append-only heart of a book, pure.

An entry balances or does not exist. A journal numbers its entries without gaps and chains them by hash; its head carries
the sequence, the last hash and the net total of every account, so that a statement needs no entry at all.

What is made for every entry is a named tuple, in less than half the time of a frozen dataclass.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from chalicelib.core.dates import ONE_DAY
from chalicelib.core.json import compact_json, quoted
from chalicelib.ledger.chart import FUND_ACCOUNTS

GENERAL = "general"
RECEIPTS = "receipts"
PAYMENTS = "payments"
CONTRA = "contra"
YEAR_END = "year-end"
RETAIL = "retail"
"""What a tenant invoices to subscribers, and what becomes of it."""

BY_HAND = (GENERAL, RECEIPTS, PAYMENTS, CONTRA)
"""The journals that people post to: everything else in a book is the system's."""

MAX_LINES = 100
GENESIS = "0" * 64
"""What the first entry of a journal names as the hash before it."""

_ENTRY_ID = re.compile(r"([a-z0-9]{1,32})\.([fo])([0-9]{16})-([a-z0-9-]{1,64})-([1-9][0-9]{0,9})", re.ASCII)


class UnbalancedEntryError(ValueError):
    """The lines of an entry do not balance, or one of them is not a debit or a credit of more than zero."""


def child_journal(child_id: str) -> str:
    """The journal of a parent's book that holds what happens between it and that child."""
    return f"child-{child_id}"


class Line(NamedTuple):
    """One leg of an entry: exactly one of debit and credit is more than zero.

    `counterparty` is a tenant id or empty; `cost_centre` the code of one of the tenant's cost centres or empty.
    """

    account: str
    debit_minor: int
    credit_minor: int
    counterparty: str = ""
    cost_centre: str = ""

    @property
    def as_list(self) -> list[str | int]:
        """The line as it is stored and hashed; what it does not have behind its counterparty is not there."""
        fields: list[str | int] = [self.account, self.debit_minor, self.credit_minor, self.counterparty]
        return [*fields, self.cost_centre] if self.cost_centre else fields

    @property
    def mirrored(self) -> "Line":
        """The line that takes this one back."""
        return Line(self.account, self.credit_minor, self.debit_minor, self.counterparty, self.cost_centre)


def debit(account: str, amount_minor: int, counterparty: str = "") -> Line:
    return Line(account, amount_minor, 0, counterparty)


def credit(account: str, amount_minor: int, counterparty: str = "") -> Line:
    return Line(account, 0, amount_minor, counterparty)


class Draft(NamedTuple):
    """What is to be posted: an entry before it has its place in a journal.

    `effective_on` is the accounting date, `service_on` the day it is about. `run` names the settlement it belongs to,
    `recorded_by` the user (and `acting_by` who was behind a login-as), `corrects` the entry it reverses or mends.
    `late_for` is the accounting date it would have had if that day's period were not closed. `attachments` are texts
    `id:sha256` that tie documents into the hash.

    An entry about several days says by `by_day` what each of them is of it: (day, ((account, net debit), ...)), in order
    of day and account, nothing of zero. Together that is what its lines come to, account by account.
    """

    kind: str
    effective_on: date
    service_on: date
    memo: str
    lines: tuple[Line, ...]
    corrects: str = ""
    run: str = ""
    reference: str = ""
    recorded_by: str = ""
    acting_by: str = ""
    late_for: date | None = None
    attachments: tuple[str, ...] = ()
    by_day: "ByDay" = ()


ByDay = tuple[tuple[date, tuple[tuple[str, int], ...]], ...]


class Entry(NamedTuple):
    """A posted entry. It is never changed; `hash` covers everything in it and the hash of the entry before it."""

    tenant_id: str
    journal: str
    sequence: int
    recorded_micros: int
    draft: Draft
    fund_after_minor: int | None
    hash: str

    @property
    def fund_change_minor(self) -> int:
        """What this entry did to the fund of its tenant."""
        return fund_change_of(self.draft.lines)

    @property
    def part(self) -> str:
        """Which partition of the book it lies in: `fund` when it is a movement, else `other`."""
        return part_of(self.draft.lines)

    @property
    def entry_id(self) -> str:
        return f"{self.tenant_id}.{self.part[0]}{self.recorded_micros:016d}-{self.journal}-{self.sequence}"


class Head(NamedTuple):
    """Where a journal stands: its last sequence, hash and instant, and the net debit of each account so far.

    `closed_through` is the last day of the closed periods as this journal knows it, `fence` the number of the closing or
    reopening that told it (`periods.py`): nothing is posted to the journal with a date on or before that day.
    """

    tenant_id: str
    journal: str
    sequence: int = 0
    hash: str = GENESIS
    recorded_micros: int = 0
    totals: Mapping[str, int] = MappingProxyType({})
    closed_through: date | None = None
    fence: int = 0

    def in_open_period(self, draft: Draft) -> Draft:
        """The draft, dated on the first open day and saying so where its own day is closed."""
        if self.closed_through is None or draft.effective_on > self.closed_through:
            return draft
        return draft._replace(effective_on=self.closed_through + ONE_DAY, late_for=draft.effective_on)


def part_of(lines: tuple[Line, ...]) -> str:
    """`fund` for lines that touch a fund account, else `other`."""
    return "fund" if any(line.account in FUND_ACCOUNTS for line in lines) else "other"


def fund_change_of(lines: tuple[Line, ...]) -> int:
    """What lines do to F(t) = (fund with parent) - (funds held for children): their net debit on these accounts."""
    return sum(line.debit_minor - line.credit_minor for line in lines if line.account in FUND_ACCOUNTS)


def check_balanced(lines: tuple[Line, ...]) -> None:
    """Raise `UnbalancedEntryError` unless these lines can be an entry: two or more, whole, one-sided and in balance."""
    if not 2 <= len(lines) <= MAX_LINES:
        raise UnbalancedEntryError(f"an entry has 2 to {MAX_LINES} lines")
    balance = 0
    for line in lines:
        if line.debit_minor < 0 or line.credit_minor < 0 or (line.debit_minor > 0) == (line.credit_minor > 0):
            raise UnbalancedEntryError("each line is either a debit or a credit of more than zero")
        balance += line.debit_minor - line.credit_minor
    if balance:
        raise UnbalancedEntryError("the debits and the credits are not equal")


def check_by_day(draft: Draft) -> None:
    """Raise `UnbalancedEntryError` unless the days of an entry come to its lines, and each account has one counterparty."""
    if not draft.by_day:
        return
    days = [day for day, _ in draft.by_day]
    left: dict[str, int] = {}
    whose: dict[str, set[tuple[str, str]]] = {}
    for line in draft.lines:
        left[line.account] = left.get(line.account, 0) + line.debit_minor - line.credit_minor
        whose.setdefault(line.account, set()).add((line.counterparty, line.cost_centre))
    for _, nets in draft.by_day:
        accounts = [account for account, _ in nets]
        if not nets or accounts != sorted(set(accounts)) or not all(net for _, net in nets):
            raise UnbalancedEntryError("the days of an entry are told account by account, and nothing of zero")
        for account, net in nets:
            left[account] = left.get(account, 0) - net
    if any(left.values()) or days != sorted(set(days)) or any(len(one) > 1 for one in whose.values()):
        raise UnbalancedEntryError("the days of an entry do not come to its lines")


def append(head: Head, draft: Draft, recorded_micros: int, fund_after_minor: int | None = None) -> tuple[Head, Entry]:
    """The entry this draft becomes at the end of the journal, and the journal's new head.

    `recorded_micros` must not lie before the head's; `fund_after_minor` is F(t) after it, for entries that move a fund.
    """
    check_balanced(draft.lines)
    check_by_day(draft)
    if recorded_micros < head.recorded_micros:
        raise ValueError("an entry is never recorded before the one it follows")
    sequence = head.sequence + 1
    digest = entry_hash(head.hash, head.tenant_id, head.journal, sequence, recorded_micros, draft, fund_after_minor)
    entry = Entry(head.tenant_id, head.journal, sequence, recorded_micros, draft, fund_after_minor, digest)
    totals = dict(head.totals)
    for line in draft.lines:
        totals[line.account] = totals.get(line.account, 0) + line.debit_minor - line.credit_minor
    after = Head(
        head.tenant_id, head.journal, sequence, digest, recorded_micros, totals, head.closed_through, head.fence
    )
    return after, entry


def entry_hash(
    before: str, tenant_id: str, journal: str, sequence: int, recorded_micros: int, draft: Draft, fund_after: int | None
) -> str:
    """SHA-256 over the hash before and every field of the entry, as one canonical line of JSON.

    Fields that came later stand at the end, and only where an entry has them: the hash of an older entry stays.
    The line is the one that `compact_json` would write, put together here in half the time: this is most of what
    posting and verifying cost. A number is written by `repr`, so that nothing but a whole number passes for one.
    """
    text = (
        f"[{quoted(before)},{quoted(tenant_id)},{quoted(journal)},{sequence!r},{recorded_micros!r},{quoted(draft.kind)},"
        f'"{draft.effective_on.isoformat()}","{draft.service_on.isoformat()}",{quoted(draft.memo)},'
        f"[{','.join([_line_text(line) for line in draft.lines])}],"
        f"{quoted(draft.corrects)},{quoted(draft.run)},{quoted(draft.reference)},"
        f"{quoted(draft.recorded_by)},{quoted(draft.acting_by)},{'null' if fund_after is None else repr(fund_after)}"
    )
    if draft.late_for is not None or draft.attachments or draft.by_day:
        late_for = draft.late_for.isoformat() if draft.late_for else None
        text += f",{compact_json(late_for)},{compact_json(list(draft.attachments))}"
    if draft.by_day:
        text += f",{compact_json(by_day_list(draft.by_day))}"
    return hashlib.sha256(f"{text}]".encode()).hexdigest()


def by_day_list(by_day: ByDay) -> list[list[object]]:
    """What each day is of an entry, as it is stored and hashed."""
    return [[day.isoformat(), [[account, net] for account, net in nets]] for day, nets in by_day]


def _line_text(line: Line) -> str:
    """`line.as_list` as one line of JSON."""
    cost_centre = f",{quoted(line.cost_centre)}" if line.cost_centre else ""
    amounts = f"{line.debit_minor!r},{line.credit_minor!r}"
    return f"[{quoted(line.account)},{amounts},{quoted(line.counterparty)}{cost_centre}]"


@dataclass(frozen=True, slots=True)
class EntryPlace:
    """Where an entry id points to."""

    tenant_id: str
    part: str
    recorded_micros: int
    journal: str
    sequence: int


def parse_entry_id(text: str) -> EntryPlace | None:
    """The place an entry id names, or None when it is not one."""
    match = _ENTRY_ID.fullmatch(text)
    if match is None:
        return None
    tenant_id, part, recorded, journal, sequence = match.groups()
    return EntryPlace(tenant_id, "fund" if part == "f" else "other", int(recorded), journal, int(sequence))


def book_hash(heads: list[Head]) -> str:
    """The hash of a book: over its journal heads in name order; one without an entry does not count."""
    begun = sorted((head for head in heads if head.sequence), key=lambda head: head.journal)
    content = [[head.journal, head.sequence, head.hash] for head in begun]
    return hashlib.sha256(compact_json(content).encode()).hexdigest()
