"""Where the journals of a book stood at earlier proofs, held against where they stand now."""

from collections.abc import Mapping, Sequence
from datetime import date

from chalicelib.core.dates import from_micros
from chalicelib.ledger.journal import Entry, Head, parse_entry_id
from chalicelib.proof.chain import At, Chain, first_changed
from chalicelib.proof.model import Finding, Mark
from chalicelib.proof.store import list_proofs, read_marks
from chalicelib.proof.walk import broken_entry, walk

MARKS_LOOKED_BACK = 400
"""How many earlier proofs may tell since when a journal is not what it was."""


def changed_journals(tenant_id: str, chained: Chain, heads: Mapping[str, Head]) -> list[Finding]:
    """Journals that an earlier proof saw otherwise: those that are shorter now, and those whose past is another."""
    findings = []
    for name, sequence, now in chained.shrunk():
        kept = heads.get(name)
        on = from_micros(kept.recorded_micros).date() if kept is not None and kept.sequence else None
        what = f"is not there: the last proof saw {sequence} entries in this journal, {now} are left"
        findings.append(Finding(tenant_id, f"{tenant_id}:{name}:{now + 1}", what, on))
    return findings + [_since_when(tenant_id, name, entry) for name, entry in sorted(chained.changed.items())]


def _since_when(tenant_id: str, journal: str, now_there: Entry) -> Finding:
    """Which entry is the first that may have been changed, by the marks of all earlier proofs."""
    marks: list[tuple[date, Mark]] = []
    proofs, _ = list_proofs(tenant_id, limit=MARKS_LOOKED_BACK)
    for proof in proofs:
        mark = read_marks(proof).get(journal)
        if mark is not None:
            marks.append((proof.day, mark))
    at = At(journal, {1, *(mark[0] for _, mark in marks), *(mark[0] + 1 for _, mark in marks)})
    for found in walk(tenant_id):
        if isinstance(found, Entry):
            at.take(found)
    day, first = first_changed(journal, marks, at.found)
    what = f"or one behind it was changed after the proof {'began' if day is None else f'of {day}'}, with all hashes"
    return broken_entry(at.found.get(first, now_there), what)


def next_marks(
    heads: Mapping[str, Head], marks: Mapping[str, Mark], changed: Sequence[Finding], dismissed: set[str]
) -> dict[str, Mark]:
    """Where the journals stand; one that is not what it was keeps its old mark, until the owner lets it pass."""
    now = {name: (head.sequence, head.hash) for name, head in heads.items() if head.sequence}
    kept = {_journal_of(finding.thing) for finding in changed if finding.thing not in dismissed}
    return now | {name: mark for name, mark in marks.items() if name in kept}


def _journal_of(thing: str) -> str:
    place = parse_entry_id(thing)
    return place.journal if place is not None else thing.split(":")[1]
