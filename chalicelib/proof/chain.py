"""Invariant 1, pure: every journal's chain computed again, and against where the last proof saw it."""

from collections.abc import Mapping
from datetime import date

from chalicelib.core.dates import from_micros
from chalicelib.ledger.journal import GENESIS, Entry, Head, append
from chalicelib.proof.model import CHAIN, Finding, Mark, Result, judged
from chalicelib.proof.walk import broken_entry


class Chain:
    """Sequences without gaps, balance, hashes and totals of every journal of a book.

    After an entry that does not hold it goes on with what that entry says of itself, so that what is broken is named and
    what is sound behind it is not. `marks` is where an earlier proof saw each journal end.
    """

    def __init__(self, tenant_id: str, heads: Mapping[str, Head], marks: Mapping[str, Mark]) -> None:
        self._tenant_id = tenant_id
        self._kept = heads
        self._marks = marks
        self._at = {name: Head(tenant_id, name) for name in heads}
        self._findings: list[Finding] = []
        self._doubted: set[str] = set()
        self.changed: dict[str, Entry] = {}
        """Journals that are not what the mark says, and the entry that lies there now."""

    def take(self, entry: Entry) -> None:
        before = self._at[entry.journal]
        what = _what_is_wrong(before, entry)
        if what:
            self._doubted.add(entry.journal)
            self._findings.append(broken_entry(entry, what))
        self._at[entry.journal] = _after(before, entry)
        mark = self._marks.get(entry.journal)
        if mark is not None and mark[0] == entry.sequence and mark[1] != entry.hash:
            self.changed[entry.journal] = entry

    def result(self, lying: list[Finding], changed: list[Finding]) -> Result:
        """The verdict, with what could not be read and what was changed since the last proof."""
        findings = [*self._findings, *lying, *changed]
        if not lying:
            findings += [found for name in self._kept if (found := self._head_finding(name)) is not None]
        journals = sum(1 for head in self._kept.values() if head.sequence)
        entries = sum(head.sequence for head in self._kept.values())
        return judged(CHAIN, f"{entries} entries in {journals} journals", findings)

    def shrunk(self) -> list[tuple[str, int, int]]:
        """Journals that end before the mark: their name, the mark's sequence, and where they end now."""
        found = []
        for name, (sequence, _) in sorted(self._marks.items()):
            now = self._at[name].sequence if name in self._at else 0
            if now < sequence:
                found.append((name, sequence, now))
        return found

    def _head_finding(self, name: str) -> Finding | None:
        """A head that does not say what its entries say; where one of them is broken, that is what is named."""
        kept, at = self._kept[name], self._at[name]
        if name in self._doubted:
            return None
        if at.sequence != kept.sequence:
            what = f"counts {kept.sequence} entries where {at.sequence} are"
            return self._missing(name, at.sequence + 1, what, kept)
        if at.hash != kept.hash:
            return self._of_head(name, "carries another hash than the last entry", kept)
        if _totals(at) != _totals(kept):
            codes = sorted({code for code, _ in _totals(at).items() ^ _totals(kept).items()})
            figures = ", ".join(
                f"{c}: {kept.totals.get(c, 0)} kept, {at.totals.get(c, 0)} by the entries" for c in codes
            )
            return self._of_head(name, f"its totals in minor units are not those of its entries: {figures}", kept)
        if at.recorded_micros != kept.recorded_micros:
            return self._of_head(name, "carries another instant than the last entry", kept)
        return None

    def _missing(self, journal: str, sequence: int, what: str, kept: Head) -> Finding:
        on = from_micros(kept.recorded_micros).date()
        thing = f"{self._tenant_id}:{journal}:{sequence}"
        return Finding(self._tenant_id, thing, f"is not there: the head {what}", on, kept.recorded_micros)

    def _of_head(self, journal: str, what: str, kept: Head) -> Finding:
        thing = f"{self._tenant_id}:{journal}:head"
        return Finding(self._tenant_id, thing, what, from_micros(kept.recorded_micros).date(), kept.recorded_micros)


def _what_is_wrong(before: Head, entry: Entry) -> str:
    if entry.sequence != before.sequence + 1:
        return f"follows {before.journal} {before.sequence}: an entry in between is not there, or it is there twice"
    if entry.recorded_micros < before.recorded_micros:
        return "was recorded before the entry it follows"
    try:
        _, again = append(before, entry.draft, entry.recorded_micros, entry.fund_after_minor)
    except (TypeError, ValueError) as error:
        return str(error)
    if again.hash == entry.hash:
        return ""
    return f"carries the hash {entry.hash[:16]}..., its content and the entry before it make {again.hash[:16]}..."


def _after(before: Head, entry: Entry) -> Head:
    """Where the journal stands after the entry, by what the entry says of itself."""
    totals = dict(before.totals)
    for line in entry.draft.lines:
        totals[line.account] = totals.get(line.account, 0) + line.debit_minor - line.credit_minor
    return before._replace(
        sequence=max(before.sequence, entry.sequence),
        hash=entry.hash or GENESIS,
        recorded_micros=entry.recorded_micros,
        totals=totals,
    )


def _totals(head: Head) -> dict[str, int]:
    return {code: net for code, net in head.totals.items() if net}


class At:
    """The entries at some places of one journal: what to hold against older marks."""

    def __init__(self, journal: str, sequences: set[int]) -> None:
        self._journal = journal
        self._sequences = sequences
        self.found: dict[int, Entry] = {}

    def take(self, entry: Entry) -> None:
        if entry.journal == self._journal and entry.sequence in self._sequences:
            self.found[entry.sequence] = entry


def first_changed(journal: str, marks: list[tuple[date, Mark]], found: Mapping[int, Entry]) -> tuple[date | None, int]:
    """The last proof whose mark still holds, and the first sequence behind it; `marks` newest first, one at least.

    (None, 1) when none holds.
    """
    for day, (sequence, digest) in marks:
        entry = found.get(sequence)
        if entry is not None and entry.hash == digest:
            return day, sequence + 1
    return None, 1
