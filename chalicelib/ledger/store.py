"""Rows of a book: journal heads, entries, added accounts, and the mark of a reversal."""

from datetime import date
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.rows import BooksRow, BytesAttribute, IntegerAttribute, JsonAttribute, TextAttribute
from chalicelib.aws.tables import Check, Put, Update
from chalicelib.ledger.chart import Account, AccountStatus, AccountType
from chalicelib.ledger.journal import ByDay, Draft, Entry, Head, Line, by_day_list


class HeadRow(BooksRow):
    """Where a journal stands."""

    journal = TextAttribute()
    sequence = IntegerAttribute()
    hash = TextAttribute()
    recorded_micros = IntegerAttribute()
    totals = JsonAttribute()
    closed_through = TextAttribute(null=True)
    fence = IntegerAttribute(null=True)


class EntryRow(BooksRow):
    """An entry, written once. Short attribute names keep a settled day's entry under one write unit's kilobyte."""

    journal = TextAttribute(attr_name="j")
    sequence = IntegerAttribute(attr_name="n")
    recorded_micros = IntegerAttribute(attr_name="at")
    kind = TextAttribute(attr_name="k")
    effective_on = TextAttribute(attr_name="e")
    service_on = TextAttribute(attr_name="s")
    memo = TextAttribute(attr_name="m")
    lines = JsonAttribute(attr_name="l")
    corrects = TextAttribute(attr_name="c", null=True)
    run = TextAttribute(attr_name="r", null=True)
    reference = TextAttribute(attr_name="ref", null=True)
    recorded_by = TextAttribute(attr_name="by", null=True)
    acting_by = TextAttribute(attr_name="act", null=True)
    late_for = TextAttribute(attr_name="late", null=True)
    attachments = JsonAttribute(attr_name="att", null=True)
    by_day = JsonAttribute(attr_name="d", null=True)
    fund_after_minor = IntegerAttribute(attr_name="f", null=True)
    hash = TextAttribute(attr_name="h")


class AccountRow(BooksRow):
    """An account that a tenant added to its default chart, or a default one as the tenant changed it."""

    name = TextAttribute()
    type = TextAttribute()
    parent = TextAttribute(null=True)
    status = TextAttribute(null=True)


class PeriodsRow(BooksRow):
    """How far the periods of a book are closed (`periods.py`): the last closed day, and what its journals are told.

    While `pending` says what is under way, some heads may still stand at an earlier fence.
    """

    closed_through = TextAttribute(null=True)
    fenced_through = TextAttribute(null=True)
    pending = TextAttribute(null=True)
    fence = IntegerAttribute()


class PeriodEventRow(BooksRow):
    """A closing or reopening that was done; written once."""

    action = TextAttribute()
    month = TextAttribute()
    through = TextAttribute(null=True)
    by = TextAttribute()
    acting_by = TextAttribute(null=True)
    reason = TextAttribute(null=True)
    at_micros = IntegerAttribute()
    book_hash = TextAttribute()
    sequences = JsonAttribute()
    entries = JsonAttribute()


class YearEndRow(BooksRow):
    """That a year's result was moved to retained earnings, and by which entries; `undone` by which, when opened again."""

    entries = JsonAttribute()
    undone = JsonAttribute(null=True)


class LedgerSettingsRow(BooksRow):
    """What a tenant settles about its book."""

    approval_above = IntegerAttribute(null=True)
    year_starts_in = IntegerAttribute()
    revision = IntegerAttribute()


class DigestStateRow(BooksRow):
    """How far the digests of a book are written: `number` of this generation, over `entries` of the book."""

    generation = IntegerAttribute()
    number = IntegerAttribute()
    entries = IntegerAttribute()


class DigestRow(BooksRow):
    """A digest, written once: what a stretch of the book adds up to, and how far it reaches, compressed."""

    entries = IntegerAttribute()
    from_micros = IntegerAttribute()
    to_micros = IntegerAttribute()
    content = BytesAttribute()


class DigestLegsRow(BooksRow):
    """The lines that a digest was made of, written with it, compressed."""

    legs = BytesAttribute()


class ReversalRow(BooksRow):
    """That an entry was reversed, and by which entry: there can be only one."""

    reversed_by = TextAttribute()


class AttachmentRow(BooksRow):
    """A document as it was declared; written once."""

    file_name = TextAttribute()
    media_type = TextAttribute()
    size_bytes = IntegerAttribute()
    sha256 = TextAttribute()
    created_micros = IntegerAttribute()
    created_by = TextAttribute()
    acting_by = TextAttribute(null=True)


def to_head(tenant_id: str, journal: str, row: HeadRow | None, periods: PeriodsRow | None = None) -> Head:
    """Where a journal stands; one that is not there yet begins with the closed periods of its book."""
    if row is None:
        if periods is None:
            return Head(tenant_id, journal)
        return Head(tenant_id, journal, closed_through=to_day(periods.fenced_through), fence=periods.fence)
    return Head(
        tenant_id,
        journal,
        row.sequence,
        row.hash,
        row.recorded_micros,
        row.totals,
        to_day(row.closed_through),
        row.fence or 0,
    )


def head_row(head: Head) -> HeadRow:
    return HeadRow.at(
        keys.journal(head.tenant_id, head.journal),
        journal=head.journal,
        sequence=head.sequence,
        hash=head.hash,
        recorded_micros=head.recorded_micros,
        totals=dict(head.totals),
        closed_through=head.closed_through.isoformat() if head.closed_through else None,
        fence=head.fence or None,
    )


def put_new_head(head: Head) -> Put:
    """The head of a journal that is not there yet."""
    return Put(head_row(head), HeadRow.pk.does_not_exist())


def put_head(before: Head, after: Head) -> Put:
    """Move a journal's head on, while it still stands where it was read and no period was closed or opened meanwhile."""
    unfenced = HeadRow.fence == before.fence if before.fence else HeadRow.fence.does_not_exist()
    return Put(head_row(after), (HeadRow.sequence == before.sequence) & unfenced)


def periods_unmoved(tenant_id: str, row: PeriodsRow | None) -> Check:
    """That nothing was closed or opened since the row was read: for a head that is not there to carry a fence."""
    here = PeriodsRow.at(keys.periods(tenant_id))
    return Check(here, PeriodsRow.pk.does_not_exist() if row is None else PeriodsRow.fence == row.fence)


def fence_head(head: Head, closed_through: date | None, fence: int) -> Update:
    """Tell a journal what is closed; nobody who read it before may move it, and no older telling comes after."""
    told = HeadRow.closed_through.set(closed_through.isoformat()) if closed_through else HeadRow.closed_through.remove()
    older = HeadRow.fence.does_not_exist() | (HeadRow.fence < fence)
    here = HeadRow.at(keys.journal(head.tenant_id, head.journal))
    return Update(here, [told, HeadRow.fence.set(fence)], older)


def to_day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def entry_key(entry: Entry) -> keys.Key:
    return keys.entry(entry.tenant_id, entry.part, entry.recorded_micros, entry.journal, entry.sequence)


def put_entry(entry: Entry) -> Put:
    """Write an entry that is not there yet; that its journal's head moves on in the same write keeps it unique."""
    draft = entry.draft
    row = EntryRow.at(
        entry_key(entry),
        journal=entry.journal,
        sequence=entry.sequence,
        recorded_micros=entry.recorded_micros,
        kind=draft.kind,
        effective_on=draft.effective_on.isoformat(),
        service_on=draft.service_on.isoformat(),
        memo=draft.memo,
        lines=[line.as_list for line in draft.lines],
        corrects=draft.corrects or None,
        run=draft.run or None,
        reference=draft.reference or None,
        recorded_by=draft.recorded_by or None,
        acting_by=draft.acting_by or None,
        late_for=draft.late_for.isoformat() if draft.late_for else None,
        attachments=list(draft.attachments) or None,
        by_day=by_day_list(draft.by_day) or None,
        fund_after_minor=entry.fund_after_minor,
        hash=entry.hash,
    )
    return Put(row)


def to_entry(tenant_id: str, row: EntryRow) -> Entry:
    draft = Draft(
        kind=row.kind,
        effective_on=date.fromisoformat(row.effective_on),
        service_on=date.fromisoformat(row.service_on),
        memo=row.memo,
        lines=tuple(Line(*line) if len(line) == 4 else _long_line(line) for line in row.lines),
        corrects=row.corrects or "",
        run=row.run or "",
        reference=row.reference or "",
        recorded_by=row.recorded_by or "",
        acting_by=row.acting_by or "",
        late_for=to_day(row.late_for),
        attachments=tuple(row.attachments or ()),
        by_day=_to_by_day(row.by_day) if row.by_day else (),
    )
    return Entry(tenant_id, row.journal, row.sequence, row.recorded_micros, draft, row.fund_after_minor, row.hash)


def _to_by_day(stored: list[Any]) -> ByDay:
    """What each day is of an entry; `ValueError` when it is not as it would have been written."""
    by_day = tuple((date.fromisoformat(day), tuple((account, net) for account, net in nets)) for day, nets in stored)
    if any(type(net) is not int or type(account) is not str for _, nets in by_day for account, net in nets):
        raise ValueError("this is not what days are of an entry")
    return by_day


def _long_line(stored: list[Any]) -> Line:
    """A line with more than every line has; `ValueError` when it is not as it would have been written."""
    line = Line(*stored)
    if line.as_list != stored:
        raise ValueError("this is no line of an entry")
    return line


def to_account(row: AccountRow) -> Account:
    status = AccountStatus(row.status) if row.status else AccountStatus.OPEN
    return Account(row.sk, row.name, AccountType(row.type), row.parent, status=status)
