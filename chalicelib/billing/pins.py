"""Pinned days: from the moment a day is pinned, nothing dated on or before it is taken any more."""

from datetime import date

from chalicelib.aws import keys
from chalicelib.aws.guards import Guard
from chalicelib.aws.tables import Check, ConditionFailed
from chalicelib.billing.store import StateRow
from chalicelib.core.errors import Conflict, Refusal


def guard_day(tenant_id: str, earliest: date) -> Guard:
    """A write that is about `earliest` and later days happens only while that day is not pinned.

    409 `day-already-pinned` otherwise. The check stands in the same transaction as the fact, so that a fact is either in
    the day's sheet or refused, whichever of the two came first.
    """
    row = StateRow.at(keys.settlement_state(tenant_id))
    open_day = StateRow.pinned_through.does_not_exist() | (StateRow.pinned_through < earliest.isoformat())
    check = Check(row, open_day)

    def explain(failure: ConditionFailed) -> Refusal | None:
        if not failure.failed(check):
            return None
        return Conflict("day-already-pinned", f"The day {earliest} is settled or being settled; it cannot be changed.")

    return Guard((check,), explain)


def guard_unpinned(tenant_id: str) -> Guard:
    """A write that happens only while no day of the tenant was ever pinned."""
    row = StateRow.at(keys.settlement_state(tenant_id))
    return Guard((Check(row, StateRow.pinned_through.does_not_exist()),), lambda failure: None)
