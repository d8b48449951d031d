"""Every movement in any order, with faults at any call and others in between, against a model of at most 150 lines."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.simulation.schedules import model
from tests.simulation.schedules.audit import Broken
from tests.simulation.schedules.journey import ACTS, Traveller, Turn, random_journey
from tests.simulation.schedules.machine import Walk
from tests.simulation.schedules.stage import Stage, open_stage


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        yield opened


def test_the_model_has_at_most_150_lines_and_uses_nothing_of_the_code() -> None:
    text = Path(model.__file__).read_text()
    assert len(text.splitlines()) <= 150
    assert "chalicelib" not in text


def test_the_model_knows_every_step() -> None:
    assert all(callable(getattr(model.Model, kind)) for kind in ACTS)


def test_whatever_order_hypothesis_finds_the_books_are_the_models(stage: Stage) -> None:
    class OnThisStage(Walk):
        pass

    OnThisStage.stage = stage
    walking = settings(
        max_examples=60,
        stateful_step_count=20,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(OnThisStage, settings=walking)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("seed", range(30))
def test_a_random_journey_of_twenty_turns_is_the_models(stage: Stage, seed: int) -> None:
    assert len(random_journey(stage, seed, 20).turns) == 20


def test_a_month_is_settled_day_by_day_over_its_end(stage: Stage) -> None:
    """November has 30 days and December 31: a day costs something else, and rounding falls elsewhere."""
    traveller = Traveller(stage)
    traveller.go(Turn("recharge alpha 30000 cash"))
    traveller.go(Turn("recharge beta 90000 bank"))
    for _ in range(14):
        for tenant in ("beta", "alpha", "gamma"):
            traveller.go(Turn(f"settle {tenant} {traveller.model.next_day[tenant]}"))
        traveller.go(Turn("restore beta"))
        traveller.go(Turn("wait"))
    assert traveller.model.next_day["beta"].isoformat() == "2026-12-04"
    cut = [service.cut is not None for service in traveller.model.services["gamma"]]
    assert cut == [True], "Gamma's 50.00 last for three days"


def test_a_model_that_is_wrong_by_one_unit_is_told_apart(stage: Stage) -> None:
    traveller = Traveller(stage)
    traveller.go(Turn.parse("recharge beta 500 cash | crash-after@3"))
    traveller.model.accounts["beta", "1200"] += 1
    with pytest.raises(Broken, match=r"\('beta', '1200'\): \(6502, 6501\)|6502"):
        traveller.go(Turn("recharge beta 1 cash"))


def test_a_turn_reads_as_it_is_written() -> None:
    text = "settle beta 2026-11-20 | meanwhile-other@5 resent@7 | refund beta 9 cash"
    assert str(Turn.parse(text)) == text
    assert str(Turn.parse("wait")) == "wait"
    assert Turn.parse("restore beta | crash-before@2").disturbances[0].at == 2
