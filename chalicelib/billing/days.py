"""The day-by-day bill of one service: what each day was, what it cost, by which rule, and in which entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from chalicelib.billing.model import SettledDay
from chalicelib.billing.roster import (
    BILLABLE_THEN_GONE,
    DISABLED,
    SUSPENDED_AND_DISABLED,
    Columns,
    day_sheet,
    empty_roster,
    roster_after,
)
from chalicelib.core.dates import ONE_DAY, days_between
from chalicelib.core.proration import DayCount, period_of
from chalicelib.crm.model import EventKind, ServiceEvent


@dataclass(frozen=True)
class BilledDay:
    """One day of one service. `state` is enabled, disabled, suspended, disconnected or scheduled.

    `buying_price_minor` is what the day costs its tenant if it is billed, `charge_minor` what it was charged: None while
    the day is not settled.
    """

    day: date
    service_number: int
    state: str
    plan: str
    buying_price_minor: int | None
    charge_minor: int | None
    rule: str
    entry_id: str | None


def bill_service(
    history: Sequence[ServiceEvent],
    settled: Mapping[date, SettledDay],
    first: date,
    last: date,
    *,
    sells_directly: bool = False,
) -> list[BilledDay]:
    """The days from first to last of the one service whose history this is. Pure.

    Each day is computed as the sheet computes it: yesterday's state, the day's events, and the place of the service
    before or behind the day's cut.
    """
    events: dict[date, list[ServiceEvent]] = {}
    for event in history:
        events.setdefault(event.effective_on, []).append(event)
    number = history[0].service_number
    roster = empty_roster()
    for day in sorted(day for day in events if day < first):
        roster = _step(roster, events[day], day, None)[1]
    days = []
    for day in days_between(first, last):
        record = settled.get(day)
        sheet, roster = _step(roster, events.get(day, []), day, record)
        days.append(_bill(sheet, day, number, record, history[0].effective_on, sells_directly))
    return days


def _step(
    roster: Columns, events: Sequence[ServiceEvent], day: date, record: SettledDay | None
) -> tuple[Columns, Columns]:
    """The service's line in the day's sheet, and the roster after it."""
    facts = [event for event in events if event.kind is not EventKind.SUSPEND]
    sheet = day_sheet(roster, facts, day)
    behind = len(facts) < len(events) or _is_behind(sheet, record)
    return sheet, roster_after(sheet, 0 if behind else len(sheet))


def _is_behind(sheet: Columns, record: SettledDay | None) -> bool:
    return bool(len(sheet) and record and record.cut_at and (sheet.starts[0], sheet.numbers[0]) >= record.cut_at)


def _bill(
    sheet: Columns,
    day: date,
    number: int,
    record: SettledDay | None,
    start_on: date,
    sells_directly: bool,
) -> BilledDay:
    if not len(sheet):
        return BilledDay(day, number, "scheduled" if day < start_on else "disconnected", "", None, None, "", None)
    plan = sheet.plan_codes[sheet.plans[0]]
    billable = sheet.marks[0] <= BILLABLE_THEN_GONE
    behind = _is_behind(sheet, record)
    state = "suspended" if billable and behind else _state_name(sheet.marks[0])
    if record is None or sells_directly:
        return BilledDay(day, number, state, plan, None, None, "", None)
    price = record.prices_minor.get(plan, (0,))[0]
    if not billable:
        return BilledDay(day, number, state, plan, price, 0, f"not billed: {state} all day", None)
    if behind:
        return BilledDay(day, number, state, plan, price, 0, "not billed: the funds did not cover this day", None)
    return BilledDay(day, number, state, plan, price, price, rule_of(day, record), record.entry_id)


def _state_name(mark: int) -> str:
    if mark <= BILLABLE_THEN_GONE:
        return "enabled"
    return "disabled" if mark in (DISABLED, SUSPENDED_AND_DISABLED) else "suspended"


def rule_of(day: date, record: SettledDay) -> str:
    """How the day's price comes about: `calendar_month: day 16 of 31`."""
    count = DayCount(record.day_counts[0])
    if count is DayCount.SERVICE_PERIOD:
        return f"{count.value}: one day of the buyer's own billing period"
    period = period_of(day, count)
    number = (day - period.first).days + 1
    return f"{count.value}: day {number} of {30 if count is DayCount.FIXED_30 else period.days}"


def default_span(today: date) -> tuple[date, date]:
    """The days shown when none are asked for: this month until yesterday, or all of last month on its first day."""
    last = today - ONE_DAY
    return last.replace(day=1), last


MAX_SPAN = timedelta(days=366)
