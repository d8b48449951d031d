"""The roster of a tenant's services and what a day does to it: pure.

A day's events turn yesterday's roster into the day's sheet; the cut turns the sheet into the roster after the day. Both are
columns (`columns.py`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from chalicelib.billing.advance import spared
from chalicelib.billing.columns import (
    BILLABLE,
    BILLABLE_THEN_DISABLED,
    BILLABLE_THEN_GONE,
    DISABLED,
    ENABLED,
    ENDED,
    PAID,
    PAID_THEN_DISABLED,
    PAID_THEN_GONE,
    SUSPENDED,
    SUSPENDED_AND_DISABLED,
    SUSPENDED_THEN_ENDED,
    Columns,
    Covers,
    billable_positions,
)
from chalicelib.crm.model import EventKind, ServiceEvent


class UnknownServiceError(ValueError):
    """An event is about a service that is not in the roster."""


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
    is_covered: bool = False
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
            ended = SUSPENDED_THEN_ENDED if self.suspended else ENDED
            return ended if self.is_covered else None
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
        _covers_on(roster, day),
    )
    dropped = _write_back(sheet, roster, touched)
    return _without(sheet, dropped) if dropped else sheet


def _covers_on(roster: Columns, day: date) -> Covers | None:
    """Yesterday's covers as they are before the day."""
    if roster.covers is None:
        return None
    before = list(roster.covers.after)
    return Covers(day.toordinal(), roster.covers.table, before, before)


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
                if event.kind is EventKind.RESUME and number not in positions:
                    continue  # a late fact told that it had ended before it was brought back
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
            bool(roster.covers and roster.covers.after[at]),
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
        if sheet.covers is not None:
            sheet.covers.before.append(0)
    return dropped


def _without(columns: Columns, dropped: set[int]) -> Columns:
    return columns.keep([i for i in range(len(columns)) if i not in dropped])


def roster_after(sheet: Columns, cut: int) -> Columns:
    """The roster after a day of which the first `cut` billable services were charged.

    Those behind the cut that were still enabled at the day's end are suspended; what ended that day has ended.
    """
    marks = bytearray(sheet.marks)
    behind = billable_positions(sheet)[cut:]
    for i in behind:
        if marks[i] == BILLABLE:
            marks[i] = SUSPENDED
    # Billable or paid, what remains of a mark is a state; who was disabled that day, charged or not, is disabled.
    marks = marks.translate(_STATES)
    after = Columns(
        sheet.plan_codes,
        sheet.starts,
        sheet.numbers,
        sheet.subscribers,
        sheet.plans,
        marks,
        _covers_after(sheet, behind),
    )
    if _GONE not in marks:
        return after
    return _without(after, {i for i, mark in enumerate(marks) if mark == _GONE})


_GONE = 255
_STATES = bytes.maketrans(
    bytes(
        (
            *(BILLABLE_THEN_DISABLED, BILLABLE_THEN_GONE),
            *(PAID, PAID_THEN_DISABLED, PAID_THEN_GONE),
            *(ENDED, SUSPENDED_THEN_ENDED),
        )
    ),
    bytes((DISABLED, _GONE, ENABLED, DISABLED, _GONE, _GONE, _GONE)),
)


def _covers_after(sheet: Columns, behind: Sequence[int]) -> Covers | None:
    covers = sheet.covers
    if covers is None:
        return None
    table, after = list(covers.table), list(covers.after)
    for i in behind:
        cover = spared(covers.table[covers.before[i]], covers.day)
        if cover not in table:
            table.append(cover)
        after[i] = table.index(cover)
    return Covers(covers.day, tuple(table), after, after) if any(after) else None


def suspended_behind(sheet: Columns, cut: int) -> list[tuple[int, int]]:
    """(service number, subscriber number) of those that the cut suspends, in charging order."""
    return [
        (sheet.numbers[i], sheet.subscribers[i]) for i in billable_positions(sheet)[cut:] if sheet.marks[i] == BILLABLE
    ]
