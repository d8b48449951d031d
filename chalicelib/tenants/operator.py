"""The operator: the root tenant that an installation begins with."""

from datetime import date, datetime

from chalicelib.aws.tables import Operation, Put
from chalicelib.core.dates import to_micros
from chalicelib.tenants.model import MODULES, Mode, Tenant
from chalicelib.tenants.store import ProfileRow, profile_row, tree_row

OPERATOR_CODE = "OPERATOR"
EARLIEST_START = date(2020, 1, 1)
"""The operator's first day bounds everybody's: no reseller settles from before its parent. A reseller that is moved
here brings its past along (`settles_from` before today), so the operator begins long before any of them."""


def draft_operator(operator_id: str, name: str, timezone: str, settles_from: date, now: datetime) -> Tenant:
    """The operator as a tenant, with every module."""
    return Tenant(
        tenant_id=operator_id,
        chain=(operator_id,),
        name=name,
        code=OPERATOR_CODE,
        mode=Mode.PREPAID,
        timezone=timezone,
        settles_from=settles_from,
        modules=frozenset(MODULES),
        created_at_micros=to_micros(now),
    )


def operator_rows(operator: Tenant) -> tuple[Operation, ...]:
    """What to write so that the operator is there; refused by the database when there is one."""
    return (Put(profile_row(operator), ProfileRow.pk.does_not_exist()), Put(tree_row(operator)))
