"""Several disturbances of one movement: every pair, and any number of those that break it off.

What is left of a movement that was broken off is the database alone; it goes on from there with nothing else. So of all
schedules after whose last disturbance the database is the same, to the byte, one is played to its end and stands for
all. `test_schedules_of_settlement.py` holds this against pairs that are all played to their end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .faults import MEANWHILE, Schedule
from .play import Player


@dataclass
class Covered:
    """How many schedules there are, and how many had to be played."""

    schedules: int = 0
    played: int = 0
    states: int = 0


def play_pairs(player: Player, beside: Iterable[str] = ()) -> Covered:
    """Every pair of disturbances, the second at any call behind the first.

    With `beside`, every pair in which one of these comes between two calls at least once.
    """
    names = list(beside)
    covered = Covered()
    continued: dict[object, int] = {}
    known: set[object] = set()
    for first in player.possible(player.calls, 1, names):
        played = player.play((first,), tell_states=True)
        state = played.broken_off[0] if played.broken_off else None
        if state is not None and state in continued:
            covered.schedules += continued[state]
            continue
        seconds = [
            second
            for second in player.possible(played.calls, first.at + 1, names)
            if not names or MEANWHILE in first.what + second.what
        ]
        for second in seconds:
            player.play((first, second), known=known)
        covered.played += len(seconds)
        covered.schedules += len(seconds)
        if state is not None:
            continued[state] = len(seconds)
    covered.states = len(continued)
    return covered


def play_all_that_break_it_off(player: Player) -> Covered:
    """Faults in any number: from every state in which one can leave the database, every fault again, until none is new."""
    covered = Covered()
    known: set[object] = set()
    reached: deque[Schedule] = deque([()])
    while reached:
        so_far = reached.popleft()
        calls = player.play(so_far).calls
        start = so_far[-1].at + 1 if so_far else 1
        for fault in player.possible(calls, start, ()):
            played = player.play((*so_far, fault), tell_states=True)
            covered.played += 1
            if len(played.broken_off) > len(so_far) and played.broken_off[-1] not in known:
                known.add(played.broken_off[-1])
                reached.append((*so_far, fault))
    covered.states = len(known)
    return covered


def literal_pairs(player: Player, beside: Iterable[str] = ()) -> Iterator[Schedule]:
    """Every pair, none standing for another."""
    names = list(beside)
    for first in player.possible(player.calls, 1, names):
        for second in player.possible(player.play((first,)).calls, first.at + 1, names):
            yield (first, second)
