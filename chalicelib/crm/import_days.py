"""The days that an import is about: none of them is settled between its first write and its last."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from chalicelib.aws.guards import Guard
from chalicelib.aws.tables import ConditionFailed, Operation, write
from chalicelib.core.errors import Unavailable
from chalicelib.crm.csv_file import Fault

HOLD_TRIES = 8


@dataclass(frozen=True)
class Days:
    """What billing does with the days of one tenant, handed to an import.

    `pinned_through` is the newest pinned day. `guard` is what facts from a day on need: that it is not pinned. `hold`
    keeps the days from one on from being pinned while the import of that id is under way (`Conflict` when that day is
    pinned already), and `release` lets them go.
    """

    pinned_through: Callable[[], date | None]
    guard: Callable[[date], Guard]
    hold: Callable[[str, date], Guard]
    release: Callable[[str], None]

    def faults(self, field: str, lines: Sequence[tuple[int, date]]) -> list[Fault]:
        """A fault for each (line, day) whose day is pinned already."""
        pinned = self.pinned_through()
        if pinned is None:
            return []
        message = f"lies on or before {pinned}, which is settled or being settled"
        return [Fault(number, field, message) for number, day in lines if day <= pinned]

    def hold_with(self, import_id: str, earliest: date, operations: Sequence[Operation]) -> None:
        """Hold the days in the write of these operations, tried again when the tenant's days move at this moment."""
        for _ in range(HOLD_TRIES):
            hold = self.hold(import_id, earliest)
            try:
                return write(*operations, *hold.operations)
            except ConditionFailed as failure:
                if hold.explain(failure) is None:
                    raise
        raise Unavailable("busy", "Days are being settled at this moment; please send the file again.")


def beside(hold: Guard, other: Guard) -> list[Operation]:
    """The other guard's operations without those on a row that the hold writes: a transaction meets a row only once.

    Nothing is lost with them, because the hold was made from a state in which its days were not pinned, and is written
    only on that state.
    """
    held = {(operation.row.Meta.table_name, operation.row.key) for operation in hold.operations}
    return [one for one in other.operations if (one.row.Meta.table_name, one.row.key) not in held]
