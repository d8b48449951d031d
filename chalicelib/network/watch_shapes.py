"""What the routes take and answer that watch routers: health, lag, refused changes; and what to ask of them."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated

from pydantic import Field

from chalicelib.api.fields import Answer, Instant, InstantOut
from chalicelib.api.paging import PageQuery
from chalicelib.core.dates import from_micros, to_micros
from chalicelib.crm.shapes import ServiceId, SubscriberId
from chalicelib.crm.subscriber import service_id, subscriber_id
from chalicelib.network.lag import Lag, failure_in_words, next_try_micros
from chalicelib.network.model import Health
from chalicelib.network.refused import RefusedChange
from chalicelib.network.report_shapes import Count
from chalicelib.network.samples import Sample
from chalicelib.network.shapes import RouterId

RouterName = Annotated[str, Field(examples=["Mirpur-10 core"])]
Percent = Annotated[int, Field(examples=[12])]
FailureText = Annotated[str, Field(examples=["10.10.0.2:8729 refused the connection."])]


class HealthQuery(PageQuery):
    """The instants between which; what is kept goes back a week."""

    from_: Annotated[Instant | None, Field(alias="from")] = None
    to: Instant | None = None


class HealthAnswer(Answer):
    """How a router was at an instant: null for what it does not tell. `failure` says why it did not answer."""

    at: InstantOut
    cpu_percent: Percent | None
    memory_used_percent: Percent | None
    uptime_seconds: Annotated[int, Field(examples=[864_000])] | None
    sessions: Annotated[int, Field(examples=[412])] | None
    version: Annotated[str, Field(examples=["7.16.2"])] | None
    model: Annotated[str, Field(examples=["RB4011iGS+"])] | None
    identity: Annotated[str, Field(examples=["core-1"])] | None
    failure: FailureText | None


class LagRouter(Answer):
    """The router that is behind. One that is not enabled is not spoken to, and its changes wait."""

    id: RouterId
    name: RouterName
    enabled: bool
    lent: bool


class LagAnswer(Answer):
    """A router that is behind: with changes that wait, without an answer, or with changes that it refused.

    `waiting` is exact up to 1,000, and there are `more` behind them; `refused` likewise. Of a router that is lent to the
    tenant both count its own changes among the first 1,000. `failure` is in words for the owner, and says otherwise why
    the router refused the oldest change so far. `next_try_at` is null where nothing is waited for.
    """

    router: LagRouter
    waiting: Count
    more: bool
    oldest_due_at: InstantOut | None
    lag_seconds: Annotated[int, Field(examples=[312])]
    failing_since: InstantOut | None
    reason: Annotated[str, Field(examples=["timed_out"])] | None
    failure: FailureText | None
    next_try_at: InstantOut | None
    refused: Count
    more_refused: bool


class RefusedChangeAnswer(Answer):
    """A change that a router refused too often. `service` and `subscriber` are there for services of one's own.

    `names` are usernames of the service; `due_at` is from when on the change was to hold.
    """

    service: ServiceId | None
    subscriber: SubscriberId | None
    reseller: Annotated[str, Field(examples=["t4h8w2p5n6qr"])] | None
    names: list[Annotated[str, Field(examples=["bn700123"])]]
    reason: Annotated[str, Field(examples=["The router refused to add bn700123 in /ppp/secret: failure: disk full"])]
    tries: Count
    due_at: InstantOut
    since: InstantOut


class RetryAnswer(Answer):
    """So many changes are tried again; with `more` there are others, to be tried by the next request."""

    retried: Count
    more: bool


def show_health(health: Health | None, at: datetime, failure: str | None = None) -> HealthAnswer:
    known = health or Health(None, None, None, None, None, None, None)
    return HealthAnswer(
        at=at,
        cpu_percent=known.cpu_percent,
        memory_used_percent=known.memory_used_percent,
        uptime_seconds=known.uptime_seconds,
        sessions=known.sessions,
        version=known.version,
        model=known.model,
        identity=known.identity,
        failure=failure,
    )


def show_sample(sample: Sample) -> HealthAnswer:
    return show_health(sample.health, from_micros(sample.at_micros), sample.failure)


def show_lag(lag: Lag, now: datetime) -> LagAnswer:
    state, oldest = lag.state, lag.oldest
    return LagAnswer(
        router=LagRouter(
            id=lag.router.router_id, name=lag.router.name, enabled=lag.router.enabled, lent=not lag.is_own
        ),
        waiting=lag.waiting.number,
        more=lag.waiting.has_more,
        oldest_due_at=_instant(None if oldest is None else oldest.due_micros),
        lag_seconds=0 if oldest is None else (to_micros(now) - oldest.due_micros) // 1_000_000,
        failing_since=_instant(state.failing_since_micros),
        reason=state.failure_reason,
        failure=failure_in_words(state, oldest, is_own=lag.is_own),
        next_try_at=_instant(next_try_micros(lag.router, state, oldest, now)),
        refused=lag.refused.number,
        more_refused=lag.refused.has_more,
    )


def show_refused(change: RefusedChange, tenant_id: str, resellers: Collection[str]) -> RefusedChangeAnswer:
    is_own = change.tenant_id == tenant_id
    has_subscriber = is_own and change.subscriber > 0
    return RefusedChangeAnswer(
        service=service_id(tenant_id, change.service) if is_own else None,
        subscriber=subscriber_id(tenant_id, change.subscriber) if has_subscriber else None,
        reseller=change.tenant_id if change.tenant_id in resellers else None,
        names=list(change.shown_names),
        reason=change.reason,
        tries=change.tries,
        due_at=from_micros(change.due_micros),
        since=from_micros(change.refused_micros),
    )


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
