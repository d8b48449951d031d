"""Bringing suspended services back after a recharge: oldest first, as many as every fund covers for one more day."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from operator import add

from chalicelib.aws.log import log, measure
from chalicelib.aws.tables import ConditionFailed, write
from chalicelib.billing.charging import Charging, charge_sheet
from chalicelib.billing.columns import (
    BILLABLE,
    ENABLED,
    SUSPENDED,
    Columns,
    billable_positions,
    paid_positions,
    positions_in_state,
)
from chalicelib.billing.cut import Level, find_cut, level_totals, with_tax
from chalicelib.billing.marks import finish_marks
from chalicelib.billing.model import RESUME, Mark, State
from chalicelib.billing.patch import read_known_roster
from chalicelib.billing.price_book import DayPrices, read_price_book
from chalicelib.billing.roster import day_sheet, roster_after
from chalicelib.billing.state import change_state, read_days, read_states
from chalicelib.core.dates import ONE_DAY, day_at, days_between, to_micros
from chalicelib.crm.events import read_events, resume_operation
from chalicelib.funds.limits import read_limits
from chalicelib.tenants.hierarchy import read_tree
from chalicelib.tenants.model import Mode, Tenant

TRIES = 6


@dataclass(frozen=True)
class _Today:
    """The services of a tenant that run and those that wait, and what today costs them at each level."""

    prices: DayPrices
    running: Charging
    waiting: Charging


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
        chosen, cost_minor = _choose(chain, state, today)
        if not chosen:
            return 0
        micros = to_micros(now)
        after = replace(
            state,
            held=state.held - len(chosen),
            resumed_minor=_added(state.resumed_minor, cost_minor),
            marks=(*state.marks, Mark(RESUME, today, micros)),
        )
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


def _choose(chain: Sequence[Tenant], state: State, today: date) -> tuple[list[int], list[int]]:
    """The numbers of the services to bring back, and what they cost each level a day.

    It is the longest affordable prefix of those waiting, in charging order.
    """
    assert state.last_day is not None, "services are suspended by a settled day"
    view = _look(chain, state.last_day, state.late, today)
    if not len(view.waiting.sheet):
        return [], []
    funds = read_limits(list(view.prices.levels))
    others = _use_of_others(chain)
    running = _with_tax(view.running.totals(len(view.running.lines))[0], view)
    levels = []
    gained = 0
    for tenant_id, cost, bps, is_funded in zip(
        view.prices.levels, running, view.prices.tax_bps, view.prices.funded, strict=True
    ):
        spare = funds[tenant_id].spendable_minor - (cost - gained) - others.get(tenant_id, 0)
        if spare < 0 and is_funded:
            return [], []
        levels.append(Level(tenant_id, spare, bps, funded=is_funded))
        gained = cost if is_funded else 0
    count = find_cut(view.waiting.lines, view.waiting.costs, levels).count
    waiting = view.waiting.sheet
    costs = level_totals(view.waiting.lines[:count], view.waiting.costs, len(levels))
    chosen = (*paid_positions(waiting), *billable_positions(waiting)[:count])
    return [waiting.numbers[i] for i in chosen], _with_tax(costs, view)


def _with_tax(totals: Sequence[int], view: _Today) -> list[int]:
    return [with_tax(total, bps) for total, bps in zip(totals, view.prices.tax_bps, strict=True)]


def _added(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    return tuple(map(add, one, other)) if one else tuple(other)


def _use_of_others(chain: Sequence[Tenant]) -> dict[str, int]:
    """What each fund above has to keep for one more day of everybody else below it, by tenant.

    Everybody else is whoever shares a fund with this tenant: what they were charged on their last settled day, and what
    was brought back for them since.
    """
    tenant_id = chain[-1].tenant_id
    nodes = [node for node in read_tree([one.tenant_id for one in chain[:2]]) if node.tenant_id != tenant_id]
    states = read_states([node.tenant_id for node in nodes])
    last = [(node, states[node.tenant_id].last_day) for node in nodes]
    settled = [(node, day) for node, day in last if day is not None]
    records = read_days([(node.tenant_id, day) for node, day in settled])
    kept: dict[str, int] = {}
    for (node, _), record in zip(settled, records, strict=True):
        used = _added(states[node.tenant_id].resumed_minor, record.used_minor) if record else ()
        modes = record.terms.modes if record else ()
        gained = 0
        for buyer, mode, cost in zip(reversed(node.chain[1:]), modes, used, strict=False):
            kept[buyer] = kept.get(buyer, 0) + cost - gained
            gained = cost if mode == Mode.PREPAID else 0
    return {buyer: max(0, amount) for buyer, amount in kept.items()}


def _look(chain: Sequence[Tenant], last_day: date, late: int, today: date) -> _Today:
    tenant = chain[-1]
    book = read_price_book(chain)
    roster = read_known_roster(tenant, book, last_day, late)
    events = read_events(tenant.tenant_id, last_day + ONE_DAY, today, late)
    for day in days_between(last_day + ONE_DAY, today):
        sheet = day_sheet(roster, [event for event in events if event.effective_on == day], day)
        roster = roster_after(sheet, len(sheet))
    prices = book.prices_on(today)
    return _Today(prices, _as_charged(roster, ENABLED, prices, today), _as_charged(roster, SUSPENDED, prices, today))


def _as_charged(roster: Columns, state: int, prices: DayPrices, today: date) -> Charging:
    """The services in that state, in charging order, as if all of them were billed today."""
    chosen = roster.keep(positions_in_state(roster, state))
    return charge_sheet(replace(chosen, marks=bytearray([BILLABLE]) * len(chosen)), prices, today)
