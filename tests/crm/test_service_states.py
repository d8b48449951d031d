"""What a service is on a day, and which events can be: pure."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import Conflict
from chalicelib.crm.change import event_of
from chalicelib.crm.connect import connection_of, new_subscriber
from chalicelib.crm.model import EventKind
from chalicelib.crm.service import (
    KEPT_CHANGES,
    MAX_CHANGES,
    Change,
    Resumption,
    Service,
    ServiceStatus,
    Suspension,
    compacted,
    new_service,
    reaches_behind,
    unfolded,
    with_change,
)
from chalicelib.crm.store import _to_service, services_data
from chalicelib.crm.subscriber import Subscriber
from tests.crm.a_tenant import asked

START = date(2026, 10, 1)
ENABLE, DISABLE, MOVE, LEAVE = EventKind.ENABLE, EventKind.DISABLE, EventKind.CHANGE_PLAN, EventKind.DISCONNECT


def day(number: int) -> date:
    """The day so many days after the start."""
    return START + timedelta(days=number)


def a_service(*changes: tuple[EventKind, int] | tuple[EventKind, int, str]) -> Service:
    """A service connected on the start with plan A, and then these (kind, day, plan) in the order they were recorded."""
    service = new_service(7, START, "karim", None, "A", 1_000, 1)
    for number, change in enumerate(changes):
        service = with_change(service, a_change(change[0], change[1], 2_000 + number, *change[2:]))
    return service


def a_change(kind: EventKind, on: int, micros: int = 9_000, plan: str | None = None) -> Change:
    return Change(kind, day(on), micros, 0, plan)


def refusal_of(service: Service, change: Change) -> str:
    with pytest.raises(Conflict) as caught:
        with_change(service, change)
    return caught.value.code


def test_a_service_is_scheduled_until_it_starts() -> None:
    service = a_service()
    assert [service.status_on(day(n)).value for n in (-1, 0, 1)] == ["scheduled", "active", "active"]


def test_an_event_holds_from_its_day_on() -> None:
    service = a_service((DISABLE, 5), (ENABLE, 8), (MOVE, 9, "B"), (LEAVE, 12))
    statuses = [service.status_on(day(n)).value for n in (4, 5, 7, 8, 11, 12, 13)]
    assert statuses == ["active", "disabled", "disabled", "active", "active", "disconnected", "disconnected"]
    assert [service.state_on(day(n)).plan for n in (8, 9, 20)] == ["A", "B", "B"]
    assert service.state_on(day(11)).disconnected_on is None
    assert service.state_on(day(20)).disconnected_on == day(12)


def test_events_of_one_day_apply_in_the_order_they_were_recorded() -> None:
    assert a_service((DISABLE, 5), (ENABLE, 5)).status_on(day(5)) is ServiceStatus.ACTIVE
    assert a_service((DISABLE, 5), (ENABLE, 5), (DISABLE, 5)).status_on(day(5)) is ServiceStatus.DISABLED


@pytest.mark.parametrize(
    "before, change, code",
    [
        ([], a_change(DISABLE, -1), "before-start"),
        ([], a_change(ENABLE, 0), "already-enabled"),
        ([(DISABLE, 3)], a_change(DISABLE, 3), "already-disabled"),
        ([(DISABLE, 3)], a_change(DISABLE, 2), "contradicts-later-event"),
        ([], a_change(MOVE, 1, plan="A"), "same-plan"),
        ([(MOVE, 4, "B")], a_change(MOVE, 2, plan="B"), "contradicts-later-event"),
        ([(LEAVE, 4)], a_change(LEAVE, 4), "already-disconnected"),
        ([(LEAVE, 4)], a_change(LEAVE, 2), "already-disconnected"),
        ([(LEAVE, 4)], a_change(LEAVE, 6), "already-disconnected"),
        ([(LEAVE, 4)], a_change(DISABLE, 4), "service-disconnected"),
        ([(LEAVE, 4)], a_change(ENABLE, 5), "service-disconnected"),
        ([(DISABLE, 4)], a_change(LEAVE, 3), "contradicts-later-event"),
    ],
)
def test_what_cannot_be_is_refused_by_name(before: list[tuple[EventKind, int]], change: Change, code: str) -> None:
    assert refusal_of(a_service(*before), change) == code


def test_an_earlier_event_is_taken_where_the_later_ones_stay_possible() -> None:
    service = with_change(a_service((DISABLE, 10)), a_change(MOVE, 5, plan="B"))
    assert (service.state_on(day(9)).plan, service.status_on(day(10)).value) == ("B", "disabled")


def test_a_suspended_service_stays_suspended_whatever_its_user_asks() -> None:
    service = replace(a_service((DISABLE, 6), (ENABLE, 8)), suspension=Suspension(day(5), 5_000, "upstream"))
    statuses = [service.status_on(day(n)).value for n in (4, 5, 6, 8)]
    assert statuses == ["active", "suspended", "disabled", "suspended"]
    back = replace(service, resumption=Resumption(day(9), 6_000))
    assert [back.status_on(day(n)).value for n in (8, 9)] == ["suspended", "active"]


def test_of_a_suspension_and_a_resumption_on_one_day_the_later_recorded_one_wins() -> None:
    suspended = replace(a_service(), suspension=Suspension(day(5), 5_000, "self"))
    assert replace(suspended, resumption=Resumption(day(5), 6_000)).suspension_on(day(5)) is None
    assert replace(suspended, resumption=Resumption(day(5), 4_000)).suspension_on(day(5)) is not None


def test_a_subscriber_is_the_best_that_one_of_its_services_is() -> None:
    active, disabled, gone = a_service(), a_service((DISABLE, 2)), a_service((LEAVE, 2))
    suspended = replace(a_service(), suspension=Suspension(day(1), 1, "self"))

    def status(*services: Service) -> str:
        return Subscriber("beta", 1, "1", "K", None, None, services, 0, 0).status_on(day(3)).value

    assert status(gone, disabled, active) == "active"
    assert status(gone, disabled, suspended) == "suspended"
    assert status(gone, disabled) == "disabled"
    assert status(gone) == "disconnected"


def test_a_service_takes_only_so_many_events_ahead_of_today() -> None:
    service = a_service()
    for number in range(MAX_CHANGES):
        service = compacted(with_change(service, a_change((DISABLE, ENABLE)[number % 2], number + 1)), START)
    with pytest.raises(Conflict, match="at most 60"):
        compacted(with_change(service, a_change(DISABLE, MAX_CHANGES + 1)), START)


days = st.integers(0, 40)
kinds = st.sampled_from([(ENABLE, None), (DISABLE, None), (MOVE, "A"), (MOVE, "B"), (LEAVE, None)])
histories = st.lists(st.tuples(kinds, days), max_size=40)


def accepted(history: list[tuple[tuple[EventKind, str | None], int]]) -> Service:
    """The service after those of the changes that could be."""
    service = a_service()
    for number, ((kind, plan), on) in enumerate(history):
        try:
            service = with_change(service, Change(kind, day(on), 2_000 + number, 0, plan))
        except Conflict:
            continue
    return service


@given(histories)
def test_what_is_accepted_can_be_told_again_in_the_order_of_days(history: list) -> None:
    service = accepted(history)
    again = a_service()
    for change in service.changes:
        again = with_change(again, change)
    assert again == service


@given(histories, days)
def test_taking_old_events_into_the_base_changes_no_day_from_there_on(history: list, today: int) -> None:
    service = accepted(history)
    small = compacted(service, day(today))
    assert all(change.effective_on > day(today) for change in small.changes[:-KEPT_CHANGES])
    for number in range(45):
        if day(number) >= small.based_at[0]:
            assert small.state_on(day(number)) == service.state_on(day(number))
            assert small.status_on(day(number)) is service.status_on(day(number))


@given(histories, days)
def test_the_history_tells_again_what_the_base_has_swallowed(history: list, today: int) -> None:
    service = accepted(history)
    subscriber = new_subscriber("beta", 3, "3", asked(), a_service(), 1_000)
    events = [connection_of(subscriber, subscriber.services[0])]
    events += [event_of(3, 7, change) for change in service.changes]
    small = compacted(service, day(today))
    assert unfolded(small, events) == service
    late = a_change(DISABLE, 0, 5)
    assert not reaches_behind(service, late) or late.position < service.based_at


@given(histories)
def test_a_service_comes_back_from_its_row_as_it_was(history: list) -> None:
    service = replace(accepted(history), mac="9C:53:00:07:00:03", suspension=Suspension(day(3), 5, "self"))
    assert _to_service(services_data([service])[0]) == service
