"""All routers of a tenant fall silent together: nobody was cut off by that, also where one was started anew meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from chalicelib.core.dates import from_micros
from chalicelib.network.model import Place, Router
from chalicelib.network.register import RouterChange, edit_router
from chalicelib.network.shared_silence import SilentTime, was_shared
from chalicelib.network.silence import OUR_WAY
from chalicelib.network.worker import carry_out
from local.routeros.router import Router as Simulated
from local.routeros.server import RouterServer
from tests.conftest import SetClock
from tests.network.outages import Outages, outages
from tests.network.site import PASSWORD, register
from tests.simulation import MemoryDynamoDB

MINUTE = timedelta(minutes=1)
M = 60_000_000


class Two(Outages):
    """The outages of a site with a second router of Alpha's, and Gamma's, which answer unless told otherwise."""

    second: Simulated
    second_id: str
    gammas_id: str

    def sample_second(self, *, answers: bool) -> None:
        self.second.faults.refuse_connections(not answers)
        carry_out({"do": "sample", "router": self.second_id})

    def sample_gammas(self) -> None:
        carry_out({"do": "sample", "router": self.gammas_id})

    def wait(self, minutes: int) -> None:
        self.clock.at += minutes * MINUTE
        self.place.simulated.pass_time(60.0 * minutes)
        self.second.pass_time(60.0 * minutes)


@contextmanager
def second_router(made: Outages) -> Iterator[Two]:
    made.__class__ = Two
    assert isinstance(made, Two)
    made.second, gammas = Simulated("alpha-edge", password=PASSWORD), Simulated("gamma-core", password=PASSWORD)
    with RouterServer(made.second) as server, RouterServer(gammas) as other:
        made.second_id = register(made.world.alpha, server.port, "rmain0002").router_id
        made.gammas_id = register(made.world.gamma, other.port, "rgamma001").router_id
        made.sample()
        made.sample_second(answers=True)
        made.sample_gammas()
        made.wait(5)
        yield made


@pytest.fixture
def made(engine: MemoryDynamoDB, the_clock: SetClock) -> Iterator[Two]:
    with outages(engine, the_clock) as one, second_router(one) as two:
        two.place.subscriber("karim")
        two.place.deliver()
        two.settle()
        two.invoice()
        yield two


def silent_for_two_days(made: Two, between: Callable[[], None] = lambda: None) -> None:
    """The first router until the 25th, when it was started twenty minutes ago; `between` is just after it fell silent."""
    made.falls_silent()
    between()
    made.sample_gammas()
    made.at("2026-11-24T03:00:00")
    made.settle()
    made.tend()
    made.at("2026-11-25T03:00:00")
    made.settle()
    made.comes_back(up_for=timedelta(minutes=20))


def second_falls_silent(made: Two, minutes: int = 5) -> None:
    made.wait(minutes)
    made.sample_second(answers=False)


def test_silent_together_and_back_together_nothing_is_owed_though_one_was_started_meanwhile(made: Two) -> None:
    silent_for_two_days(made, lambda: second_falls_silent(made))
    made.tend()
    assert made.told() == [(23, "router", "suspected"), (24, "router", "suspected")], "the other may still come back"
    made.wait(10)
    made.sample_second(answers=True)
    made.tend()
    assert made.told() == [(23, "router", "withdrawn"), (24, "router", "withdrawn")]
    assert {one.note for one in made.days()} == {OUR_WAY}
    made.tend()
    made.check()


@pytest.mark.parametrize("late", ["silent", "back", "never back"])
def test_where_another_router_was_not_silent_at_the_same_time_the_days_are_owed(made: Two, late: str) -> None:
    silent_for_two_days(made, lambda: second_falls_silent(made, 11 if late == "silent" else 5))
    if late != "never back":
        made.wait(11 if late == "back" else 5)
        made.sample_second(answers=True)
    made.wait(15)
    made.settle()
    made.tend()
    assert made.told() == [(23, "router", "credited"), (24, "router", "credited")]
    made.check()


def test_where_another_router_answered_all_the_time_the_days_are_owed_at_once(made: Two) -> None:
    silent_for_two_days(made, lambda: made.sample_second(answers=True))
    made.tend()
    assert made.told() == [(23, "router", "credited"), (24, "router", "credited")]


@pytest.mark.parametrize("case", ["dead for long", "switched off", "never asked"])
def test_a_router_that_could_tell_nothing_is_left_out_and_of_one_alone_nothing_is_known(
    made: Two, engine: MemoryDynamoDB, case: str
) -> None:
    if case == "dead for long":
        made.sample_second(answers=False)
        made.wait(60)
    silent_for_two_days(made, lambda: None if case == "dead for long" else second_falls_silent(made))
    if case == "switched off":
        edit_router(made.world.alpha, made.second_id, RouterChange({"enabled": False}))
    if case == "never asked":
        register(made.world.alpha, 1, "rmain0003")
        made.wait(2)
        made.sample_second(answers=True)
    made.tend()
    told = "withdrawn" if case == "never asked" else "credited"
    assert made.told() == [(23, "router", told), (24, "router", told)]


def silent(name: str, since: int, answered: int | None) -> SilentTime:
    """In minutes."""
    return SilentTime(f"alpha.{name}", since * M, None if answered is None else answered * M)


def a_router(name: str, created: int = 0) -> Router:
    place = Place()
    return Router(
        f"alpha.{name}", name, "10.0.0.1", 8728, False, None, "admin", "x", place, created_at_micros=created * M
    )


FIRST = silent("first", 1_000, 5_000)


@pytest.mark.parametrize(
    ("others", "created", "shared"),
    [
        ([silent("second", 1_009, 5_009)], 0, True),
        ([silent("second", 1_010, 4_990)], 0, True),
        ([silent("second", 1_011, 5_000)], 0, False),
        ([silent("second", 1_000, 5_011)], 0, False),
        ([silent("second", 1_000, None)], 0, None),
        ([silent("second", 1_006, 5_000), silent("third", 994, 5_000)], 0, False),
        ([silent("second", 1_006, 5_000), silent("third", 997, 5_000)], 0, True),
        ([silent("second", 1_000, 5_000), silent("third", 10, None)], 0, True),
        ([silent("second", 1_000, 5_000), silent("third", 10, 4_000)], 0, True),
        ([silent("second", 1_000, 5_000), silent("third", 10, 900)], 0, False),
        ([silent("second", 1_000, 5_000), silent("third", 2_000, None)], 0, False),
        ([silent("second", 1_000, 5_000), silent("third", 2_000, None)], 1_500, True),
        ([silent("third", 10, None)], 0, False),
        ([], 0, False),
    ],
)
def test_all_that_could_tell_were_silent_together(others: list[SilentTime], created: int, shared: bool | None) -> None:
    names = dict.fromkeys(one.router_id.removeprefix("alpha.") for one in others)
    routers = [a_router("first"), *(a_router(name, created if name == "third" else 0) for name in names)]
    now = from_micros(5_014 * M)
    assert was_shared(FIRST, [FIRST, *others], routers, now) is shared
    assert was_shared(FIRST, [FIRST, *others], routers, now + MINUTE) is bool(shared)
