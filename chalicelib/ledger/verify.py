"""Verification: every journal's chain and totals computed again from the entries, against what is kept."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from chalicelib.aws import keys
from chalicelib.aws.tables import read_all
from chalicelib.ledger.entries import PARTS
from chalicelib.ledger.journal import Entry, Head, UnbalancedEntryError, append, book_hash
from chalicelib.ledger.statements import read_heads
from chalicelib.ledger.store import EntryRow, to_entry


@dataclass(frozen=True)
class Verification:
    """What was found: how many entries, the hash of the book, and the first entry that does not hold, or None."""

    entries: int
    head_hash: str
    first_broken: str | None

    @property
    def is_sound(self) -> bool:
        return self.first_broken is None


def verify_book(tenant_id: str) -> Verification:
    """Read the whole book and compute it again: sequences without gaps, hashes, balance of each entry, kept totals."""
    heads = read_heads(tenant_id)
    counted = {head.journal: head.sequence for head in heads}
    entries: dict[str, list[Entry]] = {head.journal: [] for head in heads}
    for part in PARTS:
        for row in read_all(EntryRow, keys.entries(tenant_id, part)):
            if row.sequence <= counted.get(row.journal, row.sequence):
                entries.setdefault(row.journal, []).append(to_entry(tenant_id, row))
    total = sum(len(found) for found in entries.values())
    broken = [
        found
        for journal, posted in sorted(entries.items())
        if (found := verify_journal(posted, next((h for h in heads if h.journal == journal), Head(tenant_id, journal))))
    ]
    first = min(broken, default=None)
    return Verification(total, book_hash(heads), first[1] if first else None)


def verify_journal(entries: Iterable[Entry], kept: Head) -> tuple[int, str] | None:
    """The first entry of a journal that does not hold, as (recorded_micros, id), or None when all do."""
    head = Head(kept.tenant_id, kept.journal)
    for entry in sorted(entries, key=lambda one: one.sequence):
        if entry.sequence != head.sequence + 1 or entry.recorded_micros < head.recorded_micros:
            return entry.recorded_micros, entry.entry_id
        try:
            head, again = append(head, entry.draft, entry.recorded_micros, entry.fund_after_minor)
        except UnbalancedEntryError:
            return entry.recorded_micros, entry.entry_id
        if again.hash != entry.hash:
            return entry.recorded_micros, entry.entry_id
    if _as_kept(head) != _as_kept(kept):
        return kept.recorded_micros, f"{kept.tenant_id}:{kept.journal}:head"
    return None


def _as_kept(head: Head) -> Head:
    """A head as it compares: accounts that came back to zero are the same as ones never used."""
    return replace(head, totals={code: net for code, net in sorted(head.totals.items()) if net}, recorded_micros=0)
