"""Closing a month of a book, and opening it again (`domain.md`, invariant 1: an accounting date in an open period).

A month closes in order, once it is over and the tenant and everybody below it have settled its last day. What is found
out about it later is posted to the first open day and says so; only the owner opens it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.auth.model import Author
from chalicelib.aws.tables import Operation, Remember, forget
from chalicelib.billing.state import read_states
from chalicelib.core.dates import ONE_DAY, day_at, days_in_month
from chalicelib.core.errors import Conflict, invalid_field
from chalicelib.ledger.doubts import doubts_in
from chalicelib.ledger.entries import first_entries
from chalicelib.ledger.hand.kept_draft import open_drafts
from chalicelib.ledger.periods import (
    CLOSE,
    REOPEN,
    Change,
    PeriodEvent,
    Periods,
    change_periods,
    read_periods,
)
from chalicelib.ledger.settings import read_settings
from chalicelib.ledger.year_end import move_result, undo_results
from chalicelib.tenants.hierarchy import TreeNode, read_tree
from chalicelib.tenants.model import Tenant


@dataclass(frozen=True)
class Month:
    """A calendar month of a book."""

    first: date
    last: date

    @property
    def name(self) -> str:
        return f"{self.first:%Y-%m}"


def month_named(name: str) -> Month:
    """The month of a text `2026-10`; 422 when it is not one."""
    try:
        first = date.fromisoformat(f"{name}-01")
    except ValueError:
        raise invalid_field("month", "must be a month written like 2026-10") from None
    if len(name) != 7 or not 2000 <= first.year <= 2199:
        raise invalid_field("month", "must be a month written like 2026-10")
    return month_of(first)


def month_of(day: date) -> Month:
    return Month(day.replace(day=1), day.replace(day=days_in_month(day)))


def months_until(tenant: Tenant, now: datetime) -> list[Month]:
    """Every month of a book to this one, newest first: from the first day that it or anybody below it settles, or from
    its first entry where that is earlier. Three requests."""
    today = day_at(now, tenant.timezone)
    began = [node.settles_from for node in read_tree(tenant.chain) if node.depth]
    first = min([today, *began, *(entry.draft.effective_on for entry in first_entries(tenant.tenant_id))])
    months = [month_of(today)]
    while months[-1].first > first:
        months.append(month_of(months[-1].first - ONE_DAY))
    return months


def status_of(month: Month, periods: Periods, today: date) -> str:
    """`running`, `open`, `closing` or `reopening` (one that was cut off: ask again), or `closed`."""
    if periods.closed_through is not None and month.last <= periods.closed_through:
        return "closed"
    told = periods.fenced_through
    if periods.pending == CLOSE and told is not None and month.last <= told:
        return "closing"
    if periods.pending == REOPEN and (told is None or month.first > told):
        return "reopening"
    return "running" if month.last >= today else "open"


def unsettled(tenant: Tenant, last_day: date) -> list[TreeNode]:
    """Who has still to settle that day: of the tenant and everybody below it, all that were to be settled by then."""
    nodes = [node for node in read_tree(tenant.chain) if node.depth and node.settles_from <= last_day]
    states = read_states([node.tenant_id for node in nodes])
    return [node for node in nodes if (states[node.tenant_id].last_day or date.min) < last_day]


def close_month(
    tenant: Tenant, month: Month, author: Author, now: datetime, remember: Remember = forget
) -> PeriodEvent:
    """Close the month for every posting from now on; with the last month of a year, move the year's result.

    409 `already-closed`, `close-in-order`, `month-not-over`, `not-settled`, `drafts-waiting`, `doubted`; what was cut off
    is finished by asking again.
    """
    periods = read_periods(tenant.tenant_id)
    _check_order(periods, month)
    if day_at(now, tenant.timezone) <= month.last:
        raise Conflict("month-not-over", f"{month.name} is not over yet.")
    waiting = unsettled(tenant, month.last)
    if waiting:
        names = ", ".join(node.code for node in waiting[:5])
        raise Conflict("not-settled", f"{month.last} is not settled yet for {len(waiting)} tenants: {names}.")
    drafts = open_drafts(tenant.tenant_id, month.last)
    if drafts:
        raise Conflict("drafts-waiting", f"{drafts} drafts of {month.name} or before wait to be approved or rejected.")
    doubted = doubts_in(tenant.tenant_id, month.last, periods.closed_through)
    if doubted:
        what = ", ".join(doubt.doubt_id for doubt in doubted[:5])
        raise Conflict("doubted", f"The proof found {len(doubted)} things of {month.name} broken: {what}.")

    def finish(_: Periods) -> tuple[Sequence[Operation], tuple[str, ...]]:
        if not read_settings(tenant.tenant_id).ends_year(month.last):
            return [], ()
        return move_result(tenant, month.last, author, now)

    change = Change(CLOSE, month.name, month.last, author, "", now)
    return change_periods(periods, change, finish, remember)


def _check_order(periods: Periods, month: Month) -> None:
    closed = periods.closed_through
    if closed is None:
        return
    if month.last <= closed:
        raise Conflict("already-closed", f"{month.name} is closed.")
    following = month_of(closed + ONE_DAY)
    if month != following:
        raise Conflict("close-in-order", f"{following.name} has to be closed first.")


def reopen_month(
    tenant: Tenant, month: Month, reason: str, author: Author, now: datetime, remember: Remember = forget
) -> PeriodEvent:
    """Open the month and all after it again; results of years that end in them are taken back. 409 `not-closed`."""
    through = month.first - ONE_DAY
    periods = read_periods(tenant.tenant_id)
    under_way = periods.pending == REOPEN and periods.fenced_through == through
    if not under_way and (periods.closed_through is None or periods.closed_through < month.last):
        raise Conflict("not-closed", f"{month.name} is not closed.")

    def finish(_: Periods) -> tuple[Sequence[Operation], tuple[str, ...]]:
        return undo_results(tenant, through, reason, author, now)

    change = Change(REOPEN, month.name, through, author, reason, now)
    return change_periods(periods, change, finish, remember)
