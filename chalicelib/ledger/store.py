"""Rows of a book: journal heads, entries, added accounts, and the mark of a reversal."""

from datetime import date

from pynamodb.expressions.condition import Condition

from chalicelib.aws import keys
from chalicelib.aws.rows import BooksRow, IntegerAttribute, JsonAttribute, TextAttribute
from chalicelib.aws.tables import Put
from chalicelib.ledger.chart import Account, AccountType
from chalicelib.ledger.journal import Draft, Entry, Head, Line


class HeadRow(BooksRow):
    """Where a journal stands."""

    journal = TextAttribute()
    sequence = IntegerAttribute()
    hash = TextAttribute()
    recorded_micros = IntegerAttribute()
    totals = JsonAttribute()


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
    fund_after_minor = IntegerAttribute(attr_name="f", null=True)
    hash = TextAttribute(attr_name="h")


class AccountRow(BooksRow):
    """An account that a tenant added to its default chart."""

    name = TextAttribute()
    type = TextAttribute()
    parent = TextAttribute(null=True)


class ReversalRow(BooksRow):
    """That an entry was reversed, and by which entry: there can be only one."""

    reversed_by = TextAttribute()


def to_head(tenant_id: str, journal: str, row: HeadRow | None) -> Head:
    if row is None:
        return Head(tenant_id, journal)
    return Head(tenant_id, journal, row.sequence, row.hash, row.recorded_micros, row.totals)


def put_head(before: Head, after: Head) -> Put:
    """Move a journal's head on, while it still stands where it was read."""
    row = HeadRow.at(
        keys.journal(after.tenant_id, after.journal),
        journal=after.journal,
        sequence=after.sequence,
        hash=after.hash,
        recorded_micros=after.recorded_micros,
        totals=dict(after.totals),
    )
    unmoved: Condition = HeadRow.sequence == before.sequence if before.sequence else HeadRow.pk.does_not_exist()
    return Put(row, unmoved)


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
        lines=[[line.account, line.debit_minor, line.credit_minor, line.counterparty] for line in draft.lines],
        corrects=draft.corrects or None,
        run=draft.run or None,
        reference=draft.reference or None,
        recorded_by=draft.recorded_by or None,
        acting_by=draft.acting_by or None,
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
        lines=tuple(Line(*line) for line in row.lines),
        corrects=row.corrects or "",
        run=row.run or "",
        reference=row.reference or "",
        recorded_by=row.recorded_by or "",
        acting_by=row.acting_by or "",
    )
    return Entry(tenant_id, row.journal, row.sequence, row.recorded_micros, draft, row.fund_after_minor, row.hash)


def to_account(row: AccountRow) -> Account:
    return Account(row.sk, row.name, AccountType(row.type), row.parent)
