"""Playing one schedule of a movement: disturb it, repeat it until it ends, and judge what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, permutations

from chalicelib.billing.settle import NotDueError, ParkedError
from chalicelib.core.errors import Refusal, Unavailable

from .audit import Auditor, Broken
from .faults import MEANWHILE, Disturbance, Disturber, PowerCut, Schedule, faults_of
from .movement import Act, Movement
from .outcome import View, difference, digest_of, view_since
from .stage import Stage

DONE = "done"
REFUSED = "refused"
SPARE_TRIES = 2
"""Repetitions beyond those that disturbances explain: a worker that gives way to another one may ask for one."""


class ScheduleFailed(AssertionError):
    """A schedule that loses money, makes some, or does not end. Its text replays it."""


@dataclass(frozen=True)
class Ending:
    """How a movement ended, how those beside it did, and what all of it left."""

    outcome: str
    others: tuple[tuple[str, str], ...]
    view: View


@dataclass
class Played:
    """A schedule that was played: its calls, how much of it happened, and the states it was broken off in, if asked."""

    calls: list[str]
    happened: int
    broken_off: list[object] = field(default_factory=list)


def end_of(act: Act, stage: Stage) -> str | None:
    """How it ended: done, or the refusal; None when it is to be repeated."""
    try:
        act(stage)
    except (PowerCut, Unavailable):
        return None
    except Refusal as refusal:
        return refusal.code
    except (NotDueError, ParkedError) as refusal:
        return type(refusal).__name__
    return DONE


class Player:
    """Plays the schedules of one movement, from the world that it was prepared in."""

    def __init__(self, stage: Stage, movement: Movement) -> None:
        self.stage = stage
        self.movement = movement
        self.auditor = Auditor(stage.engine)
        stage.reset()
        movement.prepare(stage)
        self.start = stage.engine.remember()
        self.auditor.check()
        self._allowed: dict[tuple[str, ...], list[Ending]] = {}
        self.calls = self._count_calls()

    def _in_turn(self, acts: list[tuple[str, Act]]) -> Ending:
        """What these leave one after the other, undisturbed."""
        engine = self.stage.engine
        ends = {name: end_of(act, self.stage) for name, act in acts}
        self.auditor.check()
        view = view_since(engine, self.start)
        engine.rewind(self.start)
        outcome = ends.pop("")
        assert outcome is not None, "undisturbed, it ends"
        others = tuple(sorted((name, in_short(end)) for name, end in ends.items()))
        return Ending(in_short(outcome) if others else outcome, others, view)

    def _count_calls(self) -> list[str]:
        disturber = Disturber(self.stage.engine, (), {})
        self.stage.engine.faults = disturber
        end_of(self.movement.act, self.stage)
        self.stage.engine.faults = None
        self.stage.engine.rewind(self.start)
        return disturber.calls

    def allowed(self, beside: tuple[str, ...]) -> list[Ending]:
        """How the movement may end with these beside it: as if they had come one after the other, in some order."""
        if beside not in self._allowed:
            acts = [("", self.movement.act), *((name, self.movement.others[name]) for name in beside)]
            self._allowed[beside] = [self._in_turn(list(order)) for order in permutations(acts)]
        return self._allowed[beside]

    def singles(self) -> Iterator[Schedule]:
        """Every fault, and everybody beside it, at every call of the undisturbed movement."""
        return ((one,) for one in self.possible(self.calls, 1))

    def possible(self, calls: list[str], first: int, beside: Iterable[str] | None = None) -> Iterator[Disturbance]:
        """Every disturbance of these calls from number `first` on."""
        names = list(self.movement.others if beside is None else beside)
        for at, operation in enumerate(calls[first - 1 :], start=first):
            for what in faults_of(operation):
                yield Disturbance(at, what)
            for name in names:
                yield Disturbance(at, MEANWHILE + name)

    def play(self, schedule: Schedule, tell_states: bool = False, known: set[object] | None = None) -> Played:
        """Play it, judge it, and go back to the start. `ScheduleFailed` says what is wrong and how to see it again.

        With `known` a schedule ends where its last disturbance broke it off in a state from which it is known to end
        well, with the same beside it; states that are found to be so are added.
        """
        try:
            return self._play(schedule, tell_states, known)
        except Exception as wrong:
            raise ScheduleFailed(
                f"{wrong!r}\n  to see it again: make simulate STEPS='{self.steps(schedule)}'"
            ) from wrong
        finally:
            self.stage.engine.faults = None
            self.stage.engine.rewind(self.start)

    def steps(self, schedule: Schedule) -> str:
        """The schedule as text that replays it."""
        return " ".join([self.movement.name, *map(str, schedule)])

    def _play(self, schedule: Schedule, tell_states: bool, known: set[object] | None) -> Played:
        engine, act = self.stage.engine, self.movement.act
        names = {one.what.removeprefix(MEANWHILE) for one in schedule if one.what.startswith(MEANWHILE)}
        for count in range(len(names) + 1):  # one whose call is never reached does not come
            for coming in combinations(sorted(names), count):
                self.allowed(coming)
        ends: dict[str, str] = {}
        disturber = Disturber(engine, schedule, {name: self._other(name, ends) for name in names})
        played = Played(disturber.calls, 0)
        outcome = None
        met: list[object] = []
        for _ in range(len(schedule) + SPARE_TRIES):
            engine.faults = disturber
            outcome = end_of(act, self.stage)
            if outcome is not None and outcome not in self.movement.asked_again_after:
                break
            if tell_states or known is not None:
                played.broken_off.append(digest_of(engine, self.start))
            if known is not None and len(disturber.calls) >= schedule[-1].at:
                met.append((tuple(sorted(ends.items())), played.broken_off[-1]))
                if met[-1] in known:
                    return played
        engine.faults = None
        if outcome is None:
            raise Broken("it does not end")
        played.happened = disturber.happened
        self._judge(outcome, ends)
        self._repeat(outcome)
        if known is not None:
            known.update(met)
        return played

    def _other(self, name: str, ends: dict[str, str]) -> Callable[[], None]:
        def act() -> None:
            ends[name] = in_short(end_of(self.movement.others[name], self.stage))

        return act

    def _judge(self, outcome: str, ends: dict[str, str]) -> None:
        self.auditor.check()
        others = tuple(sorted(ends.items()))
        ending = Ending(in_short(outcome) if others else outcome, others, view_since(self.stage.engine, self.start))
        allowed = self._allowed[tuple(sorted(ends))]
        if ending not in allowed:
            raise Broken(_unlike(ending, allowed))

    def _repeat(self, outcome: str) -> None:
        """The finished movement once more: nothing changes, and where it was done nothing is written."""
        engine = self.stage.engine
        before = engine.remember()
        with engine.measured() as cost:
            again = end_of(self.movement.act, self.stage)
        if in_short(again) != in_short(outcome) or view_since(engine, before):
            raise Broken(f"repeated, it was {again} after {outcome} and changed {view_since(engine, before)}")
        if outcome == DONE and cost.write_units:
            raise Broken(f"repeated, it wrote {cost.write_units} units")


def in_short(end: str | None) -> str:
    """Whether it was done: half-way through another's work a refusal may have another reason than before or behind it."""
    return DONE if end == DONE else REFUSED


def _unlike(ending: Ending, allowed: list[Ending]) -> str:
    parts = [f"ended {ending.outcome} {ending.others}, which no order of doing things explains"]
    for one in allowed:
        parts.append(
            f"in order it ends {one.outcome} {one.others}, and differs by\n{difference(one.view, ending.view)}"
        )
    return "\n".join(parts)
