"""Settlement under several disturbances: every pair of them, and any number of faults that break it off."""

import random
from collections.abc import Iterator

import pytest

from chalicelib.billing.state import read_days, read_state
from chalicelib.crm.find import find_subscriber
from chalicelib.funds.limits import read_limits
from chalicelib.ledger.tie_outs import tie_out
from chalicelib.ledger.verify import verify_book
from tests.invariants import check_invariants
from tests.simulation.schedules.acts import DAILY_MINOR, recharge, settle
from tests.simulation.schedules.movements import movement_named
from tests.simulation.schedules.pairs import literal_pairs, play_all_that_break_it_off, play_pairs
from tests.simulation.schedules.play import Player
from tests.simulation.schedules.stage import FIRST, Stage, open_stage


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        yield opened


def test_the_day_that_is_disturbed_has_a_cut(stage: Stage) -> None:
    """Three days of HOME at 19.16 of 60.00, two services without one; Alpha earns 2.50 of each and pays 16.66."""
    stage.reset()
    settle()(stage)
    day, state = read_days([("beta", FIRST)])[0], read_state("beta")
    assert day is not None
    assert (day.charged, day.suspended, day.paid_minor) == (3, 2, (5_748, 4_998))
    assert (state.last_day, state.held, state.marks, state.parked) == (FIRST, 2, (), None)
    funds = read_limits(("alpha", "beta", "gamma"))
    assert {name: fund.balance_minor for name, fund in funds.items()} == {"alpha": 94_750, "beta": 252, "gamma": 5_000}
    suspended = [find_subscriber("beta", number).services[0].suspension is not None for number in range(1, 6)]
    assert suspended == [False, False, False, True, True]
    assert [verify_book(tenant).entries for tenant in ("op", "alpha", "beta", "gamma")] == [3, 4, 2, 1]
    assert [one.difference_minor for one in tie_out("op", ["alpha", "gamma"])] == [0, 0]
    check_invariants()


def test_a_recharge_in_time_moves_the_cut_and_one_too_late_does_not(stage: Stage) -> None:
    """What "in either order" means: 4 services or 3, and the funds to the unit in both."""
    balances = set()
    for acts in ((recharge(DAILY_MINOR), settle()), (settle(), recharge(DAILY_MINOR))):
        stage.reset()
        for act in acts:
            act(stage)
        funds = read_limits(("alpha", "beta"))
        balances.add((funds["alpha"].balance_minor, funds["beta"].balance_minor))
    assert balances == {(93_083, 253), (92_833, 2_169)}


def test_every_pair_of_faults_ends_in_the_same_books(stage: Stage) -> None:
    covered = play_pairs(Player(stage, movement_named("settlement")))
    assert covered.schedules > 8_000
    assert covered.states == 8


@pytest.mark.parametrize("other", ["again", "recharge", "event"])
def test_every_pair_of_a_fault_and_somebody_beside_it_ends_as_if_they_had_come_in_turn(
    stage: Stage, other: str
) -> None:
    covered = play_pairs(Player(stage, movement_named("settlement")), [other])
    assert covered.schedules > 2_500


def test_faults_in_any_number_leave_only_states_from_which_it_is_finished(stage: Stage) -> None:
    """Eight states of the database: before the pin, and after each of the seven writes but the last."""
    covered = play_all_that_break_it_off(Player(stage, movement_named("settlement")))
    assert covered.states == 8


def test_pairs_that_another_one_stands_for_end_the_same_when_they_are_played(stage: Stage) -> None:
    player = Player(stage, movement_named("settlement"))
    pairs = list(literal_pairs(player))
    assert len(pairs) == play_pairs(player).schedules
    for pair in random.Random(9).sample(pairs, 150):
        player.play(pair)
