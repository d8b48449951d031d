"""Filing: what billing says to events before they are written, handed in by the entrypoint as guards are (0015).

An event whose day is pinned already is a late fact: it is numbered and noted, in its own write, so that it is corrected.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalicelib.aws.guards import Guard, no_guard
from chalicelib.crm.model import ServiceEvent


@dataclass(frozen=True)
class Filed:
    """Events as they are to be written, and what has to hold, and to be written, along with them.

    When the guard fails without a refusal, the days moved on meanwhile: the events are to be filed again.
    """

    events: tuple[ServiceEvent, ...]
    guard: Guard

    @property
    def late(self) -> int:
        """The number of the late fact that this is, 0 where every day is open yet."""
        return max((event.late for event in self.events), default=0)


File = Callable[[Sequence[ServiceEvent]], Filed]


def filed_plainly(events: Sequence[ServiceEvent]) -> Filed:
    """Filing where nothing is ever settled."""
    return Filed(tuple(events), no_guard())
