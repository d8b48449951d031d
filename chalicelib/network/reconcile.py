"""Reconcile: read a whole router, compare it with what is wanted, tell the difference, and bring it about.

What differs goes through the outbox as any change does, so that it survives whatever happens while it is delivered.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.aws import clock
from chalicelib.core.dates import to_micros
from chalicelib.crm.access_change import AccessChange
from chalicelib.crm.outbox import add_changes
from chalicelib.network.apply import apply
from chalicelib.network.connection import Connection
from chalicelib.network.deliver import BATCH_SECONDS, Delivery, Reach, Run, work
from chalicelib.network.difference import Difference, Read
from chalicelib.network.entries import SERVICE_MENUS, ServiceKey, entry_name, read_mark
from chalicelib.network.find import accesses_on, held_elsewhere, known_among, read_router, terms_of, twins_of
from chalicelib.network.look import Look
from chalicelib.network.model import Router
from chalicelib.network.plan import Plan, marked_in, plan_of
from chalicelib.network.reading import ALL_SECONDS, read_everything, read_sessions
from chalicelib.network.refused import all_refused
from chalicelib.network.reports import Report, keep_report
from chalicelib.network.state import note_night_failed, take_lease
from chalicelib.network.wanted import Wanted

TAKEN_OVER = "Another worker took over the router."
STRANGER = "its comment names a tenant that is not known here"


@dataclass(frozen=True)
class Seen:
    """A router as it was read, and what is wanted of it."""

    plan: Plan
    read: Read
    wanted: tuple[Wanted, ...]


def see(router: Router, look: Look, connection: Connection, now: datetime, begin: Callable[[], None]) -> Seen:
    """Read each menu of the router once and compare; changes nothing. `begin` is called when the router is about to be
    read: its time begins then, and what our own books take is none of it."""
    wanted = tuple(look.wanted_of(accesses_on(router.router_id), now))
    begin()
    read, sessions = read_everything(connection), read_sessions(connection)
    gone = marked_in(read) - {one.key for one in wanted}
    strangers = _strangers(router, wanted, gone)
    gone -= strangers
    if gone:
        # One machine can be two routers of ours, a tenant's and its parent's: what the other has there is not gone.
        gone -= {(one.tenant_id, one.service) for twin in twins_of(router) for one in accesses_on(twin.router_id)}
    # So can it be under a name or another address, which nothing here can tell: no line that is on may go for that.
    elsewhere = held_elsewhere(router, gone)
    plan = plan_of(wanted, gone - elsewhere, read, sessions, elsewhere | strangers)
    return Seen(_of_nobody(plan, strangers), read, wanted)


def _strangers(router: Router, wanted: Collection[Wanted], marked: Collection[ServiceKey]) -> set[ServiceKey]:
    """Which services are of no tenant of ours: anybody can write a mark. Those of the owner and of tenants that have
    services on the router are known without a look."""
    known = {router.tenant_id} | {one.key[0] for one in wanted}
    others = {key[0] for key in marked} - known
    if others:
        known |= known_among(others)
    return {key for key in marked if key[0] not in known}


def _of_nobody(plan: Plan, strangers: Collection[ServiceKey]) -> Plan:
    """The plan, with what strangers have on the router told as nobody's."""
    told = (replace(one, service=None, reason=STRANGER) if one.service in strangers else one for one in plan.items)
    return replace(plan, items=tuple(told)) if strangers else plan


def reconcile(report: Report, reach: Reach, *, mend: bool) -> Report:
    """Compare, keep the report, and with `mend` deliver what differs; the report says how far it came.

    A worker that is stopped in between leaves the rest in the outbox. Where somebody works on the router at this moment
    the report stays `queued`, and is asked for again.
    """
    router = read_router(report.router_id)
    if router is None or not router.enabled:
        return keep_report(report.ended(clock.now(), "failed", "The router is switched off."))
    lease = take_lease(report.router_id, clock.now())
    if lease is None:
        return report
    if report.is_nightly:
        # Before anything is begun: a worker that is killed notes nothing, and the night would be tried every few minutes.
        note_night_failed(report.router_id, clock.now())
    kept = report

    def do(connection: Connection, run: Run) -> None:
        nonlocal kept
        now = clock.now()
        look = Look(router)
        seen = see(router, look, connection, now, lambda: run.give_time(connection, ALL_SECONDS))
        kept = keep_report(kept.told(seen.plan, now))
        if not mend:
            return
        run.has_begun = True
        profiles = tuple(step for step in seen.plan.difference.steps if step.service is None)
        if not report.is_nightly or terms_of(router.tenant_id).mends_drift:
            run.give_time(connection, BATCH_SECONDS)
            apply(connection, Difference(profiles), {})
        # What was refused once may be as wanted by now, or be taken today: it is looked at again too. And where something is
        # in the way of a service, its changes tell so, where people look.
        refused = {(one.tenant_id, one.service) for one in all_refused(router.router_id)} & {
            one.key for one in seen.wanted
        }
        differing = seen.plan.differing | {one.service for one in seen.plan.difference.obstacles}
        mended = refused | {key for key in differing if _may_mend(look, key, report)}
        add_changes(_changes(router, seen, mended, now))
        run.has_begun = False

        def progress(told: Delivery) -> None:
            nonlocal kept
            kept = keep_report(kept.delivered(told.delivered, told.refused))

        run.deliver_due(connection, progress)

    told = work(router, lease, reach, do)
    status, reason = ("done", None) if told.status == "done" else ("failed", told.failure or TAKEN_OVER)
    return keep_report(kept.ended(clock.now(), status, reason))


def _may_mend(look: Look, key: ServiceKey, report: Report) -> bool:
    """What a person asked for is mended; by night only where the tenant wants that."""
    if not report.is_nightly:
        return True
    setting = look.setting(key[0])
    return setting is None or setting.terms.mends_drift


def _changes(router: Router, seen: Seen, differing: Collection[ServiceKey], now: datetime) -> list[AccessChange]:
    """What differs, as changes that are due now. An entry of a service that is not here any more is told by its name."""
    by_key = {one.key: one for one in seen.wanted}
    names: dict[ServiceKey, set[str]] = {key: set() for key in differing}
    for menu in SERVICE_MENUS:
        for row in seen.read[menu]:
            mark = read_mark(row.get("comment"))
            if mark is not None and mark[0] in names:
                names[mark[0]].add(entry_name(menu, row))
    due = to_micros(now)
    return [
        AccessChange(
            router.router_id,
            key[0],
            by_key[key].access.subscriber if key in by_key else 0,
            key[1],
            (),
            due,
            "compared",
            found_as=tuple(sorted(names[key])),
        )
        for key in sorted(differing)
    ]
