"""A router whose worker is known to be gone: the next one has it at once, and knows that something may be half done."""

import pytest

from chalicelib.aws import clock
from chalicelib.network.state import give_back, let_go, take_lease
from tests.conftest import SetClock
from tests.simulation import MemoryDynamoDB


@pytest.fixture(autouse=True)
def _store(engine: MemoryDynamoDB, the_clock: SetClock) -> None:
    """Nothing is kept yet."""


def test_a_router_that_is_let_go_is_taken_at_once_and_what_was_begun_there_is_uncertain() -> None:
    left, other = take_lease("alpha.r1", clock.now()), take_lease("gamma.r2", clock.now())
    assert left is not None
    assert other is not None
    assert take_lease("alpha.r1", clock.now()) is None
    let_go("alpha.r1")
    again = take_lease("alpha.r1", clock.now())
    assert again is not None
    assert (left.is_uncertain, again.is_uncertain) == (False, True)
    assert take_lease("gamma.r2", clock.now()) is None, "nobody let go of that"


def test_the_worker_that_was_gone_after_all_gives_nothing_back() -> None:
    left = take_lease("alpha.r1", clock.now())
    assert left is not None
    let_go("alpha.r1")
    again = take_lease("alpha.r1", clock.now())
    assert again is not None
    give_back(left, clock.now(), answered=True)
    assert take_lease("alpha.r1", clock.now()) is None


def test_to_let_go_of_a_router_that_nobody_had_makes_nothing_uncertain() -> None:
    let_go("alpha.r1")
    taken = take_lease("alpha.r1", clock.now())
    assert taken is not None
    assert not taken.is_uncertain
