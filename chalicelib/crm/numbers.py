"""Numbers of subscribers and services: counted in one row, taken in the write that uses them, so none is left out."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from chalicelib.aws import clock, keys
from chalicelib.aws.tables import ConditionFailed, Operation, Update, read, write
from chalicelib.core.errors import Unavailable
from chalicelib.crm.store import CountersRow

TRIES = 40
OutcomeT = TypeVar("OutcomeT")


@dataclass(frozen=True)
class Counters:
    """The last numbers given out, and the newest instant at which a file's events were recorded."""

    subscribers: int
    services: int
    file_micros: int


def write_numbered(
    tenant_id: str,
    compose: Callable[[Counters], tuple[Counters, Sequence[Operation], OutcomeT]],
    judge: Callable[[ConditionFailed], None],
) -> OutcomeT:
    """Write what `compose` makes of the present counters, together with the counters it leaves; its outcome.

    When somebody else took numbers meanwhile, it is composed again. `judge` sees every other failed condition and
    raises what it means; where it returns, the write is tried again too.
    """
    row = read(CountersRow, keys.counters(tenant_id))
    for attempt in range(TRIES):
        before = _counters(row)
        after, operations, outcome = compose(before)
        taking = _take(tenant_id, row, after)
        try:
            write(taking, *operations)
            return outcome
        except ConditionFailed as failure:
            judge(failure)
            newer = failure.rows.get(taking)
            row = newer if isinstance(newer, CountersRow) else read(CountersRow, keys.counters(tenant_id))
            clock.sleep(random.uniform(0.001, 0.01) * min(attempt + 1, 10))
    raise Unavailable("busy", "Many subscribers are being added at this moment; please send the request again.")


def _counters(row: CountersRow | None) -> Counters:
    return Counters(0, 0, 0) if row is None else Counters(row.subscribers, row.services, row.file_micros)


def _take(tenant_id: str, row: CountersRow | None, after: Counters) -> Update:
    actions = [
        CountersRow.subscribers.set(after.subscribers),
        CountersRow.services.set(after.services),
        CountersRow.file_micros.set(after.file_micros),
    ]
    if row is None:
        condition = CountersRow.pk.does_not_exist()
    else:
        condition = (
            (CountersRow.subscribers == row.subscribers)
            & (CountersRow.services == row.services)
            & (CountersRow.file_micros == row.file_micros)
        )
    return Update(CountersRow.at(keys.counters(tenant_id)), actions, condition)
