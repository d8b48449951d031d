"""Late fees: what is charged on invoices that are still open when their due day and the days of grace are over. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from chalicelib.core.money import share_of
from chalicelib.retail.account_model import OpenItem
from chalicelib.retail.model import Terms


class LateFee(NamedTuple):
    """What being late with a document costs, once."""

    local_id: str
    amount_minor: int


def is_late(item: OpenItem, grace_days: int, today: date) -> bool:
    """Whether an item is past its due day and the grace: the last day of grace is not yet late."""
    return item.due_on + timedelta(days=grace_days) < today


def late_items(items: Sequence[OpenItem], grace_days: int, today: date) -> list[OpenItem]:
    """What is open and late, in order of issue."""
    return [item for item in items if is_late(item, grace_days, today)]


def late_fees(items: Sequence[OpenItem], terms: Terms, today: date) -> list[LateFee]:
    """The fees that are due today and not charged yet, in order of issue; a late fee never costs another one.

    A fixed amount an invoice, or a part of what is overdue of it, rounded half up; a fee of nothing is none.
    """
    fees = (
        LateFee(item.local_id, terms.late_fee_minor or share_of(item.remaining_minor, terms.late_fee_bps))
        for item in late_items(items, terms.grace_days, today)
        if not item.fee_charged
    )
    return [fee for fee in fees if fee.amount_minor > 0]
