"""A router falls silent: which days were not delivered is known when it says how long it has been up."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.aws.tables import Put, write
from chalicelib.crm.suspension import mark_suspended
from chalicelib.network.model import Lending, Place
from chalicelib.network.register import RouterChange, edit_router
from chalicelib.network.silence import WAS_UP, look_through_silences
from chalicelib.network.store import lending_rows
from tests.conftest import SetClock
from tests.network.outages import Outages, day, outages
from tests.simulation import MemoryDynamoDB
from tests.world import plan, price, store_tenant, tenant


@pytest.fixture
def made(engine: MemoryDynamoDB, the_clock: SetClock) -> Iterator[Outages]:
    with outages(engine, the_clock) as one:
        yield one


def test_a_router_that_was_down_for_two_days_owes_two_days_which_are_credited(made: Outages) -> None:
    karim = made.place.subscriber("karim")
    made.place.deliver()
    made.settle()
    made.invoice()
    made.invoice(made.world.gamma_chain)
    made.falls_silent()
    made.at("2026-11-24T02:00:00")
    made.settle()
    made.tend()
    assert made.told() == [(23, "router", "suspected")]
    assert made.credited(karim) == []
    made.at("2026-11-25T03:00:00")
    made.tend()
    made.comes_back(up_for=timedelta(minutes=20))
    made.settle()
    made.tend()
    assert made.told() == [(23, "router", "credited"), (24, "router", "credited")]
    assert made.credited(karim) == [4_667], "the 23rd and 24th of 700.00 for 30 days: 560.00 less 513.33"
    note = made.documents(karim)[-1]
    assert {one.credit for one in made.days()} == {note.document_id}
    assert (note.about, note.lines[0].first, note.lines[0].last) == ("i1", day(23), day(24))
    assert note.balance_after_minor == 70_000 - 4_667
    made.check()
    made.tend()
    assert made.credited(karim) == [4_667]


def test_a_router_that_was_up_all_the_time_owes_nothing(made: Outages) -> None:
    karim = made.place.subscriber("karim")
    made.place.deliver()
    made.settle()
    made.invoice()
    made.falls_silent()
    made.at("2026-11-24T02:00:00")
    made.settle()
    made.tend()
    made.comes_back()
    made.tend()
    assert made.told() == [(23, "router", "withdrawn")]
    assert made.credited(karim) == []
    made.check()


def test_days_that_began_after_it_was_started_are_withdrawn(made: Outages) -> None:
    made.place.subscriber("karim")
    made.place.deliver()
    made.falls_silent()
    made.at("2026-11-26T05:00:00")
    made.settle()
    made.tend()
    assert made.told() == [(number, "router", "suspected") for number in (23, 24, 25)]
    made.at("2026-11-26T06:00:00")
    made.comes_back(up_for=timedelta(hours=40))  # since 20:00 in Dhaka on the 24th
    made.tend()
    assert made.told() == [(23, "router", "credited"), (24, "router", "withdrawn"), (25, "router", "withdrawn")]
    assert made.days()[1].note == WAS_UP


def test_what_is_silent_for_less_than_a_day_is_not_told(made: Outages) -> None:
    made.place.subscriber("karim")
    made.place.deliver()
    made.falls_silent()
    made.at("2026-11-23T17:59:00")
    made.comes_back(up_for=timedelta(minutes=1))
    made.at("2026-11-24T02:00:00")
    made.settle()
    made.tend()
    assert made.told() == []


def test_a_service_that_is_suspended_or_disabled_on_the_day_misses_nothing(made: Outages) -> None:
    karim, rahim = made.place.subscriber("karim"), made.place.subscriber("rahim")
    salma = made.place.subscriber("salma")
    made.place.deliver()
    mark_suspended("alpha", [(karim.services[0].number, karim.number)], day(22), "alpha", 1_800_000_000_000_000)
    made.place.event(rahim, "disable", day(23))
    made.falls_silent()
    made.at("2026-11-24T02:00:00")
    made.comes_back(up_for=timedelta(minutes=1))
    made.tend()
    assert [(one.day, one.subscriber) for one in made.days()] == [(day(23), salma.number)]


def test_a_day_is_that_of_the_tenant(made: Outages) -> None:
    made.place.subscriber("karim")
    made.place.deliver()
    made.at("2026-11-22T17:50:00")  # ten to midnight in Dhaka
    made.falls_silent()
    made.at("2026-11-23T18:10:00")
    made.comes_back(up_for=timedelta(minutes=5))
    made.settle()
    made.tend()
    assert [one.day for one in made.days()] == [day(23)]


def test_a_failed_sample_while_changes_get_through_is_no_silence(made: Outages) -> None:
    made.place.subscriber("karim")
    made.place.deliver()
    made.falls_silent()
    made.at("2026-11-22T07:00:00")
    made.place.simulated.faults.refuse_connections(False)
    made.place.subscriber("rahim")
    assert made.place.deliver().delivered == 1
    made.at("2026-11-24T06:00:00")
    made.comes_back(up_for=timedelta(minutes=1))
    made.tend()
    assert made.told() == []


def test_a_thousand_services_are_walked_a_page_at_a_time_and_go_on_where_it_ended(made: Outages) -> None:
    for number in range(450):
        made.place.subscriber(f"user{number}")
    made.falls_silent()
    made.at("2026-11-24T02:00:00")
    turns = iter([True, False] * 10)
    seen = []
    for _ in range(4):
        look_through_silences("alpha", made.clock.at, lambda: next(turns, False))
        seen.append(len(made.days()))
    assert seen == [200, 400, 450, 450]


def test_the_same_silence_is_another_day_for_whoever_it_is_lent_to_elsewhere(made: Outages) -> None:
    world, router_id = made.world, made.place.router_id
    delta = tenant("delta", world.alpha, day(1), "Pacific/Auckland")
    store_tenant(delta)
    price(world.alpha, delta, {"HOME": 57_500}, day(1))
    plan(delta, "HOME", 100_000, "alpha.HOME")
    world.recharge(world.alpha, delta, 100_000)
    write(*(Put(row) for row in lending_rows(Lending(router_id, "delta", Place(prefix="d-", pool="home")))))
    karim = made.place.subscriber("karim")
    aroha = world.connect((world.operator, world.alpha, delta), "aroha", "HOME", day(1))
    made.place.put_on(aroha)
    assert made.place.deliver().delivered == 2
    made.at("2026-11-23T10:30:00")  # half past eleven at night in Auckland, afternoon in Dhaka
    made.falls_silent()
    made.at("2026-11-24T11:30:00")  # half past midnight there, half past five here
    made.tend()
    assert made.days() == []
    assert [(one.day, one.subscriber, one.router_id) for one in made.days("delta")] == [
        (day(24), aroha.number, router_id)
    ]
    made.at("2026-11-24T18:30:00")
    made.comes_back(up_for=timedelta(minutes=5))
    made.tend()
    assert [(one.day, one.subscriber, one.status.value) for one in made.days()] == [
        (day(24), karim.number, "confirmed")
    ]
    assert [one.status.value for one in made.days("delta")] == ["confirmed"]


def test_no_day_is_told_from_when_the_router_was_switched_off_on(made: Outages) -> None:
    made.place.subscriber("karim")
    made.place.deliver()
    made.falls_silent()
    made.at("2026-11-24T05:00:00")  # eleven in the morning in Dhaka
    off = edit_router(made.world.alpha, made.place.router_id, RouterChange({"enabled": False}))
    assert not off.enabled
    made.at("2026-11-27T05:00:00")
    made.settle()
    made.tend()
    assert made.told() == []
    edit_router(made.world.alpha, made.place.router_id, RouterChange({"enabled": True}))
    made.at("2026-11-28T05:00:00")
    made.settle()
    made.tend()
    assert made.told() == [(23, "router", "suspected")]
    made.comes_back(up_for=timedelta(minutes=20))
    made.tend()
    assert made.told() == [(23, "router", "credited")]
    made.check()


def test_switched_off_and_on_while_it_answers_it_may_fall_silent_like_any_other(made: Outages) -> None:
    made.place.subscriber("karim")
    made.place.deliver()
    for enabled in (False, True):
        edit_router(made.world.alpha, made.place.router_id, RouterChange({"enabled": enabled}))
    made.at("2026-11-22T07:00:00")
    made.falls_silent()
    made.at("2026-11-24T02:00:00")
    made.settle()
    made.tend()
    assert made.told() == [(23, "router", "suspected")]
