"""Late facts: facts about days that are pinned already. They are numbered and recorded; the next roster knows them, and a
correction posts what they change of the days before (decision 0026)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from chalicelib.aws.guards import Guard
from chalicelib.aws.tables import ConditionFailed
from chalicelib.billing.correction_store import put_late_fact
from chalicelib.billing.corrections import LateFact
from chalicelib.billing.model import State
from chalicelib.billing.pins import guard_day
from chalicelib.billing.price_book import read_price_book
from chalicelib.billing.state import change_state, read_state
from chalicelib.core.errors import Conflict, Refusal, invalid_field
from chalicelib.crm.filing import File, Filed
from chalicelib.crm.model import EventKind, ServiceEvent
from chalicelib.tenants.model import Tenant


def filing_of(chain: Sequence[Tenant]) -> File:
    """How events of the chain's last tenant are filed: on time under the guard of their day, or as a late fact.

    A late fact is written along with its number, which the tenant's state counts on. 409 `day-already-pinned` before the
    first settled day; 422 `plan-not-priced` where some level has no price for its plan on a day that is pinned.
    """
    tenant = chain[-1]

    def file(events: Sequence[ServiceEvent]) -> Filed:
        state = read_state(tenant.tenant_id)
        pinned = state.pinned_through
        late = [event for event in events if pinned is not None and event.effective_on <= pinned]
        if pinned is None or not late:
            return Filed(tuple(events), _unpinned(tenant.tenant_id, min(event.effective_on for event in events)))
        _refuse_before_first_day(tenant, events)
        _refuse_unpriced(chain, late, pinned)
        number = state.late + 1
        stamped = tuple(_stamped(event, number, pinned, len(late) == len(events)) for event in events)
        return Filed(stamped, _counted(state, number, stamped))

    return file


def _unpinned(tenant_id: str, day: date) -> Guard:
    """The day is still open when the event is written; where it is not any more, the event is filed again, as a late one."""
    return Guard(guard_day(tenant_id, day).operations, _no_refusal)


def _no_refusal(_: ConditionFailed) -> Refusal | None:
    return None


def _counted(state: State, number: int, events: Sequence[ServiceEvent]) -> Guard:
    """The state that counts the fact, only as it was read, and the note by which the fact is found."""
    late = [event for event in events if event.late]
    # Of a connection that begins anew, the new one says what it is; the days from the earlier of both are about it.
    named = next((event for event in events if event.since is not None), late[0])
    fact = LateFact(
        number,
        EventKind.START if named.since is not None else named.kind,
        min(event.effective_on for event in late),
        named.service_number,
        named.subscriber_number,
        named.recorded_micros,
    )
    counted = change_state(state, replace(state, late=number))
    return Guard((counted, put_late_fact(state.tenant_id, fact)), _no_refusal)


def _stamped(event: ServiceEvent, number: int, pinned: date, all_late: bool) -> ServiceEvent:
    """The event with its number where its day is pinned.

    A connection that begins anew keeps its place in charging order where sheets have it there and go on to have it;
    where it comes into the sheets only now, its true first day is its place.
    """
    if event.since is not None and not all_late:
        event = replace(event, since=event.effective_on)
    return replace(event, late=number) if event.effective_on <= pinned else event


def _refuse_before_first_day(tenant: Tenant, events: Sequence[ServiceEvent]) -> None:
    """Days before the first settled one are no business of the books. A connection before it may begin anew after it."""
    day = events[-1].effective_on
    if day < tenant.settles_from:
        raise Conflict(
            "day-already-pinned", f"The day {day} lies before {tenant.settles_from}, the first that is settled here."
        )


def _refuse_unpriced(chain: Sequence[Tenant], late: Sequence[ServiceEvent], pinned: date) -> None:
    """A plan must have a price from its day on, in each version that came into force since on any edge."""
    tenant = chain[-1]
    used = [(event.plan, max(event.effective_on, tenant.settles_from)) for event in late if event.plan is not None]
    if not used:
        return
    book = read_price_book(chain)
    for plan, since in used:
        begins = {one.effective_on for edge in book.tariffs for one in edge if since < one.effective_on <= pinned}
        for day in sorted({since, *begins}):
            if plan not in book.prices_on(day).by_plan:
                raise invalid_field("plan", f"has no price at some level on {day}", "plan-not-priced")
