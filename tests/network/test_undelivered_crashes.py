"""A worker that is killed at any call of the database loses no undelivered day and tells of none twice."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import SetClock
from tests.network.outages import Outages, day, outages
from tests.retail.test_invoice_run import Crash, crash_at
from tests.simulation import MemoryDynamoDB


@pytest.fixture
def made(engine: MemoryDynamoDB, the_clock: SetClock) -> Iterator[Outages]:
    with outages(engine, the_clock) as one:
        yield one


def killed_everywhere(
    made: Outages, when: str, act: Callable[[], object], again: Callable[[], object], undo: Callable[[], object]
) -> tuple[Any, int]:
    """What is told at the end, the same wherever it was killed and done again; and at how many calls it was."""
    start, clock = made.engine.remember(), made.clock.at
    act()
    again()
    expected = made.told()
    for call in range(1, 300):
        made.engine.rewind(start)
        made.clock.at = clock
        undo()
        crash_at(made.engine, call, when)
        try:
            act()
            made.engine.faults = None
            return expected, call
        except Crash:
            made.engine.faults = None
        again()
        assert made.told() == expected, call
        made.check()
    raise AssertionError("it never ends")


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_end_of_a_silence_and_the_look_after_it(made: Outages, when: str) -> None:
    made.place.subscriber("karim")
    made.place.subscriber("rahim")
    made.place.deliver()
    made.settle()
    made.invoice()
    made.falls_silent()
    made.at("2026-11-25T03:00:00")
    made.settle()
    made.tend()
    made.place.simulated.restart()
    made.place.simulated.pass_time(30 * 3600)  # at 03:00 in Dhaka on the 24th: that day is not whole

    def returns() -> None:
        made.place.simulated.faults.refuse_connections(False)
        made.sample()
        made.tend()

    told, calls = killed_everywhere(made, when, returns, returns, lambda: None)
    assert told == [(23, "router", "credited")] * 2 + [(24, "router", "withdrawn")] * 2
    assert calls > 30


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_delivery_of_what_was_off(made: Outages, when: str) -> None:
    karim = made.place.subscriber("karim")
    made.place.event(karim, "disable", day(22))
    made.place.deliver()
    made.place.event(karim, "enable", day(22))
    made.at("2026-11-25T03:00:00")

    def off_again() -> None:
        [row] = made.place.simulated.rows("/ppp/secret", name="karim")
        with made.place.simulated.command():
            made.place.simulated.alter("/ppp/secret", int(row[".id"][1:], 16), {"disabled": "yes"})

    def past_the_lease() -> None:
        made.clock.at += timedelta(seconds=80)
        made.place.deliver()
        assert made.place.waiting() == 0

    told, calls = killed_everywhere(made, when, made.place.deliver, past_the_lease, off_again)
    assert told == [(23, "change", "confirmed"), (24, "change", "confirmed")]
    assert calls > 10
