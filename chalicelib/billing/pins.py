"""Pinned days: from the moment a day is pinned, nothing dated on or before it is taken any more.

An import is many writes: it holds its days while it is under way, so that none of them is pinned in its middle.
"""

from dataclasses import replace
from datetime import date

from chalicelib.aws import keys
from chalicelib.aws.guards import Guard
from chalicelib.aws.tables import Check, ConditionFailed, write
from chalicelib.billing.state import change_state, read_state
from chalicelib.billing.store import StateRow
from chalicelib.core.errors import Conflict, Refusal, Unavailable

TRIES = 10


def guard_day(tenant_id: str, earliest: date) -> Guard:
    """A write that is about `earliest` and later days happens only while that day is not pinned.

    409 `day-already-pinned` otherwise. The check stands in the same transaction as the fact, so that a fact is either in
    the day's sheet or refused, whichever of the two came first.
    """
    row = StateRow.at(keys.settlement_state(tenant_id))
    open_day = StateRow.pinned_through.does_not_exist() | (StateRow.pinned_through < earliest.isoformat())
    check = Check(row, open_day)

    def explain(failure: ConditionFailed) -> Refusal | None:
        return _already_pinned(earliest) if failure.failed(check) else None

    return Guard((check,), explain)


def guard_unpinned(tenant_id: str) -> Guard:
    """A write that happens only while no day of the tenant was ever pinned."""
    row = StateRow.at(keys.settlement_state(tenant_id))
    return Guard((Check(row, StateRow.pinned_through.does_not_exist()),), lambda failure: None)


def pinned_through(tenant_id: str) -> date | None:
    """The newest day of the tenant that is pinned, or None."""
    return read_state(tenant_id).pinned_through


def hold_days(tenant_id: str, import_id: str, earliest: date) -> Guard:
    """Hold the days from `earliest` on for an import, in the write that takes the import on.

    409 `day-already-pinned` at once when that day is pinned; `Unavailable` when the tenant's days moved at this moment.
    Holding twice is holding once.
    """
    state = read_state(tenant_id)
    if state.pinned_through is not None and state.pinned_through >= earliest:
        raise _already_pinned(earliest)
    others = tuple(hold for hold in state.holds if hold[0] != import_id)
    hold = change_state(state, replace(state, holds=(*others, (import_id, earliest))))

    def explain(failure: ConditionFailed) -> Refusal | None:
        busy = Unavailable("busy", "Days are being settled at this moment; please send the file again.")
        return busy if failure.failed(hold) else None

    return Guard((hold,), explain)


def release_days(tenant_id: str, import_id: str) -> None:
    """Let go of the days of an import that is over; nothing happens where it holds none."""
    for _ in range(TRIES):
        state = read_state(tenant_id)
        kept = tuple(hold for hold in state.holds if hold[0] != import_id)
        if kept == state.holds:
            return
        try:
            write(change_state(state, replace(state, holds=kept)))
        except ConditionFailed:
            continue
        return
    raise Unavailable("busy", "This tenant is being settled by another worker.")


def _already_pinned(day: date) -> Conflict:
    return Conflict("day-already-pinned", f"The day {day} is settled or being settled; it cannot be changed.")
