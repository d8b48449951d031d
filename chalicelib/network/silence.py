"""Silence: times during which a router did not answer, and which of its services were cut off by that.

Every few minutes each router is asked for its health: that begins a silence and ends it. When it answers again it says how
long it has been up, and that decides: one that was up all the time had only lost its way to us, and nobody was cut off. For
how long a router that was started meanwhile had been down nobody can say: whatever ended before is taken as not delivered,
unless all routers were silent together (`shared_silence.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.aws import keys
from chalicelib.aws.log import log
from chalicelib.aws.rows import CrmRow, IntegerAttribute, JsonAttribute, TextAttribute
from chalicelib.aws.tables import ConditionFailed, Delete, Operation, Put, Update, read_all, write
from chalicelib.core.dates import format_instant, from_micros, to_micros
from chalicelib.network.failure import Reason
from chalicelib.network.find import lendings_of, own_routers, page_of_accesses, read_router
from chalicelib.network.model import Access, owner_of
from chalicelib.network.shared_silence import SilentTime, was_shared
from chalicelib.network.state import RouterState, StateRow, read_state, read_states
from chalicelib.network.undelivered import (
    SHORTEST_DAY,
    Cause,
    UndeliveredDay,
    active_days,
    confirm,
    ended_by,
    suspect,
    suspected,
    whole_days,
    withdraw,
)
from chalicelib.tenants.hierarchy import find_tenant

SILENT = frozenset({Reason.REFUSED, Reason.TIMED_OUT, Reason.UNREACHABLE, Reason.CLOSED})
"""Failures in which nothing answered. A router that asks for another password is there."""
SERVICES_TOGETHER = 200
WAS_UP = "The router was up; only our way to it was down."
OUR_WAY = "All routers were silent at the same time: our way to them was down."

MayGoOn = Callable[[], bool]


class SilenceRow(CrmRow):
    """A silence; router and begin are in the key. `until` is when the router was started, once it has answered, which was
    at `answered`. `shared`: all routers of its owner were silent then.

    `walked` is through which instant its services were looked at, for the days that were over. While that goes on,
    `bound` is the next such instant and `after` the last service. `tenants` are those that any were suspected of.
    """

    until = IntegerAttribute(null=True)
    answered = IntegerAttribute(null=True)
    shared = IntegerAttribute(null=True)
    walked = IntegerAttribute(null=True)
    bound = IntegerAttribute(null=True)
    after = TextAttribute(null=True)
    tenants = JsonAttribute(null=True)


def note_silent(state: RouterState, reason: Reason, now: datetime) -> None:
    """The router did not answer just now. `state` is as it was before it was asked."""
    if state.silent_since_micros is not None or reason not in SILENT:
        return
    since = to_micros(now)
    begin = Update(
        StateRow.at(keys.router_state(state.router_id)),
        [StateRow.silent_since.set(since), StateRow.heard.remove()],
        StateRow.silent_since.does_not_exist(),
    )
    _written(begin, Put(SilenceRow.at(keys.router_silence(state.router_id, since))))


def note_answered(state: RouterState, uptime_seconds: int | None, now: datetime) -> None:
    """The router answered just now, and said how long it has been up. `state` is as it was before it was asked.

    One that does not say counts as having been up.
    """
    since = state.silent_since_micros
    if since is None:
        return
    started = since if uptime_seconds is None else to_micros(now) - uptime_seconds * 1_000_000
    until = max(since, min(started, state.heard_micros or started))
    row = SilenceRow.at(keys.router_silence(state.router_id, since))
    answered = min(to_micros(now), state.heard_micros or to_micros(now))
    is_long = from_micros(since) <= now - SHORTEST_DAY
    actions = [SilenceRow.until.set(until), SilenceRow.answered.set(answered)]
    ended: Operation = Update(row, actions, SilenceRow.pk.exists()) if is_long else Delete(row)
    over = Update(
        StateRow.at(keys.router_state(state.router_id)),
        [StateRow.silent_since.remove(), StateRow.heard.remove()],
        StateRow.silent_since == since,
    )
    _written(over, ended)


def look_through_silences(owner_id: str, now: datetime, may_go_on: MayGoOn) -> set[str]:
    """Suspect the days that are over of all services on routers of this tenant that are silent, and decide about those of
    routers that have answered again. Which routers are silent.

    It goes on where it was, and may be repeated.
    """
    silent: set[str] = set()
    rows = list(read_all(SilenceRow, keys.router_silences(owner_id)))
    undecided = _note_shared(owner_id, rows, now)
    for row in rows:
        silence = _Silence.of(row, now)
        if silence is None:
            continue
        if row.until is None:
            silent.add(silence.router_id)
        if may_go_on() and silence.walk(may_go_on) and row.until is not None and row.sk not in undecided:
            silence.decide()
    return silent


def _note_shared(owner_id: str, rows: Sequence[SilenceRow], now: datetime) -> set[str]:
    """Note which silences all routers shared, before any of them is decided and gone. Of which it is not known yet."""
    ended = [row for row in rows if row.until is not None and row.shared is None]
    if not ended:
        return set()
    times = {row.sk: _times(row) for row in rows}
    routers = own_routers(owner_id)
    states = read_states([router.router_id for router in routers])
    sampled = [one for one in routers if one.enabled and states[one.router_id].sampled_micros]
    undecided: set[str] = set()
    for row in ended:
        told = was_shared(times[row.sk], list(times.values()), sampled, now)
        if told is None:
            undecided.add(row.sk)
        elif told:
            row.shared = 1
            _written(Update(SilenceRow.at(row.key), [SilenceRow.shared.set(1)], SilenceRow.pk.exists()))
    return undecided


def _times(row: SilenceRow) -> SilentTime:
    router_id, _, since = row.sk.rpartition("#")
    return SilentTime(router_id, int(since), None if row.until is None else row.answered or row.until)


@dataclass
class _Silence:
    """One silence that is looked through: up to `now`, or to when the router was first heard of again."""

    row: SilenceRow
    router_id: str
    since: datetime
    now: datetime
    timezones: dict[str, str]

    @classmethod
    def of(cls, row: SilenceRow, now: datetime) -> "_Silence | None":
        """None for a router that is switched off: we do not ask it."""
        router_id, _, since = row.sk.rpartition("#")
        router = read_router(router_id)
        if row.until is None:
            if router is None or not router.enabled:
                return None
            heard = read_state(router_id).heard_micros
            now = now if heard is None else min(now, from_micros(heard))
        return cls(row, router_id, from_micros(int(since)), now, {})

    def walk(self, may_go_on: MayGoOn) -> bool:
        """Suspect the days that are over and were not looked at; whether it came to the end."""
        bound = self.row.bound
        if bound is None:
            bound = self._through if self.row.until is None else max(self.row.until, self.row.walked or 0)
            if not self._has_new_day(bound):
                return True
        walked = self.row.walked or to_micros(self.since)
        after: str | None = self.row.after
        while True:
            accesses, after = page_of_accesses(self.router_id, SERVICES_TOGETHER, after)
            tenants = self._suspect(accesses, from_micros(walked), from_micros(bound))
            self.row.tenants = sorted({*(self.row.tenants or ()), *tenants})
            actions = [SilenceRow.tenants.set(self.row.tenants)]
            if after is None:
                actions += [SilenceRow.walked.set(bound), SilenceRow.bound.remove(), SilenceRow.after.remove()]
                self.row.walked = bound
            else:
                actions += [SilenceRow.bound.set(bound), SilenceRow.after.set(after)]
            _written(Update(SilenceRow.at(self.row.key), actions, SilenceRow.pk.exists()))
            if after is None:
                return self.row.until is None or self.row.until <= bound
            if not may_go_on():
                return False

    def decide(self) -> None:
        """The router has answered: what was over before it was started is confirmed, unless all routers were silent
        together, and the rest withdrawn."""
        until = self.row.until
        assert until is not None, "the router has answered"
        last = from_micros(max(until, self.row.walked or 0))
        confirmed = withdrawn = 0
        for tenant_id in self.row.tenants or ():
            days = whole_days(self.since, last, self._timezone(tenant_id))
            if not days:
                continue
            met = suspected(tenant_id, days[0], days[-1], self.router_id, Cause.ROUTER)
            is_ours = self.row.shared is not None
            down = [day for day in met if not is_ours and ended_by(day.day, until, self._timezone(tenant_id))]
            confirmed += confirm(down)
            withdrawn += withdraw([day for day in met if day not in down], OUR_WAY if is_ours else WAS_UP)
        log("silence looked through", router=self.router_id, confirmed=confirmed, withdrawn=withdrawn)
        _written(Delete(SilenceRow.at(self.row.key)))

    @property
    def _through(self) -> int:
        return to_micros(self.now)

    def _has_new_day(self, bound: int) -> bool:
        """Whether a day has ended since the last look for any tenant that has services on the router."""
        owner = owner_of(self.router_id)
        tenants = [owner, *(lending.tenant_id for lending in lendings_of(self.router_id))]
        walked = from_micros(self.row.walked or to_micros(self.since))
        return any(self._new_days(tenant_id, walked, from_micros(bound)) for tenant_id in tenants)

    def _new_days(self, tenant_id: str, walked: datetime, bound: datetime) -> list[date]:
        """The whole days of the silence that ended between the two."""
        timezone = self._timezone(tenant_id)
        before = set(whole_days(self.since, walked, timezone))
        return [day for day in whole_days(self.since, bound, timezone) if day not in before]

    def _suspect(self, accesses: Sequence[Access], walked: datetime, bound: datetime) -> set[str]:
        by_tenant: dict[str, list[Access]] = {}
        for access in accesses:
            by_tenant.setdefault(access.tenant_id, []).append(access)
        reason = f"The router did not answer from {format_instant(self.since)} on."
        for tenant_id, own in by_tenant.items():
            days = self._new_days(tenant_id, walked, bound)
            found = active_days(tenant_id, [(one.subscriber, one.service, days) for one in own]) if days else []
            suspect(
                UndeliveredDay(tenant_id, day, service, subscriber, self.router_id, Cause.ROUTER, reason)
                for subscriber, service, day in found
            )
        return set(by_tenant)

    def _timezone(self, tenant_id: str) -> str:
        if tenant_id not in self.timezones:
            self.timezones[tenant_id] = find_tenant(tenant_id).timezone
        return self.timezones[tenant_id]


def _written(*operations: Operation) -> None:
    """Write, unless somebody else has done the same."""
    try:
        write(*operations)
    except ConditionFailed:
        return
