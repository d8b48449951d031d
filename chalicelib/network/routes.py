"""Routes of routers, of whom they are lent to, and of how a tenant wants its services treated on them."""

from typing import Any

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.paging import PageQuery, decode_cursor, encode_cursor, page_of
from chalicelib.core.errors import invalid_field
from chalicelib.network.asking import TEST_SECONDS, told_by_router
from chalicelib.network.find import find_router, lendings_of, terms_of, usable
from chalicelib.network.find import list_routers as find_routers
from chalicelib.network.lend import change_lending, end_lending, lend_router
from chalicelib.network.lending_shapes import (
    LendingAnswer,
    LendingBody,
    LendingChangeBody,
    LendingsAnswer,
    place_changed,
    place_lent,
    show_lending,
)
from chalicelib.network.model import Lending, Router
from chalicelib.network.pace import count_test
from chalicelib.network.place_shapes import profiles_asked
from chalicelib.network.register import edit_router, register_router, remove_router
from chalicelib.network.shapes import (
    ConnectionTestAnswer,
    NewRouterBody,
    RouterAnswer,
    RouterChangeBody,
    change_asked,
    router_asked,
    show_router,
    show_test,
)
from chalicelib.network.state import RouterState, read_state, read_states
from chalicelib.network.terms import set_terms
from chalicelib.network.terms_shapes import NetworkTermsAnswer, NetworkTermsBody, show_terms, terms_asked
from chalicelib.tenants.hierarchy import find_child, read_chain
from chalicelib.tenants.model import Tenant

bp = Blueprint(__name__, tag="Network")

RouterPage = page_of(RouterAnswer)


@bp.api(
    "POST",
    "/v1/routers",
    may="routers:write",
    module="network",
    body=NewRouterBody,
    answer=RouterAnswer,
    status=201,
    repeatable=True,
    also={409: "too-many-routers"},
)
def add_router(call: Call) -> RouterAnswer:
    """Register a router. Its password is sealed at once and never shown again; a test says whether it can be reached.

    A tenant may have a thousand.
    """
    profiles = profiles_asked(call.tenant.tenant_id, call.body.profiles)
    remember = call.remember(lambda router: _show_own(router, RouterState(router.router_id)))
    router = register_router(call.tenant, router_asked(call.body, profiles), call.now, remember)
    return _show_own(router, RouterState(router.router_id))


@bp.api("GET", "/v1/routers", may="network:read", module="network", query=PageQuery, answer=RouterPage)
def list_routers(call: Call) -> Any:
    """The tenant's own routers, and behind them those that are lent to it."""
    query = call.query
    found, after = find_routers(call.tenant.tenant_id, query.limit, decode_cursor(query.cursor))
    states = read_states([router.router_id for router, _ in found])
    items = [_show(call, router, lending, states[router.router_id]) for router, lending in found]
    return RouterPage(items=items, next_cursor=encode_cursor(after))


@bp.api("GET", "/v1/routers/{router_id}", may="network:read", module="network", answer=RouterAnswer)
def show_one_router(call: Call, router_id: str) -> RouterAnswer:
    """One router that the tenant may use, with what is known from speaking to it."""
    router, lending = usable(call.tenant.tenant_id, router_id)
    return _show(call, router, lending, read_state(router.router_id))


@bp.api(
    "PATCH",
    "/v1/routers/{router_id}",
    may="routers:write",
    module="network",
    body=RouterChangeBody,
    answer=RouterAnswer,
)
def change_router(call: Call, router_id: str) -> RouterAnswer:
    """Change a router of one's own. Services are brought in line with what has changed."""
    profiles = None
    if call.body.profiles is not None:
        profiles = profiles_asked(call.tenant.tenant_id, call.body.profiles)
    router = edit_router(call.tenant, router_id, change_asked(call.body, profiles))
    return _show_own(router, read_state(router.router_id))


@bp.api(
    "DELETE",
    "/v1/routers/{router_id}",
    may="network:write",
    module="network",
    status=204,
    also={409: "router-in-use"},
)
def delete_router(call: Call, router_id: str) -> None:
    """Let a router go that no service is on and that is lent to nobody. Nothing is changed on it."""
    remove_router(call.tenant, router_id)


@bp.api(
    "POST",
    "/v1/routers/{router_id}/test",
    may="network:access",
    module="network",
    answer=ConnectionTestAnswer,
    also={429: "too-many-tests"},
)
def test_router(call: Call, router_id: str) -> ConnectionTestAnswer:
    """Connect to a router of one's own now, sign in, and find out whether all that is needed may be done there.

    A tenant has sixty tests a minute.
    """
    router = find_router(call.tenant.tenant_id, router_id)
    count_test(call.tenant.tenant_id, call.now)
    return show_test(told_by_router(router, {"ask": "test"}, TEST_SECONDS))


@bp.api(
    "POST",
    "/v1/routers/{router_id}/lendings",
    may="network:write",
    module="network",
    body=LendingBody,
    answer=LendingAnswer,
    status=201,
    repeatable=True,
    also={409: "already-lent, prefix-taken"},
)
def add_lending(call: Call, router_id: str) -> LendingAnswer:
    """Let a direct reseller put its services on a router, under names that begin with a prefix."""
    router = find_router(call.tenant.tenant_id, router_id)
    reseller = find_child(call.tenant, call.body.reseller)
    place = place_lent(call.body, profiles_asked(reseller.tenant_id, call.body.profiles))

    def show(lending: Lending) -> LendingAnswer:
        return show_lending(lending, reseller)

    return show(lend_router(call.tenant, router.router_id, reseller, place, call.remember(show)))


@bp.api("GET", "/v1/routers/{router_id}/lendings", may="network:read", module="network", answer=LendingsAnswer)
def list_lendings(call: Call, router_id: str) -> LendingsAnswer:
    """Whom a router of one's own is lent to."""
    lendings = lendings_of(find_router(call.tenant.tenant_id, router_id).router_id)
    resellers = {one.tenant_id: one for one in _resellers(lendings)}
    return LendingsAnswer(items=[show_lending(one, resellers[one.tenant_id]) for one in lendings])


@bp.api(
    "PATCH",
    "/v1/routers/{router_id}/lendings/{reseller_id}",
    may="network:write",
    module="network",
    body=LendingChangeBody,
    answer=LendingAnswer,
)
def edit_lending(call: Call, router_id: str, reseller_id: str) -> LendingAnswer:
    """Change what a reseller has on a router of one's own; its services are brought in line with it."""
    router = find_router(call.tenant.tenant_id, router_id)
    reseller = find_child(call.tenant, reseller_id)
    profiles = None
    if call.body.profiles is not None:
        profiles = profiles_asked(reseller.tenant_id, call.body.profiles)
    place = place_changed(call.body, profiles)
    return show_lending(change_lending(call.tenant, router.router_id, reseller.tenant_id, place), reseller)


@bp.api(
    "DELETE",
    "/v1/routers/{router_id}/lendings/{reseller_id}",
    may="network:write",
    module="network",
    status=204,
    also={409: "router-in-use"},
)
def delete_lending(call: Call, router_id: str, reseller_id: str) -> None:
    """Take a router back from a reseller that has no service on it any more."""
    router = find_router(call.tenant.tenant_id, router_id)
    end_lending(call.tenant, router.router_id, find_child(call.tenant, reseller_id).tenant_id)


@bp.api("GET", "/v1/network/terms", may="network:read", module="network", answer=NetworkTermsAnswer)
def show_network_terms(call: Call) -> NetworkTermsAnswer:
    """How the tenant wants its services treated on routers."""
    return show_terms(terms_of(call.tenant.tenant_id))


@bp.api(
    "PUT",
    "/v1/network/terms",
    may="network:write",
    module="network",
    body=NetworkTermsBody,
    answer=NetworkTermsAnswer,
)
def put_network_terms(call: Call) -> NetworkTermsAnswer:
    """Treat services that way from now on; every router that the tenant uses is brought in line with it."""
    if call.body.active_list == call.body.expired_list:
        raise invalid_field("active_list", "must be another list than expired_list")
    return show_terms(set_terms(call.tenant.tenant_id, terms_asked(call.body)))


def _resellers(lendings: list[Lending]) -> tuple[Tenant, ...]:
    return read_chain([lending.tenant_id for lending in lendings]) if lendings else ()


def _show_own(router: Router, state: RouterState) -> RouterAnswer:
    return show_router(router, router.place, state, None, "")


def _show(call: Call, router: Router, lending: Lending | None, state: RouterState) -> RouterAnswer:
    """What is lent is the parent's: nobody else can lend to a tenant."""
    if lending is None:
        return _show_own(router, state)
    return show_router(router, lending.place, state, lending, call.tenants[-2].name)
