"""Routers for tests of use cases: registered as a person would, for the tenants of the small world."""

from datetime import date
from typing import Any

from chalicelib.aws.tables import forget
from chalicelib.crm.outbox import due_changes
from chalicelib.crm.subscriber import Subscriber
from chalicelib.network.give_access import AskedAccess, GivenAccess, give_access
from chalicelib.network.lend import lend_router
from chalicelib.network.model import Lending, Method, Place, Router
from chalicelib.network.register import NewRouter, register_router
from chalicelib.tenants.model import Tenant
from tests.world import NOW, World

FIRST = date(2026, 11, 1)
PASSWORD = "router-secret"
NEW = NewRouter("Core", "10.10.0.2", 8729, True, "ab" * 32, "tributary", PASSWORD, Place())


def a_router(tenant: Tenant) -> Router:
    """A router of that tenant."""
    return register_router(tenant, NEW, NOW, forget)


def a_lending(tenant: Tenant, router: Router, child: Tenant, prefix: str = "beta-") -> Lending:
    """The router lent to that child."""
    return lend_router(tenant, router.router_id, child, Place(prefix, networks=("10.20.0.0/16",)), forget)


def a_subscriber(world: World, name: str, tenant: Tenant | None = None) -> Subscriber:
    """A subscriber of Alpha, or of another tenant, since the first of November."""
    chains = {chain[-1].tenant_id: chain for chain in (world.alpha_chain, world.beta_chain, world.gamma_chain)}
    return world.connect(chains[(tenant or world.alpha).tenant_id], name, "HOME", FIRST)


def give(tenant: Tenant, subscriber: Subscriber, router: Router, **asked: Any) -> GivenAccess:
    """The subscriber's only service on the router, by PPPoE with a password unless told otherwise."""
    told = {"method": Method.PPPOE, "password": "line-secret", **asked}
    return give_access(tenant, subscriber.number, None, AskedAccess(router.router_id, **told), NOW)


def told_to(router: Router) -> list[tuple[str, int, tuple[str, ...]]]:
    """What waits for the router, oldest first: tenant, service, names."""
    changes, _ = due_changes(router.router_id, NOW, limit=100)
    return [(change.tenant_id, change.service, change.names) for change in changes]
