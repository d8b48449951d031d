"""Guards: conditions that one package asks of another package's write.

A new subscriber is written by `crm`, but only while the funds above it allow a new connection and its day is not pinned:
`billing` hands these over as a guard, so that they hold in the same transaction and `crm` need not know why.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalicelib.aws.tables import ConditionFailed, Operation
from chalicelib.core.errors import Refusal


@dataclass(frozen=True)
class Guard:
    """Operations (checks) to add to a write, and what to say when one of them is what failed."""

    operations: tuple[Operation, ...]
    explain: Callable[[ConditionFailed], Refusal | None]

    def refuse(self, failure: ConditionFailed) -> None:
        """Raise the refusal when it was this guard that stood in the way; return when it was not."""
        refusal = self.explain(failure)
        if refusal is not None:
            raise refusal


def no_guard() -> Guard:
    """A guard that asks nothing."""
    return Guard((), lambda failure: None)


def together(guards: Sequence[Guard]) -> Guard:
    """All of these guards as one."""

    def explain(failure: ConditionFailed) -> Refusal | None:
        return next((refusal for guard in guards if (refusal := guard.explain(failure)) is not None), None)

    return Guard(tuple(operation for guard in guards for operation in guard.operations), explain)
