"""Changes that do not get to their router: the days in between were not delivered where the service was off."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.crm.suspension import mark_resumed, mark_suspended
from chalicelib.network.model import Method
from chalicelib.network.refused import all_refused
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


def test_a_refused_change_of_three_days_is_told_day_by_day_and_credited(made: Outages) -> None:
    karim = made.place.connect("karim")
    made.settle()
    made.invoice()
    made.place.simulated.add("/ppp/secret", {"name": "karim", "password": "old", "comment": "uncle's line"})
    made.place.put_on(karim)
    refused_until(made)
    for number in (24, 25, 26):
        made.at(f"2026-11-{number}T02:00:00")
        made.settle()
        made.tend()
        made.tend()
    assert made.told() == [(number, "change", "credited") for number in (23, 24, 25)]
    assert made.credited(karim) == [2_334, 2_333, 2_333], "the 23rd, 24th and 25th of 700.00 for 30 days"
    made.check()


def test_a_refused_change_that_is_tried_again_has_been_off_all_the_time(made: Outages) -> None:
    karim = made.place.connect("karim")
    made.place.simulated.add("/ppp/secret", {"name": "karim", "password": "old", "comment": "uncle's line"})
    made.place.put_on(karim)
    refused_until(made)
    made.at("2026-11-25T02:00:00")
    with made.place.simulated.command():
        made.place.simulated.delete("/ppp/secret", 1)
    retry_refused("alpha", made.place.router, made.clock.at)
    made.place.deliver()
    assert made.place.secret("karim") is not None
    assert made.told() == [(23, "change", "confirmed"), (24, "change", "confirmed")]


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
