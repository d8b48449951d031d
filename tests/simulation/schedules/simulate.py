"""Random schedules in batches: a batch is the same whenever its number, the seed, is the same.

Every second batch plays one movement under random disturbances; the others are journeys of all movements against the
model; now and then one is a walk that Hypothesis makes and cuts down where it fails.
"""

from __future__ import annotations

import multiprocessing
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from .faults import MEANWHILE, Disturbance, Schedule, faults_of
from .journey import Traveller, Turn, random_turn
from .machine import Walk
from .movements import MOVEMENTS, movement_named
from .play import Player, ScheduleFailed
from .stage import Stage, open_stage

SCHEDULES_A_BATCH = 40
TURNS_A_BATCH = 20
WALK_EVERY = 100


@dataclass
class Failure:
    """What failed: the batch, the steps that show it again, and what is wrong."""

    seed: int
    steps: str
    why: str

    def __str__(self) -> str:
        return (
            f"FAILED in batch {self.seed}: {self.why}\n"
            f"  steps: {self.steps}\n"
            f"  to see it again:  make simulate STEPS='{self.steps}'\n"
            f"  or all of its batch:  make simulate SECONDS=0 SEED={self.seed}"
        )


@dataclass
class Found:
    """What a worker has played, by kind, and what failed first."""

    played: Counter[str] = field(default_factory=Counter)
    failure: Failure | None = None


def run_batch(stage: Stage, number: int, found: Found) -> None:
    """Play the batch of that number; a failure ends it."""
    if number % WALK_EVERY == WALK_EVERY - 1:
        _walk(stage, number, found)
    elif number % 2:
        _journey(stage, number, found)
    else:
        _one_movement(stage, number, found)


def _one_movement(stage: Stage, number: int, found: Found) -> None:
    chance = random.Random(number)
    player = Player(stage, chance.choice(MOVEMENTS))
    for _ in range(SCHEDULES_A_BATCH):
        schedule = random_schedule(chance, player)
        try:
            player.play(schedule)
        except ScheduleFailed as failed:
            found.failure = Failure(number, player.steps(schedule), repr(failed.__cause__))
            return
        found.played["schedules of one movement"] += 1


def random_schedule(chance: random.Random, player: Player) -> Schedule:
    """One to four disturbances anywhere, and up to two others in between."""
    names = chance.sample(
        sorted(player.movement.others), chance.choice((0, 1, 1, 2)) % (len(player.movement.others) + 1)
    )
    longest = len(player.calls) + len(player.calls) // 2
    count = min(longest, chance.choice((1, 2, 3, 4)) + len(names))
    places = sorted(chance.sample(range(1, longest + 1), count))
    whats = [chance.choice(faults_of("PutItem")) for _ in places]
    for name, spot in zip(names, chance.sample(range(count), min(len(names), count)), strict=False):
        whats[spot] = MEANWHILE + name
    return tuple(Disturbance(at, what) for at, what in zip(places, whats, strict=True))


def _journey(stage: Stage, number: int, found: Found) -> None:
    chance = random.Random(number)
    traveller = Traveller(stage)
    for _ in range(TURNS_A_BATCH):
        try:
            traveller.go(random_turn(chance, traveller))
        except Exception as wrong:
            found.failure = Failure(number, "; ".join(traveller.turns), repr(wrong))
            return
        found.played["turns of journeys"] += 1


def _walk(stage: Stage, number: int, found: Found, examples: int = 20) -> None:
    steps = Counter[str]()

    class OnThisStage(Walk):
        def _go(self, *turn: Any) -> None:
            super()._go(*turn)
            steps["turns of Hypothesis walks"] += 1

    OnThisStage.stage = stage
    walking = settings(
        max_examples=examples,
        stateful_step_count=20,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    try:
        run_state_machine_as_test(seed(number)(OnThisStage), settings=walking)  # type: ignore[no-untyped-call]
    except Exception as wrong:
        found.failure = Failure(number, OnThisStage.last_failed, repr(wrong))
    found.played.update(steps)


def play_steps(stage: Stage, steps: str) -> int:
    """Play what `STEPS` says, a schedule of one movement or a journey; how many. Raises what is wrong with it."""
    name, *places = steps.split()
    if all("@" in place for place in places) and name in {movement.name for movement in MOVEMENTS}:
        Player(stage, movement_named(name)).play(tuple(map(Disturbance.parse, places)))
        return 1
    traveller = Traveller(stage)
    turns = [Turn.parse(text) for text in steps.split(";")]
    for turn in turns:
        traveller.go(turn)
    return len(turns)


def replay(steps: str) -> int:
    """Play what failed once more; 1 when it fails again."""
    with open_stage() as stage:
        try:
            count = play_steps(stage, steps)
        except Exception as wrong:
            print(f"It fails: {wrong}")
            return 1
    print(f"Nothing is wrong with these {count} steps.")
    return 0


def _work(first: int, stride: int, seconds: float, told: Queue[Found], stop: Callable[[], bool]) -> None:
    found, number = Found(), first
    try:
        with open_stage() as stage:
            until = time.monotonic() + seconds
            while found.failure is None and (number == first or time.monotonic() < until) and not stop():
                run_batch(stage, number, found)
                number += stride
    except BaseException as wrong:
        found.failure = Failure(number, "", f"the batch itself: {wrong!r}")
        raise
    finally:
        told.put(found)


def simulate(seconds: float, seed_text: str | None = None, cores: int | None = None) -> int:
    """Random schedules on every core for so long; prints how many a second, and what failed. 1 when something did."""
    cores = 1 if seconds == 0 else cores or multiprocessing.cpu_count()
    first = int(seed_text) if seed_text else secrets.randbelow(10**9)
    print(f"Random schedules for {seconds:g} seconds on {cores} cores, SEED={first}", flush=True)
    forks = multiprocessing.get_context("fork")
    told: Queue[Found] = forks.Queue()
    failed = forks.Event()
    workers = [
        forks.Process(target=_work, args=(first + core, cores, seconds, told, failed.is_set)) for core in range(cores)
    ]
    began = time.monotonic()
    for worker in workers:
        worker.start()
    played: Counter[str] = Counter()
    failures = []
    for _ in workers:
        found = told.get()
        played += found.played
        if found.failure is not None:
            failures.append(found.failure)
            failed.set()
    spent = time.monotonic() - began
    for worker in workers:
        worker.join()
    for kind, count in sorted(played.items()):
        print(f"  {count:,} {kind}")
    print(f"{played.total():,} schedules in {spent:.1f} s: {played.total() / spent:.0f} a second")
    for failure in failures:
        print(failure)
    return 1 if failures else 0
