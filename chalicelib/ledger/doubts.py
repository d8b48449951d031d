"""Doubts: what a proof found broken in a book. It is frozen, and nothing else is (decision 0023).

A doubted entry is not reversed, and the month that holds something doubted does not close. Everything else goes on. A
doubt ends when a later proof finds the thing sound, or when the owner dismisses it with a reason.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.auth.model import Author
from chalicelib.aws import keys
from chalicelib.aws.rows import BooksRow, IntegerAttribute, TextAttribute
from chalicelib.aws.tables import Check, ConditionFailed, Put, Remember, Update, forget, read, read_all, write
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import Conflict, NotFound

_ID = re.compile(r"[A-Za-z0-9._:-]{1,200}", re.ASCII)

OPEN = "open"
LIFTED = "lifted"
DISMISSED = "dismissed"


@dataclass(frozen=True)
class Doubt:
    """Something of a tenant's book that a proof doubts: an entry by its id, or `alpha:day:2026-11-21`,
    `alpha:general:head`.

    `on` is the accounting day it belongs to, `found_by` the check, `source` the tenant whose proof found it (a child's
    settled day is posted in its parents' books too), `since` the day of the proof that found it first.
    """

    tenant_id: str
    doubt_id: str
    on: date
    found_by: str
    what: str
    source: str
    since: date
    state: str = OPEN
    dismissed_by: str = ""
    acting_by: str = ""
    reason: str = ""
    dismissed_micros: int = 0

    @property
    def is_open(self) -> bool:
        return self.state == OPEN


class DoubtRow(BooksRow):
    """A doubt; it is never removed."""

    on = TextAttribute()
    found_by = TextAttribute()
    what = TextAttribute()
    source = TextAttribute()
    since = TextAttribute()
    state = TextAttribute()
    dismissed_by = TextAttribute(null=True)
    acting_by = TextAttribute(null=True)
    reason = TextAttribute(null=True)
    dismissed_micros = IntegerAttribute(null=True)


def read_doubts(tenant_id: str) -> list[Doubt]:
    """Everything that was ever doubted in that book: hardly ever anything."""
    return [_to_doubt(row) for row in read_all(DoubtRow, keys.doubts(tenant_id))]


def doubts_in(tenant_id: str, last_day: date, after: date | None = None) -> list[Doubt]:
    """What is doubted now of the days up to `last_day`, and behind `after` where that is told: what keeps them open."""
    first = date.min if after is None else after
    return [doubt for doubt in read_doubts(tenant_id) if doubt.is_open and first < doubt.on <= last_day]


def undoubted(tenant_id: str, entry_id: str) -> Check:
    """That the entry is not doubted, to stand in the write that reverses it: 409 by `refuse_doubted` when it fails."""
    row = DoubtRow.at(keys.doubt(tenant_id, entry_id))
    return Check(row, DoubtRow.pk.does_not_exist() | (DoubtRow.state != OPEN))


def refuse_doubted() -> Conflict:
    """The refusal of whoever meets a doubt about an entry."""
    return Conflict("entry-doubted", "The daily proof doubts this entry; it is looked at first. See the doubts.")


def raise_doubt(doubt: Doubt) -> None:
    """Doubt it from now on. One that is open or dismissed stays as it is."""
    row = DoubtRow.at(
        keys.doubt(doubt.tenant_id, doubt.doubt_id),
        on=doubt.on.isoformat(),
        found_by=doubt.found_by,
        what=doubt.what,
        source=doubt.source,
        since=doubt.since.isoformat(),
        state=OPEN,
    )
    try:
        write(Put(row, DoubtRow.pk.does_not_exist() | (DoubtRow.state == LIFTED)))
    except ConditionFailed:
        return


def lift_doubts(doubts: Sequence[Doubt]) -> None:
    """A proof found these sound: they bind nobody any more."""
    for doubt in doubts:
        row = DoubtRow.at(keys.doubt(doubt.tenant_id, doubt.doubt_id))
        try:
            write(Update(row, [DoubtRow.state.set(LIFTED)], DoubtRow.state == doubt.state))
        except ConditionFailed:
            continue


def dismiss_doubt(
    tenant_id: str, doubt_id: str, reason: str, author: Author, now: datetime, remember: Remember = forget
) -> Doubt:
    """The owner has looked and lets it pass, with a reason that is kept: it is named in reports, and freezes nothing.

    `NotFound`; 409 `not-doubted` for one that is not open.
    """
    row = read(DoubtRow, keys.doubt(tenant_id, doubt_id)) if _ID.fullmatch(doubt_id) else None
    if row is None:
        raise NotFound("doubt")
    row.state, row.reason, row.dismissed_by = DISMISSED, reason, author.user_id
    row.acting_by, row.dismissed_micros = author.acting_id or None, to_micros(now)
    dismissed = _to_doubt(row)
    put = Put(row, DoubtRow.state == OPEN)
    try:
        write(put, *remember(dismissed))
    except ConditionFailed as failure:
        if failure.failed(put):
            raise Conflict("not-doubted", "This is not doubted any more.") from None
        raise
    return dismissed


def _to_doubt(row: DoubtRow) -> Doubt:
    return Doubt(
        tenant_id=row.pk.partition("#")[0],
        doubt_id=row.sk,
        on=date.fromisoformat(row.on),
        found_by=row.found_by,
        what=row.what,
        source=row.source,
        since=date.fromisoformat(row.since),
        state=row.state,
        dismissed_by=row.dismissed_by or "",
        acting_by=row.acting_by or "",
        reason=row.reason or "",
        dismissed_micros=row.dismissed_micros or 0,
    )
