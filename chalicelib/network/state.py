"""What is known of a router from speaking to it, and whose turn it is: one worker at a time.

The lease is longer than a worker may run, so that a worker that holds it is alive, or has been stopped for good.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pynamodb.expressions.update import Action

from chalicelib.aws import clock, keys
from chalicelib.aws.rows import CrmRow, IntegerAttribute, TextAttribute
from chalicelib.aws.tables import ConditionFailed, Update, read, read_many, write
from chalicelib.core.dates import to_micros

LEASE = timedelta(seconds=75)
"""Longer than the 60 seconds after which the function is ended."""
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=2)


@dataclass(frozen=True)
class RouterState:
    """What was met the last time. `failing_since_micros` is None while the router answers.

    `seen_at` is the address at which it was last signed in to, whatever is said of it since.
    `pauses_until_micros`: it is left alone until then. `leased_until_micros`: a worker has it until then, unless it gave it
    back. `is_uncertain`: something was begun there and not told to the end. `sampled_micros`: when its health was asked
    for last; `compared_on`: the last day on which all of it was compared; `night_failed_micros`: when that was last begun,
    or did not succeed. `asked_micros`: the reconciliation that somebody asked for and that has not ended.
    `silent_since_micros`: it has not told its health since then, though it was asked; `heard_micros` is when it answered to
    something else after that, or was switched off. `is_behind`: it could not be brought in line with something new, such as
    other terms.
    """

    router_id: str
    last_seen_micros: int | None = None
    seen_at: str | None = None
    failing_since_micros: int | None = None
    failures: int = 0
    failure_reason: str | None = None
    failure: str | None = None
    pauses_until_micros: int = 0
    leased_until_micros: int = 0
    is_uncertain: bool = False
    identity: str | None = None
    model: str | None = None
    version: str | None = None
    architecture: str | None = None
    sampled_micros: int = 0
    compared_on: date | None = None
    night_failed_micros: int = 0
    asked_micros: int | None = None
    is_behind: bool = False
    silent_since_micros: int | None = None
    heard_micros: int | None = None

    @property
    def is_failing(self) -> bool:
        return self.failing_since_micros is not None


class StateRow(CrmRow):
    """The state of a router; see `RouterState`. `lease` is the token of the worker that has it."""

    last_seen = IntegerAttribute(null=True)
    seen_at = TextAttribute(null=True)
    failing_since = IntegerAttribute(null=True)
    failures = IntegerAttribute(null=True)
    failure_reason = TextAttribute(null=True)
    failure = TextAttribute(null=True)
    pauses_until = IntegerAttribute(null=True)
    leased_until = IntegerAttribute(null=True)
    lease = TextAttribute(null=True)
    uncertain = IntegerAttribute(null=True)
    identity = TextAttribute(null=True)
    model = TextAttribute(null=True)
    version = TextAttribute(null=True)
    architecture = TextAttribute(null=True)
    sampled = IntegerAttribute(null=True)
    compared_on = TextAttribute(null=True)
    night_failed = IntegerAttribute(null=True)
    asked = IntegerAttribute(null=True)
    behind = IntegerAttribute(null=True)
    silent_since = IntegerAttribute(null=True)
    heard = IntegerAttribute(null=True)


@dataclass(frozen=True)
class Lease:
    """The right to work on a router. `is_uncertain`: who had it before did not tell how it ended."""

    router_id: str
    token: str
    is_uncertain: bool
    state: RouterState


def read_state(router_id: str) -> RouterState:
    """What is known of the router."""
    return _to_state(router_id, read(StateRow, keys.router_state(router_id)))


def read_states(router_ids: Sequence[str]) -> dict[str, RouterState]:
    """The same of many, a request for each hundred."""
    rows = read_many([(StateRow, keys.router_state(one)) for one in router_ids])
    return {one: _to_state(one, row) for one, row in zip(router_ids, rows, strict=True)}


def take_lease(router_id: str, now: datetime) -> Lease | None:
    """The router, if nobody works on it; None while somebody does."""
    token = clock.new_id("")
    now_micros = to_micros(now)
    before = read(StateRow, keys.router_state(router_id))
    state = _to_state(router_id, before)
    if state.leased_until_micros > now_micros:
        return None
    same = StateRow.lease.does_not_exist() if before is None or before.lease is None else StateRow.lease == before.lease
    actions = [StateRow.lease.set(token), StateRow.leased_until.set(to_micros(now + LEASE))]
    try:
        write(Update(StateRow.at(keys.router_state(router_id)), actions, same))
    except ConditionFailed:
        return None
    was_left = before is not None and before.lease is not None
    return Lease(router_id, token, state.is_uncertain or was_left, state)


def is_held(lease: Lease) -> bool:
    """Whether it is still this worker's: then nobody else has worked on the router since it was taken."""
    row = read(StateRow, keys.router_state(lease.router_id))
    return row is not None and row.lease == lease.token


def give_back(
    lease: Lease, now: datetime, *, answered: bool, is_uncertain: bool = False, seen_at: str | None = None
) -> None:
    """The work is over. With `answered` the router is known to be there, at the address `seen_at` where that is told.
    Nothing happens where the lease ran out."""
    actions: list[Action] = [
        StateRow.lease.remove(),
        StateRow.leased_until.remove(),
        StateRow.uncertain.set(1) if is_uncertain else StateRow.uncertain.remove(),
    ]
    if answered:
        actions += _seen(now, seen_at)
        actions += [one.remove() for one in _OF_FAILURES]
        if lease.state.silent_since_micros is not None:
            actions.append(StateRow.heard.set(StateRow.heard | to_micros(now)))
    _end(lease, actions)


def give_back_failed(lease: Lease, now: datetime, reason: str, detail: str, *, is_uncertain: bool) -> None:
    """The router could not be spoken to, or not to the end: it is left alone for a while, twice as long each time."""
    failures = lease.state.failures + 1
    pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
    since = lease.state.failing_since_micros or to_micros(now)
    actions = [
        StateRow.lease.remove(),
        StateRow.leased_until.remove(),
        StateRow.uncertain.set(1) if is_uncertain else StateRow.uncertain.remove(),
        StateRow.failing_since.set(since),
        StateRow.failures.set(failures),
        StateRow.failure_reason.set(reason),
        StateRow.failure.set(detail),
        StateRow.pauses_until.set(to_micros(now + pause)),
    ]
    _end(lease, actions)


def note_met(router_id: str, now: datetime, met: dict[str, str | None], seen_at: str | None = None) -> None:
    """What the router said of itself: identity, model, version, architecture. It answers: it is not failing any more.

    `seen_at` is the address at which it was signed in to. A pause that it has goes on to its end: what it failed at may be
    more than it was asked for now.
    """
    actions = _seen(now, seen_at)
    actions += [one.remove() for one in _OF_FAILURES if one is not StateRow.pauses_until]
    for name in ("identity", "model", "version", "architecture"):
        attribute, value = getattr(StateRow, name), met.get(name)
        if value is not None:
            actions.append(attribute.set(value))
    write(Update(StateRow.at(keys.router_state(router_id)), actions))


def note_failed(router_id: str, began: datetime, reason: str, detail: str) -> None:
    """It was asked at that instant, beside the work that it is leased and paused for, and could not be spoken to.

    Nothing happens where a worker has got through since.
    """
    actions = [
        StateRow.failing_since.set(StateRow.failing_since | to_micros(began)),
        StateRow.failure_reason.set(reason),
        StateRow.failure.set(detail),
    ]
    unseen = StateRow.last_seen.does_not_exist() | (StateRow.last_seen <= to_micros(began))
    try:
        write(Update(StateRow.at(keys.router_state(router_id)), actions, unseen))
    except ConditionFailed:
        return


def switched_off(router_id: str, now: datetime) -> Update:
    """The write that ends a silence, for whoever switches the router off: it is not asked any more from then on."""
    return Update(StateRow.at(keys.router_state(router_id)), [StateRow.heard.set(StateRow.heard | to_micros(now))])


def note_sampled(router_id: str, now: datetime) -> None:
    """Its health was asked for."""
    write(Update(StateRow.at(keys.router_state(router_id)), [StateRow.sampled.set(to_micros(now))]))


def note_compared(router_id: str, day: date) -> None:
    """All of it was compared on that day."""
    write(Update(StateRow.at(keys.router_state(router_id)), [StateRow.compared_on.set(day.isoformat())]))


def note_night_failed(router_id: str, now: datetime) -> None:
    """The comparison of the night did not succeed; noted as it begins too, since a worker that is killed notes nothing."""
    write(Update(StateRow.at(keys.router_state(router_id)), [StateRow.night_failed.set(to_micros(now))]))


def let_go(router_id: str) -> None:
    """No worker has the router any more: all that there were are known to have ended. What one began stays uncertain."""
    write(Update(StateRow.at(keys.router_state(router_id)), [StateRow.leased_until.remove()]))


def note_behind(router_id: str, is_behind: bool) -> None:
    """Whether it was to be brought in line with something new and could not be: it is as soon as it answers."""
    action = StateRow.behind.set(1) if is_behind else StateRow.behind.remove()
    write(Update(StateRow.at(keys.router_state(router_id)), [action]))


def end_pause(router_id: str) -> None:
    """Somebody says that the router is there again: it is tried at once."""
    write(Update(StateRow.at(keys.router_state(router_id)), [StateRow.pauses_until.remove()]))


_OF_FAILURES = (
    StateRow.failing_since,
    StateRow.failures,
    StateRow.failure_reason,
    StateRow.failure,
    StateRow.pauses_until,
)


def _seen(now: datetime, seen_at: str | None) -> list[Action]:
    at = [] if seen_at is None else [StateRow.seen_at.set(seen_at)]
    return [StateRow.last_seen.set(to_micros(now)), *at]


def _end(lease: Lease, actions: Sequence[object]) -> None:
    try:
        write(Update(StateRow.at(keys.router_state(lease.router_id)), list(actions), StateRow.lease == lease.token))  # type: ignore[arg-type]
    except ConditionFailed:
        return


def _to_state(router_id: str, row: StateRow | None) -> RouterState:
    if row is None:
        return RouterState(router_id)
    return RouterState(
        router_id=router_id,
        last_seen_micros=row.last_seen,
        seen_at=row.seen_at,
        failing_since_micros=row.failing_since,
        failures=row.failures or 0,
        failure_reason=row.failure_reason,
        failure=row.failure,
        pauses_until_micros=row.pauses_until or 0,
        leased_until_micros=row.leased_until or 0,
        is_uncertain=row.uncertain is not None,
        identity=row.identity,
        model=row.model,
        version=row.version,
        architecture=row.architecture,
        sampled_micros=row.sampled or 0,
        compared_on=None if row.compared_on is None else date.fromisoformat(row.compared_on),
        night_failed_micros=row.night_failed or 0,
        asked_micros=row.asked,
        is_behind=row.behind is not None,
        silent_since_micros=row.silent_since,
        heard_micros=row.heard,
    )
