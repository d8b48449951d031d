"""Bringing routers in line: having one, or all of a tenant's, compared with what they should hold, and mended."""

from chalicelib.aws import keys
from chalicelib.aws.log import log
from chalicelib.aws.queue import send_to_routers
from chalicelib.core.errors import Unavailable
from chalicelib.network.find import lendings_to, own_routers

Message = tuple[str, str, dict[str, str]]


def bring_in_line(router_id: str, why: str) -> Message:
    """The message that has a router compared with all it should hold; `why` names what has changed, for once each."""
    # A name of a message has 128 characters at most, and two ids of tenants may be in this one.
    return router_id, keys.digest(f"{router_id}.{why}"), {"do": "reconcile", "router": router_id}


def bring_in_line_soon(router_id: str, why: str) -> None:
    """Have a router compared, of what is done already: where the queue is away the comparison of the next night finds it."""
    try:
        send_to_routers([bring_in_line(router_id, why)])
    except Unavailable as refusal:
        log("router not brought in line", router=router_id, reason=refusal.detail)


def bring_all_in_line(tenant_id: str, why: str) -> None:
    """Have every router that the tenant uses compared. `Unavailable` when the queue is away."""
    routers = [router.router_id for router in own_routers(tenant_id)]
    routers += [lending.router_id for lending in lendings_to(tenant_id)]
    send_to_routers([bring_in_line(one, why) for one in routers])


def bring_all_in_line_soon(tenant_id: str, why: str) -> None:
    """The same of every router that the tenant uses."""
    try:
        bring_all_in_line(tenant_id, why)
    except Unavailable as refusal:
        log("routers not brought in line", tenant=tenant_id, reason=refusal.detail)
