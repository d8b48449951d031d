"""The services of a tenant as columns, in charging order: what rosters and sheets are made of. Pure.

Columns, not objects, because a hundred thousand services pass through here every day: for each service its first day, its
creation number, its subscriber, its plan and one byte that says what it is. Charging order is by first day, then creation
number, and never changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalicelib.billing.advance import Cover

ENABLED = 0
DISABLED = 3
SUSPENDED = 4
SUSPENDED_AND_DISABLED = 5
"""States of a service in a roster. A suspended one stays so until a recharge brings it back, whatever its user asks."""

BILLABLE = 0
BILLABLE_THEN_DISABLED = 1
BILLABLE_THEN_GONE = 2
"""Marks of a service in a sheet, beside the states 3 to 5, which are not billable."""

PAID = 6
PAID_THEN_DISABLED = 7
PAID_THEN_GONE = 8
"""As the three above, for a service that is billed and costs nothing that day, since it was paid in advance: it stands
outside the order of the cut."""

ENDED = 9
SUSPENDED_THEN_ENDED = 10
"""Marks of a service that ends without being billable that day, of which something that was paid is left."""


@dataclass(frozen=True)
class Covers:
    """What is paid in advance for each service of a roster or a sheet: indices into `table`, whose first is nothing.

    `before` the day, and `after` it if the service is charged; a service behind the day's cut keeps what it had, less the
    day. In a roster both are the same.
    """

    day: int
    table: tuple[Cover, ...]
    before: list[int]
    after: list[int]

    def keep(self, wanted: Sequence[int]) -> "Covers":
        return replace(self, before=[self.before[i] for i in wanted], after=[self.after[i] for i in wanted])


@dataclass(frozen=True)
class Columns:
    """Services in charging order. `starts` are ordinal days; `plans` index `plan_codes`; `marks` are states or marks.

    `covers` is there only where something is paid in advance.
    """

    plan_codes: tuple[str, ...]
    starts: list[int]
    numbers: list[int]
    subscribers: list[int]
    plans: list[int]
    marks: bytearray
    covers: Covers | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    def keep(self, wanted: Sequence[int]) -> "Columns":
        """The services at these positions."""
        return Columns(
            self.plan_codes,
            [self.starts[i] for i in wanted],
            [self.numbers[i] for i in wanted],
            [self.subscribers[i] for i in wanted],
            [self.plans[i] for i in wanted],
            bytearray(self.marks[i] for i in wanted),
            self.covers.keep(wanted) if self.covers else None,
        )

    def cover_of(self, at: int) -> Cover:
        """What is paid in advance for the service at that place, before the day."""
        return self.covers.table[self.covers.before[at]] if self.covers else ()


def empty_roster() -> Columns:
    """The roster before the first day."""
    return Columns((), [], [], [], [], bytearray())


def billable_positions(sheet: Columns) -> Sequence[int]:
    """The positions of the sheet's billable services, in charging order."""
    marks = sheet.marks
    if marks.count(BILLABLE) == len(marks):
        return range(len(marks))
    return [i for i, mark in enumerate(marks) if mark <= BILLABLE_THEN_GONE]


def paid_positions(sheet: Columns) -> Sequence[int]:
    """The positions of those that are billed outside the order of the cut, since they were paid in advance."""
    if sheet.covers is None:
        return ()
    return [i for i, mark in enumerate(sheet.marks) if PAID <= mark <= PAID_THEN_GONE]


def positions_in_state(roster: Columns, state: int) -> list[int]:
    """The positions of the services in that state, in charging order."""
    if state not in roster.marks:
        return []
    return [i for i, mark in enumerate(roster.marks) if mark == state]
