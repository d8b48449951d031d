"""What can happen to a call: the process dies, an answer is lost, the database is busy, or somebody else comes between.

A *schedule* is a list of disturbances, each at a numbered call of the job, counted on through its repetitions. Written
as text it is `crash-before@3 lost-answer@9 meanwhile-recharge@12`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulation import MemoryDynamoDB, client_error, transaction_conflict

CRASH_BEFORE = "crash-before"
CRASH_AFTER = "crash-after"
LOST = "lost-answer"
RESENT = "resent"
THROTTLED = "throttled"
COLLISION = "collision"
MEANWHILE = "meanwhile-"

SINGLE_WRITES = ("PutItem", "UpdateItem", "DeleteItem")
COLLIDING = (*SINGLE_WRITES, "TransactWriteItems", "TransactGetItems")
READS = ("GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems")


class PowerCut(BaseException):
    """The process is gone: nobody catches this."""


class StaleRead(BaseException):
    """A read that may see old versions, which none of ours does."""


@dataclass(frozen=True, order=True)
class Disturbance:
    """One thing that happens, at the call of that number, from 1 on."""

    at: int
    what: str

    def __str__(self) -> str:
        return f"{self.what}@{self.at}"

    @classmethod
    def parse(cls, text: str) -> Disturbance:
        what, _, at = text.rpartition("@")
        return cls(int(at), what)


Schedule = tuple[Disturbance, ...]


def faults_of(operation: str) -> list[str]:
    """Every fault that a call of that operation can meet.

    A request that is sent again by the transport, because its answer was lost, is answered as the second one is: where
    the first took effect, its own condition stands against it. Transactions have a token against that.
    """
    found = [CRASH_BEFORE, CRASH_AFTER, LOST, THROTTLED]
    found += [RESENT] if operation in SINGLE_WRITES else []
    return found + ([COLLISION] if operation in COLLIDING else [])


class Disturber:
    """The engine's fault hook for one schedule; `calls` are the operations of the job, in order.

    `others` act when a disturbance names them; while they do, nothing is disturbed. A fault that its call cannot meet
    does not happen.
    """

    def __init__(
        self, engine: MemoryDynamoDB, schedule: Iterable[Disturbance], others: Mapping[str, Callable[[], None]]
    ) -> None:
        self._engine = engine
        self._at = {one.at: one.what for one in schedule}
        self._others = others
        self.calls: list[str] = []
        self.happened = 0

    def __call__(self, phase: str, number: int, operation: str, params: dict[str, Any]) -> None:
        if phase == "before":
            self.calls.append(operation)
            if operation in READS:
                _refuse_stale(operation, params)
        what = self._at.get(len(self.calls))
        if what is not None and (what.startswith(MEANWHILE) or what in faults_of(operation)):
            (self._before if phase == "before" else self._after)(what, operation, params)

    def _before(self, what: str, operation: str, params: dict[str, Any]) -> None:
        if what.startswith(MEANWHILE):
            self.happened += 1
            self._engine.faults = None
            try:
                self._others[what.removeprefix(MEANWHILE)]()
            finally:
                self._engine.faults = self
        elif what in (CRASH_BEFORE, THROTTLED, COLLISION):
            self.happened += 1
            raise _fault_before(what, operation, params)

    def _after(self, what: str, operation: str, params: dict[str, Any]) -> None:
        if what not in (CRASH_AFTER, LOST, RESENT):
            return
        self.happened += 1
        if what == CRASH_AFTER:
            raise PowerCut
        if what == LOST:
            raise client_error("InternalServerError", "the answer is lost", operation)
        self._engine.faults = None
        try:
            self._engine.call(operation, params)
        finally:
            self._engine.faults = self


def _fault_before(what: str, operation: str, params: dict[str, Any]) -> BaseException:
    if what == CRASH_BEFORE:
        return PowerCut()
    if what == THROTTLED:
        return client_error("ProvisionedThroughputExceededException", "too many requests", operation)
    if operation == "TransactWriteItems":
        return transaction_conflict(params, at=len(params["TransactItems"]) - 1)
    if operation == "TransactGetItems":
        return client_error("TransactionCanceledException", "Transaction cancelled [TransactionConflict]", operation)
    return client_error("TransactionConflictException", "Transaction is ongoing for the item", operation)


def _refuse_stale(operation: str, params: dict[str, Any]) -> None:
    if operation == "TransactGetItems":
        return
    asked = params["RequestItems"].values() if operation == "BatchGetItem" else [params]
    if not all(one.get("ConsistentRead") is True for one in asked):
        raise StaleRead(f"{operation} of {params}")
