"""Routers, what is lent of them, and how services get on, as the rules see them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

DEFAULT_PORTS = {False: 8728, True: 8729}
_ROUTER_ID = re.compile(r"([A-Za-z0-9_-]{1,64})\.r[0-9a-z]{8}", re.ASCII)


class Method(StrEnum):
    """How a service gets on: it dials in, signs in on a page, or has its address for good."""

    PPPOE = "pppoe"
    HOTSPOT = "hotspot"
    STATIC = "static"


class SuspendBy(StrEnum):
    """Where a suspended service goes to: a profile for the expired, or a list of addresses that a rule redirects."""

    PROFILE = "profile"
    ADDRESS_LIST = "address_list"


class Undelivered(StrEnum):
    """What is done about a day that a service was paid for and not delivered."""

    REPORT = "report"
    CREDIT = "credit"


@dataclass(frozen=True)
class Place:
    """What is a tenant's on a router: under which names, in which profiles and pools.

    `prefix` begins every name, and is empty for the router's owner. `profiles` names a profile of the router for a plan
    by its code; for other plans profiles of our own are kept. A pool and a local address are for those. `networks` are those
    that addresses of the services of a tenant below lie in: it has none of its own beside them.
    """

    prefix: str = ""
    profiles: Mapping[str, str] = field(default_factory=dict)
    pool: str | None = None
    local_address: str | None = None
    hotspot_server: str | None = None
    arp_interface: str | None = None
    networks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Router:
    """A MikroTik router of a tenant. `fingerprint` is the SHA-256 of the certificate it has to show, in hex.

    `password_sealed` is for the worker's eyes (`aws/sealed.py`). A router that is not `enabled` is left alone. `uses` is
    how many services of its owner's are on it, `lendings` to how many tenants it is lent.
    """

    router_id: str
    name: str
    address: str
    port: int
    tls: bool
    fingerprint: str | None
    username: str
    password_sealed: str
    place: Place
    enabled: bool = True
    created_at_micros: int = 0
    revision: int = 1
    uses: int = 0
    lendings: int = 0

    @property
    def tenant_id(self) -> str:
        return owner_of(self.router_id)


@dataclass(frozen=True)
class Lending:
    """A router that its owner lets a tenant below use, with a place of its own on it, and its `uses` services there."""

    router_id: str
    tenant_id: str
    place: Place
    revision: int = 1
    uses: int = 0


@dataclass(frozen=True)
class Access:
    """How one service gets on a router. A password that is not known here (`None`) is left as it is on the router.

    `address` is the service's own, or None for one of the pool. `adopts` allows to take over an entry of the router that
    has its name and no mark of ours.
    """

    router_id: str
    tenant_id: str
    subscriber: int
    service: int
    method: Method
    address: str | None = None
    locks_mac: bool = False
    password_sealed: str | None = None
    password_version: int = 0
    adopts: bool = False
    revision: int = 1


@dataclass(frozen=True)
class NetworkTerms:
    """How a tenant wants its services treated on every router.

    `expired_profile` names a profile of the routers; without one a profile of our own is kept there. An address of a
    suspended service is in `expired_list`, of one that is on by its address in `active_list`.
    """

    suspend_by: SuspendBy = SuspendBy.PROFILE
    expired_profile: str | None = None
    expired_list: str = "expired"
    active_list: str = "active"
    undelivered: Undelivered = Undelivered.REPORT
    mends_drift: bool = True
    revision: int = 0


@dataclass(frozen=True)
class Health:
    """A router at one moment; None for what it does not tell. `sessions` are those of all methods that have any."""

    cpu_percent: int | None
    memory_used_percent: int | None
    uptime_seconds: int | None
    sessions: int | None
    version: str | None
    model: str | None
    identity: str | None


def owner_of(router_id: str) -> str:
    """The tenant whose router it is."""
    return router_id.rpartition(".")[0]


def is_router_id(text: str) -> bool:
    """Whether a text that a client sent can be the id of a router."""
    return _ROUTER_ID.fullmatch(text) is not None
