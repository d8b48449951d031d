"""A service and what has happened to it: its state on a day, and which new event can be.

A service carries a base state (plan, enabled, disconnected) and, in order, the events recorded since, so that its state
on any day from the base on is known without reading its history, and events of days to come wait for their day. That
a service is suspended is beside that state: a suspended service can be disabled and enabled and stays suspended.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from chalicelib.core.errors import Conflict
from chalicelib.crm.model import EventKind, ServiceEvent

KEPT_CHANGES = 12
MAX_CHANGES = 60
"""What a row carries at most: that many events ahead of today, and no more."""


class ServiceStatus(StrEnum):
    """What a service is on a day; a subscriber is the first of these that one of its services is."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    DISABLED = "disabled"
    SCHEDULED = "scheduled"
    DISCONNECTED = "disconnected"


Position = tuple[date, int, int]
"""Where an event stands among the others: (effective_on, recorded_micros, order)."""


@dataclass(frozen=True, slots=True)
class Change:
    """An event of one service as the service keeps it."""

    kind: EventKind
    effective_on: date
    recorded_micros: int
    order: int
    plan: str | None = None

    @property
    def position(self) -> Position:
        return (self.effective_on, self.recorded_micros, self.order)


@dataclass(frozen=True, slots=True)
class Suspension:
    """The last time that a service was suspended for lack of money, and the tenant that was short."""

    on: date
    recorded_micros: int
    because: str


@dataclass(frozen=True, slots=True)
class Resumption:
    """The last time that a service came back."""

    on: date
    recorded_micros: int


@dataclass(frozen=True, slots=True)
class State:
    """Plan code, whether enabled, and the day of disconnection, at the end of some day."""

    plan: str
    enabled: bool
    disconnected_on: date | None


@dataclass(frozen=True, slots=True)
class Service:
    """A line of a subscriber. `base` is its state after the event at `based_at`; `changes` came after, in order.

    `router` is the id of the router that it is on; what it is there is the access's.
    """

    number: int
    start_on: date
    username: str
    mac: str | None
    base: State
    based_at: Position
    changes: tuple[Change, ...] = ()
    suspension: Suspension | None = None
    resumption: Resumption | None = None
    router: str | None = None

    def state_on(self, day: date) -> State:
        """Its state at the end of that day; the day is not before that of `based_at`."""
        state = self.base
        for change in self.changes:
            if change.effective_on > day:
                break
            state = _apply(state, change)
        return state

    def suspension_on(self, day: date) -> Suspension | None:
        """The suspension it is under on that day, if any."""
        suspended, resumed = self.suspension, self.resumption
        if suspended is None or suspended.on > day:
            return None
        if resumed is not None and resumed.on <= day:
            came_back = (resumed.on, resumed.recorded_micros) > (suspended.on, suspended.recorded_micros)
            return None if came_back else suspended
        return suspended

    def status_on(self, day: date) -> ServiceStatus:
        """What it is on that day."""
        if day < self.start_on:
            return ServiceStatus.SCHEDULED
        state = self.state_on(day)
        if state.disconnected_on is not None:
            return ServiceStatus.DISCONNECTED
        if not state.enabled:
            return ServiceStatus.DISABLED
        return ServiceStatus.ACTIVE if self.suspension_on(day) is None else ServiceStatus.SUSPENDED


def new_service(
    number: int, start_on: date, username: str, mac: str | None, plan: str, recorded_micros: int, order: int
) -> Service:
    """A service as it is connected."""
    return Service(number, start_on, username, mac, State(plan, True, None), (start_on, recorded_micros, order))


def reaches_behind(service: Service, change: Change) -> bool:
    """Whether the change comes before what the service still knows, so that it takes the history to judge it."""
    return change.effective_on >= service.start_on and change.position < service.based_at


def with_change(service: Service, change: Change) -> Service:
    """The service with that event among the others; `Conflict` says why it cannot be.

    An event is judged against the state on its day, in event order, and must leave those recorded for later possible.
    """
    if change.effective_on < service.start_on:
        raise Conflict("before-start", f"The service starts on {service.start_on}, after that day.")
    if reaches_behind(service, change):
        raise ValueError("the history is needed to judge this change")
    changes = tuple(sorted((*service.changes, change), key=lambda one: one.position))
    state, was_met = service.base, False
    for one in changes:
        refusal = _objection(state, one)
        if refusal is not None:
            raise _about_later(change, one) if was_met else refusal
        was_met = was_met or one is change
        state = _apply(state, one)
    return replace(service, changes=changes)


def compacted(service: Service, today: date) -> Service:
    """The same service with all but its newest events taken into the base; none of days to come.

    `Conflict` `too-many-events` when more events lie ahead than a row should carry.
    """
    base, at, changes = service.base, service.based_at, service.changes
    while len(changes) > KEPT_CHANGES and changes[0].effective_on <= today:
        base, at, changes = _apply(base, changes[0]), changes[0].position, changes[1:]
    if len(changes) > MAX_CHANGES:
        raise Conflict("too-many-events", f"A service may have at most {MAX_CHANGES} events ahead of today.")
    return service if changes is service.changes else replace(service, base=base, based_at=at, changes=changes)


def without_change(service: Service, history: list[ServiceEvent], kind: EventKind, on: date) -> tuple[Service, Change]:
    """The service without the newest event of that kind on that day, and that event.

    `Conflict`: `no-such-event` where there is none; `contradicts-later-event` where a later one would not be possible.
    """
    whole = unfolded(service, history)
    taken = next((one for one in reversed(whole.changes) if one.kind is kind and one.effective_on == on), None)
    if taken is None:
        raise Conflict("no-such-event", f"The service has no {kind.value} on {on} that could be withdrawn.")
    left = replace(whole, changes=tuple(one for one in whole.changes if one is not taken))
    _check_possible(left)
    return left, taken


def begun_on(service: Service, history: list[ServiceEvent], start_on: date) -> Service:
    """The service as if it had begun on another day.

    `Conflict`: `same-start`; `contradicts-later-event` where something was recorded before that day.
    """
    if start_on == service.start_on:
        raise Conflict("same-start", "The service begins on that day already.")
    whole = unfolded(service, history)
    if whole.changes and whole.changes[0].effective_on < start_on:
        raise _contradicts(whole.changes[0])
    return replace(whole, start_on=start_on, based_at=(start_on, 0, 0))


def _check_possible(service: Service) -> None:
    state = service.base
    for one in service.changes:
        if _objection(state, one) is not None:
            raise _contradicts(one)
        state = _apply(state, one)


def unfolded(service: Service, history: list[ServiceEvent]) -> Service:
    """The service with all of its events as changes again, from what holds of the history of its subscriber."""
    own = [event for event in history if event.service_number == service.number]
    connect = next(event for event in own if event.kind is EventKind.CONNECT)
    assert connect.plan is not None, "a connection names its plan"
    changes = tuple(
        Change(event.kind, event.effective_on, event.recorded_micros, event.order, event.plan)
        for event in own
        if event.kind in _EFFECTS
    )
    at = (connect.effective_on, connect.recorded_micros, connect.order)
    if connect.since is not None:
        at = (connect.effective_on, 0, 0)
    return replace(service, base=State(connect.plan, True, None), based_at=at, changes=changes)


_EFFECTS = {EventKind.ENABLE, EventKind.DISABLE, EventKind.CHANGE_PLAN, EventKind.DISCONNECT}


def _apply(state: State, change: Change) -> State:
    if change.kind is EventKind.ENABLE:
        return State(state.plan, True, state.disconnected_on)
    if change.kind is EventKind.DISABLE:
        return State(state.plan, False, state.disconnected_on)
    if change.kind is EventKind.CHANGE_PLAN:
        assert change.plan is not None, "a change of plan names it"
        return State(change.plan, state.enabled, state.disconnected_on)
    return State(state.plan, state.enabled, change.effective_on)


def _objection(state: State, change: Change) -> Conflict | None:
    if state.disconnected_on is not None:
        code = "already-disconnected" if change.kind is EventKind.DISCONNECT else "service-disconnected"
        return Conflict(code, f"The service is disconnected from {state.disconnected_on} on.")
    if change.kind is EventKind.ENABLE and state.enabled:
        return Conflict("already-enabled", "The service is enabled on that day already.")
    if change.kind is EventKind.DISABLE and not state.enabled:
        return Conflict("already-disabled", "The service is disabled on that day already.")
    if change.kind is EventKind.CHANGE_PLAN and change.plan == state.plan:
        return Conflict("same-plan", "The service is on that plan on that day already.")
    return None


def _about_later(change: Change, later: Change) -> Conflict:
    if change.kind is EventKind.DISCONNECT and later.kind is EventKind.DISCONNECT:
        return Conflict("already-disconnected", f"The service is disconnected on {later.effective_on} already.")
    return _contradicts(later)


def _contradicts(later: Change) -> Conflict:
    return Conflict(
        "contradicts-later-event",
        f"It would contradict the {later.kind.value} that is recorded for {later.effective_on}.",
    )
