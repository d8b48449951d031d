"""A route that does not say who may call it cannot be declared; and what the product's own routes declare."""

from typing import Any

import pytest

from app import app
from chalicelib.api.blueprint import ENDPOINTS, PUBLIC, Blueprint
from chalicelib.auth.roles import ALL_PERMISSIONS
from chalicelib.tenants.model import MODULES
from tests.api.declared import EchoBody, declare, echo

OPEN_TO_ALL = {
    "GET /",
    "GET /docs",
    "GET /openapi.json",
    "GET /health",
    "POST /v1/auth/login",
    "POST /v1/auth/refresh",
    "POST /v1/auth/logout",
}
ROUTES = {endpoint.name: endpoint for endpoint in ENDPOINTS}
MONEY_AND_NEW_THINGS = {
    "POST /v1/resellers",
    "POST /v1/plans",
    "POST /v1/subscribers",
    "POST /v1/subscribers/{subscriber_id}/services",
    "POST /v1/subscribers/{subscriber_id}/events",
    "POST /v1/resellers/{reseller_id}/recharges",
    "POST /v1/resellers/{reseller_id}/refunds",
    "POST /v1/ledger/accounts",
    "POST /v1/ledger/entries",
    "POST /v1/ledger/entries/{entry_id}/reversal",
}


def test_a_route_that_does_not_say_who_may_call_it_is_refused() -> None:
    bp: Any = Blueprint(__name__, tag="Echo")
    with pytest.raises(TypeError, match="may"):
        bp.api("POST", "/echo")


@pytest.mark.parametrize("may", ["", "anybody", "funds:steal", "Public", None])
def test_a_route_for_a_permission_that_nobody_has_is_refused(may: Any) -> None:
    with pytest.raises(ValueError, match="is not a permission"):
        Blueprint(__name__, tag="Echo").api("POST", "/echo", may=may)


def test_a_route_of_an_unknown_module_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a module"):
        Blueprint(__name__, tag="Echo").api("POST", "/echo", may="funds:read", module="casino")


def test_a_route_for_a_permission_answers_nobody_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    client = declare(monkeypatch, echo, may="funds:read", body=EchoBody)
    for token in (None, "", "nonsense", "a.b.c", "é"):
        reply = client.with_token(token).post("/echo", {"amount": "1.00"}).ok(401)
        assert reply.headers["www-authenticate"] == "Bearer"


def test_only_these_routes_are_open_to_everybody() -> None:
    assert {name for name, endpoint in ROUTES.items() if endpoint.may == PUBLIC} == OPEN_TO_ALL


def test_every_other_route_names_a_permission_and_a_module_that_exist() -> None:
    for name, endpoint in ROUTES.items():
        assert name in OPEN_TO_ALL or endpoint.may in ALL_PERMISSIONS
        assert endpoint.module is None or endpoint.module in MODULES


def test_every_route_that_chalice_serves_was_declared() -> None:
    """Chalice also has events and schedules; what it serves over HTTP is ours alone."""
    served = {f"{method} {path}" for path, methods in app.routes.items() for method in methods}
    assert served == set(ROUTES)
    assert len(ROUTES) == len(ENDPOINTS)


def test_what_changes_something_needs_more_than_a_permission_to_read() -> None:
    reading = {name for name, one in ROUTES.items() if one.may.endswith(":read") and one.method != "GET"}
    assert reading == set()
    writing = {name for name, one in ROUTES.items() if one.may.endswith(":write") and one.method == "GET"}
    assert writing == set()


def test_money_has_no_patch_and_nothing_but_what_routers_hold_has_a_delete() -> None:
    methods = {(one.method, one.tag) for one in ROUTES.values()}
    assert {(method, tag) for method, tag in methods if method not in ("GET", "POST", "PUT", "PATCH")} == {
        ("DELETE", "Network")
    }
    assert not {("PATCH", "Funds"), ("PUT", "Funds"), ("PATCH", "Books"), ("PUT", "Books")} & methods


def test_what_moves_money_or_creates_something_takes_an_idempotency_key() -> None:
    assert set(ROUTES) >= MONEY_AND_NEW_THINGS
    assert {name for name in MONEY_AND_NEW_THINGS if not ROUTES[name].repeatable} == set()


def test_function_names_are_the_packages_own() -> None:
    names = [view.view_name for methods in app.routes.values() for view in methods.values()]
    assert len(names) == len(set(names))
