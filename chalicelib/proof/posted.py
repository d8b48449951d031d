"""What a settled day posted in the book of every level, against what computing it again says it had to post."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from chalicelib.aws import keys
from chalicelib.aws.tables import read_all
from chalicelib.billing.ahead_kept import read_each_ahead
from chalicelib.billing.legs import Use, level_lines
from chalicelib.billing.state import read_days
from chalicelib.core.dates import start_of, to_micros
from chalicelib.ledger.journal import GENERAL, Entry, Line, child_journal, parse_entry_id, part_of
from chalicelib.ledger.store import EntryRow, to_entry
from chalicelib.proof.model import Finding, order_of
from chalicelib.proof.money import amount
from chalicelib.proof.recompute import Recomputed, day_thing
from chalicelib.proof.walk import broken_entry

SETTLEMENT_KIND = "settlement"
AHEAD_KIND = "advance"
LOAN_KIND = "recharge"
EASTERNMOST = "Pacific/Kiritimati"


@dataclass(frozen=True)
class _Due:
    """An entry that a day had to post: in which journal of whose book, and its lines."""

    book: str
    journal: str
    lines: tuple[Line, ...]


def run_of(tenant_id: str, day: date) -> str:
    """How the entries of a settled day name it."""
    return f"{tenant_id}/{day}"


def posted_differences(chain: Sequence[str], again: Recomputed) -> Iterator[Finding]:
    """Entries of the day that are not there, say something else, or should not be there, at every level of the chain."""
    record = again.record
    run = run_of(record.tenant_id, record.day)
    has_own = bool(again.posted) and again.posted[0] != Use(0, 0)
    if (record.entry_id is not None) != has_own:
        yield _own(again, f"names the entry {record.entry_id}, and {amount(again.paid_minor[0])} had to be posted")
    dues = list(_dues(chain, again.posted, record.terms.modes))
    yield from _missing_or_wrong(again, dues, run, SETTLEMENT_KIND, record.entry_id)
    for number, kept in enumerate(read_each_ahead(record.tenant_id, record.day, record.ahead)):
        dues = list(_dues(chain, kept.uses, record.terms.modes))
        yield from _missing_or_wrong(again, dues, f"{run}/{number}", AHEAD_KIND, kept.entry_id)


def _missing_or_wrong(
    again: Recomputed, dues: Sequence[_Due], run: str, kind: str, entry_id: str | None
) -> Iterator[Finding]:
    """Entries of one write of the day; all of them carry the instant that `entry_id`, the tenant's own, says."""
    record, micros = again.record, _instant_of(entry_id)
    for due in dues:
        found = [
            entry
            for entry in _entries_of(due, record.day, micros)
            if entry.draft.run == run and entry.draft.kind != LOAN_KIND
        ]
        if not found:
            thing = f"{due.book}:{due.journal}:{record.tenant_id}.{record.day}"
            yield Finding(due.book, thing, "is not posted", record.day, order_of(record.day))
        for entry in found:
            what = _what_is_wrong(entry, due, record.day, kind)
            if what:
                yield broken_entry(entry, what)
            elif due.book == record.tenant_id and entry.entry_id != entry_id:
                yield _own(again, f"names the entry {entry_id}, posted is {entry.entry_id}")


def _instant_of(entry_id: str | None) -> int | None:
    """All entries of a day carry one instant: that of the tenant's own says where the others lie."""
    place = parse_entry_id(entry_id) if entry_id else None
    return place.recorded_micros if place else None


def _dues(chain: Sequence[str], uses: Sequence[Use], modes: Sequence[str]) -> Iterator[_Due]:
    buyers = list(reversed(chain[1:]))
    sellers = list(reversed(chain[:-1]))
    for buyer, seller, use, mode in zip(buyers, sellers, uses, modes, strict=True):
        sold, bought = level_lines(use, mode, seller, buyer)
        if sold:
            yield _Due(seller, child_journal(buyer), sold)
            yield _Due(buyer, GENERAL, bought)


def _entries_of(due: _Due, day: date, micros: int | None) -> list[Entry]:
    """The entries of that journal at that instant; where it is not known, all recorded since the day began anywhere."""
    part = part_of(due.lines)
    if micros is None:
        first, last = f"{to_micros(start_of(day, EASTERNMOST)):016d}", None
    else:
        first = keys.entry(due.book, part, micros, due.journal, 0).sk
        last = keys.entry(due.book, part, micros, due.journal, 10**10 - 1).sk
    rows = read_all(EntryRow, keys.entries(due.book, part), first=first, last=last)
    found = []
    for row in rows:
        try:
            entry = to_entry(due.book, row)
        except (TypeError, ValueError):
            continue  # the chain of that book names it
        if entry.journal == due.journal:
            found.append(entry)
    return found


def _what_is_wrong(entry: Entry, due: _Due, day: date, kind: str) -> str:
    draft = entry.draft
    if sorted(line.as_list for line in draft.lines) != sorted(line.as_list for line in due.lines):
        return f"posts {_shown(draft.lines)}; computed again: {_shown(due.lines)}"
    if draft.kind != kind or draft.service_on != day or day not in (draft.effective_on, draft.late_for):
        return f"is a {draft.kind} dated {draft.effective_on} about {draft.service_on}; it belongs to {day}"
    return ""


def _shown(lines: Sequence[Line]) -> str:
    ordered = sorted(lines, key=lambda line: (line.credit_minor > 0, line.account))
    return ", ".join(
        f"{line.account} {amount(line.debit_minor)} Dr"
        if line.debit_minor
        else f"{line.account} {amount(line.credit_minor)} Cr"
        for line in ordered
    )


def _own(again: Recomputed, what: str) -> Finding:
    record = again.record
    thing = day_thing(record.tenant_id, record.day)
    return Finding(record.tenant_id, thing, what, record.day, order_of(record.day))


class Runs:
    """The settlement entries recorded behind an instant: each once, and each of a day that is settled, with its entries."""

    def __init__(self, since_micros: int) -> None:
        self._since_micros = since_micros
        self._runs: dict[tuple[str, str], Entry] = {}
        self._findings: list[Finding] = []

    def take(self, entry: Entry) -> None:
        draft = entry.draft
        if draft.kind != SETTLEMENT_KIND or entry.recorded_micros <= self._since_micros:
            return
        earlier = self._runs.setdefault((entry.journal, draft.run), entry)
        if earlier is not entry:
            self._findings.append(broken_entry(entry, f"posts {draft.run} again, after {earlier.entry_id}"))

    def findings(self) -> list[Finding]:
        """Those posted twice, or of days that are not settled: one request for each hundred days."""
        wanted: list[tuple[tuple[str, date], Entry]] = []
        strange = []
        for (_, run), entry in self._runs.items():
            tenant_id, _, day = run.partition("/")
            if tenant_id and day == entry.draft.service_on.isoformat():
                wanted.append(((tenant_id, entry.draft.service_on), entry))
            else:
                strange.append(broken_entry(entry, f"names the run {run} and is about {entry.draft.service_on}"))
        for (_, entry), record in zip(wanted, read_days([key for key, _ in wanted]), strict=True):
            if record is None:
                strange.append(broken_entry(entry, f"posts {entry.draft.run}, which is not settled"))
            elif _instant_of(record.entry_id) not in (None, entry.recorded_micros):
                what = f"posts {entry.draft.run}, which {record.entry_id} settled at another instant"
                strange.append(broken_entry(entry, what))
        return [*self._findings, *strange]
