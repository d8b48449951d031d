"""One walk over a whole book, entry by entry in order of recording, whatever its size: two pages are held at a time."""

import heapq
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import NamedTuple, Protocol

from chalicelib.aws import keys
from chalicelib.aws.tables import read_page
from chalicelib.core.dates import from_micros
from chalicelib.ledger.entries import PARTS
from chalicelib.ledger.journal import Entry, Head
from chalicelib.ledger.statements import read_heads
from chalicelib.ledger.store import EntryRow, entry_key, to_entry
from chalicelib.proof.model import Finding


class Lying(NamedTuple):
    """A row of a book that can be no entry, or lies elsewhere than it belongs: named by where it lies."""

    entry_id: str
    recorded_micros: int


class Check(Protocol):
    """What looks at every entry of a walk, in order."""

    def take(self, entry: Entry) -> None: ...


def walk(tenant_id: str) -> Iterator[Entry | Lying]:
    """Every row of the book, by instant, journal and sequence."""
    parts = [_rows(tenant_id, part) for part in PARTS]
    for part, row in heapq.merge(*parts, key=lambda found: found[1].sk):
        yield _readable(tenant_id, row) or _at_its_key(tenant_id, part, row)


def _rows(tenant_id: str, part: str) -> Iterator[tuple[str, EntryRow]]:
    after: str | None = None
    while True:
        page = read_page(EntryRow, keys.entries(tenant_id, part), after=after)
        yield from ((part, row) for row in page.rows)
        if page.after is None:
            return
        after = page.after


def _readable(tenant_id: str, row: EntryRow) -> Entry | None:
    try:
        entry = to_entry(tenant_id, row)
        return entry if entry_key(entry) == row.key and _is_whole(entry) else None
    except (TypeError, ValueError):
        return None


def _is_whole(entry: Entry) -> bool:
    """Whether what the database would take as anything is what an entry has there."""
    amounts = [amount for line in entry.draft.lines for amount in (line.debit_minor, line.credit_minor)]
    texts = [entry.hash, *(line.account for line in entry.draft.lines)]
    return all(type(amount) is int for amount in amounts) and all(type(text) is str for text in texts)


def _at_its_key(tenant_id: str, part: str, row: EntryRow) -> Lying:
    recorded, _, rest = row.sk.partition("#")
    journal, _, sequence = rest.partition("#")
    micros = int(recorded) if recorded.isdecimal() else 0
    number = int(sequence) if sequence.isdecimal() else 0
    return Lying(f"{tenant_id}.{part[0]}{recorded}-{journal}-{number}", micros)


def walk_book(
    tenant_id: str, heads: Mapping[str, Head], checks: list[Check], look_again: Callable[[str], list[Head]] = read_heads
) -> tuple[int, list[Finding]]:
    """Show every entry that a head accounts for to each check; the number of them, and what can be no entry.

    `heads` are read before. An entry beyond its head was posted meanwhile, and is left out; it is a finding when the
    head does not account for it even now.
    """
    seen = 0
    findings: list[Finding] = []
    beyond: list[Entry] = []
    for found in walk(tenant_id):
        if isinstance(found, Lying):
            what = "is no entry, or lies elsewhere than it belongs"
            findings.append(_finding(tenant_id, found.entry_id, what, _day_of(found), found.recorded_micros))
        elif found.journal in heads and found.sequence <= heads[found.journal].sequence:
            seen += 1
            for check in checks:
                check.take(found)
        else:
            beyond.append(found)
    if beyond:
        newer = {head.journal: head.sequence for head in look_again(tenant_id)}
        for entry in beyond:
            if entry.sequence > newer.get(entry.journal, 0):
                what = f"the head of its journal ends at {newer.get(entry.journal, 0)}"
                findings.append(broken_entry(entry, what))
    return seen, findings


def broken_entry(entry: Entry, what: str) -> Finding:
    """That an entry is broken, and in what."""
    return _finding(entry.tenant_id, entry.entry_id, what, entry.draft.effective_on, entry.recorded_micros)


def _finding(book: str, thing: str, what: str, on: date, order: int) -> Finding:
    return Finding(book, thing, what, on, order)


def _day_of(found: Lying) -> date:
    """The day of recording stands for an accounting day that cannot be read."""
    return from_micros(min(found.recorded_micros, 7_258_118_400_000_000)).date()
