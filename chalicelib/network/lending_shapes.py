"""What the routes of lendings take and answer."""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from chalicelib.api.fields import Answer, Body, Instead, Reference
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


class LendingChangeBody(Body):
    """What to change of a lending. Its prefix stays: names of services on the router begin with it."""

    profiles: Profiles = Instead
    pool: PoolName | None = None
    local_address: HostAddress | None = None
    hotspot_server: ServerName | None = None
    arp_interface: InterfaceName | None = None
    networks: Networks = Instead


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


def place_changed(body: LendingChangeBody, profiles: dict[str, str] | None) -> dict[str, Any]:
    """What the body names of a place; null takes away."""
    named = body.model_fields_set - {"profiles", "networks"}
    changed = {name: getattr(body, name) for name in named}
    if profiles is not None:
        changed["profiles"] = profiles
    if "networks" in body.model_fields_set:
        changed["networks"] = tuple(body.networks)
    return changed


def show_lending(lending: Lending, reseller: Tenant) -> LendingAnswer:
    return LendingAnswer(
        router=lending.router_id,
        reseller=LendingReseller(id=reseller.tenant_id, name=reseller.name),
        **place_shown(lending.place),
    )
