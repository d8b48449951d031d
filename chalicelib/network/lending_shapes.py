"""What the routes of lendings take and answer."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from chalicelib.api.fields import Answer, Body, Reference
from chalicelib.network.model import Lending, Place
from chalicelib.network.place_shapes import (
    HostAddress,
    InterfaceName,
    Networks,
    PlaceAnswer,
    PoolName,
    Prefix,
    Profiles,
    ServerName,
    place_asked,
    place_shown,
)
from chalicelib.network.shapes import RouterId
from chalicelib.tenants.model import Tenant


class LendingBody(Body):
    """To lend a router to a direct reseller. `profiles` are for plans of the reseller's.

    Its services have addresses of their own only in the `networks`; without any they have those of the pool.
    """

    reseller: Reference
    prefix: Prefix
    profiles: Profiles = []
    pool: PoolName | None = None
    local_address: HostAddress | None = None
    hotspot_server: ServerName | None = None
    arp_interface: InterfaceName | None = None
    networks: Networks = []


class LendingReseller(Answer):
    """Whom a router is lent to."""

    id: Annotated[str, Field(examples=["t4h8w2p5n6qr"])]
    name: Annotated[str, Field(examples=["Beta Net"])]


class LendingAnswer(PlaceAnswer):
    """A lending, with the place that the reseller has on the router."""

    router: RouterId
    reseller: LendingReseller


class LendingsAnswer(Answer):
    """Everybody whom a router is lent to, by prefix."""

    items: list[LendingAnswer]


def place_lent(body: LendingBody, profiles: dict[str, str]) -> Place:
    return replace(place_asked(body, profiles, body.prefix), networks=tuple(body.networks))


def show_lending(lending: Lending, reseller: Tenant) -> LendingAnswer:
    return LendingAnswer(
        router=lending.router_id,
        reseller=LendingReseller(id=reseller.tenant_id, name=reseller.name),
        **place_shown(lending.place),
    )
