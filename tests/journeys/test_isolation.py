"""Every route of the API, walked by everybody: nobody meets another tenant, whatever id, token or role it comes with.

Every answer on the way has a status that the document names.

The routes are those of the OpenAPI document. A route without a case in `isolation_cases.py` fails here, and so does one
whose case leaves out a field or a parameter, since that may be an id.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from app import app
from chalicelib.api.blueprint import ENDPOINTS
from chalicelib.api.openapi import openapi_document
from chalicelib.auth.model import Role
from chalicelib.auth.roles import PERMISSIONS
from chalicelib.tenants.model import MODULES
from tests.journeys.client import Client, Reply
from tests.journeys.isolation_cases import CASES, PUBLIC, Case
from tests.journeys.isolation_installation import NOBODY, Installation, Party, Touch, installed
from tests.tenants.isp import nobody

METHODS = ("get", "put", "post", "patch", "delete")
SERVED = {f"{method} {path}" for path, methods in app.routes.items() for method in methods}
ROUTES = sorted(
    route
    for path, operations in openapi_document()["paths"].items()
    for method in operations
    if method in METHODS and (route := f"{method.upper()} {path}") in SERVED
)
ENDPOINT = {endpoint.name: endpoint for endpoint in ENDPOINTS}
SIGNED_IN = [route for route in ROUTES if not ENDPOINT[route].is_public]

every_route = pytest.mark.parametrize("route", ROUTES)
every_route_of_the_signed_in = pytest.mark.parametrize("route", SIGNED_IN)

FOREIGN = (
    "reseller",
    "plan",
    "plan-code",
    "subscriber",
    "service",
    "username",
    "user",
    "entry",
    "movement",
    "job",
    "account",
    "audit-line",
    "attachment",
    "draft",
    "cost-centre",
    "recurring",
    "doubt",
    "aggregate-invoice",
    "commission-statement",
    "logo",
    "document",
    "router",
    "lending-router",
)
"""The kinds of id that are put where one's own belong."""

OF_A_CHILD = {"child", "aggregate-child", "percentage-child"}
"""The kinds that name a direct child of the caller."""

FILTERS = {("GET /v1/subscribers", "plan"), ("GET /v1/audit-log", "user"), ("GET /v1/ledger/entries", "account")}
"""A filter by an id that is not one's own finds nothing, as one by an id that nobody has does."""

CREDENTIAL_ROUTES = {
    "POST /v1/me/password",
    "POST /v1/users",
    "PATCH /v1/users/{user_id}",
    "POST /v1/users/{user_id}/password",
    "POST /v1/resellers",
    "POST /v1/resellers/{reseller_id}/login-as",
    "POST /v1/routers",
    "PATCH /v1/routers/{router_id}",
    "PUT /v1/subscribers/{subscriber_id}/access",
}
"""What nobody does with a login-as token: people, passwords (of routers and lines too), a reseller (that brings its
owner), a third tenant."""

OWNERS_ROUTES = {"POST /v1/ledger/periods/{month}/reopening", "POST /v1/doubts/{doubt_id}/dismissal"}
"""What only an owner in person does."""

READ_ABOVE = {
    "tenant": "each tenant of the chain is asked whether it is disabled, and for its modules",
    "fund": "each fund of the chain must keep its minimum balance for a new connection",
    "tariffs": "a connection must have a price at every level",
    "plans": "a plan stands on one of the parent's",
    "aggregate": "nobody new is connected while an invoice of the chain is overdue",
}
"""Kinds of row of a tenant above the caller that are read or checked, never written; nothing else of it is."""

ALSO_READ_ABOVE = {"POST /v1/proofs": {"journals", "entries"}}
"""A proof holds the parents' books against one's own, and shows nothing of them but whether they agree."""

OF_ALL_TOGETHER = {
    "emails": "an e-mail address is unique in the installation",
    "sign-in": "attempts to sign in are counted for the installation",
}
"""Kinds of row of the whole installation that lie under the operator, named by digests."""

OF_ALL_BY_NAME = {"tree": "/", "open-jobs": "#", "all-routers": "."}
"""The same, but each named by the tenant it is of, of which only one's own and those below it are asked for."""

OF_A_LENT_ROUTER = {"routers", "router-states"}
"""Kinds of row of a tenant above that are read of a router that it lends: its name and how it is."""

ON_A_ROUTER = {"accesses", "access-changes", "refused-changes", "router-addresses"}
"""Kinds of row of a tenant above that are about services on its router, and name it; of services of the caller's own."""

OF_A_LENT_OUTBOX = {
    "GET /v1/network/lag": {"access-changes"},
    "GET /v1/subscribers/{subscriber_id}/access/delivery": {"access-changes"},
}
"""What waits for a router is kept by time: the database passes over what is not of the caller's services."""

OF_WHO_ACTS = {"users", "sessions"}
"""Under login-as also the person behind the token, with its sign-in at the parent."""

OF_EVERY_CHILD = {
    "GET /v1/resellers": {"fund"},
    "GET /v1/routers/{router_id}/lendings": {"tenant"},
    "GET /v1/tie-outs": {"fund", "journals"},
    "POST /v1/proofs": {"journals", "settlements"},
    "GET /v1/ledger/reports/tie-out": {"journals", "periods", "digest-state", "digests", "digest-legs", "entries"},
    "GET /v1/ledger/reports/receivables-ageing": {"tenant"},
}
"""Lists of all direct children, which no path names, and the kinds of row that they ask for."""

OF_A_BILLED_CHILD = {
    "GET /v1/dues": {"subscribers"},
    "GET /v1/dues/ageing": {"subscribers"},
    "POST /v1/invoice-runs": {"children", "subscribers", "plans", "history"},
}
"""Kinds of row of a child that earns a percentage, whose subscribers the caller bills: who they are and what they use."""

BELOW_A_CHILD = {
    "POST /v1/resellers/{reseller_id}/recharges": {"settlements"},
    "POST /v1/billing/preview": {
        *("tenant", "plans", "tariffs", "fund", "settlements", "sheet", "ahead", "late-facts", "corrections"),
        *("events", "history"),
    },
}
"""Kinds of row of everybody below the child of the path: whose services wait for the money that has come, or would cost
otherwise by another tariff."""

AT_A_LOOK = {"GET /v1/resellers/{reseller_id}/tariff": {"tariffs"}}
"""Kinds of row of whoever the path names that are read before it is known to be a child; the answer is 404 if not."""

NAMES_A_RESELLER = {"POST /v1/documents": "invoice"}
"""Whose body names a reseller by the beginning of an id of that kind, as others do in their path."""

OF_EVERYBODY_BELOW = {"POST /v1/settlements", "GET /v1/settlements/{date}", "POST /v1/proofs"}
"""The operator's settlement goes through the whole tree, and so does its proof."""

OF_A_NEWCOMER = {"POST /v1/resellers"}
"""A reseller that was not there before."""


@pytest.fixture(scope="module")
def built() -> Iterator[Installation]:
    with installed() as installation:
        yield installation


@pytest.fixture
def isp(built: Installation) -> Iterator[Installation]:
    """The installation as it was built, for this test; what the test changes is put back."""
    at = built.clock.at
    yield built
    built.clock.at = at
    built.put_back()


def cases_of(route: str) -> list[Case]:
    assert route in CASES, f"{route} has no case: say in isolation_cases.py what a valid request of it is"
    case = CASES[route]
    return [case, case.also] if case.also else [case]


def ask(
    isp: Installation, route: str, case: Case, client: Client, party: Party, *, acting: bool = False, **others: str
) -> Reply:
    """Send the case as this party, with other ids in place of its own, and see which rows it asked the database for."""
    method, path = route.split(" ")
    ids = party.ids | others
    headers = {"content-type": "text/csv"} if ENDPOINT[route].body == "csv" else None
    key = "walk" if ENDPOINT[route].repeatable else None
    with isp.watched() as touched:
        reply = client.call(method, case.target(path, ids), case.sent(ids), key, headers)
    assert str(reply.status) in operation_of(route)["responses"], (route, reply.status, reply.text)
    assert reply.status < 500, reply.text
    named = next((ids[kind] for kind in OF_A_CHILD if kind in case.kinds()), None)
    if route in NAMES_A_RESELLER:
        named = ids[NAMES_A_RESELLER[route]].partition(".")[0]
    strayed = [touch for touch in touched if not _may_touch(isp, route, party, named, touch, acting)]
    assert strayed == [], f"{route} by {party.tenant_id} asked for rows that are not its business"
    return reply


def _may_touch(isp: Installation, route: str, party: Party, named: str | None, touch: Touch, acting: bool) -> bool:
    """Whether a row is the business of this party on this route; `named` is the reseller that the path names."""
    tenant_id, kind, *rest = touch.pk.split("#")
    if kind in OF_ALL_BY_NAME:
        return _is_ours_of_all(party, touch, kind)
    if tenant_id == party.tenant_id:
        return True
    if kind in OF_A_LENT_ROUTER and touch.is_read and touch.bounds == (party.ids["lent-router"],):
        return True
    if kind in ON_A_ROUTER and rest == [party.ids["lent-router"]] and _is_of_own_service(party, kind, touch):
        return True
    if kind in OF_A_LENT_OUTBOX.get(route, ()) and rest == [party.ids["lent-router"]] and touch.is_read:
        return True
    if tenant_id in party.chain:
        acts = acting and tenant_id == party.chain[-2] and kind in OF_WHO_ACTS
        may_read = kind in READ_ABOVE or kind in ALSO_READ_ABOVE.get(route, ()) or acts
        return kind in OF_ALL_TOGETHER or (touch.is_read and may_read)
    if party.tenant_id == "op" and route in OF_EVERYBODY_BELOW:
        return touch.is_read or not route.startswith("GET ")
    if tenant_id == party.ids["percentage-child"] and touch.is_read and kind in OF_A_BILLED_CHILD.get(route, ()):
        return True
    if tenant_id in party.children:
        return tenant_id == named or (touch.is_read and kind in OF_EVERY_CHILD.get(route, ()))
    if touch.is_read and tenant_id == named:
        return kind == "tenant" or kind in AT_A_LOOK.get(route, ())
    if tenant_id not in {one.tenant_id for one in isp.parties.values()}:
        return route in OF_A_NEWCOMER
    is_below = named in party.children and named in isp.party_of(tenant_id).chain
    return is_below and touch.is_read and kind in BELOW_A_CHILD.get(route, ())


def _is_of_own_service(party: Party, kind: str, touch: Touch) -> bool:
    """Whether all of it is about services of the caller's. A row about an address is named by that alone."""
    if kind == "router-addresses":
        return len(touch.bounds) == 1
    names = [bound.partition("#")[2] if kind == "access-changes" else bound for bound in touch.bounds]
    return names != [] and all(name.startswith(f"{party.tenant_id}.") for name in names)


def _is_ours_of_all(party: Party, touch: Touch, kind: str) -> bool:
    """A row, or all rows within bounds, of the caller's own part of what lies under the operator for all tenants."""
    own = "/".join(party.chain) if kind == "tree" else party.tenant_id
    return touch.bounds != () and all(bound.startswith(own + OF_ALL_BY_NAME[kind]) for bound in touch.bounds)


def expected(route: str, case: Case) -> int:
    return case.status or ENDPOINT[route].status


def refusal(reply: Reply) -> tuple[int, str]:
    return reply.status, reply["code"]


def test_the_walk_has_a_case_for_every_route_and_no_other() -> None:
    assert sorted(CASES) == ROUTES
    assert set(ROUTES) == SERVED
    assert {route for route in ROUTES if ENDPOINT[route].is_public} == set(PUBLIC)


@every_route
def test_a_case_names_every_field_and_parameter_of_its_route(route: str) -> None:
    parameters = {one["name"] for one in operation_of(route).get("parameters", []) if one["in"] in ("path", "query")}
    cases = cases_of(route)
    named = {name for case in cases for name in (*case.path, *case.query)}
    named |= {name for case in cases if not isinstance(case.body, str) for name in _names(case.body)}
    left_out = frozenset().union(*(case.leaves_out for case in cases))
    assert (parameters | body_fields(route)) - named - left_out == set()


def operation_of(route: str) -> dict[str, Any]:
    method, path = route.split(" ")
    operation: dict[str, Any] = openapi_document()["paths"][path][method.lower()]
    return operation


def body_fields(route: str) -> set[str]:
    """The names of all fields of a route's JSON body, those of its parts too."""
    content = operation_of(route).get("requestBody", {}).get("content", {})
    return _properties(content.get("application/json", {}).get("schema", {}))


def _names(template: Any) -> Iterator[str]:
    if isinstance(template, dict):
        yield from template
    for part in template.values() if isinstance(template, dict) else template if isinstance(template, list) else ():
        yield from _names(part)


def _properties(schema: Any) -> set[str]:
    """The names of all fields of a schema and of those within it."""
    if isinstance(schema, list):
        return set().union(*map(_properties, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    if "$ref" in schema:
        return _properties(openapi_document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    inner = [schema.get(key) for key in ("anyOf", "oneOf", "allOf", "items")]
    fields = schema.get("properties", {})
    return set(fields) | _properties([*inner, *fields.values()])


@every_route
def test_a_valid_request_is_carried_out_and_keeps_to_its_own_rows(isp: Installation, route: str) -> None:
    for case in cases_of(route):
        party = isp.parties[case.by]
        client = nobody() if ENDPOINT[route].is_public else party.owner
        ask(isp, route, case, client, party).ok(expected(route, case))
        isp.put_back()


@every_route_of_the_signed_in
def test_whoever_asks_keeps_to_rows_of_its_own(isp: Installation, route: str) -> None:
    for case in cases_of(route):
        for party in isp.parties.values():
            ask(isp, route, case, party.owner, party)
            isp.put_back()


@every_route_of_the_signed_in
def test_an_id_of_another_tenant_is_not_there_and_changes_nothing(isp: Installation, route: str) -> None:
    before = isp.state()
    for case in cases_of(route):
        for kind, field in case.kinds().items():
            for party in isp.parties.values():
                for foreign in foreign_ids(isp, party, kind):
                    reply = ask(isp, route, case, party.owner, party, **{kind: foreign})
                    assert isp.state() == before, (party.tenant_id, kind, foreign)
                    judge_foreign(route, party, field, foreign, reply)


def foreign_ids(isp: Installation, party: Party, kind: str) -> list[str]:
    """Ids of every kind of everybody else, and its own tenant, but for those that the party may name there."""
    children = dict.fromkeys(OF_A_CHILD, set(party.children))
    allowed = {**children, "parent-plan": {party.ids["parent-plan"]}}.get(kind, {party.ids[kind]})
    if kind == "parent-plan":
        allowed |= {one.ids["plan-code"] for one in isp.parties.values() if one.ids["plan"] in allowed}
    if kind == "subscriber":
        # Its own to bill, though not to look after; the routes that are not about money refuse it all the same.
        allowed |= {party.ids["childs-subscriber"]}
    if kind == "usable-router":
        allowed |= {party.ids["lent-router"], party.ids["lending-router"], party.ids["router"]}
    if kind == "invoice":
        # What it has sent is its own, though the id begins with who got it.
        allowed |= {party.ids.get("child-invoice", "")}
    theirs = [one.ids[name] for one in isp.parties.values() if one is not party for name in FOREIGN if name in one.ids]
    return [one for one in (*theirs, party.tenant_id) if one not in allowed]


def judge_foreign(route: str, party: Party, field: str | None, foreign: str, reply: Reply) -> None:
    where = f"{route} by {party.tenant_id} with {foreign}: {reply.status} {reply.text[:300]}"
    if (route, field) in FILTERS:
        assert (reply.status, reply["items"]) == (200, []), where
    elif reply.status == 422 and field is not None:
        named = [error["field"] for error in reply["errors"]]
        assert {field, f"line 2: {field}", field.partition(".")[0]} & set(named), where
    elif reply.status == 409:
        # Whoever bills nobody is told so before it is looked what it names.
        assert (reply["code"], party.ids["commission-statement"] != NOBODY) == ("not-a-biller", True), where
    else:
        assert reply.status == 404, where


@every_route_of_the_signed_in
def test_a_grandchild_is_not_there_for_the_operator(isp: Installation, route: str) -> None:
    operator, beta, before = isp.parties["OP"], isp.parties["BETA"], isp.state()
    for case in cases_of(route):
        for kind in OF_A_CHILD & case.kinds().keys():
            assert ask(isp, route, case, operator.owner, operator, **{kind: beta.tenant_id}).status == 404
            assert isp.state() == before


@every_route_of_the_signed_in
def test_without_a_good_token_nobody_is_let_in(isp: Installation, route: str) -> None:
    case = cases_of(route)[0]
    party, before = isp.parties[case.by], isp.state()
    assert refusal(ask(isp, route, case, nobody(), party)) == (401, "not-signed-in")
    for garbage in ("garbage", f"{party.owner.token}x", "a.b.c"):
        assert refusal(ask(isp, route, case, nobody().with_token(garbage), party)) == (401, "token-invalid")
    isp.clock.set("2026-11-22T06:15:00")
    assert refusal(ask(isp, route, case, party.owner, party)) == (401, "token-expired")
    assert isp.state() == before


@every_route_of_the_signed_in
def test_a_disabled_user_is_let_in_nowhere(isp: Installation, route: str) -> None:
    case = cases_of(route)[0]
    party = isp.parties[case.by]
    client = party.people[Role.TECHNICIAN]
    party.owner.patch(f"/v1/users/{party.ids['user']}", {"status": "disabled"}).ok(200)
    before = isp.state()
    assert refusal(ask(isp, route, case, client, party)) == (401, "token-revoked")
    assert isp.state() == before


@every_route_of_the_signed_in
def test_a_user_below_a_disabled_tenant_is_let_in_nowhere(isp: Installation, route: str) -> None:
    alpha, beta = isp.parties["ALPHA"], isp.parties["BETA"]
    isp.parties["OP"].owner.patch(f"/v1/resellers/{alpha.tenant_id}", {"status": "disabled"}).ok(200)
    before = isp.state()
    for party in (alpha, beta):
        for client in party.people.values():
            assert refusal(ask(isp, route, cases_of(route)[0], client, party)) == (401, "tenant-disabled")
    assert isp.state() == before


@every_route_of_the_signed_in
@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_refused_exactly_what_it_has_no_permission_for(isp: Installation, route: str, role: Role) -> None:
    case, before = cases_of(route)[0], isp.state()
    party = isp.parties[case.by]
    reply = ask(isp, route, case, party.people[role], party)
    if ENDPOINT[route].may in PERMISSIONS[role]:
        reply.ok(expected(route, case))
    else:
        assert refusal(reply) == (403, "role-not-allowed")
        assert isp.state() == before


@every_route_of_the_signed_in
def test_a_tenant_is_refused_exactly_what_its_modules_do_not_hold(isp: Installation, route: str) -> None:
    case, endpoint, alpha = cases_of(route)[0], ENDPOINT[route], isp.parties["ALPHA"]
    profile = f"/v1/resellers/{alpha.tenant_id}"
    kept = [module for module in MODULES if module != endpoint.module]
    isp.parties["OP"].owner.patch(profile, {"modules": kept if endpoint.module else []}).ok(200)
    before = isp.state()
    reply = ask(isp, route, case, alpha.owner, alpha)
    if endpoint.module:
        assert refusal(reply) == (403, "module-not-granted")
        assert isp.state() == before
    elif case.by == "ALPHA":
        reply.ok(expected(route, case))


def login_as_alpha(isp: Installation, scope: str) -> Client:
    operator, alpha = isp.parties["OP"].owner, isp.parties["ALPHA"]
    granted = operator.post(f"/v1/resellers/{alpha.tenant_id}/login-as", {"reason": "to help", "scope": scope}).ok(200)
    return nobody().with_token(granted["access_token"])


@every_route_of_the_signed_in
def test_a_login_as_to_read_does_nothing_but_read(isp: Installation, route: str) -> None:
    case, client = cases_of(route)[0], login_as_alpha(isp, "read")
    before = isp.state()
    reply = ask(isp, route, case, client, isp.parties["ALPHA"], acting=True)
    if route.startswith("GET ") and case.by == "OP":
        assert refusal(reply) == (403, "operator-only"), "nobody logs in as the operator"
    elif route.startswith("GET "):
        reply.ok(expected(route, case))
    else:
        assert refusal(reply) == (403, "not-allowed-when-acting")
    assert isp.state() == before


@every_route_of_the_signed_in
def test_a_login_as_to_write_does_not_touch_credentials(isp: Installation, route: str) -> None:
    case, client = cases_of(route)[0], login_as_alpha(isp, "write")
    before = isp.state()
    reply = ask(isp, route, case, client, isp.parties["ALPHA"], acting=True)
    if route in CREDENTIAL_ROUTES | OWNERS_ROUTES:
        assert refusal(reply) == (403, "not-allowed-when-acting")
        assert isp.state() == before
    elif case.by == "OP":
        assert refusal(reply) == (403, "operator-only")
        assert isp.state() == before
    else:
        reply.ok(expected(route, case))


def test_every_route_that_takes_a_password_is_a_credential_route() -> None:
    takes = {route for route in SIGNED_IN if any("password" in name for name in body_fields(route))}
    assert takes <= CREDENTIAL_ROUTES <= set(SIGNED_IN)
