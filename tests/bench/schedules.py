"""How many schedules of settlement the simulator plays in a second, and what bounds it.

A schedule is: the world ready, a day's settlement with one fault at one of its calls, its repetition until it ends, the
books of all tenants checked, everything that changed compared with what may be there, and one more repetition that has
to write nothing. Nothing of it is skipped or taken from an earlier one.
"""

import cProfile
import multiprocessing
import pstats
import time
from collections import Counter
from multiprocessing.queues import Queue
from typing import Any

from tests.bench.report import Figure
from tests.simulation.schedules.movements import movement_named
from tests.simulation.schedules.play import Player
from tests.simulation.schedules.stage import Stage, open_stage

SECONDS = 6.0
LEAST = 500
PARTS = (
    ("tests/simulation/schedules", "the harness and its checks"),
    ("tests/simulation", "the simulated database"),
    ("chalicelib", "the code as it ships"),
    ("pynamodb", "PynamoDB"),
    ("botocore", "PynamoDB"),
)
OTHERS = "the standard library and the rest"


def _player(stage: Stage) -> Player:
    return Player(stage, movement_named("settlement"))


def _play(player: Player, until: float) -> tuple[int, int]:
    """Every fault at every call, over and over until then: the schedules played, and the calls they made."""
    schedules = [(one,) for one in player.possible(player.calls, 1, ())]
    played = calls = 0
    while time.monotonic() < until:
        for schedule in schedules:
            calls += len(player.play(schedule).calls)
            played += 1
    return played, calls


def _work(told: "Queue[tuple[int, int, float]]", ready: Any) -> None:
    with open_stage() as stage:
        player = _player(stage)
        ready.wait()
        began = time.process_time()
        played, calls = _play(player, time.monotonic() + SECONDS)
        told.put((played, calls, time.process_time() - began))


def _rate(cores: int) -> tuple[float, float, float]:
    """Schedules a second on so many cores, calls a schedule, and microseconds of CPU a call."""
    forks = multiprocessing.get_context("fork")
    told: Queue[tuple[int, int, float]] = forks.Queue()
    ready = forks.Barrier(cores + 1)
    workers = [forks.Process(target=_work, args=(told, ready)) for _ in range(cores)]
    for worker in workers:
        worker.start()
    ready.wait()
    began = time.monotonic()
    played = [told.get() for _ in workers]
    spent = time.monotonic() - began
    for worker in workers:
        worker.join()
    schedules, calls, cpu = (sum(figures) for figures in zip(*played, strict=True))
    return schedules / spent, calls / schedules, cpu / calls * 1_000_000


def _shares() -> str:
    """Where the time goes, by profile."""
    profile = cProfile.Profile()
    with open_stage() as stage:
        player = _player(stage)
        profile.enable()
        _play(player, time.monotonic() + 1.0)
        profile.disable()
    spent: Counter[str] = Counter()
    for (file, _, _), (_, _, own, _, callers) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        if file != "~":
            spent[_part(file)] += own
            continue
        for (calling, _, _), (_, _, inside, _) in callers.items():  # a built-in belongs to whoever calls it
            spent[_part(calling)] += inside
    return ", ".join(f"{part} {share / spent.total():.0%}" for part, share in spent.most_common())


def _part(file: str) -> str:
    return next((part for folder, part in PARTS if f"/{folder}/" in file), OTHERS)


def figures() -> list[Figure]:
    cores = multiprocessing.cpu_count()
    alone, calls, cpu = _rate(1)
    together, _, _ = _rate(cores)
    how = (
        f"every fault at every call of a day with a cut, over and over for {SECONDS:g} s; {calls:.0f} calls a schedule"
    )
    return [
        Figure(f"schedules of settlement a second, {cores} cores", together, None, "schedules", how, least=LEAST),
        Figure(
            "schedules of settlement a second, one core",
            alone,
            None,
            "schedules",
            f"bound by Python: {cpu:.0f} microseconds of CPU a call, and nothing waits; of them {_shares()}",
        ),
    ]
