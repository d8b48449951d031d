"""What a day makes of a roster: which services are billable, by which plan, and who is there the day after."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.billing.columns import (
    DISABLED,
    ENABLED,
    SUSPENDED,
    SUSPENDED_AND_DISABLED,
    Columns,
    billable_positions,
    empty_roster,
)
from chalicelib.billing.roster import UnknownServiceError, day_sheet, roster_after, suspended_behind
from chalicelib.crm.model import EventKind, ServiceEvent

DAY = date(2026, 11, 10)
BEFORE = DAY - timedelta(days=1)
NEXT = DAY + timedelta(days=1)
C, E, D, P, X, R = (
    EventKind.CONNECT,
    EventKind.ENABLE,
    EventKind.DISABLE,
    EventKind.CHANGE_PLAN,
    EventKind.DISCONNECT,
    EventKind.RESUME,
)


def event(kind: EventKind, number: int = 1, on: date = DAY, plan: str | None = None, order: int = 0) -> ServiceEvent:
    return ServiceEvent(kind, on, 1, order, number, number + 100, plan)


def running(*numbers: int) -> Columns:
    """A roster of enabled services that started the day before."""
    events = [event(C, number, BEFORE, "HOME", order) for order, number in enumerate(numbers)]
    return roster_after(day_sheet(empty_roster(), events, BEFORE), len(numbers))


def billable(sheet: Columns) -> list[int]:
    return [sheet.numbers[i] for i in billable_positions(sheet)]


def states(roster: Columns) -> dict[int, int]:
    return dict(zip(roster.numbers, roster.marks, strict=True))


def test_a_service_is_billable_from_its_first_day() -> None:
    sheet = day_sheet(empty_roster(), [event(C, plan="HOME")], DAY)
    assert billable(sheet) == [1]
    assert sheet.plan_codes[sheet.plans[0]] == "HOME"


def test_the_day_of_disabling_is_billed_and_the_day_after_is_not() -> None:
    sheet = day_sheet(running(1), [event(D)], DAY)
    assert billable(sheet) == [1]
    after = roster_after(sheet, 1)
    assert states(after) == {1: DISABLED}
    assert billable(day_sheet(after, [], NEXT)) == []


def test_a_service_enabled_only_for_a_moment_of_the_day_is_billed() -> None:
    disabled = roster_after(day_sheet(running(1), [event(D)], DAY), 1)
    sheet = day_sheet(disabled, [event(E, on=NEXT), event(D, on=NEXT, order=1)], NEXT)
    assert billable(sheet) == [1]
    assert states(roster_after(sheet, 1)) == {1: DISABLED}


def test_the_plan_at_the_end_of_the_day_prices_it() -> None:
    sheet = day_sheet(running(1), [event(P, plan="FAST"), event(P, plan="BIZ", order=1)], DAY)
    assert sheet.plan_codes[sheet.plans[0]] == "BIZ"


def test_the_day_of_disconnection_is_billed_and_the_service_is_gone_the_day_after() -> None:
    sheet = day_sheet(running(1, 2), [event(X)], DAY)
    assert billable(sheet) == [1, 2]
    assert roster_after(sheet, 2).numbers == [2]


def test_a_disabled_service_that_is_disconnected_is_not_billed() -> None:
    disabled = roster_after(day_sheet(running(1), [event(D)], DAY), 1)
    assert day_sheet(disabled, [event(X, on=NEXT)], NEXT).numbers == []


def test_the_charging_order_is_first_day_then_creation_number() -> None:
    events = [event(C, 9, BEFORE, "HOME"), event(C, 3, BEFORE, "HOME", 1), event(C, 1, DAY, "HOME", 2)]
    assert day_sheet(empty_roster(), events, DAY).numbers == [3, 9, 1]


def test_the_order_does_not_change_when_a_service_comes_and_goes() -> None:
    roster = running(1, 2, 3)
    sheet = day_sheet(roster, [event(D, 1), event(E, 1, order=1), event(P, 2, plan="FAST", order=2)], DAY)
    assert sheet.numbers == [1, 2, 3]


def test_those_behind_the_cut_are_suspended_and_not_billable_the_day_after() -> None:
    sheet = day_sheet(running(1, 2, 3), [], DAY)
    after = roster_after(sheet, 1)
    assert states(after) == {1: ENABLED, 2: SUSPENDED, 3: SUSPENDED}
    assert suspended_behind(sheet, 1) == [(2, 102), (3, 103)]
    assert billable(day_sheet(after, [], NEXT)) == [1]


def test_what_ended_on_a_day_it_was_not_charged_for_is_not_suspended() -> None:
    sheet = day_sheet(running(1, 2, 3), [event(D, 2), event(X, 3, order=1)], DAY)
    assert suspended_behind(sheet, 0) == [(1, 101)]
    assert states(roster_after(sheet, 0)) == {1: SUSPENDED, 2: DISABLED}


def test_disabling_and_enabling_does_not_lift_a_suspension() -> None:
    suspended = roster_after(day_sheet(running(1), [], DAY), 0)
    disabled = roster_after(day_sheet(suspended, [event(D, on=NEXT)], NEXT), 0)
    assert states(disabled) == {1: SUSPENDED_AND_DISABLED}
    later = NEXT + timedelta(days=1)
    sheet = day_sheet(disabled, [event(E, on=later)], later)
    assert billable(sheet) == []
    assert states(sheet) == {1: SUSPENDED}


def test_a_service_that_is_brought_back_is_billed_from_that_day() -> None:
    suspended = roster_after(day_sheet(running(1, 2), [], DAY), 0)
    back = ServiceEvent(R, NEXT, 5, 0, 0, 0, service_numbers=(1, 2))
    sheet = day_sheet(suspended, [back], NEXT)
    assert billable(sheet) == [1, 2]
    assert states(roster_after(sheet, 2)) == {1: ENABLED, 2: ENABLED}


def test_a_service_disabled_before_the_first_settled_day_is_not_billed_on_it() -> None:
    earlier = BEFORE - timedelta(days=3)
    events = [event(C, 1, earlier, "HOME"), event(D, 1, BEFORE), event(C, 2, earlier, "HOME", 1)]
    sheet = day_sheet(empty_roster(), sorted(events, key=lambda e: e.effective_on), DAY)
    assert billable(sheet) == [2]
    assert states(sheet) == {1: DISABLED, 2: ENABLED}


def test_a_service_disabled_on_the_first_settled_day_is_billed_on_it() -> None:
    events = [event(C, 1, BEFORE, "HOME"), event(D, 1, DAY)]
    assert billable(day_sheet(empty_roster(), events, DAY)) == [1]


def test_an_event_of_a_service_that_never_started_is_a_defect() -> None:
    with pytest.raises(UnknownServiceError):
        day_sheet(empty_roster(), [event(D)], DAY)


KINDS = st.sampled_from([E, D, P, X])
SERVICES = st.integers(1, 6)


@given(st.lists(st.tuples(st.integers(0, 8), SERVICES, KINDS, st.sampled_from(["HOME", "FAST"])), max_size=40))
def test_the_sheets_agree_with_a_model_that_follows_each_service_alone(
    facts: Sequence[tuple[int, int, EventKind, str]],
) -> None:
    first = date(2026, 11, 1)
    events = [event(C, n, first, "HOME", n) for n in range(1, 7)]
    events += [
        event(kind, number, first + timedelta(days=offset), plan if kind is P else None, 100 + i)
        for i, (offset, number, kind, plan) in enumerate(facts)
    ]
    events = _without_the_dead(sorted(events, key=lambda one: (one.effective_on, one.order)))
    roster = empty_roster()
    for offset in range(9):
        day = first + timedelta(days=offset)
        sheet = day_sheet(roster, [one for one in events if one.effective_on == day], day)
        got = {sheet.numbers[i]: sheet.plan_codes[sheet.plans[i]] for i in billable_positions(sheet)}
        assert got == _model(events, day)
        roster = roster_after(sheet, len(sheet))


def _without_the_dead(events: Sequence[ServiceEvent]) -> list[ServiceEvent]:
    """Nothing is recorded about a service behind its disconnection: crm refuses it."""
    gone: set[int] = set()
    kept = []
    for one in events:
        if one.service_number not in gone:
            kept.append(one)
        if one.kind is X:
            gone.add(one.service_number)
    return kept


def _model(events: Sequence[ServiceEvent], day: date) -> dict[int, str]:
    """The billable services of a day and their plans, straight from domain.md."""
    found = {}
    for number in range(1, 7):
        on, gone, plan, seen = False, False, "", False
        for one in events:
            if one.service_number != number or one.effective_on > day or gone:
                continue
            if one.effective_on == day:
                seen = seen or on
            if one.kind in (C, E):
                on = True
            elif one.kind is D:
                on = False
            elif one.kind is X:
                gone, on = True, False
            plan = one.plan or plan
            if one.effective_on == day:
                seen = seen or on
        if seen or on:
            found[number] = plan
    return found
