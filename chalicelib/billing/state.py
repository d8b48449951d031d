"""How far the days of tenants are: reading it, and changing it only as it was read."""

from collections.abc import Sequence
from datetime import date

from pynamodb.expressions.condition import Condition

from chalicelib.aws import keys
from chalicelib.aws.rows import Row
from chalicelib.aws.tables import Check, Put, read_many
from chalicelib.billing.model import SettledDay, State
from chalicelib.billing.store import DayRow, StateRow, terms_list, to_day, to_state
from chalicelib.core.dates import days_between


def read_states(tenant_ids: Sequence[str]) -> dict[str, State]:
    """The state of each of these tenants, fresh ones included: one request for each hundred."""
    rows = read_many([(StateRow, keys.settlement_state(tenant_id)) for tenant_id in tenant_ids])
    return {tenant_id: to_state(tenant_id, row) for tenant_id, row in zip(tenant_ids, rows, strict=True)}


def read_state(tenant_id: str) -> State:
    return read_states([tenant_id])[tenant_id]


def read_days(wanted: Sequence[tuple[str, date]]) -> list[SettledDay | None]:
    """The settled days of (tenant, day) pairs, None where one is not settled: one request for each hundred."""
    rows = read_many([(DayRow, keys.settled_day(tenant_id, day)) for tenant_id, day in wanted])
    return [None if row is None else to_day(row) for row in rows]


def read_state_and_days(tenant_id: str, first: date, last: date) -> tuple[State, dict[date, SettledDay]]:
    """How far a tenant is, and those of these days that are settled: one request for each hundred days."""
    days = list(days_between(first, last))
    wanted: list[tuple[type[Row], keys.Key]] = [(StateRow, keys.settlement_state(tenant_id))]
    state, *rows = read_many([*wanted, *((DayRow, keys.settled_day(tenant_id, day)) for day in days)])
    records = {day: to_day(row) for day, row in zip(days, rows, strict=True) if row is not None}
    return to_state(tenant_id, state), records


def state_unmoved(state: State) -> Check:
    """The tenant's days still stand where they were read."""
    unmoved = StateRow.revision == state.revision if state.revision else StateRow.pk.does_not_exist()
    return Check(StateRow.at(keys.settlement_state(state.tenant_id)), unmoved)


def change_state(before: State, after: State) -> Put:
    """Move a tenant's state on, while it still is what was read; its day is settled once because of this."""
    row = StateRow.at(
        keys.settlement_state(after.tenant_id),
        last_day=after.last_day.isoformat() if after.last_day else None,
        pinned_through=after.pinned_through.isoformat() if after.pinned_through else None,
        terms=terms_list(after.terms) if after.terms.versions else None,
        held=after.held or None,
        resumed=list(after.resumed_minor) or None,
        marks=[[mark.kind, mark.on.isoformat(), mark.recorded_micros] for mark in after.marks] or None,
        parked=after.parked,
        holds=[[name, first.isoformat()] for name, first in after.holds] or None,
        late=after.late or None,
        corrected=after.corrected or None,
        ahead_on=after.ahead_on.isoformat() if after.ahead_on else None,
        ahead=after.ahead or None,
        in_advance=int(after.in_advance) or None,
        revision=before.revision + 1,
    )
    unchanged: Condition = StateRow.revision == before.revision if before.revision else StateRow.pk.does_not_exist()
    return Put(row, unchanged)
