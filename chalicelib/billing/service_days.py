"""One service day by day as its events tell it, with what each day moved and earned at every level. Pure.

A day is computed as the settled day computes it: the same sheet, of one line, and the same charges. What was decided then
is taken as recorded: a service at or behind the place of a day's cut was not covered by it, and it is suspended only from
a suspension that was recorded to one of its coming back. So a correction suspends nobody and brings nobody back.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from chalicelib.billing.charging import Amounts, charge_sheet
from chalicelib.billing.columns import (
    BILLABLE,
    BILLABLE_THEN_DISABLED,
    BILLABLE_THEN_GONE,
    DISABLED,
    ENABLED,
    PAID,
    PAID_THEN_GONE,
    SUSPENDED,
    SUSPENDED_AND_DISABLED,
    SUSPENDED_THEN_ENDED,
    Columns,
    empty_roster,
)
from chalicelib.billing.model import SettledDay
from chalicelib.billing.price_book import DayPrices
from chalicelib.billing.roster import day_sheet, roster_after
from chalicelib.core.dates import days_between
from chalicelib.crm.events import known_events
from chalicelib.crm.model import EventKind, ServiceEvent

Place = tuple[int, int]
"""Where a service stands in charging order: its first day as an ordinal, and its number."""


class ServiceDay(NamedTuple):
    """What a day was for a service. `state` is enabled, disabled, suspended, disconnected or scheduled; `is_behind` where
    the funds did not cover it. Amounts are by level, without tax; empty where they were not asked for."""

    state: str
    plan: str = ""
    is_billed: bool = False
    is_behind: bool = False
    moved_minor: Amounts = ()
    earned_minor: Amounts = ()


@dataclass(frozen=True)
class Setting:
    """What days are computed from: their records, what their plans cost, and the first day that is charged.

    A day without a record, or before `first`, is told without amounts.
    """

    records: Mapping[date, SettledDay]
    prices_on: Callable[[date], DayPrices]
    first: date


class ServiceReplay:
    """A service from its first event on; `roster` is its line (or none) after the newest day that was played."""

    def __init__(self, events: Sequence[ServiceEvent], setting: Setting) -> None:
        self.events, self.setting, self.roster = events, setting, empty_roster()
        self._by_day: dict[date, list[ServiceEvent]] = {}
        for event in events:
            self._by_day.setdefault(event.effective_on, []).append(event)
        connect = next((event for event in events if event.kind is EventKind.CONNECT), None)
        self._start = connect.effective_on if connect else None
        self._is_suspended = False

    @property
    def place(self) -> Place:
        """Where it stands in charging order."""
        connect = next(event for event in self.events if event.kind is EventKind.CONNECT)
        return (connect.since or connect.effective_on).toordinal(), connect.service_number

    def play(self, last: date) -> Iterator[tuple[date, ServiceDay]]:
        """Every day from the first that is charged to the last; earlier events are taken in without being told."""
        for day in sorted(day for day in self._by_day if day < self.setting.first):
            self._quiet(day)
        for day in days_between(self.setting.first, last):
            yield day, self._step(day)

    def _sheet(self, day: date) -> Columns:
        events = self._by_day.get(day, [])
        facts = [event for event in events if event.kind is not EventKind.SUSPEND]
        if any(event.kind is EventKind.RESUME for event in facts):
            self._is_suspended = False
        sheet = day_sheet(self.roster, [event for event in facts if self._is_in(event)], day)
        if self._is_suspended and len(sheet):
            sheet = _held(sheet)
        if any(event.kind is EventKind.SUSPEND for event in events):
            self._is_suspended = True
        return sheet

    def _is_in(self, event: ServiceEvent) -> bool:
        """What was decided about a service before its true first day leaves no line to change."""
        return event.kind is not EventKind.RESUME or len(self.roster) > 0

    def _after(self, sheet: Columns, cut: int) -> None:
        roster = roster_after(sheet, cut)
        if len(roster):
            is_enabled = roster.marks[0] in (ENABLED, SUSPENDED)
            running = ENABLED if is_enabled else DISABLED
            held = SUSPENDED if is_enabled else SUSPENDED_AND_DISABLED
            roster.marks[0] = held if self._is_suspended else running
        self.roster = roster

    def _quiet(self, day: date) -> None:
        sheet = self._sheet(day)
        self._after(sheet, len(sheet))

    def _step(self, day: date) -> ServiceDay:
        sheet = self._sheet(day)
        record = self.setting.records.get(day)
        if not len(sheet):
            self._after(sheet, 0)
            is_early = self._start is None or day < self._start
            return _nothing("scheduled" if is_early else "disconnected", record)
        plan = sheet.plan_codes[sheet.plans[0]]
        is_behind = bool(record and record.cut_at and self.place >= record.cut_at)
        if record is None:
            self._after(sheet, len(sheet))
            return ServiceDay(_state_name(sheet.marks[0]), plan)
        charging = charge_sheet(sheet, self.setting.prices_on(day), day)
        is_in_line = bool(charging.lines)
        cut = 0 if is_behind else len(charging.lines)
        moved, earned = charging.totals(cut)
        mark = charging.sheet.marks[0]
        self._after(charging.sheet, cut)
        is_billed = PAID <= mark <= PAID_THEN_GONE or (is_in_line and not is_behind)
        state = "suspended" if is_in_line and is_behind else _state_name(mark)
        return ServiceDay(state, plan, is_billed, is_in_line and is_behind, tuple(moved), tuple(earned))


def _nothing(state: str, record: SettledDay | None) -> ServiceDay:
    levels = len(record.paid_minor) if record else 0
    return ServiceDay(state, moved_minor=(0,) * levels, earned_minor=(0,) * levels)


def _held(sheet: Columns) -> Columns:
    """The sheet of a service that stays suspended although it begins only now."""
    marks = {BILLABLE: SUSPENDED, BILLABLE_THEN_DISABLED: SUSPENDED_AND_DISABLED, DISABLED: SUSPENDED_AND_DISABLED}
    mark = sheet.marks[0]
    if mark == BILLABLE_THEN_GONE:
        return sheet.keep([])
    return replace(sheet, marks=bytearray([marks.get(mark, mark)]))


def _state_name(mark: int) -> str:
    if mark <= BILLABLE_THEN_GONE or PAID <= mark <= PAID_THEN_GONE:
        return "enabled"
    if mark in (SUSPENDED, SUSPENDED_THEN_ENDED):
        return "suspended"
    return "disabled"


class KnownDays:
    """The days of one service as they were known at one time or another: by late facts up to a number.

    `events` are everything that was recorded of it, what was withdrawn too.
    """

    def __init__(self, events: Sequence[ServiceEvent], setting: Setting, last: date) -> None:
        self._events, self._setting, self._last = events, setting, last
        self._numbers = sorted({event.late for event in events if event.late})
        self._played: dict[int, dict[date, ServiceDay]] = {}

    def at(self, late: int) -> Mapping[date, ServiceDay]:
        """Every day from the setting's first on, by the facts that are on time and the late ones up to that number.

        It ends with the last day whose sheet does not know the service's next late fact: what was recorded of later days
        may rest on that fact.
        """
        count = bisect_right(self._numbers, late)
        if count not in self._played:
            through = self._numbers[count - 1] if count else 0
            replay = ServiceReplay(known_events(self._events, through), self._setting)
            last = self._last_before(count)
            self._played[count] = dict(replay.play(last)) if last is not None else {}
        return self._played[count]

    def _last_before(self, count: int) -> date | None:
        if count == len(self._numbers):
            return self._last
        following = self._numbers[count]
        days = [day for day, record in self._setting.records.items() if record.terms.late < following]
        return min(self._last, max(days)) if days else None

    def posted(self, day: date, corrected: int) -> ServiceDay:
        """A settled day as it is in the books, when the late facts up to `corrected` are posted.

        A day's own sheet knows what was recorded before its pin, and the corrections make up for the rest.
        """
        record = self._setting.records.get(day)
        return self.at(max(corrected, record.terms.late if record else 0))[day]
