"""No new connections while an aggregate invoice of the tenant, or of somebody above it, is overdue.

What is owed is kept by `partners`, above; what a connection has to know of it is one day in one row, read here.
"""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.aws import keys
from chalicelib.aws.guards import Guard
from chalicelib.aws.rows import BooksRow, TextAttribute
from chalicelib.aws.tables import Check, ConditionFailed, read_many
from chalicelib.core.dates import day_at
from chalicelib.core.errors import Conflict, Refusal
from chalicelib.tenants.model import Mode, Tenant


class BlockedRow(BooksRow):
    """Of where the invoicing of a child stands: after which day, the one an invoice is due on, it connects nobody new."""

    blocked_after = TextAttribute(null=True)


def guard_not_overdue(chain: Sequence[Tenant], now: datetime) -> Guard:
    """New connections under the last tenant of the chain happen only while nobody in it is blocked by an overdue invoice.

    The checks stand in the write of the connection. 409 `invoice-overdue`; a day is the invoiced tenant's own.
    """
    checks = {
        tenant.tenant_id: Check(
            BlockedRow.at(keys.aggregate_account(tenant.tenant_id)),
            BlockedRow.blocked_after.does_not_exist()
            | (BlockedRow.blocked_after >= day_at(now, tenant.timezone).isoformat()),
        )
        for tenant in chain
        if tenant.mode is Mode.AGGREGATE
    }

    def explain(failure: ConditionFailed) -> Refusal | None:
        late = next((tenant_id for tenant_id, check in checks.items() if failure.failed(check)), None)
        return None if late is None else _overdue(chain, late)

    return Guard(tuple(checks.values()), explain)


def refused_as_overdue(chain: Sequence[Tenant], now: datetime) -> Conflict | None:
    """What a connection under the last tenant of the chain would be refused with for an overdue invoice, if it would."""
    invoiced = [tenant for tenant in chain if tenant.mode is Mode.AGGREGATE]
    rows = read_many([(BlockedRow, keys.aggregate_account(tenant.tenant_id)) for tenant in invoiced])
    for tenant, row in zip(invoiced, rows, strict=True):
        today = day_at(now, tenant.timezone).isoformat()
        if row is not None and row.blocked_after is not None and row.blocked_after < today:
            return _overdue(chain, tenant.tenant_id)
    return None


def _overdue(chain: Sequence[Tenant], late_id: str) -> Conflict:
    whose = "An invoice of your parent" if late_id == chain[-1].tenant_id else "An invoice further up"
    return Conflict("invoice-overdue", f"{whose} is overdue; nobody new is connected until it is paid.")
