"""What an import writes beside its subscribers, in the same transactions: handed to it by who knows what that is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalicelib.aws.guards import Guard, no_guard
from chalicelib.aws.tables import Operation
from chalicelib.crm.subscriber import Subscriber


@dataclass(frozen=True)
class Beside:
    """Where the services of an import are put, and the rows of that.

    `router` is what their services are on. `rows` are those of one subscriber, of the line of that number: at most
    `most_rows`, and where one of them stood in the way, `field` says which field is another's. `counted` is written once
    with so many subscribers.
    """

    router: str | None
    rows: Callable[[Subscriber, int], Sequence[Operation]]
    most_rows: int
    field: Callable[[Operation], str | None]
    counted: Callable[[int], Guard]


NOTHING_BESIDE = Beside(None, lambda subscriber, line: (), 0, lambda operation: None, lambda count: no_guard())
