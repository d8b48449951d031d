"""What a tenant's whole sub-tree paid for a day, at every level: kept with the tenant's day for one-read answers."""

from collections.abc import Sequence
from datetime import date

from chalicelib.aws import keys
from chalicelib.aws.tables import ConditionFailed, Update, write
from chalicelib.billing.model import SettledDay
from chalicelib.billing.state import read_days
from chalicelib.billing.store import DayRow
from chalicelib.tenants.hierarchy import children_ids
from chalicelib.tenants.model import Tenant

TRIES = 10


def subtree_of(paid_minor: tuple[int, ...], below: Sequence[SettledDay]) -> tuple[int, ...]:
    """A tenant's own payments and its direct children's sub-trees', level by level from the tenant upward.

    A child's first level is what it paid this tenant, its second what this tenant paid for it, and so on.
    """
    totals = list(paid_minor)
    for child in below:
        for level, amount in enumerate(child.subtree_minor[1:]):
            totals[level] += amount
    return tuple(totals)


def roll_up(chain: Sequence[Tenant], day: date) -> None:
    """Count a day that was just posted in the sub-tree totals of its tenant and of ancestors that were posted before.

    Ancestors usually come later and count it themselves; one in another time zone, or posted meanwhile by another worker,
    did not see it. Totals are computed anew from the children's records, so that repeating this changes nothing.
    """
    tenants = list(reversed(chain[1:]))
    posted = read_days([(tenant.tenant_id, day) for tenant in tenants])
    for tenant, record in zip(tenants, posted, strict=True):
        if record is not None:
            _recount(tenant.tenant_id, day)


def _recount(tenant_id: str, day: date) -> None:
    children = children_ids(tenant_id)
    if not children:
        return
    for _ in range(TRIES):
        record, *below = read_days([(tenant_id, day), *((child, day) for child in children)])
        assert record is not None, "a settled day is never removed"
        subtree = subtree_of(record.paid_minor, [one for one in below if one is not None])
        if subtree == record.subtree_minor:
            return
        row = DayRow.at(keys.settled_day(tenant_id, day))
        try:
            write(Update(row, [DayRow.subtree.set(list(subtree))], DayRow.subtree == list(record.subtree_minor)))
        except ConditionFailed:
            continue
        return
