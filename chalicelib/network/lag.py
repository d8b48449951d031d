"""Lag: which routers of a tenant are behind, since when and why.

A router is behind while a change waits in its outbox, while it does not answer, and while something it refused waits for
a person. Of a router that is lent to the tenant only the tenant's own changes count.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.core.dates import to_micros
from chalicelib.crm.access_change import AccessChange
from chalicelib.crm.lanes import in_lanes
from chalicelib.crm.outbox import due_changes
from chalicelib.network.find import lendings_to, own_routers, read_routers
from chalicelib.network.model import Router
from chalicelib.network.refused import list_refused
from chalicelib.network.state import RouterState, read_states

COUNTED = 1_000
"""Changes of a router that are counted, and of a lent one those that are looked through: 75 read units at most."""
NEVER = 10**16 - 1


@dataclass(frozen=True)
class Count:
    """How many there are: so many, or more where the counting ended."""

    number: int
    has_more: bool = False

    @property
    def is_any(self) -> bool:
        return self.number > 0 or self.has_more


@dataclass(frozen=True)
class Lag:
    """A router that is behind. `oldest` is the change that has waited for longest, None where none does."""

    router: Router
    is_own: bool
    state: RouterState
    oldest: AccessChange | None
    waiting: Count = Count(0)
    refused: Count = Count(0)

    @property
    def is_behind(self) -> bool:
        # One that is switched off is not asked any more: it cannot be heard to answer again.
        return self.waiting.is_any or self.refused.is_any or (self.state.is_failing and self.router.enabled)

    @property
    def place(self) -> str:
        """Where it stands among those that are behind, the longest wait first."""
        since = self.state.failing_since_micros if self.oldest is None else self.oldest.due_micros
        return f"{NEVER if since is None else since:016d}/{self.router.router_id}"


def failure_in_words(state: RouterState, oldest: AccessChange | None, *, is_own: bool) -> str | None:
    """Why the router cannot be spoken to, for its owner, and else why it refused the oldest change so far."""
    if state.is_failing and is_own:
        return state.failure
    return None if oldest is None else oldest.reason


def next_try_micros(router: Router, state: RouterState, oldest: AccessChange | None, now: datetime) -> int | None:
    """When the oldest change is tried next; None where that is the next time that anybody looks, and where the router is
    switched off: then nobody does."""
    at = max(state.pauses_until_micros, 0 if oldest is None else oldest.after_micros)
    return at if router.enabled and at > to_micros(now) else None


def routers_behind(tenant_id: str, now: datetime, limit: int, after: str | None) -> tuple[list[Lag], str | None]:
    """A page of the tenant's routers that are behind, and the place to go on behind.

    Every router that the tenant may use is looked at for each page, with two requests; those on the page are counted.
    """
    routers = _usable_routers(tenant_id)
    states = read_states([router.router_id for router in routers])

    def look(router: Router) -> Lag:
        lag = Lag(router, router.tenant_id == tenant_id, states[router.router_id], None)
        return _looked_at(lag, tenant_id, now, 1)

    behind = sorted((lag for lag in in_lanes(look, routers) if lag.is_behind), key=lambda lag: lag.place)
    ahead = [lag for lag in behind if after is None or lag.place > after]
    page = in_lanes(lambda lag: _looked_at(lag, tenant_id, now, COUNTED), ahead[:limit])
    return page, ahead[limit - 1].place if len(ahead) > limit else None


def _usable_routers(tenant_id: str) -> Sequence[Router]:
    lent = read_routers([lending.router_id for lending in lendings_to(tenant_id)])
    return [*own_routers(tenant_id), *(router for router in lent if router is not None)]


def _looked_at(lag: Lag, tenant_id: str, now: datetime, most: int) -> Lag:
    """The same with its oldest change, and what waits and was refused counted up to `most`."""
    router_id, of = lag.router.router_id, None if lag.is_own else tenant_id
    # One more than is counted, to know whether there are more. The changes of others are passed over one by one.
    waiting, waits_more = due_changes(router_id, now, limit=(most if lag.is_own else COUNTED) + 1, of=of)
    refused, refused_more = list_refused(router_id, most + 1, of=of)
    return replace(
        lag,
        oldest=waiting[0] if waiting else None,
        waiting=_counted(len(waiting), most, goes_on=waits_more),
        refused=_counted(len(refused), most, goes_on=refused_more is not None),
    )


def _counted(number: int, most: int, *, goes_on: bool) -> Count:
    return Count(min(number, most), goes_on or number > most)
