"""Bringing suspended services back after a recharge: oldest first, as many as every fund covers for one more day."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from chalicelib.aws.log import log, measure
from chalicelib.aws.tables import ConditionFailed, write
from chalicelib.billing.cut import Level, find_cut, level_totals, with_tax
from chalicelib.billing.evidence import read_roster
from chalicelib.billing.marks import finish_marks
from chalicelib.billing.model import RESUME, Mark, SettledDay, State
from chalicelib.billing.roster import ENABLED, SUSPENDED, Columns, day_sheet, positions_in_state, roster_after
from chalicelib.billing.settle import price_table
from chalicelib.billing.state import change_state, read_days
from chalicelib.billing.tariffs import DayPrices, read_price_book
from chalicelib.core.dates import ONE_DAY, day_at, days_between, to_micros
from chalicelib.crm.events import read_events, resume_operation
from chalicelib.funds.limits import read_limits
from chalicelib.funds.model import Fund
from chalicelib.tenants.model import Tenant

TRIES = 6


@dataclass(frozen=True)
class _Today:
    """The services of a tenant as they are today, and what today costs at each level."""

    roster: Columns
    prices: DayPrices
    table: Sequence[tuple[int, ...]]
    running: list[int]
    waiting: list[int]


def restore_services(chain: Sequence[Tenant], now: datetime) -> int:
    """Bring back what the funds allow, from today on; returns how many services.

    Nobody comes back while the funds do not cover one more day of those still running. Repeating it is harmless: it
    counts anew from what is recorded.
    """
    tenant = chain[-1]
    today = day_at(now, tenant.timezone)
    for _ in range(TRIES):
        state = finish_marks(chain)
        if not state.held or state.last_day is None or state.pinned_through != state.last_day or state.parked:
            return 0
        if today <= state.last_day:
            return 0
        chosen = _choose(chain, state, today)
        if not chosen:
            return 0
        micros = to_micros(now)
        after = replace(state, held=state.held - len(chosen), marks=(*state.marks, Mark(RESUME, today, micros)))
        event = resume_operation(tenant.tenant_id, chosen, today, micros)
        try:
            write(change_state(state, after), event)
        except ConditionFailed:
            continue
        log("services resumed", tenant=tenant.tenant_id, count=len(chosen))
        measure("SubscribersResumed", len(chosen))
        finish_marks(chain)
        return len(chosen)
    return 0


def _choose(chain: Sequence[Tenant], state: State, today: date) -> list[int]:
    """The numbers of the services to bring back: the longest affordable prefix of those waiting, in charging order."""
    tenant = chain[-1]
    assert state.last_day is not None
    view = _look(chain, state.last_day, today)
    if not view.waiting:
        return []
    funds = read_limits(list(view.prices.levels))
    last = read_days([(tenant.tenant_id, state.last_day)])[0]
    keep = level_totals(view.running, view.table, len(view.prices.levels))
    levels = []
    earned = 0
    for index, tenant_id in enumerate(view.prices.levels):
        cost = with_tax(keep[index], view.prices.tax_bps[index])
        others = _use_of_others(funds[tenant_id], last, index)
        spare = funds[tenant_id].spendable_minor - (cost - earned) - others
        if spare < 0:
            return []
        levels.append(Level(tenant_id, spare, view.prices.tax_bps[index]))
        earned = cost
    waiting = [view.roster.plans[i] for i in view.waiting]
    count = find_cut(waiting, view.table, levels).count
    return [view.roster.numbers[i] for i in view.waiting[:count]]


def _use_of_others(fund: Fund, last: SettledDay | None, level: int) -> int:
    """What an ancestor's fund used on its last day for others than this tenant: it has to last one more day for them."""
    if level == 0 or last is None or fund.used_on != last.day:
        return 0
    own = last.paid_minor[level] - last.paid_minor[level - 1]
    return max(0, fund.used_minor - own)


def _look(chain: Sequence[Tenant], last_day: date, today: date) -> _Today:
    tenant = chain[-1]
    roster = read_roster(tenant.tenant_id, last_day)
    events = read_events(tenant.tenant_id, last_day + ONE_DAY, today)
    for day in days_between(last_day + ONE_DAY, today):
        sheet = day_sheet(roster, [event for event in events if event.effective_on == day], day)
        roster = roster_after(sheet, len(sheet))
    running = positions_in_state(roster, ENABLED)
    waiting = positions_in_state(roster, SUSPENDED)
    prices = read_price_book(chain).prices_on(today)
    plans = [roster.plans[i] for i in (*running, *waiting)]
    table = price_table(roster, prices, plans)
    return _Today(roster, prices, table, [roster.plans[i] for i in running], waiting)
