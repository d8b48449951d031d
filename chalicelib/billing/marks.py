"""Marks: telling the subscribers what settlement decided. The sheet and its cut are the truth; these rows follow it.

A mark is left in the tenant's state by the write that decides, and taken away when every subscriber's row says so; a
crash in between is finished by whoever comes by next.
"""

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.aws.tables import ConditionFailed, write
from chalicelib.billing.evidence import find_sheet, read_roster
from chalicelib.billing.model import SUSPEND, Mark, State
from chalicelib.billing.roster import suspended_behind
from chalicelib.billing.state import change_state, read_days, read_state
from chalicelib.core.errors import Unavailable
from chalicelib.crm.events import read_events
from chalicelib.crm.model import EventKind
from chalicelib.crm.suspension import mark_resumed, mark_suspended
from chalicelib.funds.movements import name_short
from chalicelib.tenants.model import Tenant

TRIES = 8


def finish_marks(chain: Sequence[Tenant]) -> State:
    """Carry out the marks of the chain's last tenant, if there are any; returns its state without them."""
    tenant_id = chain[-1].tenant_id
    for _ in range(TRIES):
        state = read_state(tenant_id)
        if not state.marks:
            return state
        for mark in state.marks:
            if mark.kind == SUSPEND:
                _suspend(chain, mark)
            else:
                _resume(tenant_id, state, mark)
        try:
            done = replace(state, marks=(), revision=state.revision + 1)
            write(change_state(state, done))
        except ConditionFailed:
            continue
        return done
    raise Unavailable("busy", "This tenant is being settled by another worker.")


def _suspend(chain: Sequence[Tenant], mark: Mark) -> None:
    tenant_id = chain[-1].tenant_id
    day = read_days([(tenant_id, mark.on)])[0]
    assert day is not None, "a mark of suspension belongs to a settled day"
    assert day.short is not None, "and that day has a cut"
    because = name_short([tenant.tenant_id for tenant in chain], day.short)
    services = suspended_behind(find_sheet(day), day.charged)
    mark_suspended(tenant_id, services, mark.on, because, mark.recorded_micros)


def _resume(tenant_id: str, state: State, mark: Mark) -> None:
    resumed: set[int] = set()
    for event in read_events(tenant_id, mark.on, mark.on):
        if event.kind is EventKind.RESUME and event.recorded_micros == mark.recorded_micros:
            resumed |= set(event.service_numbers)
    assert state.last_day is not None, "services are suspended by a settled day"
    roster = read_roster(tenant_id, state.last_day)
    services = [
        (number, subscriber)
        for number, subscriber in zip(roster.numbers, roster.subscribers, strict=True)
        if number in resumed
    ]
    mark_resumed(tenant_id, services, mark.on, mark.recorded_micros)
