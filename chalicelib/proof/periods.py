"""Invariant 1, pure: every entry was dated in a period that was open when it was posted."""

from collections.abc import Iterable, Sequence
from datetime import date

from chalicelib.core.dates import from_micros
from chalicelib.ledger.journal import YEAR_END, Entry, Head
from chalicelib.ledger.periods import REOPEN, PeriodEvent, Periods
from chalicelib.proof.model import PERIODS, Finding, Result, judged
from chalicelib.proof.walk import broken_entry


class OpenPeriods:
    """Each entry behind a closing lies in a day that was open: later than the last closed one, but for results of years.

    A closing or reopening says how far each journal was when it was done. A reopening is told to the journals one by one
    before that, so that an entry between the two is held against what is open after it. `periods` are read after the heads.
    """

    def __init__(self, events: Sequence[PeriodEvent], periods: Periods) -> None:
        self._events = events
        self._pending = periods
        self._findings: list[Finding] = []
        self._behind = 0

    def take(self, entry: Entry) -> None:
        if not self._events or entry.draft.kind == YEAR_END:
            return
        closed = self._closed_through(entry)
        if closed is not None:
            self._behind += 1
            if entry.draft.effective_on <= closed:
                on = entry.draft.effective_on
                self._findings.append(broken_entry(entry, f"is dated {on}, and {closed} was closed when it was posted"))

    def _closed_through(self, entry: Entry) -> date | None:
        for number in range(len(self._events) - 1, -1, -1):
            event = self._events[number]
            if event.sequences.get(entry.journal, 0) < entry.sequence:
                return self._or_reopened(event.through, number)
        return None

    def _or_reopened(self, through: date | None, number: int) -> date | None:
        """The last closed day, unless what came next was a reopening, which may be under way just now."""
        if number + 1 < len(self._events):
            following = self._events[number + 1]
            return following.through if following.action == REOPEN else through
        return self._pending.fenced_through if self._pending.pending == REOPEN else through

    def result(self, of_heads: list[Finding]) -> Result:
        closed = self._pending.closed_through
        says = f"closed through {closed}" if closed else "nothing is closed"
        return judged(PERIODS, f"{says}; {self._behind} entries behind a closing", [*self._findings, *of_heads])


def untold_heads(before: Periods, heads: Iterable[Head], after: Periods) -> list[Finding]:
    """Journals that do not know what is closed, though nothing is being closed: nobody would refuse a closed day there."""
    if before != after or after.pending:
        return []
    return [
        Finding(
            head.tenant_id,
            f"{head.tenant_id}:{head.journal}:head",
            f"knows days as closed through {head.closed_through}, the book through {after.closed_through}",
            from_micros(head.recorded_micros).date(),
            head.recorded_micros,
        )
        for head in heads
        if (head.closed_through, head.fence) != (after.closed_through, after.fence)
    ]
