"""Routes of accesses: on which router a service is, and how it gets on there."""

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.crm.subscriber import subscriber_number
from chalicelib.network.access_shapes import (
    AccessAnswer,
    AccessBody,
    DeliveryAnswer,
    ServiceQuery,
    access_asked,
    service_asked,
    show_access,
    show_delivery,
)
from chalicelib.network.delivery import progress_of
from chalicelib.network.give_access import give_access, given_access, take_access

bp = Blueprint(__name__, tag="Network")


@bp.api(
    "PUT",
    "/v1/subscribers/{subscriber_id}/access",
    may="accesses:write",
    module="network",
    body=AccessBody,
    answer=AccessAnswer,
    also={409: "service-disconnected, address-taken, name-taken"},
)
def put_access(call: Call, subscriber_id: str) -> AccessAnswer:
    """Put a service on a router, change how it gets on there, or move it to another one: both routers hear of it."""
    number = subscriber_number(call.tenant.tenant_id, subscriber_id)
    service = service_asked(call.tenant.tenant_id, call.body.service)
    return show_access(give_access(call.tenant, number, service, access_asked(call.body), call.now))


@bp.api(
    "GET",
    "/v1/subscribers/{subscriber_id}/access",
    may="network:read",
    module="network",
    query=ServiceQuery,
    answer=AccessAnswer,
)
def show_subscriber_access(call: Call, subscriber_id: str) -> AccessAnswer:
    """How a service gets on; 404 also for one that is on no router."""
    number = subscriber_number(call.tenant.tenant_id, subscriber_id)
    return show_access(given_access(call.tenant, number, service_asked(call.tenant.tenant_id, call.query.service)))


@bp.api(
    "GET",
    "/v1/subscribers/{subscriber_id}/access/delivery",
    may="network:read",
    module="network",
    query=ServiceQuery,
    answer=DeliveryAnswer,
)
def show_delivery_of_access(call: Call, subscriber_id: str) -> DeliveryAnswer:
    """Whether the service's router has heard of what changed last, and if not, why; 404 for a service on no router."""
    number = subscriber_number(call.tenant.tenant_id, subscriber_id)
    given = given_access(call.tenant, number, service_asked(call.tenant.tenant_id, call.query.service))
    return show_delivery(given, progress_of(given, call.now))


@bp.api(
    "DELETE",
    "/v1/subscribers/{subscriber_id}/access",
    may="network:access",
    module="network",
    query=ServiceQuery,
    status=204,
)
def delete_access(call: Call, subscriber_id: str) -> None:
    """Take a service off its router."""
    number = subscriber_number(call.tenant.tenant_id, subscriber_id)
    take_access(call.tenant, number, service_asked(call.tenant.tenant_id, call.query.service), call.now)
