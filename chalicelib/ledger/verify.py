"""Verification: every journal's chain and totals computed again from the entries, against what is kept."""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.aws import keys
from chalicelib.aws.tables import read_all
from chalicelib.ledger.entries import PARTS
from chalicelib.ledger.journal import Entry, Head, append, book_hash
from chalicelib.ledger.statements import read_heads
from chalicelib.ledger.store import EntryRow, entry_key, to_entry

Broken = tuple[int, str]
"""When what does not hold was recorded, and its name."""


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
    """Read the whole book and compute it again: sequences without gaps, hashes, balance of each entry, kept totals.

    An entry has to lie where it says it belongs, and a head has to account for it; one that is posted while the book is
    being read is left out.
    """
    heads = {head.journal: head for head in read_heads(tenant_id)}
    entries: dict[str, list[Entry]] = {journal: [] for journal in heads}
    beyond: list[Entry] = []
    broken: list[Broken] = []
    for part in PARTS:
        for row in read_all(EntryRow, keys.entries(tenant_id, part)):
            entry = _readable(tenant_id, row)
            if entry is None:
                broken.append(_at_its_key(tenant_id, part, row))
            elif entry.journal in heads and entry.sequence <= heads[entry.journal].sequence:
                entries[entry.journal].append(entry)
            else:
                beyond.append(entry)
    if beyond:
        newer = {head.journal: head.sequence for head in read_heads(tenant_id)}
        broken += [_named(entry) for entry in beyond if entry.sequence > newer.get(entry.journal, 0)]
    broken += [found for name, head in heads.items() if (found := verify_journal(entries[name], head)) is not None]
    first = min(broken, default=None)
    total = sum(len(posted) for posted in entries.values())
    return Verification(total, book_hash(list(heads.values())), first[1] if first else None)


def _named(entry: Entry) -> Broken:
    return entry.recorded_micros, entry.entry_id


def _readable(tenant_id: str, row: EntryRow) -> Entry | None:
    """The entry of a row, or None when it cannot be one or lies elsewhere than it belongs."""
    try:
        entry = to_entry(tenant_id, row)
        return entry if entry_key(entry) == row.key else None
    except (TypeError, ValueError):
        return None


def _at_its_key(tenant_id: str, part: str, row: EntryRow) -> Broken:
    """The name of an entry by where it lies, since it cannot tell itself."""
    recorded, journal, sequence = row.sk.split("#")
    return int(recorded), f"{tenant_id}.{part[0]}{recorded}-{journal}-{int(sequence)}"


def verify_journal(entries: Iterable[Entry], kept: Head) -> Broken | None:
    """The first entry of a journal that does not hold, or its head, or None when all do."""
    head = Head(kept.tenant_id, kept.journal, closed_through=kept.closed_through, fence=kept.fence)
    for entry in sorted(entries, key=lambda one: one.sequence):
        if entry.sequence != head.sequence + 1 or entry.recorded_micros < head.recorded_micros:
            return _named(entry)
        try:
            head, again = append(head, entry.draft, entry.recorded_micros, entry.fund_after_minor)
        except (TypeError, ValueError):
            return _named(entry)
        if again.hash != entry.hash:
            return _named(entry)
    if _as_kept(head) != _as_kept(kept):
        return kept.recorded_micros, f"{kept.tenant_id}:{kept.journal}:head"
    return None


def _as_kept(head: Head) -> Head:
    """A head as it compares: accounts that came back to zero are the same as ones never used."""
    return head._replace(totals={code: net for code, net in sorted(head.totals.items()) if net})
