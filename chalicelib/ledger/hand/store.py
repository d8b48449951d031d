"""Rows of the books by hand: the count of posting rules, cost centres, drafts, recurring entries.

It is private to its package, as `store.py` is.
"""

from pynamodb.expressions.condition import Condition

from chalicelib.aws import keys
from chalicelib.aws.rows import BooksRow, IntegerAttribute, JsonAttribute, TextAttribute
from chalicelib.aws.tables import Check, Update, read
from chalicelib.ledger.store import HeadRow

CENTRE_OPEN = "open"


class PostingRulesRow(BooksRow):
    """How often that changed which entries by hand are held against: chart, cost centres, settings."""

    revision = IntegerAttribute()


class CostCentreRow(BooksRow):
    """A cost centre of a tenant, under its code."""

    name = TextAttribute()
    zone = TextAttribute(null=True)
    status = TextAttribute()


class DraftRow(BooksRow):
    """A draft and what became of it. `revision` grows with every change and with the decision."""

    status = TextAttribute()
    revision = IntegerAttribute()
    voucher = JsonAttribute()
    recorded_by = TextAttribute()
    acting_by = TextAttribute(null=True)
    recurring = TextAttribute(null=True)
    created_micros = IntegerAttribute()
    decided_micros = IntegerAttribute(null=True)
    decided_by = TextAttribute(null=True)
    reason = TextAttribute(null=True)
    entry_id = TextAttribute(null=True)


class RecurringRow(BooksRow):
    """A recurring entry: what is posted, how often, and how far it is. `revision` grows with every change."""

    name = TextAttribute()
    journal = TextAttribute()
    memo = TextAttribute()
    lines = JsonAttribute()
    reference = TextAttribute(null=True)
    every = TextAttribute()
    starts_on = TextAttribute()
    ends_on = TextAttribute(null=True)
    status = TextAttribute()
    number = IntegerAttribute()
    next_on = TextAttribute(null=True)
    parked = TextAttribute(null=True)
    recorded_by = TextAttribute()
    acting_by = TextAttribute(null=True)
    revision = IntegerAttribute()


def read_revision(tenant_id: str) -> int:
    """How often the posting rules of that book changed: to be read before the rules themselves."""
    row = read(PostingRulesRow, keys.posting_rules(tenant_id))
    return row.revision if row else 0


def rules_moved(tenant_id: str, revision: int | None = None) -> Update:
    """That the rules change with this write; with a revision, while they are as they were then."""
    here = PostingRulesRow.at(keys.posting_rules(tenant_id))
    return Update(here, [PostingRulesRow.revision.add(1)], None if revision is None else _as_read(revision))


def rules_unmoved(tenant_id: str, revision: int) -> Check:
    """That the rules are still those of that revision."""
    return Check(PostingRulesRow.at(keys.posting_rules(tenant_id)), _as_read(revision))


def _as_read(revision: int) -> Condition:
    return PostingRulesRow.revision == revision if revision else PostingRulesRow.pk.does_not_exist()


def head_unmoved(tenant_id: str, journal: str, row: HeadRow | None) -> Check:
    """That nothing was posted to a journal since its head was read; one that was not there is not there yet."""
    here = HeadRow.at(keys.journal(tenant_id, journal))
    return Check(here, HeadRow.pk.does_not_exist() if row is None else HeadRow.sequence == row.sequence)
