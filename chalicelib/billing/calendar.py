"""Which tenant's which day comes next: days in order, and within a day the deepest tenants first, then by code. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from chalicelib.billing.model import State
from chalicelib.core.dates import day_at, days_between, last_ended_day
from chalicelib.tenants.hierarchy import TreeNode


def due_days(
    nodes: Sequence[TreeNode], states: Mapping[str, State], now: datetime, until: date | None = None
) -> Iterator[tuple[date, TreeNode]]:
    """Every unsettled day that has ended for its tenant, in the order in which they are to be settled.

    The operator buys from nobody and has no days of its own; whoever an alarm has parked is left out, so that it does
    not hold back the others.
    """
    spans = []
    for node in nodes:
        if node.depth == 0 or states[node.tenant_id].parked:
            continue
        last = last_ended_day(now, node.timezone)
        last = last if until is None else min(last, until)
        spans.append((states[node.tenant_id].next_day(node.settles_from), last, node))
    if not spans:
        return
    ordered = sorted(spans, key=lambda span: (-span[2].depth, span[2].code, span[2].tenant_id))
    for day in days_between(min(span[0] for span in spans), max(span[1] for span in spans)):
        for first, last, node in ordered:
            if first <= day <= last:
                yield day, node


def group_of(node: TreeNode) -> str:
    """Whose days have to wait for each other: those under one direct reseller of the operator share its funds."""
    return node.chain[1] if node.depth else node.chain[0]


def runs_by_itself(node: TreeNode, now: datetime) -> bool:
    """Whether the planner settles this tenant yet: from the end of the day it was made.

    A reseller that is moved here with a past is first loaded with its subscribers and events; settling its past days
    meanwhile would pin them before they are complete. On its first day they are settled by hand alone.
    """
    return last_ended_day(now, node.timezone) >= day_at(node.created_at, node.timezone)
