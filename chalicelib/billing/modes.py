"""Changing how a parent deals with a child (`domain.md`, partner modes): only between two days, and with nothing open.

A day is settled by the mode that its pin fixed, with everybody below. So the mode changes while every day that has ended
is settled for the whole sub-tree and none is pinned beyond, the fund is empty, and neither side owes, holds, accrues or
defers anything for the other. All of it is a condition of the write that changes the mode.
"""

from collections.abc import Sequence
from datetime import date, datetime

from chalicelib.aws.tables import Check, Operation
from chalicelib.billing.model import State, Timing
from chalicelib.billing.price_book import read_tariffs
from chalicelib.billing.state import read_states, state_unmoved
from chalicelib.billing.tariffs import MAX_GUARDED, versions_from
from chalicelib.core.dates import last_ended_day
from chalicelib.core.errors import Conflict, invalid_field
from chalicelib.crm.plans import read_plans
from chalicelib.funds.limits import open_or_close, read_fund
from chalicelib.ledger.chart import (
    COMMISSION_PAYABLE,
    DEFERRED_REVENUE,
    FUNDS_HELD,
    RESELLER_RECEIVABLE,
    UNBILLED_RECEIVABLE,
)
from chalicelib.ledger.heads import head_unmoved, read_head
from chalicelib.ledger.journal import child_journal
from chalicelib.tenants.hierarchy import TreeNode, read_tree
from chalicelib.tenants.model import Mode, Tenant

OPEN_ACCOUNTS = (FUNDS_HELD, RESELLER_RECEIVABLE, UNBILLED_RECEIVABLE, COMMISSION_PAYABLE, DEFERRED_REVENUE)
"""What the parent's book may have open with a child; the child's book has the same, mirrored."""


def change_mode(child: Tenant, mode: Mode, now: datetime) -> tuple[Operation, ...]:
    """What has to hold, and to change, in the write that gives a direct child another mode.

    409 `days-not-settled`, `fund-not-empty`, `not-settled-up`, `too-many-resellers-below`; 422 on the mode where the
    child has other than percentage children, or its tariff does not fit it.
    """
    nodes = read_tree(child.chain)
    if len(nodes) > MAX_GUARDED:
        raise Conflict("too-many-resellers-below", "With so many resellers below it, a mode does not change any more.")
    _check_children(nodes, child, mode)
    _check_tariff(child, mode, now)
    fund = read_fund(child.tenant_id)
    if fund.balance_minor or fund.debt_minor:
        raise Conflict("fund-not-empty", "A mode changes only while the fund and what is owed for it are zero.")
    return (
        open_or_close(child.tenant_id, is_open=mode is Mode.PREPAID),
        _settled_up(child),
        *_days_settled(nodes, now),
    )


def _check_children(nodes: Sequence[TreeNode], child: Tenant, mode: Mode) -> None:
    if mode is not Mode.PERCENTAGE:
        return
    if any(node.mode is not Mode.PERCENTAGE for node in nodes if node.tenant_id != child.tenant_id):
        raise invalid_field("settlement.mode", "cannot be percentage: a reseller below it pays in another way")


def _check_tariff(child: Tenant, mode: Mode, now: datetime) -> None:
    """What it will pay is told by a tariff that prices all its plans; one that is invoiced pays nothing in advance."""
    if mode is Mode.PERCENTAGE:
        return
    used = {plan.based_on.partition(".")[2] for plan in read_plans(child.tenant_id).values() if plan.based_on}
    versions = versions_from(read_tariffs(child.tenant_id), last_ended_day(now, child.timezone))
    if used and (not versions or any(used - version.prices_minor.keys() for version in versions)):
        raise invalid_field("settlement.mode", "needs a tariff that has a price for every plan in use")
    if mode is Mode.AGGREGATE and any(version.timing is Timing.ADVANCE for version in versions):
        raise invalid_field("settlement.mode", "cannot be aggregate: the tariff charges in advance")


def _settled_up(child: Tenant) -> Operation:
    parent_id, journal = child.parent_id or "", child_journal(child.tenant_id)
    head = read_head(parent_id, journal)
    if any(head.totals.get(account) for account in OPEN_ACCOUNTS):
        raise Conflict("not-settled-up", "A mode changes only while neither side owes or holds anything for the other.")
    return head_unmoved(head)


def _days_settled(nodes: Sequence[TreeNode], now: datetime) -> list[Check]:
    states = read_states([node.tenant_id for node in nodes])
    for node in nodes:
        state, ended = states[node.tenant_id], last_ended_day(now, node.timezone)
        if not _is_settled(state, node.settles_from, ended):
            raise Conflict(
                "days-not-settled", f"A mode changes when {ended} is settled for {node.code}, and none later."
            )
    return [state_unmoved(states[node.tenant_id]) for node in nodes]


def _is_settled(state: State, settles_from: date, ended: date) -> bool:
    if state.pinned_through != state.last_day or state.late != state.corrected:
        return False
    return settles_from > ended if state.last_day is None else state.last_day == ended
