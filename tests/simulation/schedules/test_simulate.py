"""`make simulate` finds what is broken, and what it prints shows it again."""

import re
from collections.abc import Iterator

import pytest

from chalicelib.aws.tables import forget
from chalicelib.funds.model import Method
from tests.simulation.schedules import journey, simulate
from tests.simulation.schedules.acts import move, recharge
from tests.simulation.schedules.movement import Movement
from tests.simulation.schedules.movements import MOVEMENTS
from tests.simulation.schedules.play import Player, ScheduleFailed
from tests.simulation.schedules.simulate import Found, play_steps, replay, run_batch
from tests.simulation.schedules.stage import Stage, open_stage


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        yield opened


def recharge_without_a_claim(stage: Stage) -> None:
    """What a recharge must never be: asked again after a lost answer, it is done again."""
    move(stage, "beta", 500, Method.CASH, forget)


BROKEN = Movement("recharge-twice", recharge_without_a_claim)


def test_a_movement_that_can_happen_twice_is_found_at_its_write(stage: Stage) -> None:
    player = Player(stage, BROKEN)
    failed = []
    for schedule in player.singles():
        try:
            player.play(schedule)
        except ScheduleFailed:
            failed.append(str(schedule[0]))
    assert failed == [str(schedule[0]) for schedule in player.singles()], "even undisturbed, a repetition writes again"
    assert re.search(r"repeated, it was done after done and changed", _why(player, "throttled@1"))
    assert re.search(r"no order of doing things explains", _why(player, "crash-after@2"))


def _why(player: Player, text: str) -> str:
    with pytest.raises(ScheduleFailed) as failed:
        player.play((simulate.Disturbance.parse(text),))
    return str(failed.value)


def test_a_failure_prints_steps_and_a_seed_that_show_it_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(simulate, "MOVEMENTS", (BROKEN,))
    monkeypatch.setattr(simulate, "movement_named", {BROKEN.name: BROKEN}.__getitem__)
    found = Found()
    run_batch(stage, 4, found)
    assert found.failure is not None
    assert "SEED=4" in str(found.failure)
    assert f"make simulate STEPS='{found.failure.steps}'" in str(found.failure)
    with pytest.raises(ScheduleFailed):
        play_steps(stage, found.failure.steps)
    again = Found()
    run_batch(stage, 4, again)
    assert again.failure == found.failure
    monkeypatch.undo()
    assert replay("recharge-by-operator crash-after@2 lost-answer@3") == 0
    assert "Nothing is wrong" in capsys.readouterr().out


def test_a_journey_with_a_broken_movement_is_found_and_replayed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        journey.ACTS,
        "recharge",
        lambda name, child, minor, method: lambda stage: move(stage, child, int(minor), Method(method), forget),
    )
    found = Found()
    run_batch(stage, 1, found)
    assert found.failure is not None
    with pytest.raises(AssertionError):
        play_steps(stage, found.failure.steps)
    monkeypatch.undo()
    assert play_steps(stage, found.failure.steps) == len(found.failure.steps.split(";"))


def test_a_walk_that_fails_is_cut_down_and_replayed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        journey.ACTS,
        "entry",
        lambda name, tenant, minor: lambda stage: None,
    )
    found = Found()
    run_batch(stage, simulate.WALK_EVERY - 1, found)
    assert found.failure is not None
    assert len(found.failure.steps.split(";")) == 1, "one entry is enough to see it"
    with pytest.raises(AssertionError):
        play_steps(stage, found.failure.steps)


def test_it_runs_on_several_cores_and_tells_how_many_schedules_a_second(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate.simulate(1.0, "1200", cores=2) == 0
    told = capsys.readouterr().out
    assert "SEED=1200" in told
    assert re.search(r"[\d,]+ schedules in [\d.]+ s: \d+ a second", told)


def test_every_movement_can_be_named(stage: Stage) -> None:
    names = [movement.name for movement in MOVEMENTS]
    assert len(set(names)) == len(names)
    assert play_steps(stage, "settlement crash-before@3 lost-answer@9") == 1
    assert play_steps(stage, "recharge beta 500 cash | crash-before@2; wait") == 2


def test_the_same_recharge_with_its_claim_is_not_found(stage: Stage) -> None:
    player = Player(stage, Movement("recharge-once", recharge(500)))
    for schedule in player.singles():
        player.play(schedule)
