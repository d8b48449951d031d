"""Settling one day of one tenant: pin, sheet, post (`domain.md`, daily settlement).

The pin fixes what the day is computed from; the sheet is a function of the pin alone; the post moves the money of every
level, posts every book and marks the day settled, in one transaction. Each step finds what an earlier attempt left, so
that a crash anywhere, a second worker or a repeated message all end in the same books.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from chalicelib.aws import clock
from chalicelib.aws.log import alarm, measure
from chalicelib.aws.tables import ConditionFailed, write
from chalicelib.billing.ahead_kept import read_ahead
from chalicelib.billing.charging import charge_sheet, price_table
from chalicelib.billing.columns import Columns
from chalicelib.billing.evidence import OtherSheetError, find_sheet, keep_sheet
from chalicelib.billing.marks import finish_marks
from chalicelib.billing.model import SettledDay, State
from chalicelib.billing.patch import read_known_roster
from chalicelib.billing.post import DayToPost, post_day
from chalicelib.billing.price_book import NotPricedError, PriceBook, read_price_book
from chalicelib.billing.rollup import roll_up
from chalicelib.billing.roster import UnknownServiceError, day_sheet
from chalicelib.billing.sheet import DamagedSheetError, encode_sheet
from chalicelib.billing.state import change_state, read_days, read_state, read_states
from chalicelib.core.dates import ONE_DAY, day_at, last_ended_day
from chalicelib.core.errors import Unavailable
from chalicelib.crm.events import read_events
from chalicelib.tenants.hierarchy import read_chain, read_tree
from chalicelib.tenants.model import Tenant

PIN_TRIES = 8
DEFECTS = (OtherSheetError, NotPricedError, DamagedSheetError, UnknownServiceError)
"""What no repetition mends: the tenant is parked with an alarm, and its books stay as they are."""


class NotDueError(Exception):
    """The day is not the tenant's next one, or is not over yet; nothing was done."""


class ParkedError(Exception):
    """An alarm has taken the tenant out of the daily run."""


def settle_day(chain: Sequence[Tenant], day: date, now: datetime) -> SettledDay:
    """Settle that day of the chain's last tenant, or find it settled.

    `NotDueError` unless it is the first unsettled day, has ended, and is settled for the children. A defect parks the
    tenant and raises `ParkedError`.
    """
    tenant = chain[-1]
    state = finish_marks(chain)
    if state.last_day is not None and day <= state.last_day:
        settled = _settled(tenant.tenant_id, day)
        roll_up(chain, day)
        return settled
    if day != state.next_day(tenant.settles_from) or day > last_ended_day(now, tenant.timezone):
        raise NotDueError(f"{tenant.tenant_id} {day}")
    _wait_for_children(chain, day, now)
    try:
        state, book = _pin(chain, state, day)
        if state.last_day is not None and day <= state.last_day:
            return _settled(tenant.tenant_id, day)
        settled = _post(chain, state, day, book, now)
    except DEFECTS as defect:
        park(state, day, defect)
        raise ParkedError(f"{tenant.tenant_id} {day}: {defect}") from defect
    roll_up(chain, day)
    finish_marks(chain)
    return settled


def _settled(tenant_id: str, day: date) -> SettledDay:
    found = read_days([(tenant_id, day)])[0]
    if found is None:
        raise NotDueError(f"{tenant_id} {day} lies before the first settled day")
    return found


def _pin(chain: Sequence[Tenant], state: State, day: date) -> tuple[State, PriceBook]:
    """Fix what the day is computed from: from now on no event and no tariff dated on or before it is taken.

    The terms of every edge are stored with the pin; the events are all those committed before it, since each of them was
    written under the condition that its day was not pinned. A tariff or a mode that was accepted between reading and
    pinning is found by reading again: what was accepted before the pin holds, and nothing is accepted after it. A day that
    an import is about waits for the import: `NotDueError`.
    """
    tenant_id = chain[-1].tenant_id
    for _ in range(PIN_TRIES):
        book = read_price_book(read_chain([tenant.tenant_id for tenant in chain]))
        if state.pinned_through is None or state.pinned_through < day:
            if state.is_held(day):
                raise NotDueError(f"{tenant_id} {day} waits for an import")
            terms = replace(book.terms_on(day), late=state.late)
            in_advance = book.charges_in_advance()
            after = replace(state, pinned_through=day, terms=terms, in_advance=in_advance, revision=state.revision + 1)
        else:
            now = book.terms_on(day)
            followed = replace(state.terms, versions=now.versions, modes=now.modes)
            is_settled = state.last_day is not None and state.last_day >= day
            if is_settled or followed == state.terms:
                return state, book
            after = replace(state, terms=followed, revision=state.revision + 1)
        try:
            write(change_state(state, after))
            state = after
        except ConditionFailed:
            state = read_state(tenant_id)
    raise Unavailable("busy", "This tenant is being settled by another worker.")


def _wait_for_children(chain: Sequence[Tenant], day: date, now: datetime) -> None:
    """`NotDueError` while a direct child has not settled the day, which settles before its parent.

    It is not waited for where its day has not ended, an alarm has parked it, or it was not here yet on that day.
    """
    depth = len(chain)
    children = [node for node in read_tree([tenant.tenant_id for tenant in chain]) if node.depth == depth]
    states = read_states([node.tenant_id for node in children])
    for node in children:
        state = states[node.tenant_id]
        was_here = node.settles_from <= day and day_at(node.created_at, node.timezone) <= day
        has_ended = last_ended_day(now, node.timezone) >= day
        is_behind = state.last_day is None or state.last_day < day
        if was_here and has_ended and is_behind and not state.parked:
            raise NotDueError(f"{chain[-1].tenant_id} {day} waits for {node.tenant_id}")


def _post(chain: Sequence[Tenant], state: State, day: date, book: PriceBook, now: datetime) -> SettledDay:
    tenant = chain[-1]
    prices = book.prices_on(day, state.terms)
    ahead = read_ahead(tenant.tenant_id, day, state.ahead_of(day), len(prices.levels))
    charging = charge_sheet(read_day_sheet(tenant, book, state, day), prices, day, ahead.lines)
    sheet = charging.sheet
    by_plan = {code: list(price) for code, price in zip(sheet.plan_codes, price_table(sheet, prices, ()), strict=True)}
    stored = encode_sheet(sheet, tenant.tenant_id, day.isoformat(), by_plan)
    draft = SettledDay(
        tenant_id=tenant.tenant_id,
        day=day,
        charged=0,
        suspended=0,
        paid_minor=(),
        tax_minor=(),
        subtree_minor=(),
        uncollected_minor=(),
        short=None,
        cut_at=None,
        entry_id=None,
        sheet_hash=stored.hash,
        sheet_parts=len(stored.parts) if len(sheet) else 0,
        terms=state.terms,
        day_counts=prices.day_counts,
        prices_minor={code: tuple(price) for code, price in by_plan.items()},
    )
    if len(sheet):
        keep_sheet(draft, stored)
    settled = post_day(DayToPost(tuple(chain), draft, charging, prices, ahead), clock.now())
    measure("SubscribersSettled", settled.charged + settled.covered)
    measure("SubscribersSuspended", settled.suspended)
    measure("MoneySettledMinor", settled.total_minor)
    return settled


def read_day_sheet(tenant: Tenant, book: PriceBook, state: State, day: date) -> Columns:
    """The sheet of the first day that is not settled: yesterday's roster, with what became known since of the days before,
    and the day's events. A day that is pinned knows the late facts that were recorded before its pin."""
    late = state.terms.late if state.pinned_through == day else state.late
    if state.last_day is None:
        return day_sheet(find_sheet(None), read_events(tenant.tenant_id, None, day, late), day)
    roster = read_known_roster(tenant, book, state.last_day, late)
    return day_sheet(roster, read_events(tenant.tenant_id, state.last_day + ONE_DAY, day, late), day)


def park(state: State, day: date, defect: Exception) -> None:
    """Take a tenant out of the run with an alarm, until a person settles it by hand; its books stay as they are.

    `state` is the one the defect was met in: where the tenant has moved on since, nothing is parked.
    """
    what = type(defect).__name__
    alarm("A settlement is parked.", tenant=state.tenant_id, day=day.isoformat(), defect=what, why=str(defect))
    # Nothing of a day without prices is kept, so that it is open again for the tariff that mends it.
    pinned = state.last_day if isinstance(defect, NotPricedError) else state.pinned_through
    try:
        write(change_state(state, replace(state, parked=f"{day}: {what}", pinned_through=pinned)))
    except ConditionFailed:
        return  # somebody moved it on meanwhile: the next run meets the defect again, if it is still there
