"""What the routes of accesses take and answer: how a service gets on a router."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.fields import Answer, Body, InstantOut, Reference
from chalicelib.auth.shapes import SECRET
from chalicelib.core.dates import from_micros
from chalicelib.core.errors import NotFound, invalid_field
from chalicelib.crm.subscriber import service_id, service_number
from chalicelib.network.delivery import ChangeProgress
from chalicelib.network.give_access import AskedAccess, GivenAccess
from chalicelib.network.model import Method
from chalicelib.network.place_shapes import HostAddress, LinePassword
from chalicelib.network.shapes import RouterId

MethodName = Annotated[Literal["pppoe", "hotspot", "static"], Field(examples=["pppoe"])]


class AccessBody(Body):
    """How a service is to get on. `service` may be left out where there is only one.

    `pppoe` and `hotspot` need a password the first time; without one the service keeps the one it has. `static` needs
    an address. With `locks_mac` the service gets on from its MAC address alone. With `take_over` an entry of the router
    that has its name and is not ours becomes the service's, on a router of one's own; without a password here it keeps
    the one it has there.
    """

    service: Reference | None = None
    router: Reference
    method: MethodName
    address: HostAddress | None = None
    locks_mac: bool = False
    password: LinePassword | None = Field(default=None, json_schema_extra=SECRET)
    take_over: bool = False


class ServiceQuery(Body):
    """Which service of the subscriber; it may be left out where there is only one."""

    service: Reference | None = None


class AccessRouter(Answer):
    """The router that a service is on."""

    id: RouterId
    name: Annotated[str, Field(examples=["Mirpur-10 core"])]


class AccessAnswer(Answer):
    """How a service gets on: its name and password are what its device signs in with."""

    service: Annotated[str, Field(examples=["t4h8w2p5n6qr.v123"])]
    router: AccessRouter
    method: MethodName
    sign_in_name: Annotated[str, Field(examples=["beta-bn700123"])]
    address: Annotated[str, Field(examples=["10.20.0.7"])] | None
    locks_mac: bool
    password_set: bool


class DeliveryRouter(Answer):
    """The router that has to hear of the changes. One that is not enabled is not spoken to, and its changes wait."""

    id: RouterId
    name: Annotated[str, Field(examples=["Mirpur-10 core"])]
    enabled: bool


class DeliveryAnswer(Answer):
    """How far the changes of a service have come to the router that it is on.

    `waiting`: one is to hold `since` then, and is tried again at `next_try_at`, or the next time that anybody looks where
    that is null. A router that is not `enabled` is not spoken to, and changes wait until it is again. `refused`: the router
    said no `since` then, and a person has to mend the cause. `reason` is why the router cannot be spoken to (`timed_out`
    and the like); `failure` says it in words to the router's owner, or why the router refused the change. Where more waits
    for a router than is looked through, some 25,000 changes, a service without one among them is `waiting` too: `since`
    is null then, and `failure` says so.
    """

    service: Annotated[str, Field(examples=["t4h8w2p5n6qr.v123"])]
    router: DeliveryRouter
    state: Annotated[Literal["delivered", "waiting", "refused"], Field(examples=["delivered"])]
    since: InstantOut | None
    tries: Annotated[int, Field(examples=[0])]
    reason: Annotated[str, Field(examples=["timed_out"])] | None
    failure: Annotated[str, Field(examples=["10.10.0.2:8729 refused the connection."])] | None
    next_try_at: InstantOut | None


def service_asked(tenant_id: str, text: str | None) -> int | None:
    """The number of the service that is named; 422 on `service` for one that is not the tenant's."""
    if text is None:
        return None
    try:
        return service_number(tenant_id, text)
    except NotFound:
        raise invalid_field("service", "is not a service of this subscriber") from None


def access_asked(body: AccessBody) -> AskedAccess:
    return AskedAccess(body.router, Method(body.method), body.address, body.locks_mac, body.password, body.take_over)


def show_access(given: GivenAccess) -> AccessAnswer:
    access = given.access
    return AccessAnswer(
        service=service_id(access.tenant_id, access.service),
        router=AccessRouter(id=access.router_id, name=given.router.name),
        method=access.method.value,
        sign_in_name=given.sign_in_name,
        address=access.address,
        locks_mac=access.locks_mac,
        password_set=access.password_sealed is not None,
    )


def show_delivery(given: GivenAccess, progress: ChangeProgress) -> DeliveryAnswer:
    since, next_try = progress.since_micros, progress.next_try_micros
    return DeliveryAnswer(
        service=service_id(given.access.tenant_id, given.access.service),
        router=DeliveryRouter(id=given.router.router_id, name=given.router.name, enabled=given.router.enabled),
        state=progress.state.value,
        since=None if since is None else from_micros(since),
        tries=progress.tries,
        reason=progress.failing,
        failure=progress.failure,
        next_try_at=None if next_try is None else from_micros(next_try),
    )
