"""The accounts of one book: the default chart and what the tenant made of it.

Every change of a chart moves the count of the posting rules, and is decided on the chart as it stood at the count that
it moves: two changes never pass each other, and no entry by hand slips past one (decision 0022).
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.aws import clock, keys
from chalicelib.aws.tables import ConditionFailed, Operation, Put, Remember, forget, read_all, read_many, write
from chalicelib.core.errors import Conflict, NotFound, Unavailable, invalid_field
from chalicelib.ledger.chart import SYSTEM_ACCOUNTS, Account, AccountStatus, AccountType, default_chart, line_of_groups
from chalicelib.ledger.hand.store import head_unmoved, read_revision, rules_moved
from chalicelib.ledger.journal import BY_HAND, YEAR_END
from chalicelib.ledger.store import AccountRow, HeadRow, to_account
from chalicelib.tenants.model import Tenant

TRIES = 16
_TAKING_LINES = (*BY_HAND, YEAR_END)
"""The journals that an account can get lines from that the system does not post to."""


def read_chart(tenant: Tenant) -> dict[str, Account]:
    """Every account of the tenant's book, by code."""
    chart = dict(default_chart(is_operator=tenant.is_operator))
    for row in read_all(AccountRow, keys.accounts(tenant.tenant_id)):
        kept, default = to_account(row), chart.get(row.sk)
        chart[row.sk] = (
            kept if default is None else dataclasses.replace(kept, type=default.type, control=default.control)
        )
    return dict(sorted(chart.items()))


def add_account(
    tenant: Tenant, code: str, name: str, type_: AccountType, parent: str | None, remember: Remember = forget
) -> Account:
    """Add an account to a tenant's book; 409 `code-taken`, 422 `parent` when it cannot be grouped there."""
    account = Account(code, name, type_, parent)

    def decide(chart: dict[str, Account]) -> Account:
        if code in chart or code in SYSTEM_ACCOUNTS:
            raise Conflict("code-taken", f"There is an account {code} already, or the system keeps that code.")
        check_group(chart, account)
        return account

    return _change_chart(tenant, decide, remember)


def change_account(tenant: Tenant, code: str, changes: Mapping[str, Any]) -> Account:
    """Rename, regroup, close or open an account: `changes` names what of `name`, `parent` and `status`.

    `NotFound`; 422 `parent` when it cannot be grouped there; 409 `system-account`, `account-has-balance`,
    `account-has-children` for one that cannot be closed, `parent-closed` for one that cannot be opened.
    """

    def decide(chart: dict[str, Account]) -> Account:
        if code not in chart:
            raise NotFound("account")
        before = chart[code]
        after = dataclasses.replace(before, **changes)
        if after.parent != before.parent:
            check_group(chart, after)
        if before.is_open and not after.is_open:
            check_closable(chart, after)
        if after.is_open and not before.is_open and after.parent and not chart[after.parent].is_open:
            raise Conflict("parent-closed", f"Account {after.parent}, which groups it, is closed.")
        return after

    return _change_chart(tenant, decide)


def check_group(chart: Mapping[str, Account], account: Account) -> None:
    """422 `parent` unless the account may stand under its parent: open, of the same type, and not below itself."""
    if account.parent is None:
        return
    parent = chart.get(account.parent)
    if parent is None:
        raise invalid_field("parent", "is not an account of this book")
    if parent.type is not account.type:
        raise invalid_field("parent", f"is of type {parent.type.value}, and a group holds one type only")
    if account.code in line_of_groups(chart, parent.code):
        raise invalid_field("parent", "is this account itself, or grouped below it")
    if not parent.is_open:
        raise invalid_field("parent", "is closed")


def check_closable(chart: Mapping[str, Account], account: Account) -> None:
    """409 `system-account` for what the system posts to, `account-has-children` while it groups an open account."""
    if account.code in SYSTEM_ACCOUNTS:
        raise Conflict("system-account", "The system posts to this account: it stays open.")
    children = [one.code for one in chart.values() if one.parent == account.code and one.is_open]
    if children:
        raise Conflict("account-has-children", f"Account {children[0]} is grouped below it and open.")


def _change_chart(
    tenant: Tenant, decide: Callable[[dict[str, Account]], Account], remember: Remember = forget
) -> Account:
    """Write the account that `decide` makes of the chart, if nothing changed the chart meanwhile; else decide again."""
    for attempt in range(TRIES):
        clock.back_off(attempt)
        revision = read_revision(tenant.tenant_id)
        chart = read_chart(tenant)
        account = decide(chart)
        before = chart.get(account.code)
        if account == before:
            return account
        closes = before is not None and before.is_open and not account.is_open
        empty = _balance_stays_zero(tenant.tenant_id, account.code) if closes else []
        try:
            write(Put(_row(tenant, account)), rules_moved(tenant.tenant_id, revision), *empty, *remember(account))
        except ConditionFailed:
            continue
        return account
    raise Unavailable("busy", "These accounts are changing all the time; please send the request again.")


def _balance_stays_zero(tenant_id: str, code: str) -> list[Operation]:
    """What holds the balance of an account at zero while it is closed; 409 `account-has-balance`."""
    heads: list[HeadRow | None] = read_many([(HeadRow, keys.journal(tenant_id, name)) for name in _TAKING_LINES])
    net = sum(head.totals.get(code, 0) for head in heads if head is not None)
    if net:
        raise Conflict("account-has-balance", "This account has a balance; move it to another account first.")
    return [head_unmoved(tenant_id, name, head) for name, head in zip(_TAKING_LINES, heads, strict=True)]


def _row(tenant: Tenant, account: Account) -> AccountRow:
    return AccountRow.at(
        keys.account(tenant.tenant_id, account.code),
        name=account.name,
        type=account.type.value,
        parent=account.parent,
        status=None if account.status is AccountStatus.OPEN else account.status.value,
    )
