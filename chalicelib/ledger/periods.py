"""Periods of a book: closing it through a day, and opening it again (decision 0019).

What is closed is told to every journal: each head carries the last closed day and the number of the closing or reopening
that told it, its *fence*. A posting moves a head only from the fence at which it was read, so that none that began
before the closing lands behind it. Closing takes three steps, each of which finds what an earlier attempt left: the row
of the periods announces it, the heads are told one by one, the row says that it is done.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.auth.model import Author
from chalicelib.aws import keys
from chalicelib.aws.guards import Guard
from chalicelib.aws.tables import ConditionFailed, Operation, Put, Remember, forget, read, read_all, write
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.ledger.journal import GENERAL, Head, book_hash, child_journal
from chalicelib.ledger.statements import read_heads
from chalicelib.ledger.store import (
    HeadRow,
    PeriodEventRow,
    PeriodsRow,
    fence_head,
    periods_unmoved,
    put_new_head,
    to_day,
    to_head,
)

CLOSE = "close"
REOPEN = "reopen"


@dataclass(frozen=True)
class Change:
    """A closing or reopening that is asked for: which month, the last closed day after it, by whom, why, and when."""

    action: str
    month: str
    through: date | None
    author: Author
    reason: str
    now: datetime


@dataclass(frozen=True)
class Periods:
    """How far a book is closed: officially, and as its journals are being told while `pending` says what is under way."""

    tenant_id: str
    closed_through: date | None = None
    fenced_through: date | None = None
    pending: str | None = None
    fence: int = 0


@dataclass(frozen=True)
class PeriodEvent:
    """A closing or a reopening, kept for good: who did it, when, why, and how the book stood.

    `through` is the last closed day after it. `sequences` is how far each journal was, `entries` what it posted.
    """

    tenant_id: str
    action: str
    month: str
    through: date | None
    by: str
    acting_by: str
    reason: str
    at_micros: int
    book_hash: str
    sequences: dict[str, int]
    entries: tuple[str, ...] = ()

    def touches(self, month: str) -> bool:
        """Whether it closed or opened that month: a closing its own, a reopening all from its own on."""
        return self.month == month or (self.action == REOPEN and self.month <= month)


Finish = Callable[[Periods], tuple[Sequence[Operation], tuple[str, ...]]]
"""What is posted with the last step: its operations and the ids of its entries."""


def read_periods(tenant_id: str) -> Periods:
    """How far that tenant's book is closed."""
    return _to_periods(tenant_id, read(PeriodsRow, keys.periods(tenant_id)))


def _to_periods(tenant_id: str, row: PeriodsRow | None) -> Periods:
    if row is None:
        return Periods(tenant_id)
    return Periods(tenant_id, to_day(row.closed_through), to_day(row.fenced_through), row.pending, row.fence)


def open_journals(parent_id: str, child_id: str) -> Guard:
    """The journals that a new child brings: its own general one, and its parent's for it, told what is closed there."""
    periods = read(PeriodsRow, keys.periods(parent_id))
    operations: list[Operation] = [
        put_new_head(to_head(parent_id, child_journal(child_id), None, periods)),
        put_new_head(Head(child_id, GENERAL)),
        periods_unmoved(parent_id, periods),
    ]
    busy = Unavailable("busy", "A period is being closed just now; please send the request again.")
    return Guard(tuple(operations), lambda failure: busy if failure.failed(operations[2]) else None)


def change_periods(periods: Periods, change: Change, finish: Finish, remember: Remember = forget) -> PeriodEvent:
    """Close a book through a day, or open it again; returns what is kept of it.

    A closing that was cut off is finished by asking again. 409 `changed-meanwhile` when somebody else closes or opens
    at the same time. Whether the day may be closed at all is the caller's to know, from these very `periods`.
    """
    tenant_id = periods.tenant_id
    periods = _announce(periods, change)
    _tell_heads(periods)
    operations, entries = finish(periods)
    heads = read_heads(tenant_id)
    event = PeriodEvent(
        tenant_id,
        change.action,
        change.month,
        change.through,
        change.author.user_id,
        change.author.acting_id,
        change.reason,
        to_micros(change.now),
        book_hash(heads),
        {head.journal: head.sequence for head in heads if head.sequence},
        entries,
    )
    done = Periods(tenant_id, periods.fenced_through, periods.fenced_through, None, periods.fence)
    last = _put(periods, done)
    try:
        write(
            last,
            Put(_event_row(event, periods.fence)),
            *operations,
            *remember(event),
        )
    except ConditionFailed as failure:
        if failure.failed(last):
            raise _changed() from None
        raise
    return event


def _announce(periods: Periods, change: Change) -> Periods:
    """The first step: say what is to become of the periods. A reopening holds from here on, a closing from the last step."""
    if periods.pending == change.action and periods.fenced_through == change.through:
        return periods
    official = periods.closed_through if change.action == CLOSE else change.through
    announced = Periods(periods.tenant_id, official, change.through, change.action, periods.fence + 1)
    try:
        write(_put(periods, announced))
    except ConditionFailed:
        # The same may have been announced meanwhile: by somebody else, or by a request of ours that was sent again.
        if read_periods(periods.tenant_id) != announced:
            raise _changed() from None
    return announced


def _tell_heads(periods: Periods) -> None:
    """The second step: fence every journal. A journal that begins meanwhile begins behind the fence."""
    for head in read_heads(periods.tenant_id):
        if head.fence >= periods.fence:
            continue
        told = fence_head(head, periods.fenced_through, periods.fence)
        try:
            write(told)
        except ConditionFailed as failure:
            row = failure.rows[told]
            if not isinstance(row, HeadRow) or (row.fence or 0) != periods.fence:
                raise _changed() from None


def _put(before: Periods, after: Periods) -> Put:
    row = PeriodsRow.at(
        keys.periods(after.tenant_id),
        closed_through=after.closed_through.isoformat() if after.closed_through else None,
        fenced_through=after.fenced_through.isoformat() if after.fenced_through else None,
        pending=after.pending,
        fence=after.fence,
    )
    if not before.fence:
        return Put(row, PeriodsRow.pk.does_not_exist())
    unmoved = PeriodsRow.fence == before.fence
    if before.pending:
        unmoved &= PeriodsRow.pending == before.pending
    return Put(row, unmoved)


def _changed() -> Conflict:
    return Conflict("changed-meanwhile", "Somebody else is closing or opening periods of this book; look again.")


def read_events(tenant_id: str) -> list[PeriodEvent]:
    """Every closing and reopening of that book, oldest first: a few rows a year."""
    return [_to_event(tenant_id, row) for row in read_all(PeriodEventRow, keys.period_events(tenant_id))]


def _event_row(event: PeriodEvent, fence: int) -> PeriodEventRow:
    return PeriodEventRow.at(
        keys.period_event(event.tenant_id, fence),
        action=event.action,
        month=event.month,
        through=event.through.isoformat() if event.through else None,
        by=event.by,
        acting_by=event.acting_by or None,
        reason=event.reason or None,
        at_micros=event.at_micros,
        book_hash=event.book_hash,
        sequences=event.sequences,
        entries=list(event.entries),
    )


def _to_event(tenant_id: str, row: PeriodEventRow) -> PeriodEvent:
    return PeriodEvent(
        tenant_id,
        row.action,
        row.month,
        to_day(row.through),
        row.by,
        row.acting_by or "",
        row.reason or "",
        row.at_micros,
        row.book_hash,
        row.sequences,
        tuple(row.entries),
    )
