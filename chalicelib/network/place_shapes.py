"""What routes about routers take and answer of a tenant's place on a router."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Protocol

from pydantic import Field

from chalicelib.api.fields import Answer, Body, Reference, parsed, pattern_field, shown
from chalicelib.auth.shapes import SECRET
from chalicelib.core.errors import invalid_field
from chalicelib.core.text import clean_text
from chalicelib.crm.plan_shapes import PlanCode
from chalicelib.crm.plans import plan_code, read_plans
from chalicelib.network.address import parse_service_address, parse_service_network
from chalicelib.network.model import Place

MOST_PROFILES = 200
MOST_NETWORKS = 32
MOST_IN_A_PASSWORD = 128
MOST_IN_A_NAME = 64

ProfileName = Annotated[str, parsed(lambda text: _kept_name(text)), shown("home-10", minLength=1, maxLength=64)]
PoolName = Annotated[str, parsed(lambda text: _kept_name(text)), shown("pppoe-pool", minLength=1, maxLength=64)]
ServerName = Annotated[str, parsed(lambda text: _kept_name(text)), shown("hotspot1", minLength=1, maxLength=64)]
InterfaceName = Annotated[str, parsed(lambda text: _kept_name(text)), shown("bridge", minLength=1, maxLength=64)]
Prefix = pattern_field("[a-z0-9._-]{2,16}", "must be 2 to 16 small letters, digits and . _ -", "beta-")
HostAddress = Annotated[
    str,
    parsed(parse_service_address),
    shown("10.20.0.7", pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$"),
]
"""The IPv4 address of one host."""


LinePassword = Annotated[
    str,
    parsed(lambda text: _password(text)),
    shown("correct horse 1", pattern="^[ -~]{1,128}$", writeOnly=True),
    Field(json_schema_extra=SECRET),
]
"""Of ASCII characters: each version of RouterOS reads others in its own way."""


Network = Annotated[
    str,
    parsed(parse_service_network),
    shown("10.20.0.0/16", pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$"),
]
"""An IPv4 network that addresses of services lie in."""
Networks = Annotated[list[Network], Field(max_length=MOST_NETWORKS)]


class ProfileBody(Body):
    """The profile of the router that services on a plan are in."""

    plan: Reference
    profile: ProfileName


Profiles = Annotated[list[ProfileBody], Field(max_length=MOST_PROFILES)]


class ProfileAnswer(Answer):
    """The profile of the router that services on a plan are in; `plan` is a plan code."""

    plan: PlanCode
    profile: Annotated[str, Field(examples=["home-10"])]


class PlaceAnswer(Answer):
    """What is a tenant's on a router. `prefix` begins every name of its services there.

    `profiles` are kept by people on the router. For other plans profiles of our own are, with the addresses of `pool`
    and with `local_address`. On a router that is lent, addresses of services lie in one of the `networks`.
    """

    prefix: Annotated[str, Field(examples=["beta-"])]
    profiles: list[ProfileAnswer]
    pool: Annotated[str, Field(examples=["pppoe-pool"])] | None
    local_address: Annotated[str, Field(examples=["10.20.0.1"])] | None
    hotspot_server: Annotated[str, Field(examples=["hotspot1"])] | None
    arp_interface: Annotated[str, Field(examples=["bridge"])] | None
    networks: list[Annotated[str, Field(examples=["10.20.0.0/16"])]]


def _kept_name(text: str) -> str:
    """The name of something that others keep on the router."""
    name = clean_text(text)
    if not 1 <= len(name) <= MOST_IN_A_NAME:
        raise ValueError(f"must be 1 to {MOST_IN_A_NAME} characters long")
    return name


def _password(text: str) -> str:
    if not 1 <= len(text) <= MOST_IN_A_PASSWORD or not (text.isascii() and text.isprintable()):
        raise ValueError(f"must be 1 to {MOST_IN_A_PASSWORD} letters, digits and signs of ASCII")
    return text


def profiles_asked(tenant_id: str, profiles: Sequence[ProfileBody]) -> dict[str, str]:
    """The profiles by the codes of the tenant's plans; 422 on `profiles` for a plan that is not one, or named twice."""
    plans = read_plans(tenant_id) if profiles else {}
    found: dict[str, str] = {}
    for number, one in enumerate(profiles):
        code = plan_code(tenant_id, one.plan)
        if code is None or code not in plans:
            raise invalid_field(f"profiles.{number}.plan", "is not one of the plans that services here can be on")
        if code in found:
            raise invalid_field("profiles", "must name a plan once")
        found[code] = one.profile
    return found


class _Described(Protocol):
    """A body that says what a tenant has on a router."""

    @property
    def pool(self) -> str | None: ...

    @property
    def local_address(self) -> str | None: ...

    @property
    def hotspot_server(self) -> str | None: ...

    @property
    def arp_interface(self) -> str | None: ...


def place_asked(body: _Described, profiles: dict[str, str], prefix: str = "") -> Place:
    """The place that a body describes."""
    return Place(prefix, profiles, body.pool, body.local_address, body.hotspot_server, body.arp_interface)


def place_shown(place: Place) -> dict[str, Any]:
    """The fields of a `PlaceAnswer`."""
    return {
        "prefix": place.prefix,
        "profiles": show_profiles(place.profiles),
        "pool": place.pool,
        "local_address": place.local_address,
        "hotspot_server": place.hotspot_server,
        "arp_interface": place.arp_interface,
        "networks": list(place.networks),
    }


def show_profiles(profiles: Mapping[str, str]) -> list[ProfileAnswer]:
    return [ProfileAnswer(plan=plan, profile=profile) for plan, profile in sorted(profiles.items())]
