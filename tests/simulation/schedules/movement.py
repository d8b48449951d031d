"""What a movement of money is to the schedules: one short description, from which all its schedules follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .stage import Stage

Act = Callable[[Stage], object]


def nothing(stage: Stage) -> None:
    """The preparation of a movement that the world is ready for."""


@dataclass(frozen=True)
class Movement:
    """A movement of money: `act` does it, through the use case as it ships, in a world that `prepare` made ready.

    `act` is repeated until it ends, so a request of a client goes through `stage.claimed`. `beside` are others that may
    come between two of its calls, by name; a second worker doing the very same always may. What counts as done is what
    it leaves when nothing disturbs it; with somebody beside it, what the two leave one after the other, in either order.
    `asked_again_after` are refusals that a person answers by asking again, because somebody else was at it.
    """

    name: str
    act: Act
    prepare: Act = nothing
    beside: Mapping[str, Act] = field(default_factory=dict)
    asked_again_after: frozenset[str] = frozenset()

    @property
    def others(self) -> dict[str, Act]:
        """Everybody who may come between."""
        return {"again": self.act, **self.beside}
