"""Every movement of money, with every fault and everybody beside it at every one of its calls."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.simulation.schedules.faults import MEANWHILE
from tests.simulation.schedules.movement import Movement
from tests.simulation.schedules.movements import MOVEMENTS
from tests.simulation.schedules.play import DONE, Player
from tests.simulation.schedules.stage import Stage, open_stage


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        yield opened


@pytest.mark.parametrize("movement", MOVEMENTS, ids=lambda movement: movement.name)
def test_whatever_happens_at_whatever_call_nothing_is_lost_and_nothing_is_done_twice(
    movement: Movement, stage: Stage
) -> None:
    player = Player(stage, movement)
    happened: Counter[str] = Counter()
    for schedule in player.singles():
        played = player.play(schedule)
        assert played.happened == 1, f"{schedule[0]} never came"
        happened[schedule[0].what.partition(MEANWHILE)[0] or MEANWHILE] += 1
    calls = len(player.calls)
    assert calls >= 2
    for fault in ("crash-before", "crash-after", "lost-answer", "throttled"):
        assert happened[fault] == calls
    assert happened[MEANWHILE] == calls * len(movement.others)


def test_every_movement_but_one_is_done_when_nothing_disturbs_it_and_changes_something(stage: Stage) -> None:
    endings = {}
    for movement in MOVEMENTS:
        (ending,) = Player(stage, movement).allowed(())
        assert ending.view
        endings[movement.name] = ending.outcome
    assert {name for name, outcome in endings.items() if outcome != DONE} == {"settlement-that-parks"}
