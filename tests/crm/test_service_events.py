"""Events as they are stored and read; suspension and coming back, repeated, late and cut off."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.aws import keys
from chalicelib.aws.guards import no_guard
from chalicelib.aws.tables import ConditionFailed, forget, read, write
from chalicelib.core.errors import Conflict
from chalicelib.crm.change import AskedChange, record_event
from chalicelib.crm.connect import add_service
from chalicelib.crm.events import pack_numbers, read_events, read_history, resume_operation, unpack_numbers
from chalicelib.crm.filing import filed_plainly
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.model import EventKind
from chalicelib.crm.service import KEPT_CHANGES
from chalicelib.crm.store import EventRow
from chalicelib.crm.suspension import mark_resumed, mark_suspended
from tests.crm.a_tenant import NOW, TODAY, a_tenant, asked, taken_on
from tests.simulation.dynamodb import MemoryDynamoDB

DAY = date(2026, 11, 20)
NEXT = date(2026, 11, 21)
LATER = date(2026, 11, 22)


def record(kind: EventKind, on: date, service: int | None = None) -> None:
    change = AskedChange(kind, on, None, service)
    record_event(a_tenant(), 1, change, filed_plainly, TODAY, NOW, forget)


def test_an_event_is_under_its_day_and_in_the_history(database: None) -> None:
    taken_on(a_tenant(), asked(start_on=DAY))
    taken_on(a_tenant("gamma"), asked(start_on=DAY))
    record(EventKind.DISABLE, LATER)
    record(EventKind.ENABLE, LATER)
    connected, disabled, enabled = read_history("beta", 1)
    assert [event.kind.value for event in (connected, disabled, enabled)] == ["connect", "disable", "enable"]
    assert enabled.recorded_micros == disabled.recorded_micros + 1 == connected.recorded_micros + 2
    assert read_events("beta", DAY, DAY) == [connected]
    assert read_events("beta", NEXT, LATER) == [disabled, enabled]
    assert read_events("beta", None, NEXT) == [connected]
    assert len(read_events("gamma", None, LATER)) == 1


def test_an_event_far_back_is_judged_with_the_history(engine: MemoryDynamoDB) -> None:
    start = date(2026, 10, 1)
    taken_on(a_tenant(), asked(start_on=start))
    for number in range(20):
        record((EventKind.DISABLE, EventKind.ENABLE)[number % 2], start + timedelta(days=2 * number + 1))
    [service] = find_subscriber("beta", 1).services
    assert len(service.changes) == KEPT_CHANGES
    with pytest.raises(Conflict) as caught:
        record(EventKind.DISABLE, start + timedelta(days=2))
    assert caught.value.code == "already-disabled"
    record(EventKind.DISCONNECT, TODAY)
    assert len(read_history("beta", 1)) == 22


@given(st.sets(st.integers(1, 10**9), min_size=1, max_size=300))
def test_packed_numbers_come_back(numbers: set[int]) -> None:
    assert unpack_numbers(pack_numbers(list(numbers))) == tuple(sorted(numbers))


def test_a_resume_of_a_hundred_thousand_services_is_one_small_row(engine: MemoryDynamoDB) -> None:
    numbers = [n * 7919 % 1_000_003 for n in range(1, 100_001)]
    operation = resume_operation("beta", numbers, DAY, 5_000)
    write(operation)
    [event] = read_events("beta", DAY, DAY)
    assert event.kind is EventKind.RESUME
    assert event.service_numbers == tuple(sorted(numbers))
    row = read(EventRow, operation.row.key)
    assert row is not None
    assert len(row.numbers) <= 300_000
    with pytest.raises(ConditionFailed):
        write(resume_operation("beta", numbers, DAY, 5_000))
    write(resume_operation("beta", [1_000_001], DAY, 5_000))
    assert len(read_events("beta", DAY, DAY)) == 2


def subscribers_with_two_services(count: int) -> list[tuple[int, int]]:
    """(service, subscriber) numbers of the first services of that many customers of Beta, who each have two."""
    for number in range(1, count + 1):
        taken_on(a_tenant(), asked(username=f"user{number}", start_on=DAY))
    for number in range(1, count + 1):
        add_service(
            a_tenant(), number, replace(asked(start_on=DAY).line, username=f"shop{number}"), no_guard(), NOW, forget
        )
    taken_on(a_tenant("gamma"), asked(start_on=DAY))
    return [(number, number) for number in range(1, count + 1)]


def suspension_of(number: int) -> tuple[str, date | None, str | None]:
    service = find_subscriber("beta", number).services[0]
    held = service.suspension_on(TODAY)
    return service.status_on(TODAY).value, held and held.on, held and held.because


def kinds_of(number: int) -> list[str]:
    return [event.kind.value for event in read_history("beta", number) if event.service_number == number]


def test_suspended_services_say_since_when_and_who_is_short(engine: MemoryDynamoDB) -> None:
    services = subscribers_with_two_services(3)
    mark_suspended("beta", services[1:], NEXT, "upstream", 5_000)
    assert suspension_of(1) == ("active", None, None)
    assert suspension_of(2) == suspension_of(3) == ("suspended", NEXT, "upstream")
    assert find_subscriber("beta", 2).services[1].suspension is None
    event = read_history("beta", 2)[-1]
    assert (event.kind.value, event.effective_on, event.recorded_micros, event.reason) == (
        "suspend",
        NEXT,
        5_000,
        "upstream",
    )
    assert find_subscriber("gamma", 1).services[0].suspension is None
    mark_resumed("beta", services[1:2], LATER, 6_000)
    assert (suspension_of(2)[0], suspension_of(3)[0]) == ("active", "suspended")
    assert kinds_of(2) == ["connect", "suspend", "resume"]


def test_marking_costs_two_units_a_service_and_nothing_when_repeated(engine: MemoryDynamoDB) -> None:
    services = subscribers_with_two_services(120)
    with engine.measured() as cost:
        mark_suspended("beta", services, NEXT, "self", 5_000)
    # A row of the history and the subscriber's row, each one unit; two reads, five batches.
    assert (cost.write_units, cost.requests) == (240, 2 + 5 + 120)
    with engine.measured() as cost:
        mark_suspended("beta", services, NEXT, "self", 5_000)
    assert (cost.write_units, cost.requests) == (0, 2)


def test_a_late_repetition_never_undoes_a_newer_decision(engine: MemoryDynamoDB) -> None:
    services = subscribers_with_two_services(1)
    mark_resumed("beta", services, LATER, 6_000)
    mark_suspended("beta", services, NEXT, "self", 5_000)
    assert suspension_of(1)[0] == "active"
    assert kinds_of(1) == ["connect", "suspend", "resume"]
    mark_suspended("beta", services, LATER, "parent", 7_000)
    mark_resumed("beta", services, LATER, 6_000)
    mark_suspended("beta", services, NEXT, "self", 5_000)
    assert suspension_of(1) == ("suspended", LATER, "parent")
    assert kinds_of(1) == ["connect", "suspend", "resume", "suspend"]


def test_marking_that_is_cut_off_anywhere_is_finished_by_doing_it_again(engine: MemoryDynamoDB) -> None:
    services = subscribers_with_two_services(3)

    def cut_at(call: int, when: str) -> Callable[..., None]:
        calls = {"before": 0, "after": 0}

        def faults(phase: str, number: int, operation: str, parameters: object) -> None:
            calls[phase] += 1
            if phase == when and calls[phase] == call:
                raise KeyboardInterrupt

        return faults

    for place, (call, when) in enumerate((call, when) for call in range(1, 6) for when in ("before", "after")):
        on, micros = NEXT + timedelta(days=place - 20), 5_000 + place
        engine.faults = cut_at(call, when)
        with pytest.raises(KeyboardInterrupt):
            mark_suspended("beta", services, on, "self", micros)
        engine.faults = None
        mark_suspended("beta", services, on, "self", micros)
        assert [suspension_of(number)[1] for number in (1, 2, 3)] == [on] * 3
        assert [kinds_of(number).count("suspend") for number in (1, 2, 3)] == [place + 1] * 3


def test_an_event_recorded_meanwhile_is_not_lost(engine: MemoryDynamoDB) -> None:
    services = subscribers_with_two_services(1)
    met = []

    def faults(phase: str, number: int, operation: str, parameters: object) -> None:
        if operation == "UpdateItem" and phase == "before" and not met:
            met.append(number)
            engine.faults = None
            record(EventKind.DISABLE, TODAY, 1)
            engine.faults = faults

    engine.faults = faults
    mark_suspended("beta", services, NEXT, "self", 5_000)
    [service, _] = find_subscriber("beta", 1).services
    assert service.status_on(TODAY).value == "disabled"
    assert service.suspension is not None
    assert keys.history("beta", 1) != keys.history("gamma", 1)
