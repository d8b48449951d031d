"""Changes that do not get to their router: the days in between were not delivered where the service was off."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.core.dates import to_micros
from chalicelib.crm.access_change import AccessChange
from chalicelib.crm.outbox import add_changes
from chalicelib.crm.suspension import mark_resumed, mark_suspended
from chalicelib.network.cut_off import WAS_ON
from chalicelib.network.model import Method
from chalicelib.network.refused import all_refused, as_changes
from chalicelib.network.retry import retry_refused
from tests.conftest import SetClock
from tests.network.outages import Outages, day, outages
from tests.simulation import MemoryDynamoDB


@pytest.fixture
def made(engine: MemoryDynamoDB, the_clock: SetClock) -> Iterator[Outages]:
    with outages(engine, the_clock) as one:
        yield one


def wrong_password(made: Outages) -> None:
    """The router is there and lets nobody in: that is no silence."""
    made.place.simulated.faults.wrong_password()
    assert made.place.deliver().status == "failed"
    made.sample()


def right_again(made: Outages) -> None:
    made.place.simulated.faults.clear()
    made.clock.at += timedelta(minutes=5)
    assert made.place.deliver().status == "done"


def refused_until(made: Outages) -> None:
    """Try until the router has refused it for good."""
    for pause in (0, 6, 21, 81, 321):
        made.clock.at += timedelta(seconds=pause)
        made.place.deliver()
    assert len(all_refused(made.place.router_id)) == 1


def test_a_service_that_was_enabled_and_stayed_off_for_two_whole_days(made: Outages) -> None:
    karim, rahim = made.place.subscriber("karim"), made.place.subscriber("rahim")
    made.place.event(karim, "disable", day(22))
    made.place.deliver()
    made.settle()
    made.place.event(karim, "enable", day(22))
    made.invoice()
    wrong_password(made)
    made.at("2026-11-25T03:00:00")
    made.settle()
    made.tend()
    assert [(one.day, one.subscriber, one.status.value) for one in made.days()] == [
        (day(23), karim.number, "suspected"),
        (day(24), karim.number, "suspected"),
    ]
    right_again(made)
    made.tend()
    assert made.told() == [(23, "change", "credited"), (24, "change", "credited")]
    assert made.credited(karim) == [4_667]
    assert made.credited(rahim) == []
    made.check()


def test_a_service_that_ends_before_it_was_ever_turned_on_has_missed_the_days_before(made: Outages) -> None:
    karim = made.place.connect("karim")
    made.place.put_on(karim)
    wrong_password(made)
    made.at("2026-11-25T03:00:00")
    made.tend()
    made.place.event(karim, "disconnect", day(25))
    right_again(made)
    assert made.place.secret("karim") is None
    assert made.told() == [(23, "change", "confirmed"), (24, "change", "confirmed")]


def test_a_change_that_had_nothing_to_turn_on_leaves_no_day(made: Outages) -> None:
    karim = made.place.subscriber("karim")
    made.place.deliver()
    made.place.event(karim, "change_plan", day(22), "FAST")
    wrong_password(made)
    made.at("2026-11-24T03:00:00")
    made.tend()
    assert made.told() == [(23, "change", "suspected")]
    right_again(made)
    made.tend()
    assert made.told() == [(23, "change", "withdrawn")]


def test_delivered_within_the_day_or_by_the_next_noon_there_is_no_whole_day(made: Outages) -> None:
    made.place.subscriber("karim")
    wrong_password(made)
    made.at("2026-11-23T17:00:00")
    right_again(made)
    made.at("2026-11-24T03:00:00")
    made.tend()
    assert made.told() == []


def looked_at_again(made: Outages) -> None:
    """What the comparison of the night does with what was refused: it is due again, beside what is known of it."""
    due = to_micros(made.clock.at)
    add_changes([replace(one, due_micros=due) for one in as_changes(all_refused(made.place.router_id), due)])


def test_a_refused_change_of_three_days_is_suspected_and_told_by_each_look_at_the_router(made: Outages) -> None:
    karim = made.place.connect("karim")
    made.settle()
    made.invoice()
    made.place.simulated.faults.disk_full()
    made.place.put_on(karim)
    refused_until(made)
    made.at("2026-11-24T02:00:00")
    made.settle()
    made.tend()
    assert made.told() == [(23, "change", "suspected")]
    looked_at_again(made)
    refused_until(made)
    made.tend()
    assert made.told() == [(23, "change", "credited")]
    for number in (25, 26):
        made.at(f"2026-11-{number}T02:00:00")
        made.settle()
        made.tend()
    assert made.told()[1:] == [(24, "change", "suspected"), (25, "change", "suspected")]
    looked_at_again(made)
    made.place.deliver()
    made.tend()
    assert made.told() == [(number, "change", "credited") for number in (23, 24, 25)]
    assert made.credited(karim) == [2_334, 2_333 + 2_333], "the 23rd, and the 24th and 25th, of 700.00 for 30 days"
    made.check()


def test_a_refused_change_that_somebody_has_done_by_hand_owes_no_day_after_the_last_look(made: Outages) -> None:
    karim = made.place.connect("karim")
    made.place.simulated.faults.disk_full()
    made.place.put_on(karim)
    refused_until(made)
    made.at("2026-11-22T08:00:00")
    made.place.simulated.faults.clear()
    made.place.simulated.add("/ppp/secret", {"name": "karim", "password": "karim", "comment": "by hand"})
    for number in (24, 25):
        made.at(f"2026-11-{number}T02:00:00")
        made.settle()
        made.tend()
    assert made.told() == [(23, "change", "suspected"), (24, "change", "suspected")]
    looked_at_again(made)
    refused_until(made)
    made.at("2026-11-27T02:00:00")
    made.settle()
    made.tend()
    assert made.told() == [(23, "change", "withdrawn"), (24, "change", "withdrawn")]
    assert {one.note for one in made.days()} == {WAS_ON}
    assert made.credited(karim) == []
    made.check()


def test_a_refused_change_that_is_tried_again_has_been_off_all_the_time(made: Outages) -> None:
    karim = made.place.connect("karim")
    made.place.simulated.faults.disk_full()
    made.place.put_on(karim)
    refused_until(made)
    made.at("2026-11-25T02:00:00")
    made.place.simulated.faults.clear()
    retry_refused("alpha", made.place.router, made.clock.at)
    made.place.deliver()
    assert made.place.secret("karim") is not None
    assert made.told() == [(23, "change", "confirmed"), (24, "change", "confirmed")]


@pytest.mark.parametrize("method", ["pppoe", "hotspot", "static"])
def test_who_gets_on_by_an_entry_of_somebody_else_is_not_cut_off(made: Outages, method: str) -> None:
    karim = made.place.connect("karim")
    menu, row = {
        "pppoe": ("/ppp/secret", {"name": "karim", "password": "old"}),
        "hotspot": ("/ip/hotspot/user", {"name": "karim", "password": "old"}),
        "static": ("/ip/firewall/address-list", {"list": "active", "address": "10.30.0.7"}),
    }[method]
    made.place.simulated.add(menu, {**row, "comment": "uncle's line"})
    made.place.put_on(karim, Method(method), **({"address": "10.30.0.7"} if method == "static" else {}))
    refused_until(made)
    assert all_refused(made.place.router_id)[0].off_since_micros is None
    for number in (24, 25):
        made.at(f"2026-11-{number}T02:00:00")
        made.settle()
        made.tend()
        looked_at_again(made)
        made.place.deliver()
    assert made.told() == []
    made.check()


def test_the_entry_of_somebody_else_that_is_off_lets_nobody_on(made: Outages) -> None:
    karim = made.place.connect("karim")
    row = {"name": "karim", "password": "old", "comment": "uncle's line", "disabled": "yes"}
    made.place.simulated.add("/ppp/secret", row)
    made.place.put_on(karim)
    refused_until(made)
    made.at("2026-11-24T02:00:00")
    looked_at_again(made)
    made.place.deliver()
    assert made.told() == [(23, "change", "confirmed")]


@pytest.mark.parametrize(
    ("before", "after"), [("pppoe", "hotspot"), ("hotspot", "pppoe"), ("pppoe", "static"), ("static", "pppoe")]
)
def test_after_a_change_of_method_the_entry_of_the_one_before_still_lets_on(
    made: Outages, before: str, after: str
) -> None:
    def access(method: str) -> dict[str, str]:
        return {"address": "10.30.0.7"} if method == "static" else {}

    karim = made.place.connect("karim")
    made.place.put_on(karim, Method(before), **access(before))
    made.place.deliver()
    made.place.put_on(karim, Method(after), **access(after))
    number, due = karim.services[0].number, to_micros(made.clock.at)
    add_changes([AccessChange(made.place.router_id, "alpha", karim.number, number, ("karim",), due, "moved")])
    wrong_password(made)
    made.at("2026-11-25T03:00:00")
    made.tend()
    assert made.told() == [(23, "change", "suspected"), (24, "change", "suspected")]
    right_again(made)
    assert made.told() == [(23, "change", "withdrawn"), (24, "change", "withdrawn")]


def test_a_day_within_that_was_suspended_is_not_told(made: Outages) -> None:
    karim = made.place.subscriber("karim")
    numbers = (karim.services[0].number, karim.number)
    mark_suspended("alpha", [numbers], day(20), "alpha", 1_800_000_000_000_000)
    made.place.deliver()
    mark_resumed("alpha", [numbers], day(22), 1_800_000_000_000_001)
    wrong_password(made)
    made.at("2026-11-24T06:00:00")
    mark_suspended("alpha", [numbers], day(24), "alpha", 1_800_000_000_000_002)
    made.at("2026-11-25T06:00:00")
    mark_resumed("alpha", [numbers], day(25), 1_800_000_000_000_003)
    made.at("2026-11-26T06:00:00")
    right_again(made)
    assert made.told() == [(23, "change", "confirmed"), (25, "change", "confirmed")]


@pytest.mark.parametrize("access", [{"method": Method.HOTSPOT}, {"method": Method.STATIC, "address": "10.30.0.7"}])
def test_other_methods_are_told_alike(made: Outages, access: dict[str, object]) -> None:
    karim = made.place.subscriber("karim", **access)
    made.place.event(karim, "disable", day(22))
    made.place.deliver()
    made.place.event(karim, "enable", day(22))
    wrong_password(made)
    made.at("2026-11-24T06:00:00")
    right_again(made)
    assert made.told() == [(23, "change", "confirmed")]
