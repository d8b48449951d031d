"""Events that were wrong: taken back, and a first day that was another one; judged as everything that is recorded."""

from dataclasses import replace
from datetime import date

import pytest

from chalicelib.aws.tables import forget
from chalicelib.core.errors import Conflict
from chalicelib.crm.change import AskedChange, record_event
from chalicelib.crm.events import known_events, read_events, read_history, read_whole_history
from chalicelib.crm.filing import filed_plainly
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.model import EventKind
from chalicelib.crm.service import KEPT_CHANGES, Service
from tests.crm.a_tenant import NOW, TODAY, a_tenant, asked, taken_on
from tests.simulation import MemoryDynamoDB

START = date(2026, 11, 1)


def day(number: int) -> date:
    return date(2026, 11, number)


@pytest.fixture(autouse=True)
def customers(engine: MemoryDynamoDB) -> None:
    """Beta's customer, and one of Gamma's that nothing happens to."""
    taken_on(a_tenant(), asked(start_on=START))
    taken_on(a_tenant("gamma"), asked(start_on=START))


def record(kind: EventKind, on: date, withdraws: EventKind | None = None) -> Service:
    change = AskedChange(kind, on, None, None, withdraws)
    return record_event(a_tenant(), 1, change, filed_plainly, TODAY, NOW, forget).subscriber.services[0]


def refused(kind: EventKind, on: date, withdraws: EventKind | None = None) -> str:
    before = (read_whole_history("beta", 1), find_subscriber("beta", 1))
    with pytest.raises(Conflict) as caught:
        record(kind, on, withdraws)
    assert (read_whole_history("beta", 1), find_subscriber("beta", 1)) == before
    return caught.value.code


def states(*days: int) -> list[str]:
    service = find_subscriber("beta", 1).services[0]
    return [service.status_on(day(number)).value for number in days]


def test_an_event_that_was_wrong_is_as_if_it_had_never_been() -> None:
    record(EventKind.DISABLE, day(5))
    assert states(4, 5) == ["active", "disabled"]
    record(EventKind.WITHDRAW, day(5), EventKind.DISABLE)
    assert states(4, 5) == ["active", "active"]
    assert [event.kind for event in read_history("beta", 1)] == [EventKind.CONNECT]
    assert [event.kind for event in read_events("beta", day(5), day(5))] == []
    kinds = [event.kind.value for event in read_whole_history("beta", 1)]
    assert kinds == ["connect", "disable", "withdraw"]
    assert len(read_history("gamma", 1)) == 1


def test_a_disconnection_is_taken_back_and_the_service_is_what_it_was() -> None:
    record(EventKind.DISABLE, day(3))
    record(EventKind.DISCONNECT, day(6))
    assert refused(EventKind.ENABLE, day(8)) == "service-disconnected"
    record(EventKind.WITHDRAW, day(6), EventKind.DISCONNECT)
    assert states(6, 8) == ["disabled", "disabled"]
    record(EventKind.ENABLE, day(8))
    assert states(7, 8) == ["disabled", "active"]


def test_of_two_on_a_day_the_newest_is_taken_back_and_each_once() -> None:
    record(EventKind.DISABLE, day(5))
    record(EventKind.ENABLE, day(5))
    record(EventKind.DISABLE, day(5))
    record(EventKind.WITHDRAW, day(5), EventKind.DISABLE)
    assert states(5) == ["active"]
    record(EventKind.WITHDRAW, day(5), EventKind.ENABLE)
    assert states(5) == ["disabled"]
    assert refused(EventKind.WITHDRAW, day(5), EventKind.ENABLE) == "no-such-event"


def test_what_was_recorded_later_has_to_stay_possible() -> None:
    record(EventKind.DISABLE, day(5))
    record(EventKind.ENABLE, day(9))
    assert refused(EventKind.WITHDRAW, day(5), EventKind.DISABLE) == "contradicts-later-event"
    assert refused(EventKind.START, day(6)) == "contradicts-later-event"
    assert refused(EventKind.START, START) == "same-start"


def test_a_service_begins_on_its_true_first_day_earlier_or_later() -> None:
    record(EventKind.DISABLE, day(7))
    service = record(EventKind.START, day(4))
    assert service.start_on == day(4)
    assert states(3, 4, 7) == ["scheduled", "active", "disabled"]
    record(EventKind.START, date(2026, 10, 20))
    assert find_subscriber("beta", 1).services[0].start_on == date(2026, 10, 20)
    [connect, disable] = read_history("beta", 1)
    assert (connect.kind, connect.effective_on, connect.since) == (EventKind.CONNECT, date(2026, 10, 20), START)
    assert disable.kind is EventKind.DISABLE


def test_a_first_day_that_comes_after_an_event_of_that_day_still_comes_before_it() -> None:
    record(EventKind.DISABLE, day(7))
    record(EventKind.START, day(7))
    assert [event.kind.value for event in read_events("beta", day(7), day(7))] == ["connect", "disable"]
    assert states(6, 7) == ["scheduled", "disabled"]


def test_an_event_far_back_that_the_row_has_forgotten_is_taken_back_too() -> None:
    for number in range(2, 2 + KEPT_CHANGES + 4):
        record((EventKind.DISABLE, EventKind.ENABLE)[number % 2], day(number))
    last = 1 + KEPT_CHANGES + 4
    record(EventKind.WITHDRAW, day(last), EventKind.ENABLE)
    record(EventKind.WITHDRAW, day(last - 1), EventKind.DISABLE)
    for number in range(last - 2, 1, -1):
        record(EventKind.WITHDRAW, day(number), (EventKind.DISABLE, EventKind.ENABLE)[number % 2])
    assert [event.kind for event in read_history("beta", 1)] == [EventKind.CONNECT]
    assert states(2, 5, last) == ["active"] * 3


def test_late_facts_are_known_up_to_a_number() -> None:
    record(EventKind.DISABLE, day(5))
    events = read_whole_history("beta", 1)
    late = [event if event.kind is EventKind.CONNECT else replace(event, late=3) for event in events]
    assert [event.kind.value for event in known_events(late, 2)] == ["connect"]
    assert [event.kind.value for event in known_events(late, 3)] == ["connect", "disable"]
    assert known_events(late) == late
