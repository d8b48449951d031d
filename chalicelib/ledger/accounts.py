"""The accounts of one book: the default chart and what the tenant added to it."""

from chalicelib.aws import keys
from chalicelib.aws.tables import ConditionFailed, Put, Remember, forget, read_all, write
from chalicelib.core.errors import Conflict, invalid_field
from chalicelib.ledger.chart import Account, AccountType, default_chart
from chalicelib.ledger.store import AccountRow, to_account
from chalicelib.tenants.model import Tenant


def read_chart(tenant: Tenant) -> dict[str, Account]:
    """Every account of the tenant's book, by code."""
    added = (to_account(row) for row in read_all(AccountRow, keys.accounts(tenant.tenant_id)))
    chart = dict(default_chart(is_operator=tenant.is_operator)) | {account.code: account for account in added}
    return dict(sorted(chart.items()))


def add_account(
    tenant: Tenant, code: str, name: str, type_: AccountType, parent: str | None, remember: Remember = forget
) -> Account:
    """Add an account to a tenant's book; 409 `code-taken`, 422 when its parent is not there or of another type."""
    chart = read_chart(tenant)
    if code in chart:
        raise Conflict("code-taken", f"There is an account {code} already.")
    if parent is not None:
        if parent not in chart:
            raise invalid_field("parent", "is not an account of this book")
        if chart[parent].type is not type_:
            raise invalid_field("parent", f"is of type {chart[parent].type.value}, and a group holds one type only")
    account = Account(code, name, type_, parent)
    row = AccountRow.at(keys.account(tenant.tenant_id, code), name=name, type=type_.value, parent=parent)
    try:
        write(Put(row, AccountRow.pk.does_not_exist()), *remember(account))
    except ConditionFailed:
        raise Conflict("code-taken", f"There is an account {code} already.") from None
    return account
