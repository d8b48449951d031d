"""The route of what a subscriber's line does at this moment."""

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.aws import clock
from chalicelib.core.dates import day_at
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.service import ServiceStatus
from chalicelib.crm.subscriber import subscriber_number
from chalicelib.network.access_shapes import ServiceQuery, service_asked
from chalicelib.network.asking import QUICK_SECONDS, ask_router
from chalicelib.network.give_access import GivenAccess, given_access
from chalicelib.network.live_shapes import LineNowAnswer, show_line_now

bp = Blueprint(__name__, tag="Network")


@bp.api(
    "GET",
    "/v1/subscribers/{subscriber_id}/session",
    may="network:read",
    module="network",
    query=ServiceQuery,
    answer=LineNowAnswer,
    also={409: "not-on-a-router, router-disabled", 503: "router-did-not-answer"},
)
def show_session(call: Call, subscriber_id: str) -> LineNowAnswer:
    """A subscriber's session, traffic and last sign-off now: its router is asked, and has two seconds.

    `service` may be left out where there is only one. Where the router has no entry of this service under its name there
    is no session, and `note` says so, as of a service that is suspended. With 503 the `reason` says why the router could
    not be asked.
    """
    tenant_id = call.tenant.tenant_id
    given = _given(call, subscriber_number(tenant_id, subscriber_id))
    question = {
        "ask": "session",
        "method": given.access.method.value,
        "name": given.sign_in_name,
        "service": [tenant_id, given.service.number],
    }
    told = ask_router(tenant_id, given.router, question, QUICK_SECONDS)
    now = clock.now()
    status = given.service.status_on(day_at(now, call.tenant.timezone))
    return show_line_now(given, told, now, is_suspended=status is ServiceStatus.SUSPENDED)


def _given(call: Call, number: int) -> GivenAccess:
    service = service_asked(call.tenant.tenant_id, call.query.service)
    try:
        return given_access(call.tenant, number, service)
    except NotFound:
        find_subscriber(call.tenant.tenant_id, number)
        raise Conflict("not-on-a-router", "This service is on no router.") from None
