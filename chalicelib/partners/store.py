"""Rows of aggregate mode: where the invoicing of a child stands, its terms, documents, annexes; a parent's numbers."""

from dataclasses import asdict
from datetime import date
from typing import Any

from pynamodb.expressions.condition import Condition

from chalicelib.aws import keys
from chalicelib.aws.rows import BooksRow, BytesAttribute, IntegerAttribute, JsonAttribute, TextAttribute
from chalicelib.aws.tables import Put
from chalicelib.billing.overdue import BlockedRow
from chalicelib.partners.cycle import Cycle, CycleKind
from chalicelib.partners.model import (
    DEFAULT_NUMBERINGS,
    Account,
    AggregateTerms,
    Allocation,
    Issued,
    Line,
    OpenItem,
)
from chalicelib.partners.numbers import Numbers
from chalicelib.retail.numbering import Numbering


class AccountRow(BlockedRow):
    """Where the invoicing of a child stands; `blocked_after` is what new connections look at."""

    terms = JsonAttribute(null=True)
    invoiced_through = TextAttribute(null=True)
    invoiced_micros = IntegerAttribute(null=True)
    credited_micros = IntegerAttribute(null=True)
    open_items = JsonAttribute(null=True)
    advance_minor = IntegerAttribute(null=True)
    serials = JsonAttribute(null=True)
    revision = IntegerAttribute()


class CoveredRow(BooksRow):
    """Which tenants were there at the last invoice: whoever comes later is invoiced from its own first day."""

    tenants = JsonAttribute()


class TermsRow(BooksRow):
    """A version of a child's terms; written once."""

    terms = JsonAttribute()
    recorded_micros = IntegerAttribute()
    recorded_by = TextAttribute()
    acting_by = TextAttribute(null=True)


class DocumentRow(BooksRow):
    """A document as it was issued; written once."""

    content = JsonAttribute()


class AnnexRow(BooksRow):
    """A part of an annex, compressed."""

    data = BytesAttribute()


class NumbersRow(BooksRow):
    """How a parent's documents of one kind are numbered, and the last sequence of each year."""

    template = TextAttribute()
    prefix = TextAttribute()
    series = JsonAttribute()
    revision = IntegerAttribute()


def to_account(child_id: str, row: AccountRow | None) -> Account:
    if row is None:
        return Account(child_id)
    return Account(
        child_id,
        to_terms(row.terms) if row.terms else None,
        date.fromisoformat(row.invoiced_through) if row.invoiced_through else None,
        row.invoiced_micros or 0,
        row.credited_micros or 0,
        tuple(OpenItem(serial, date.fromisoformat(due), minor) for serial, due, minor in row.open_items or ()),
        row.advance_minor or 0,
        row.serials or {},
        row.revision,
    )


def change_account(before: Account, after: Account) -> Put:
    """Move an account on, while it still is what was read."""
    blocked_after = after.blocked_after
    row = AccountRow.at(
        keys.aggregate_account(after.child_id),
        blocked_after=blocked_after.isoformat() if blocked_after else None,
        terms=terms_list(after.terms) if after.terms else None,
        invoiced_through=after.invoiced_through.isoformat() if after.invoiced_through else None,
        invoiced_micros=after.invoiced_micros or None,
        credited_micros=after.credited_micros or None,
        open_items=[[item.serial, item.due_on.isoformat(), item.remaining_minor] for item in after.open_items] or None,
        advance_minor=after.advance_minor or None,
        serials=dict(after.serials) if after.serials else None,
        revision=before.revision + 1,
    )
    unchanged: Condition = AccountRow.revision == before.revision if before.revision else AccountRow.pk.does_not_exist()
    return Put(row, unchanged)


def terms_list(terms: AggregateTerms) -> list[Any]:
    """Terms as they are kept."""
    cycle = terms.cycle
    return [
        [cycle.kind.value, cycle.weekday, cycle.every_days, cycle.day],
        terms.due_days,
        terms.block_when_overdue,
        terms.since_on.isoformat(),
        terms.revision,
    ]


def to_terms(kept: list[Any]) -> AggregateTerms:
    (kind, *numbers), due_days, blocks, since, revision = kept
    return AggregateTerms(Cycle(CycleKind(kind), *numbers), due_days, blocks, date.fromisoformat(since), revision)


_DAYS = ("issued_on", "first_on", "through", "due_on")
_KEYED = ("child_id", "kind", "serial")


def put_document(document: Issued) -> Put:
    """A document that is not there yet. What is empty is left out of what is kept."""
    kept = {
        name: value for name, value in asdict(document).items() if name not in _KEYED and value not in ("", (), None)
    }
    kept |= {name: kept[name].isoformat() for name in _DAYS if name in kept}
    kept |= {"lines": [_line_list(line) for line in document.lines], "allocated": [list(a) for a in document.allocated]}
    key = keys.aggregate_document(document.child_id, document.kind, document.serial)
    return Put(DocumentRow.at(key, content=kept), DocumentRow.pk.does_not_exist())


def to_document(row: DocumentRow) -> Issued:
    child_id, _, kind = row.pk.split("#")
    content = {"number": "", **row.content}
    content |= {name: date.fromisoformat(content[name]) for name in _DAYS if name in content}
    content["lines"] = tuple(_to_line(kept) for kept in content["lines"])
    content["allocated"] = tuple(Allocation(*kept) for kept in content["allocated"])
    return Issued(child_id=child_id, kind=kind, serial=int(row.sk), **content)


def _line_list(line: Line) -> list[Any]:
    return [day.isoformat() if isinstance(day, date) else day for day in line]


def _to_line(kept: list[Any]) -> Line:
    line = Line(*kept)
    return line._replace(
        first_on=date.fromisoformat(kept[7]) if kept[7] else None,
        last_on=date.fromisoformat(kept[8]) if kept[8] else None,
    )


def to_numbers(parent_id: str, kind: str, row: NumbersRow | None) -> Numbers:
    if row is None:
        return Numbers(parent_id, kind, DEFAULT_NUMBERINGS[kind], {}, 0)
    return Numbers(parent_id, kind, Numbering(row.template, row.prefix), row.series, row.revision)


def change_numbers(before: Numbers, after: Numbers) -> Put:
    """Move a parent's numbers on, while they still are what was read."""
    row = NumbersRow.at(
        keys.aggregate_numbers(after.parent_id, after.kind),
        template=after.numbering.template,
        prefix=after.numbering.prefix,
        series=dict(after.series),
        revision=before.revision + 1,
    )
    unchanged: Condition = NumbersRow.revision == before.revision if before.revision else NumbersRow.pk.does_not_exist()
    return Put(row, unchanged)
