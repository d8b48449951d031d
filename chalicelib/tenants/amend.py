"""Changing a reseller: what its parent may set of it, in one write that fails if somebody else changed it meanwhile."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.aws.tables import ConditionFailed, Operation, Put, write
from chalicelib.core.errors import Conflict
from chalicelib.tenants.customer_id import check_format
from chalicelib.tenants.hierarchy import find_child
from chalicelib.tenants.model import Mode, Status, Tenant, effective_modules
from chalicelib.tenants.onboard import check_mode, check_modules
from chalicelib.tenants.store import ProfileRow, child_row, profile_row, tree_row

WRITE_TRIES = 5


@dataclass(frozen=True)
class Amendment:
    """What to change of a reseller; None leaves it as it is. `customer_id` names the parts of the format to change."""

    name: str | None = None
    status: Status | None = None
    modules: Sequence[str] | None = None
    customer_id: Mapping[str, Any] = field(default_factory=dict)
    month_starts_on: int | None = None
    timezone: str | None = None
    mode: Mode | None = None


@dataclass(frozen=True)
class Around:
    """What other packages know and write along: whether a day of the reseller was settled, and further operations.

    A change of the reseller's fund goes in `also`, so that it happens with the rest or not at all; so does all that a
    change of its mode depends on.
    """

    has_settled_day: bool = False
    also: Sequence[Operation] = ()


def amend_reseller(
    chain: tuple[Tenant, ...], reseller_id: str, wanted: Amendment, look_around: Callable[[Tenant], Around]
) -> Tenant:
    """Change a direct child of the last tenant of the chain.

    `look_around` is called after the reseller is read, at each try: what it saw and the reseller then change as one.
    `NotFound`; 409 `timezone-fixed`, `changed-meanwhile`; 422 with the bad fields.
    """
    for _ in range(WRITE_TRIES):
        before = find_child(chain[-1], reseller_id)
        if wanted.mode is not None:
            check_mode(chain[-1], wanted.mode)
        around = look_around(before)
        after = decide_amendment(before, wanted, effective_modules(chain), around.has_settled_day)
        if after == before and not around.also:
            return before
        after = dataclasses.replace(after, revision=before.revision + 1)
        unchanged = ProfileRow.revision == before.revision
        try:
            write(Put(profile_row(after), unchanged), Put(child_row(after)), Put(tree_row(after)), *around.also)
            return after
        except ConditionFailed:
            continue  # Somebody else changed it meanwhile: decide again on what is there now.
    raise Conflict("changed-meanwhile", "This reseller is being changed by others; please try again.")


def decide_amendment(before: Tenant, wanted: Amendment, granted: frozenset[str], has_settled_day: bool) -> Tenant:
    """The reseller as it will be, by the rules alone; `granted` is what the parent itself may use."""
    timezone = wanted.timezone or before.timezone
    if has_settled_day and timezone != before.timezone:
        raise Conflict("timezone-fixed", "The time zone does not change after the first settled day.")
    customer_id = dataclasses.replace(before.customer_id, **wanted.customer_id)
    check_format(customer_id)
    return dataclasses.replace(
        before,
        name=wanted.name or before.name,
        status=wanted.status or before.status,
        modules=before.modules if wanted.modules is None else check_modules(wanted.modules, granted),
        customer_id=customer_id,
        month_starts_on=wanted.month_starts_on or before.month_starts_on,
        timezone=timezone,
        mode=wanted.mode or before.mode,
    )
