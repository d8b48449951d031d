"""What is not invoiced yet of a child and everybody below it: its settled days and corrections, held against the books."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from chalicelib.aws.log import alarm
from chalicelib.billing.model import SettledDay, State
from chalicelib.billing.state import read_days, read_states
from chalicelib.core.dates import ONE_DAY, days_between, start_of, to_micros
from chalicelib.core.errors import Conflict
from chalicelib.partners import corrected
from chalicelib.partners.books import Standing, read_standing
from chalicelib.partners.corrected import Pending, sort_corrections
from chalicelib.partners.model import Account
from chalicelib.tenants.hierarchy import TreeNode, read_child_tree
from chalicelib.tenants.model import Mode

EASTERNMOST = timedelta(hours=14)
"""How far the earliest time zone is ahead of UTC."""

SeenDays = dict[tuple[str, date], SettledDay | None]
"""Settled days that were read already: they do not change."""


@dataclass(frozen=True)
class Unbilled:
    """The sub-tree of a child, the days of it that are not invoiced, in order, and what corrections left.

    `levels` is at which level of each tenant's chain the child pays its parent.
    """

    nodes: Sequence[TreeNode]
    states: Mapping[str, State]
    levels: Mapping[str, int]
    days: Sequence[SettledDay] = field(default_factory=list)
    pending: Pending = Pending((), (), ())

    def paid_minor(self, day: SettledDay) -> int:
        """What a day put on what is unbilled, with tax."""
        return day.paid_minor[self.levels[day.tenant_id]]

    @property
    def total_minor(self) -> int:
        return sum(map(self.paid_minor, self.days)) + self.pending.total_minor

    def unsettled(self, through: date) -> list[TreeNode]:
        """Who has still to settle that day, of all that were to be settled by then."""
        return [
            node
            for node in self.nodes
            if node.settles_from <= through and (self.states[node.tenant_id].last_day or date.min) < through
        ]


def read_pending(standing: Standing) -> Unbilled:
    """The sub-tree and what corrections left, without the days: three requests and one for each corrected tenant."""
    child = standing.child
    nodes = read_child_tree(standing.parent, child.tenant_id)
    states = read_states([node.tenant_id for node in nodes])
    levels = {node.tenant_id: node.depth - child.depth for node in nodes}
    corrections = [
        one
        for node in nodes
        if states[node.tenant_id].corrected
        for one in corrected.read_corrections_of(node.tenant_id, _since(standing, node.tenant_id))
        if one.recorded_micros <= standing.posted_micros
    ]
    pending = sort_corrections(corrections, levels, standing.account, standing.covered, Mode.AGGREGATE)
    return Unbilled(nodes, states, levels, pending=pending)


def _since(standing: Standing, tenant_id: str) -> int:
    """From which instant on a correction may be unbilled: that of a day is recorded after the day has begun."""
    through = standing.account.invoiced_through
    if through is None or tenant_id not in standing.covered:
        return 0
    begins: datetime = start_of(through + ONE_DAY, "UTC") - EASTERNMOST
    return to_micros(begins)


def read_unbilled(standing: Standing, seen: SeenDays) -> Unbilled:
    """All that is not invoiced yet: one request more for each hundred days. `seen` is filled for another try.

    An alarm and 409 `unbilled-differs` when the parent's book says otherwise, while nothing was posted meanwhile;
    `MovedError` when something was.
    """
    found = read_pending(standing)
    days = _days(standing, found, seen)
    unbilled = Unbilled(found.nodes, found.states, found.levels, days, found.pending)
    if unbilled.total_minor != standing.unbilled_minor:
        _judge(standing, unbilled)
    return unbilled


class MovedError(Exception):
    """Something was posted between the parent and the child while they were read."""


def _judge(standing: Standing, unbilled: Unbilled) -> None:
    again = read_standing(standing.parent, standing.child, standing.now)
    if (again.posted_micros, again.account.revision) != (standing.posted_micros, standing.account.revision):
        raise MovedError
    raise differs(standing, standing.unbilled_minor, unbilled.total_minor)


def differs(standing: Standing, book_minor: int, found_minor: int) -> Conflict:
    """What an alarm and a refusal say of figures that have to be equal and are not."""
    alarm(
        "What is unbilled differs from the book.",
        tenant=standing.parent.tenant_id,
        child=standing.child.tenant_id,
        book_minor=book_minor,
        found_minor=found_minor,
    )
    return Conflict(
        "unbilled-differs", "The settled days of this reseller and the book do not agree; it has been reported."
    )


def _days(standing: Standing, found: Unbilled, seen: SeenDays) -> list[SettledDay]:
    """The settled days that are not invoiced and were to be: by day, then by tenant."""
    wanted = [
        (node.tenant_id, day)
        for node in found.nodes
        for day in days_between(
            first_unbilled(standing.account, standing.covered, node),
            found.states[node.tenant_id].last_day or date.min,
        )
    ]
    missing = [one for one in wanted if one not in seen]
    seen.update(zip(missing, read_days(missing), strict=True))
    days = [day for one in wanted if (day := seen[one]) is not None and _is_aggregate(day, found.levels)]
    return sorted(days, key=lambda day: (day.day, day.tenant_id))


def first_unbilled(account: Account, covered: frozenset[str], node: TreeNode) -> date:
    """The first day of a tenant that is not invoiced."""
    if account.invoiced_through is None or node.tenant_id not in covered:
        return node.settles_from
    return max(node.settles_from, account.invoiced_through + ONE_DAY)


def _is_aggregate(day: SettledDay, levels: Mapping[str, int]) -> bool:
    modes = day.terms.modes
    level = levels[day.tenant_id]
    return level < len(modes) and modes[level] == Mode.AGGREGATE
