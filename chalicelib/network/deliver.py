"""Deliver: bring the services that changed to their router, oldest change first.

Whatever happens in between (the worker is killed, the router restarts, an answer is lost) the changes stay in the outbox
until they are known to be there; delivering again compares again and does what is left.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from chalicelib.aws import clock
from chalicelib.aws.log import log, measure
from chalicelib.aws.tables import MAX_TRANSACTION, Operation, write
from chalicelib.core.dates import to_micros
from chalicelib.crm.access_change import AccessChange
from chalicelib.crm.lanes import chunks
from chalicelib.crm.outbox import add_changes, delivered, due_changes, looked_after, put_off, wake
from chalicelib.network.apply import NOT_ENDED, Failures, apply, hang_up
from chalicelib.network.connection import Connection
from chalicelib.network.cut_off import note_cut_off
from chalicelib.network.difference import Read, difference_of
from chalicelib.network.entries import ServiceKey, mark_of, name_aside, read_mark
from chalicelib.network.failure import RouterFailure, RouterTrap
from chalicelib.network.find import read_accesses, read_router, twins_of
from chalicelib.network.look import Look
from chalicelib.network.model import Method, Router
from chalicelib.network.reading import ALL_SECONDS, SESSIONS, SignIn, read_everything, read_named
from chalicelib.network.refused import AGAIN, RefusedChange, accepted, refuse, refused_of
from chalicelib.network.state import Lease, give_back, give_back_failed, is_held, read_state, take_lease
from chalicelib.network.wanted import Wanted

TOGETHER = 100
"""Changes that are looked at, read and applied together."""
WORKS_FOR = timedelta(seconds=40)
"""After this no further changes are begun: the function is ended at 60 seconds, and what is left is planned again."""
ENDS_AFTER = timedelta(seconds=55)
"""Whatever is under way by then is given up: the router is slow, and what is not told is delivered again."""
BATCH_SECONDS = 15.0
FIRST_TRY_AFTER = timedelta(seconds=5)
MOST_TRIES = 5
"""A change that a router has refused so often waits for a person."""

Reach = Callable[[Router], AbstractContextManager[Connection]]
"""How a router is reached: a connection that is signed in, or `RouterFailure`."""


@dataclass
class Delivery:
    """What a delivery came to. `status` is `done`, or why nothing was done: `busy`, `paused`, `off`, `failed`."""

    status: str = "done"
    delivered: int = 0
    refused: int = 0
    steps: int = 0
    ended_sessions: int = 0
    failure: str | None = None


def deliver(router_id: str, reach: Reach) -> Delivery:
    """Deliver what is due on the router. Nothing raises for what is the router's doing: it is noted in its state."""
    now = clock.now()
    router = read_router(router_id)
    if router is None or not router.enabled:
        return Delivery("off")
    waiting, has_more = due_changes(router_id, now, limit=TOGETHER)
    if not has_more and all(change.after_micros > to_micros(now) for change in waiting):
        return Delivery()
    if read_state(router_id).pauses_until_micros > to_micros(now):
        return Delivery("paused")
    lease = take_lease(router_id, now)
    if lease is None:
        return Delivery("busy")
    return work(router, lease, reach, lambda connection, run: run.deliver_due(connection))


def work(router: Router, lease: Lease, reach: Reach, do: Callable[[Connection, "Run"], None]) -> Delivery:
    """Do something with a connection to a leased router, and give it back, whatever comes of it."""
    run = Run(router, lease, clock.now())
    try:
        with reach(router) as connection:
            do(connection, run)
    except RouterFailure as failure:
        run.told.status, run.told.failure = "failed", failure.detail
        is_uncertain = run.has_begun or lease.is_uncertain
        give_back_failed(lease, clock.now(), failure.reason.value, failure.detail, is_uncertain=is_uncertain)
        log("router failed", router=router.router_id, reason=failure.reason.value, detail=failure.detail)
    except RouterTrap as trap:  # it is there, and does not do what every router does
        run.told.status, run.told.failure = "failed", f"The router said: {trap.message}"
        is_uncertain = run.has_begun or lease.is_uncertain
        give_back_failed(lease, clock.now(), "refused", run.told.failure, is_uncertain=is_uncertain)
        log("router failed", router=router.router_id, reason="refused", detail=run.told.failure)
    except BaseException:
        give_back(lease, clock.now(), answered=False, is_uncertain=run.has_begun or lease.is_uncertain)
        raise
    else:
        is_uncertain = lease.is_uncertain and not run.has_caught_up
        give_back(lease, clock.now(), answered=True, is_uncertain=is_uncertain, seen_at=router.address)
    return run.told


@dataclass
class Run:
    """One worker's turn at a router. `has_begun`: something was done there that is not told in the outbox yet;
    `has_caught_up`: all that was due is delivered, also what another worker may have begun. `off_since`: since when the
    services of these changes are off that should be on; `put_off`: the usernames in older changes that wait for their next
    try."""

    router: Router
    lease: Lease
    began: datetime
    told: Delivery = field(default_factory=Delivery)
    has_begun: bool = False
    off_since: dict[ServiceKey, int] = field(default_factory=dict)
    put_off: dict[ServiceKey, set[str]] = field(default_factory=dict)
    has_caught_up: bool = False

    def give_time(self, connection: Connection, seconds: float) -> None:
        """So many seconds for what follows, or as many as are left of the turn."""
        left = (self.began + ENDS_AFTER - clock.now()).total_seconds()
        connection.extend(max(0.0, min(seconds, left)))

    def deliver_due(self, connection: Connection, on_batch: Callable[[Delivery], None] = lambda told: None) -> None:
        """Deliver until nothing is due any more, or the time is over."""
        look = Look(self.router)
        after = None
        while (now := clock.now()) < self.began + WORKS_FOR:
            changes, has_more = due_changes(self.router.router_id, now, limit=TOGETHER, after=after)
            ready: dict[bool, list[AccessChange]] = {True: [], False: []}
            for change in changes:
                if change.after_micros <= to_micros(now):
                    ready[_is_known_by_name(look, change)].append(change)
                else:
                    self.put_off.setdefault((change.tenant_id, change.service), set()).update(change.names)
            # For the others everything has to be read, which a slow router may not come to the end of.
            for some in (ready[True], ready[False]):
                if some and not self._deliver(connection, look, some, now):
                    return
            if any(ready.values()):
                on_batch(self.told)
            if not has_more:
                self.has_caught_up = True
                return
            after = changes[-1].key

    def _deliver(self, connection: Connection, look: Look, changes: Sequence[AccessChange], now: datetime) -> bool:
        """Whether the changes are told as delivered or refused: not by a worker that was away for longer than its lease."""
        services = dict.fromkeys((change.tenant_id, change.service) for change in changes)
        wanted = look.wanted(services, now)
        for one in _on_twins(self.router, services.keys() - {one.key for one in wanted}):
            del services[one]  # It moved to the same machine, entered twice: what is there is the other one's.
        refused = refused_of(self.router.router_id, {(one.tenant_id, one.service) for one in changes})
        named = self._names(look, changes, refused)
        names = {name for own in named.values() for name in own} | {one.sign_in_name for one in wanted}
        if all(_is_known_by_name(look, change) for change in changes):
            self.give_time(connection, BATCH_SECONDS)
            marks = [mark_of(service, 0) for service in services]
            addresses = [
                one.access.address for one in wanted if one.access.method is Method.STATIC and one.access.address
            ]
            read = read_named(connection, sorted(names), marks, addresses, _profiles(wanted))
        else:
            self.give_time(connection, ALL_SECONDS)
            read = read_everything(connection)
        difference = difference_of(wanted, read, services)
        self.off_since = note_cut_off(look, changes, wanted, read, refused, now)
        self.has_begun = True
        failures, stale = apply(connection, difference, {one.key: one.access for one in wanted})
        failures |= {obstacle.service: obstacle.reason for obstacle in difference.obstacles}
        # Of these the entry was changed at another try, and the session not ended.
        again = {(one.tenant_id, one.service) for one in changes if (one.reason or "").startswith(NOT_ENDED)}
        on = [one for one in wanted if one.is_on and one.key not in again]
        stays = {one.sign_in_name for one in on}
        # What the router refused is as it was, and whoever is to be on stays on by its name of before.
        stays |= {name for one in on if one.key in failures for name in named[one.key]}
        off = names if self.lease.is_uncertain else names - stays
        may_be_on = {(menu, name) for menu in SESSIONS for name in off} - _of_others(read, services)
        ended, not_ended = hang_up(connection, stale | may_be_on)
        self.told.ended_sessions += ended
        failures |= self._not_hung_up(look, changes, wanted, not_ended)
        self.told.steps += len(difference.steps)
        if not is_held(self.lease):
            self._deliver_again(services, changes)
            return False
        self._tell(changes, wanted, failures, refused, now)
        self.has_begun = False
        return True

    def _names(
        self, look: Look, changes: Sequence[AccessChange], refused: Mapping[ServiceKey, RefusedChange]
    ) -> dict[ServiceKey, set[str]]:
        """The names under which entries of these services may be on the router: since each was as wanted the last time, of
        which what was refused tells, and what is put off."""
        named: dict[ServiceKey, set[str]] = {}
        for change in changes:
            key = (change.tenant_id, change.service)
            before = refused.get(key)
            usernames = {*change.names, *self.put_off.get(key, ()), *(() if before is None else before.names)}
            names = named.setdefault(key, set())
            names |= {*look.names(change.tenant_id, usernames), *change.found_as}
            names |= set() if before is None else {*before.found_as}
            # Two that exchange their names may have been left in the middle of that.
            names |= {name_aside(key)} if len(usernames) > 1 else set()
        return named

    def _not_hung_up(
        self, look: Look, changes: Sequence[AccessChange], wanted: Sequence[Wanted], not_ended: Mapping[SignIn, str]
    ) -> Failures:
        """Whose sessions the router would not end, and why: of these services it is not told that they are as wanted."""
        if not not_ended:
            return {}
        reasons = {name: reason for (_, name), reason in not_ended.items()}
        names = {one.key: {one.sign_in_name} for one in wanted}
        for change in changes:
            own = names.setdefault((change.tenant_id, change.service), set())
            own |= {*look.names(change.tenant_id, change.names), *change.found_as}
        return {key: reasons[name] for key, own in names.items() for name in sorted(own) if name in reasons}

    def _deliver_again(self, services: Iterable[ServiceKey], changes: Sequence[AccessChange]) -> None:
        """Somebody else took over and may have done something newer before we did this: have it looked at again."""
        due = to_micros(clock.now())
        last = {(change.tenant_id, change.service): change for change in changes}
        add_changes([replace(last[one], due_micros=due, token="late", tries=0, after_micros=0) for one in services])
        self.told.status = "busy"
        log("router lost to another worker", router=self.router.router_id)
        wake([self.router.router_id])

    def _tell(
        self,
        changes: Sequence[AccessChange],
        wanted: Sequence[Wanted],
        failures: Failures,
        refused: Mapping[ServiceKey, RefusedChange],
        now: datetime,
    ) -> None:
        """Take out of the outbox what is delivered, and plant what has to be looked at again on a day to come."""
        by_key = {one.key: one for one in wanted}
        done: dict[ServiceKey, list[AccessChange]] = {}
        for change in changes:
            key = (change.tenant_id, change.service)
            if key in failures:
                again = by_key[key].look_again if key in by_key else None
                self._put_off(change, failures[key], refused.get(key), now, again)
            else:
                done.setdefault(key, []).append(change)
        operations: list[list[Operation]] = []
        for key, own in done.items():
            again = by_key[key].look_again if key in by_key else None
            # First: what does not fit into one write may end anywhere.
            writes: list[Operation] = [] if again is None else [looked_after(own[-1], to_micros(again))]
            writes += [delivered(change) for change in own]
            if key in refused:
                writes.append(accepted(self.router.router_id, *key))
            operations.append(writes)
        self.told.delivered += len(done)
        for group in _packed(operations):
            write(*group)

    def _put_off(
        self, change: AccessChange, reason: str, before: RefusedChange | None, now: datetime, again: datetime | None
    ) -> None:
        if change.tries + 1 < MOST_TRIES:
            put_off(change, reason, to_micros(now + FIRST_TRY_AFTER * 4**change.tries))
            return
        self.told.refused += 1
        measure("RefusedChanges", 1)
        log("change refused", router=self.router.router_id, tenant=change.tenant_id, reason=reason)
        off_since = self.off_since.get((change.tenant_id, change.service))
        # The day on which it is something else by itself comes all the same.
        next_look = [] if again is None else [looked_after(change, to_micros(again))]
        write(*next_look, delivered(change), *refuse(change, reason, to_micros(now), off_since, before))


def _is_known_by_name(look: Look, change: AccessChange) -> bool:
    """Whether it is known what the entries of the service are named.

    Where its lending is over, how its names began is not known any more, unless a comparison has told; and of what was
    refused once, somebody may have changed the name by hand.
    """
    return change.token != AGAIN and (bool(change.found_as) or look.setting(change.tenant_id) is not None)


def _on_twins(router: Router, leaving: Collection[ServiceKey]) -> set[ServiceKey]:
    """Which of the services that left this router are on another one of ours at the same address."""
    if not leaving:
        return set()
    accesses = (one for twin in twins_of(router) for one in read_accesses(twin.router_id, sorted(leaving)))
    return {(one.tenant_id, one.service) for one in accesses}


def _of_others(read: Read, services: Collection[ServiceKey]) -> set[SignIn]:
    """Who was found with entries of others: their sessions are not ours to end."""
    rows = ((menu, row) for menu in SESSIONS for row in read.get(menu, ()))
    marks = ((menu, row.get("name", ""), read_mark(row.get("comment"))) for menu, row in rows)
    return {(menu, name) for menu, name, mark in marks if mark is None or mark[0] not in services}


def _profiles(wanted: Sequence[Wanted]) -> list[str]:
    """The names of the profiles that the entries are in."""
    named = {entry.attributes["profile"] for one in wanted for entry in one.entries if "profile" in entry.attributes}
    return sorted(named | {profile.name for one in wanted for profile in one.profiles})


def _packed(operations: Sequence[list[Operation]]) -> Iterable[list[Operation]]:
    """Writes that belong together, by as many as fit into one."""
    group: list[Operation] = []
    for writes in operations:
        for some in chunks(writes, MAX_TRANSACTION):
            if len(group) + len(some) > MAX_TRANSACTION:
                yield group
                group = []
            group = [*group, *some]
    if group:
        yield group
