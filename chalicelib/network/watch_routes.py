"""Routes to watch routers by: their health, which of them are behind, and what they refused."""

from typing import Any

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.paging import PageQuery, answer_page, decode_cursor, page_of
from chalicelib.aws import clock
from chalicelib.core.errors import invalid_field
from chalicelib.network.asking import QUICK_SECONDS, ask_router
from chalicelib.network.find import find_router, resellers_on, usable_router
from chalicelib.network.lag import routers_behind
from chalicelib.network.model import Health
from chalicelib.network.refused import list_refused
from chalicelib.network.retry import retry_refused
from chalicelib.network.samples import KEPT_FOR, read_samples
from chalicelib.network.watch_shapes import (
    HealthAnswer,
    HealthQuery,
    LagAnswer,
    RefusedChangeAnswer,
    RetryAnswer,
    show_health,
    show_lag,
    show_refused,
    show_sample,
)

bp = Blueprint(__name__, tag="Network")


@bp.api(
    "GET",
    "/v1/routers/{router_id}/health",
    may="network:read",
    module="network",
    query=HealthQuery,
    answer=page_of(HealthAnswer),
)
def list_health(call: Call, router_id: str) -> Any:
    """How a router of one's own was, every five minutes of the last week, newest first."""
    query: HealthQuery = call.query
    router = find_router(call.tenant.tenant_id, router_id)
    first, last = query.from_ or call.now - KEPT_FOR, query.to or call.now
    if query.from_ is not None and first > last:
        raise invalid_field("from", "must not lie behind to")
    samples, after = read_samples(router.router_id, first, last, query.limit, decode_cursor(query.cursor))
    return answer_page(HealthAnswer, [show_sample(sample) for sample in samples], after)


@bp.api(
    "GET",
    "/v1/routers/{router_id}/health/now",
    may="network:read",
    module="network",
    answer=HealthAnswer,
    also={409: "router-disabled", 503: "router-did-not-answer"},
)
def show_health_now(call: Call, router_id: str) -> HealthAnswer:
    """How a router of one's own is at this moment: it is asked, and has two seconds."""
    router = find_router(call.tenant.tenant_id, router_id)
    told = ask_router(call.tenant.tenant_id, router, {"ask": "health"}, QUICK_SECONDS)
    return show_health(Health(**told["health"]), clock.now())


@bp.api("GET", "/v1/network/lag", may="network:read", module="network", query=PageQuery, answer=page_of(LagAnswer))
def list_lag(call: Call) -> Any:
    """The routers that are behind, own ones and those lent to the tenant: the one with the longest wait first."""
    after = decode_cursor(call.query.cursor)
    lags, further = routers_behind(call.tenant.tenant_id, call.now, call.query.limit, after)
    return answer_page(LagAnswer, [show_lag(lag, call.now) for lag in lags], further)


@bp.api(
    "GET",
    "/v1/routers/{router_id}/refused-changes",
    may="network:read",
    module="network",
    query=PageQuery,
    answer=page_of(RefusedChangeAnswer),
)
def list_refused_changes(call: Call, router_id: str) -> Any:
    """What the router refused again and again, and why. Of a router that is lent to the tenant: of its own services."""
    tenant_id = call.tenant.tenant_id
    router, _ = usable_router(tenant_id, router_id)
    of = None if router.tenant_id == tenant_id else tenant_id
    refused, after = list_refused(router.router_id, call.query.limit, decode_cursor(call.query.cursor), of)
    resellers = resellers_on(tenant_id, router) if refused else frozenset()
    return answer_page(RefusedChangeAnswer, [show_refused(one, tenant_id, resellers) for one in refused], after)


@bp.api(
    "POST",
    "/v1/routers/{router_id}/refused-changes/retry",
    may="network:access",
    module="network",
    answer=RetryAnswer,
)
def retry_refused_changes(call: Call, router_id: str) -> RetryAnswer:
    """Try what the router refused again, at most a thousand changes, and, for its owner, the router itself at once."""
    router, _ = usable_router(call.tenant.tenant_id, router_id)
    retried, has_more = retry_refused(call.tenant.tenant_id, router, call.now)
    return RetryAnswer(retried=retried, more=has_more)
