"""Finding routers, whose place on them is whose, and the services on them."""

from collections.abc import Iterable, Sequence

from chalicelib.aws import keys
from chalicelib.aws.tables import read, read_all, read_many, read_page
from chalicelib.core.errors import NotFound
from chalicelib.network.entries import ServiceKey
from chalicelib.network.model import Access, Lending, NetworkTerms, Place, Router, is_router_id, owner_of
from chalicelib.network.state import read_states
from chalicelib.network.store import (
    AccessRow,
    DirectoryRow,
    LendingRow,
    RouterRow,
    TermsRow,
    to_access,
    to_lending,
    to_router,
    to_terms,
)
from chalicelib.tenants.hierarchy import find_tenant, read_chain

MANY = 1_000
"""So many services are not looked up one by one on a router: all of it is read in fewer requests."""
MOST_TENANTS = 1_000
"""So many are looked up that comments on a router name: whoever writes comments decides how many they name."""


def read_router(router_id: str) -> Router | None:
    """The router of that id, whosever it is."""
    row = read(RouterRow, keys.router(router_id))
    return None if row is None else to_router(row)


def find_router(tenant_id: str, text: str) -> Router:
    """The tenant's own router of that id; `NotFound`, also for one that it only may use."""
    router = read_router(text) if is_router_id(text) and owner_of(text) == tenant_id else None
    if router is None:
        raise NotFound("router")
    return router


def usable_router(tenant_id: str, text: str) -> tuple[Router, Place]:
    """A router that the tenant may put services on, its own or one lent to it, and its place there; `NotFound`."""
    router, lending = usable(tenant_id, text)
    return router, router.place if lending is None else lending.place


def usable(tenant_id: str, text: str) -> tuple[Router, Lending | None]:
    """The same with the lending by which it may be used, None for one of its own; `NotFound`."""
    if not is_router_id(text):
        raise NotFound("router")
    if owner_of(text) == tenant_id:
        return find_router(tenant_id, text), None
    # Nothing of another tenant is read before it is known to be lent.
    row = read(LendingRow, keys.lent_router(tenant_id, text))
    router = None if row is None else read_router(text)
    if row is None or router is None:
        raise NotFound("router")
    return router, to_lending(text, row)


def place_of(router: Router, tenant_id: str) -> Place | None:
    """What is the tenant's on the router; None for one who may not use it."""
    if router.tenant_id == tenant_id:
        return router.place
    row = read(LendingRow, keys.lent_router(tenant_id, router.router_id))
    return None if row is None else to_lending(router.router_id, row).place


def read_routers(router_ids: Sequence[str]) -> list[Router | None]:
    """The routers of those ids in their order: one request for each hundred."""
    rows = read_many([(RouterRow, keys.router(one)) for one in router_ids])
    return [None if row is None else to_router(row) for row in rows]


def page_of_routers(tenant_id: str, limit: int, after: str | None) -> tuple[list[Router], str | None]:
    """A page of the tenant's own routers, by id."""
    page = read_page(RouterRow, keys.routers(tenant_id), limit=limit, after=after)
    return [to_router(row) for row in page.rows], page.after


def own_routers(tenant_id: str) -> list[Router]:
    """All routers of the tenant's own, by id."""
    return [to_router(row) for row in read_all(RouterRow, keys.routers(tenant_id))]


def list_routers(
    tenant_id: str, limit: int, after: str | None
) -> tuple[list[tuple[Router, Lending | None]], str | None]:
    """A page of the routers that the tenant may use, its own first and by id, and the id to go on behind."""
    found: list[tuple[Router, Lending | None]] = []
    if after is None or owner_of(after) == tenant_id:
        own, next_after = page_of_routers(tenant_id, limit, after)
        found += [(router, None) for router in own]
        if next_after is not None:
            return found, next_after
        if len(found) == limit:
            # Whether anything is lent shows on the page behind this one.
            return found, found[-1][0].router_id if _is_lent_any(tenant_id) else None
        after = None
    page = read_page(LendingRow, keys.lent_routers(tenant_id), limit=limit - len(found), after=after)
    routers = read_routers([row.sk for row in page.rows])
    found += [
        (router, to_lending(row.sk, row)) for router, row in zip(routers, page.rows, strict=True) if router is not None
    ]
    return found, page.after


def _is_lent_any(tenant_id: str) -> bool:
    return bool(read_page(LendingRow, keys.lent_routers(tenant_id), limit=1).rows)


def lendings_to(tenant_id: str) -> list[Lending]:
    """Every router that the tenant may use and does not own."""
    return [to_lending(row.sk, row) for row in read_all(LendingRow, keys.lent_routers(tenant_id))]


def lendings_of(router_id: str) -> list[Lending]:
    """Everybody whom a router is lent to."""
    return [to_lending(router_id, row) for row in read_all(LendingRow, keys.router_lendings(router_id))]


def resellers_on(tenant_id: str, router: Router) -> frozenset[str]:
    """To whom the tenant lends the router: nobody where it is not its own."""
    if router.tenant_id != tenant_id:
        return frozenset()
    return frozenset(lending.tenant_id for lending in lendings_of(router.router_id))


def all_router_ids(operator_id: str) -> list[str]:
    """Every router of the installation."""
    return [row.sk for row in read_all(DirectoryRow, keys.all_routers(operator_id))]


def twins_of(router: Router) -> list[Router]:
    """Other routers of the installation that are the same machine, by all that is known: at the same address, and on the
    same port or with the same name and model. A machine has several ports; and behind one address there may be several
    machines, on a port each.

    An address is what anybody says of a router of theirs: one counts only once it was signed in to there.
    """
    operator_id = find_tenant(router.tenant_id).chain[0]
    others = [one for one in all_router_ids(operator_id) if one != router.router_id]
    there = [one for one in read_routers(others) if one is not None and one.address == router.address]
    if not there:
        return []
    states = read_states([router.router_id, *(one.router_id for one in there)])
    own = states[router.router_id]

    def is_same(other: Router) -> bool:
        its = states[other.router_id]
        told = None not in (own.identity, its.identity)
        return other.port == router.port or not told or (own.identity, own.model) == (its.identity, its.model)

    return [one for one in there if states[one.router_id].seen_at == router.address and is_same(one)]


def known_among(tenant_ids: Iterable[str]) -> set[str]:
    """Which of these are tenants of the installation, by a request for each hundred. Of more than a thousand the first by
    their ids are looked up, and none of the others is told."""
    return {one.tenant_id for one in read_chain(sorted(set(tenant_ids))[:MOST_TENANTS])}


def held_elsewhere(router: Router, services: Iterable[ServiceKey]) -> set[ServiceKey]:
    """Which of these services are on another router by our books. It may be the same machine, by a name or another address.

    A request for each hundred of a tenant's services and each router that the tenant uses.
    """
    by_tenant: dict[str, list[ServiceKey]] = {}
    for service in sorted(services):
        by_tenant.setdefault(service[0], []).append(service)
    found: set[ServiceKey] = set()
    for tenant_id, own in by_tenant.items():
        used = [one.router_id for one in own_routers(tenant_id)] + [one.router_id for one in lendings_to(tenant_id)]
        for other in used:
            if other != router.router_id:
                accesses = read_accesses(other, own) if len(own) < MANY else accesses_on(other)
                found |= {(one.tenant_id, one.service) for one in accesses} & set(own)
    return found


def terms_of(tenant_id: str) -> NetworkTerms:
    """How the tenant wants its services treated on routers."""
    return to_terms(read(TermsRow, keys.network_terms(tenant_id)))


def find_access(router_id: str, tenant_id: str, service: int) -> Access | None:
    """How a service gets on a router; None where it is not on it."""
    row = read(AccessRow, keys.router_access(router_id, tenant_id, service))
    return None if row is None else to_access(router_id, row)


def read_accesses(router_id: str, services: Sequence[ServiceKey]) -> list[Access]:
    """How these (tenant, service) get on the router; those that are not on it are left out."""
    rows = read_many([(AccessRow, keys.router_access(router_id, *service)) for service in services])
    return [to_access(router_id, row) for row in rows if row is not None]


def page_of_accesses(router_id: str, limit: int, after: str | None) -> tuple[list[Access], str | None]:
    """How a page of the services on the router get on, and where to go on."""
    page = read_page(AccessRow, keys.router_accesses(router_id), limit=limit, after=after)
    return [to_access(router_id, row) for row in page.rows], page.after


def accesses_on(router_id: str) -> list[Access]:
    """How all services on the router get on."""
    return [to_access(router_id, row) for row in read_all(AccessRow, keys.router_accesses(router_id))]
