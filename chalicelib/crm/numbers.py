"""Numbers of subscribers and services: counted in one row, taken in the write that uses them, so none is left out.

The numbers of lines that an import could not write come back, and are given out again before new ones are made.
"""

import random
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from chalicelib.aws import clock, keys
from chalicelib.aws.tables import ConditionFailed, Operation, Update, read, write
from chalicelib.core.errors import Unavailable
from chalicelib.crm.store import CountersRow

TRIES = 40
OutcomeT = TypeVar("OutcomeT")

Pair = tuple[int, int]
"""The numbers of a subscriber and of its first service. They stay together when they are given out again, so that the
row of the subscriber, of which there can be only one, stands for both."""


class Numbers(NamedTuple):
    """A run of pairs: `size` numbers of subscribers from `subscriber` on, and as many of services from `service` on."""

    subscriber: int
    service: int
    size: int


@dataclass(frozen=True)
class Counters:
    """The last numbers given out, the newest instant at which a file's events were recorded, and numbers given back."""

    subscribers: int
    services: int
    file_micros: int
    free: tuple[Numbers, ...] = ()

    def take(self, count: int) -> tuple["Counters", tuple[Numbers, ...]]:
        """Give out so many pairs, the lowest of those given back first; the counters after it, and the pairs."""
        taken: list[Numbers] = []
        left: list[Numbers] = []
        for run in self.free:
            now = min(count, run.size)
            if now:
                taken.append(run._replace(size=now))
            if now < run.size:
                left.append(Numbers(run.subscriber + now, run.service + now, run.size - now))
            count -= now
        if count:
            taken.append(Numbers(self.subscribers + 1, self.services + 1, count))
        after = replace(self, subscribers=self.subscribers + count, services=self.services + count, free=tuple(left))
        return after, tuple(taken)

    def give_back(self, pairs: Iterable[Pair]) -> "Counters":
        """Have these pairs given out again before new ones."""
        return replace(self, free=_runs({*pairs_of(self.free), *pairs}))

    def without(self, subscribers: Collection[int]) -> "Counters":
        """Never give these numbers of subscribers out again: somebody has them."""
        if not subscribers or not self.free:
            return self
        return replace(self, free=_runs(pair for pair in pairs_of(self.free) if pair[0] not in subscribers))


def pairs_of(runs: Iterable[Sequence[int]]) -> Iterator[Pair]:
    """The pairs of these runs, one by one."""
    return ((subscriber + n, service + n) for subscriber, service, size in runs for n in range(size))


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


def _runs(pairs: Iterable[Pair]) -> tuple[Numbers, ...]:
    """The pairs as runs, as few as they make, lowest first."""
    runs: list[Numbers] = []
    for subscriber, service in sorted(pairs):
        last = runs[-1] if runs else Numbers(0, 0, 0)
        if runs and (subscriber, service) == (last.subscriber + last.size, last.service + last.size):
            runs[-1] = last._replace(size=last.size + 1)
        else:
            runs.append(Numbers(subscriber, service, 1))
    return tuple(runs)


def last_subscriber(tenant_id: str) -> int:
    """The highest number that a subscriber of the tenant may have; 0 where there is none yet."""
    return _counters(read(CountersRow, keys.counters(tenant_id))).subscribers


def _counters(row: CountersRow | None) -> Counters:
    if row is None:
        return Counters(0, 0, 0)
    free = tuple(Numbers(*run) for run in row.free or ())
    return Counters(row.subscribers, row.services, row.file_micros, free)


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
            & (CountersRow.free.does_not_exist() if row.free is None else CountersRow.free == row.free)
        )
    if after.free:
        actions.append(CountersRow.free.set([list(run) for run in after.free]))
    elif row is not None and row.free is not None:
        actions.append(CountersRow.free.remove())
    return Update(CountersRow.at(keys.counters(tenant_id)), actions, condition)
