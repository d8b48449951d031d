"""The limits of a fund: set when a reseller is made, changed by its parent, read by whoever has to keep them."""

from collections.abc import Sequence

from chalicelib.aws import keys
from chalicelib.aws.tables import Operation, Put, Update, read_many
from chalicelib.core.errors import NotFound, invalid_field
from chalicelib.funds.model import Fund
from chalicelib.funds.store import FundRow, to_fund


def check_limits(minimum_balance_minor: int, credit_limit_minor: int) -> None:
    """422 unless credit_limit is 0 or more and minimum_balance not below -credit_limit."""
    if credit_limit_minor < 0:
        raise invalid_field("credit_limit", "must not be negative")
    if minimum_balance_minor < -credit_limit_minor:
        raise invalid_field("minimum_balance", "must not be below the credit limit's negative")


def opening_row(
    tenant_id: str, minimum_balance_minor: int, credit_limit_minor: int, *, is_open: bool = True
) -> Operation:
    """The empty fund of a new reseller; closed for one that is not prepaid."""
    check_limits(minimum_balance_minor, credit_limit_minor)
    row = FundRow.at(
        keys.fund(tenant_id),
        balance_minor=0,
        minimum_balance_minor=minimum_balance_minor,
        credit_limit_minor=credit_limit_minor,
        debt_minor=0,
        revision=1,
        moved_micros=0,
        used_minor=0,
        closed=None if is_open else 1,
    )
    return Put(row, FundRow.pk.does_not_exist())


def change_limits(tenant_id: str, minimum_balance_minor: int, credit_limit_minor: int) -> Operation:
    """New limits for a fund, whatever its balance is: they bind the next debit and the next connection."""
    check_limits(minimum_balance_minor, credit_limit_minor)
    actions = [
        FundRow.minimum_balance_minor.set(minimum_balance_minor),
        FundRow.credit_limit_minor.set(credit_limit_minor),
        FundRow.revision.add(1),
    ]
    return Update(FundRow.at(keys.fund(tenant_id)), actions, FundRow.pk.exists())


def open_or_close(tenant_id: str, *, is_open: bool) -> Operation:
    """The fund of a reseller whose mode changes, while it is empty and nothing is owed for it."""
    actions = [FundRow.revision.add(1), FundRow.closed.set(0 if is_open else 1)]
    empty = (FundRow.balance_minor == 0) & (FundRow.debt_minor == 0)
    return Update(FundRow.at(keys.fund(tenant_id)), actions, empty)


def read_limits(tenant_ids: Sequence[str]) -> dict[str, Fund]:
    """The funds of these tenants, open or closed; the operator, who has none, is left out. One request for each hundred."""
    rows = read_many([(FundRow, keys.fund(tenant_id)) for tenant_id in tenant_ids])
    return {tenant_id: to_fund(row) for tenant_id, row in zip(tenant_ids, rows, strict=True) if row is not None}


def read_fund(tenant_id: str) -> Fund:
    """The fund of a reseller; the operator has none (404)."""
    fund = read_limits([tenant_id]).get(tenant_id)
    if fund is None:
        raise NotFound("fund")
    return fund
