"""Rows of how a biller bills, of what became of its documents, and of what waits; and how they become records and back.

Accounts are in `account_store.py`, documents and their numbers in `document_store.py`. Every condition is on the count that
moves with the record.
"""

from collections.abc import Sequence
from datetime import date

from chalicelib.aws import keys
from chalicelib.aws.rows import BooksRow, IntegerAttribute, JsonAttribute, TextAttribute
from chalicelib.aws.tables import Put
from chalicelib.retail.account_model import Returns
from chalicelib.retail.document_model import Credited
from chalicelib.retail.dues import DuesKind
from chalicelib.retail.model import Cycle, DocumentKind, TaxKind, Terms, Timing
from chalicelib.retail.numbering import Numbering


class TermsRow(BooksRow):
    """How a biller bills."""

    data = JsonAttribute()
    revision = IntegerAttribute()


class CreditedRow(BooksRow):
    """What was credited of an invoice."""

    amount_minor = IntegerAttribute()
    is_void = IntegerAttribute()
    written_off_minor = IntegerAttribute(null=True)
    late_fee = TextAttribute(null=True)
    revision = IntegerAttribute()


class ReturnsRow(BooksRow):
    """Accounts that are paid again and whose services are still to be enabled: [tenant id, subscriber number] each."""

    waiting = JsonAttribute()
    revision = IntegerAttribute()


class OverdueRow(BooksRow):
    """How far the look for overdue accounts is: the day, the shard and the sort key behind which it goes on."""

    day = TextAttribute()
    shard = IntegerAttribute(null=True)
    after = TextAttribute(null=True)


def put_terms(before: Terms, after: Terms) -> Put:
    """The terms, with the next revision, while they are as `before` was read."""
    data = {
        "starts_on": after.starts_on.isoformat(),
        "cycle": after.cycle.value,
        "billing_day": after.billing_day,
        "timing": after.timing.value,
        "tax_bps": after.tax_bps,
        "tax": after.tax.value,
        "due_days": after.due_days,
        "grace_days": after.grace_days,
        "late_fee_minor": after.late_fee_minor,
        "late_fee_bps": after.late_fee_bps,
        "suspend_overdue": after.suspend_overdue,
        "dues": after.dues.value,
        "numberings": {kind.value: list(numbering) for kind, numbering in after.numberings.items()},
    }
    row = TermsRow.at(keys.retail_terms(after.biller_id), data=data, revision=before.revision + 1)
    return Put(row, TermsRow.revision == before.revision if before.revision else TermsRow.pk.does_not_exist())


def to_terms(biller_id: str, row: TermsRow) -> Terms:
    data = row.data
    return Terms(
        biller_id=biller_id,
        starts_on=date.fromisoformat(data["starts_on"]),
        cycle=Cycle(data["cycle"]),
        billing_day=data["billing_day"],
        timing=Timing(data["timing"]),
        tax_bps=data["tax_bps"],
        tax=TaxKind(data["tax"]),
        due_days=data["due_days"],
        grace_days=data["grace_days"],
        late_fee_minor=data["late_fee_minor"],
        late_fee_bps=data["late_fee_bps"],
        suspend_overdue=data["suspend_overdue"],
        dues=DuesKind(data["dues"]),
        numberings={DocumentKind(kind): Numbering(*numbering) for kind, numbering in data["numberings"].items()},
        revision=row.revision,
    )


def put_credited(before: Credited, after: Credited) -> Put:
    """What was credited of an invoice, while it is as `before` was read."""
    row = CreditedRow.at(
        keys.retail_credited(after.biller_id, after.local_id),
        amount_minor=after.amount_minor,
        is_void=int(after.is_void),
        written_off_minor=after.written_off_minor or None,
        late_fee=after.late_fee or None,
        revision=before.revision + 1,
    )
    return Put(row, CreditedRow.revision == before.revision if before.revision else CreditedRow.pk.does_not_exist())


def to_credited(biller_id: str, local_id: str, row: CreditedRow | None) -> Credited:
    if row is None:
        return Credited(biller_id, local_id)
    return Credited(
        biller_id=biller_id,
        local_id=local_id,
        amount_minor=row.amount_minor,
        is_void=row.is_void == 1,
        written_off_minor=row.written_off_minor or 0,
        late_fee=row.late_fee or "",
        revision=row.revision,
    )


def to_returns(row: ReturnsRow | None) -> Returns:
    """The accounts of a row; nobody waits where there is none."""
    return Returns() if row is None else Returns(tuple([(one[0], one[1]) for one in row.waiting]), row.revision)


def put_returns(biller_id: str, before: Returns, waiting: Sequence[tuple[str, int]]) -> Put:
    """Those who wait now, while they are as `before` was read."""
    row = ReturnsRow.at(keys.retail_returns(biller_id), waiting=list(waiting), revision=before.revision + 1)
    return Put(row, ReturnsRow.revision == before.revision if before.revision else ReturnsRow.pk.does_not_exist())
