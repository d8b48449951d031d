"""The roster of a tenant's services and what a day does to it: pure.

A roster is columns, not objects, because a hundred thousand services pass through here every day: for each service its
first day, its creation number, its subscriber, its plan and its state, in charging order (first day, then creation
number), which never changes. A day's events turn yesterday's roster into the day's sheet; the cut turns the sheet into
the roster after the day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from chalicelib.crm.model import EventKind, ServiceEvent

ENABLED = 0
DISABLED = 3
SUSPENDED = 4
SUSPENDED_AND_DISABLED = 5
"""States of a service in a roster. A suspended one stays so until a recharge brings it back, whatever its user asks."""

BILLABLE = 0
BILLABLE_THEN_DISABLED = 1
BILLABLE_THEN_GONE = 2
"""Marks of a service in a sheet, beside the states 3 to 5, which are not billable."""


class UnknownServiceError(ValueError):
    """An event is about a service that is not in the roster."""


@dataclass(frozen=True)
class Columns:
    """Services in charging order. `starts` are ordinal days; `plans` index `plan_codes`; `marks` are states or marks."""

    plan_codes: tuple[str, ...]
    starts: list[int]
    numbers: list[int]
    subscribers: list[int]
    plans: list[int]
    marks: bytearray

    def __len__(self) -> int:
        return len(self.numbers)

    def keep(self, wanted: Sequence[int]) -> "Columns":
        """The services at these positions."""
        return Columns(
            self.plan_codes,
            [self.starts[i] for i in wanted],
            [self.numbers[i] for i in wanted],
            [self.subscribers[i] for i in wanted],
            [self.plans[i] for i in wanted],
            bytearray(self.marks[i] for i in wanted),
        )


def empty_roster() -> Columns:
    """The roster before the first day."""
    return Columns((), [], [], [], [], bytearray())


@dataclass
class _Service:
    """One service while its day's events are applied to it."""

    start: int
    number: int
    subscriber: int
    plan: int
    enabled: bool
    suspended: bool
    was_enabled: bool
    gone: bool = False

    def apply(self, event: ServiceEvent, plan: int) -> None:
        if self.gone:
            return
        if event.kind is EventKind.CONNECT:
            self.enabled, self.plan = True, plan
        elif event.kind is EventKind.ENABLE:
            self.enabled = True
        elif event.kind is EventKind.DISABLE:
            self.enabled = False
        elif event.kind is EventKind.CHANGE_PLAN:
            self.plan = plan
        elif event.kind is EventKind.DISCONNECT:
            self.gone, self.enabled = True, False
        elif event.kind is EventKind.RESUME:
            self.suspended = False
        self.was_enabled = self.was_enabled or (self.enabled and not self.suspended)

    @property
    def mark(self) -> int | None:
        """What the day makes of it; None when it is over without having been billable."""
        if self.was_enabled:
            if self.gone:
                return BILLABLE_THEN_GONE
            return BILLABLE if self.enabled else BILLABLE_THEN_DISABLED
        if self.gone:
            return None
        if self.suspended:
            return SUSPENDED if self.enabled else SUSPENDED_AND_DISABLED
        return DISABLED


def day_sheet(roster: Columns, events: Sequence[ServiceEvent], day: date) -> Columns:
    """What a day makes of yesterday's roster: every service with its mark, billable ones in charging order.

    A day is billable when the service was enabled at any moment of it and not suspended; the plan in force at its end
    prices it; the day of disconnection counts, the day after does not. `events` are all those effective by that day and
    not in the roster yet, in order of day and recording.
    """
    codes = list(roster.plan_codes)
    index = {code: i for i, code in enumerate(codes)}
    for event in events:
        if event.plan is not None and event.plan not in index:
            index[event.plan] = len(codes)
            codes.append(event.plan)
    touched = _apply(roster, events, index, day.toordinal())
    sheet = Columns(
        tuple(codes),
        list(roster.starts),
        list(roster.numbers),
        list(roster.subscribers),
        list(roster.plans),
        bytearray(roster.marks),
    )
    dropped = _write_back(sheet, roster, touched)
    return _without(sheet, dropped) if dropped else sheet


def _apply(roster: Columns, events: Sequence[ServiceEvent], index: dict[str, int], today: int) -> dict[int, _Service]:
    """The services that the events touch, after them. Events of earlier days (a first day has them) end on their day."""
    positions = {number: i for i, number in enumerate(roster.numbers)} if events else {}
    touched: dict[int, _Service] = {}
    applied_on = 0
    for event in events:
        on = event.effective_on.toordinal()
        if on != applied_on and applied_on:
            _close_day(touched.values())
        applied_on = on
        for number in event.service_numbers or (event.service_number,):
            service = touched.get(number)
            if service is None:
                service = touched[number] = _find(roster, positions, number, event)
            service.apply(event, index.get(event.plan or "", service.plan))
    if applied_on and applied_on < today:
        _close_day(touched.values())
    return touched


def _close_day(services: Iterable[_Service]) -> None:
    """What was enabled only on an earlier day, before the first settled one, is not billable today."""
    for service in services:
        service.was_enabled = service.enabled and not service.suspended and not service.gone


def _find(roster: Columns, positions: dict[int, int], number: int, event: ServiceEvent) -> _Service:
    at = positions.get(number)
    if at is not None:
        state = roster.marks[at]
        enabled = state in (ENABLED, SUSPENDED)
        suspended = state in (SUSPENDED, SUSPENDED_AND_DISABLED)
        return _Service(
            roster.starts[at],
            number,
            roster.subscribers[at],
            roster.plans[at],
            enabled,
            suspended,
            enabled and not suspended,
        )
    if event.kind is not EventKind.CONNECT:
        raise UnknownServiceError(f"service {number} has an event but never started")
    return _Service(event.effective_on.toordinal(), number, event.subscriber_number, 0, False, False, False)


def _write_back(sheet: Columns, roster: Columns, touched: dict[int, _Service]) -> set[int]:
    """Put the touched services into the sheet, new ones behind the others in their order; returns positions to drop."""
    dropped: set[int] = set()
    positions = {number: i for i, number in enumerate(roster.numbers)} if touched else {}
    started = []
    for number, service in touched.items():
        at = positions.get(number)
        if at is None:
            if service.mark is not None:
                started.append(service)
        elif service.mark is None:
            dropped.add(at)
        else:
            sheet.plans[at] = service.plan
            sheet.marks[at] = service.mark
    for service in sorted(started, key=lambda one: (one.start, one.number)):
        assert service.mark is not None
        sheet.starts.append(service.start)
        sheet.numbers.append(service.number)
        sheet.subscribers.append(service.subscriber)
        sheet.plans.append(service.plan)
        sheet.marks.append(service.mark)
    return dropped


def _without(columns: Columns, dropped: set[int]) -> Columns:
    return columns.keep([i for i in range(len(columns)) if i not in dropped])


def billable_positions(sheet: Columns) -> Sequence[int]:
    """The positions of the sheet's billable services, in charging order."""
    marks = sheet.marks
    if marks.count(BILLABLE) == len(marks):
        return range(len(marks))
    return [i for i, mark in enumerate(marks) if mark <= BILLABLE_THEN_GONE]


def roster_after(sheet: Columns, cut: int) -> Columns:
    """The roster after a day of which the first `cut` billable services were charged.

    Those behind the cut that were still enabled at the day's end are suspended; what ended that day has ended.
    """
    marks = bytearray(sheet.marks)
    billable = billable_positions(sheet)
    for i in billable[cut:]:
        if marks[i] == BILLABLE:
            marks[i] = SUSPENDED
    gone = {i for i in billable if marks[i] == BILLABLE_THEN_GONE} if marks.count(BILLABLE_THEN_GONE) else set()
    marks = marks.replace(bytes([BILLABLE_THEN_DISABLED]), bytes([DISABLED]))
    after = Columns(sheet.plan_codes, sheet.starts, sheet.numbers, sheet.subscribers, sheet.plans, marks)
    return _without(after, gone) if gone else after


def suspended_behind(sheet: Columns, cut: int) -> list[tuple[int, int]]:
    """(service number, subscriber number) of those that the cut suspends, in charging order."""
    return [
        (sheet.numbers[i], sheet.subscribers[i]) for i in billable_positions(sheet)[cut:] if sheet.marks[i] == BILLABLE
    ]


def positions_in_state(roster: Columns, state: int) -> list[int]:
    """The positions of the services in that state, in charging order."""
    if state not in roster.marks:
        return []
    return [i for i, mark in enumerate(roster.marks) if mark == state]
