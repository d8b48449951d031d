"""What the days of a service cost its subscriber. Pure.

What counts is the state of each day: enabled at any moment of it and not suspended; the plan is the one at its end. A
price is for a whole billing period of the account, which costs exactly that, and days of it are priced additively, so
that however a period is cut its parts sum to the same (`core/proration.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from chalicelib.core.dates import ONE_DAY
from chalicelib.core.proration import DayCount, Period, cumulative, period_of
from chalicelib.crm.model import EventKind, ServiceEvent
from chalicelib.crm.service import KEPT_CHANGES, Service, State, unfolded
from chalicelib.retail.account_model import PriceUsed


class Run(NamedTuple):
    """Billable days in a row on one plan, both included."""

    first: date
    last: date
    plan: str


class Facts(NamedTuple):
    """A service with everything that decides its days: its changes, and when it was suspended (until the day before)."""

    service: Service
    suspended: tuple[tuple[date, date | None], ...] = ()


@lru_cache(maxsize=4096)
def billing_period(day: date, starts_on: int) -> Period:
    """The billing period of that day, for a subscriber whose periods begin on that day of month (1 to 31).

    In a month that is too short it begins on the month's last day, and in the next one on its own day again.
    """
    return period_of(day, DayCount.SERVICE_PERIOD, starts_on)


def needs_history(service: Service, first: date) -> bool:
    """Whether its days from `first` on cannot be told from the service alone.

    A service keeps its newest changes and its last suspension and coming back; what lies before is in the history.
    """
    if len(service.changes) >= KEPT_CHANGES and first <= service.based_at[0]:
        return True
    return service.suspension is not None and service.suspension.on > first


def facts_of(service: Service, history: Sequence[ServiceEvent] | None = None) -> Facts:
    """The facts of a service, from the history of its subscriber where that is needed."""
    if history is not None:
        return Facts(unfolded(service, list(history)), _suspended_in(service.number, history))
    if service.suspension is None:
        return Facts(service)
    suspended, resumed = service.suspension, service.resumption
    is_back = resumed is not None and (resumed.on, resumed.recorded_micros) > (suspended.on, suspended.recorded_micros)
    return Facts(service, ((suspended.on, resumed.on if is_back and resumed is not None else None),))


def but_for(facts: Facts, days: Iterable[date]) -> Facts:
    """The same facts, of a service that is not charged for these days."""
    off: list[tuple[date, date | None]] = [*facts.suspended, *((day, day + ONE_DAY) for day in days)]
    return facts._replace(suspended=tuple(sorted(off, key=lambda span: span[0])))


def _suspended_in(number: int, history: Sequence[ServiceEvent]) -> tuple[tuple[date, date | None], ...]:
    """When that service was suspended, in order; the last may not have ended."""
    found: list[tuple[date, date | None]] = []
    marks = [e for e in history if e.service_number == number and e.kind in (EventKind.SUSPEND, EventKind.RESUME)]
    for event in sorted(marks, key=lambda one: (one.effective_on, one.recorded_micros)):
        is_open = bool(found) and found[-1][1] is None
        if event.kind is EventKind.SUSPEND and not is_open:
            found.append((event.effective_on, None))
        elif event.kind is EventKind.RESUME and is_open:
            found[-1] = (found[-1][0], event.effective_on)
    return tuple(found)


def billable_runs(facts: Facts, first: date, last: date) -> list[Run]:
    """The billable days from first to last, in order, a run for each stretch on one plan."""
    service = facts.service
    first = max(first, service.start_on)
    if first > last:
        return []
    if service.changes and service.changes[0].effective_on <= last:
        runs = _runs_between_changes(service, first, last)
    else:
        runs = [Run(first, last, service.base.plan)] if _is_on(service.base) else []
    if not facts.suspended:
        return runs
    return [part for run in runs for part in _unsuspended(run, facts.suspended)]


def _is_on(state: State) -> bool:
    return state.enabled and state.disconnected_on is None


def _runs_between_changes(service: Service, first: date, last: date) -> list[Run]:
    found: list[Run] = []
    day = first
    for on, changes in groupby(service.changes, key=lambda change: change.effective_on):
        if on < first:
            continue
        if on > last:
            break
        # The service was connected before anything happened to it, so on its first day it was enabled.
        before = service.base if on == service.start_on else service.state_on(on - ONE_DAY)
        if day < on and _is_on(before):
            _add(found, Run(day, on - ONE_DAY, before.plan))
        was_on = on == service.start_on or _is_on(before)
        if was_on or any(change.kind is EventKind.ENABLE for change in changes):
            _add(found, Run(on, on, service.state_on(on).plan))
        day = on + ONE_DAY
    if day <= last and _is_on(state := service.state_on(last)):
        _add(found, Run(day, last, state.plan))
    return found


def _add(runs: list[Run], run: Run) -> None:
    """Put a run behind the others, as one with the last where it goes on with it."""
    if runs and runs[-1].plan == run.plan and runs[-1].last + ONE_DAY == run.first:
        runs[-1] = Run(runs[-1].first, run.last, run.plan)
    else:
        runs.append(run)


def _unsuspended(run: Run, suspended: Sequence[tuple[date, date | None]]) -> list[Run]:
    """What is left of a run without the days of these suspensions."""
    found: list[Run] = []
    day = run.first
    for begins, ends in suspended:
        if begins > run.last or (ends is not None and ends <= day):
            continue
        if day < begins:
            found.append(Run(day, begins - ONE_DAY, run.plan))
        if ends is None:
            return found
        day = max(day, ends)
    if day <= run.last:
        found.append(Run(day, run.last, run.plan))
    return found


def run_cost(run: Run, price: PriceUsed, period: Period) -> int:
    """What a run within one billing period costs."""
    if run.first == period.first and run.last == period.last:
        return price.price_minor
    count = DayCount.FIXED_30 if price.fixed_30 else DayCount.SERVICE_PERIOD
    through = cumulative(price.price_minor, (run.last - period.first).days + 1, period.days, count)
    return through - cumulative(price.price_minor, (run.first - period.first).days, period.days, count)


def runs_within(runs: Sequence[Run], first: date, last: date) -> list[Run]:
    """The parts of the runs that lie from first to last."""
    return [
        Run(max(run.first, first), min(run.last, last), run.plan)
        for run in runs
        if run.first <= last and run.last >= first
    ]


def priced_with(runs: Sequence[Run], used: Sequence[PriceUsed], now: Mapping[str, PriceUsed]) -> dict[str, PriceUsed]:
    """The price of every plan of the runs: the one it was billed with, or today's where it was not billed before."""
    known = {price.plan: price for price in used}
    return {run.plan: known.get(run.plan) or now[run.plan] for run in runs}
