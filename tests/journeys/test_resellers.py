"""Resellers, over HTTP: onboarding, listing, changing, disabling. A second reseller is always there."""

from typing import Any

import pytest

from chalicelib.aws import keys, tables
from chalicelib.aws.rows import TenantsRow
from chalicelib.aws.tables import read_all
from chalicelib.billing.model import State
from tests.conftest import SetClock
from tests.journeys.client import Client, Reply
from tests.tenants.isp import PASSWORD, email_of, fields_of, nobody, onboard, owner_of, reseller_body, the_operator

ALL_MODULES = ["ledger", "messaging", "network", "payments", "payroll", "resellers", "subscribers", "support"]


@pytest.fixture
def operator(database: None, the_clock: SetClock) -> Client:
    return the_operator()


@pytest.fixture(autouse=True)
def alpha_id(operator: Client) -> str:
    """The other reseller, that must notice nothing."""
    return str(onboard(operator, "ALPHA")["id"])


def problem_of(reply: Reply) -> tuple[int, str]:
    assert reply.headers["content-type"] == "application/problem+json"
    return reply.status, reply["code"]


def refused(client: Client, **changes: Any) -> Reply:
    """The answer to a reseller with these changes."""
    return client.post("/v1/resellers", reseller_body("BETA", **changes))


def test_a_reseller_is_onboarded_with_everything_its_parent_says(operator: Client) -> None:
    beta = onboard(
        operator,
        "BETA",
        timezone="Asia/Kolkata",
        settles_from="2026-10-01",
        minimum_balance="-200.00",
        credit_limit="500",
        customer_id={"prefix": "B-", "infix": "{zone}-{yyyymm}-", "postfix": "-{plan}", "digits": 5},
        modules=["subscribers", "resellers"],
    )
    assert beta.data == {
        "id": beta["id"],
        "name": "Beta Net",
        "code": "BETA",
        "status": "active",
        "depth": 1,
        "settlement": {"mode": "prepaid"},
        "timezone": "Asia/Kolkata",
        "settles_from": "2026-10-01",
        "month_starts_on": 1,
        "balance": "0.00",
        "minimum_balance": "-200.00",
        "credit_limit": "500.00",
        "customer_id": {"prefix": "B-", "infix": "{zone}-{yyyymm}-", "postfix": "-{plan}", "digits": 5},
        "modules": ["resellers", "subscribers"],
        "created_at": "2026-11-22T06:00:00.000000Z",
    }
    assert operator.get(f"/v1/resellers/{beta['id']}").ok(200).data == beta.data
    assert owner_of("BETA").get("/v1/me").ok(200)["modules"] == ["resellers", "subscribers"]


def test_what_is_left_out_comes_from_the_parent_and_from_today(operator: Client, the_clock: SetClock) -> None:
    the_clock.set("2026-11-22T06:10:00")
    onboard(operator, "BETA", timezone="Pacific/Kiritimati")
    the_clock.set("2026-11-22T12:00:00")
    below = onboard(owner_of("BETA"), "BELOW")
    assert below["timezone"] == "Pacific/Kiritimati"
    assert below["settles_from"] == "2026-11-23"
    assert (below["minimum_balance"], below["credit_limit"]) == ("0.00", "0.00")
    assert below["customer_id"] == {"prefix": "", "infix": "", "postfix": "", "digits": 6}
    assert below["modules"] == ALL_MODULES
    assert below["depth"] == 2


def test_a_repeated_request_is_answered_the_same_and_makes_one_reseller(operator: Client) -> None:
    body = reseller_body("BETA")
    first = operator.post("/v1/resellers", body, key="k").ok(201)
    again = operator.post("/v1/resellers", body, key="k").ok(201)
    assert (again.text, again.headers["idempotency-replayed"]) == (first.text, "true")
    changed = operator.post("/v1/resellers", {**body, "name": "Gamma"}, key="k")
    assert problem_of(changed) == (409, "idempotency-mismatch")
    assert len(operator.get("/v1/resellers").ok(200)["items"]) == 2


def test_a_code_is_unique_among_siblings_only_and_an_e_mail_everywhere(operator: Client) -> None:
    onboard(operator, "BETA")
    owner = {"name": "X", "email": "x@isp.test", "password": PASSWORD}
    assert problem_of(refused(operator, owner=owner)) == (409, "code-taken")
    assert problem_of(operator.post("/v1/resellers", reseller_body("BETA") | {"code": "GAMMA"})) == (409, "email-taken")
    owner_of("ALPHA").post("/v1/resellers", reseller_body("BETA", owner=owner)).ok(201)


def test_a_refused_reseller_leaves_nothing_behind(operator: Client) -> None:
    def everything() -> list[str]:
        parts = [keys.children("op"), keys.tree("op"), "op#emails", "op#tenant"]
        return sorted(str(row.serialize()) for part in parts for row in read_all(TenantsRow, part))

    before = everything()
    assert operator.post("/v1/resellers", reseller_body("ALPHA"), key="k").status == 409
    assert refused(operator, owner={"name": "X", "email": email_of("ALPHA"), "password": PASSWORD}).status == 409
    assert refused(operator, credit_limit="-1.00").status == 422
    assert everything() == before
    owner = {"name": "X", "email": "x@isp.test", "password": PASSWORD}
    operator.post("/v1/resellers", reseller_body("BETA", owner=owner), key="k").ok(201)


def test_eight_levels_are_allowed_and_a_ninth_is_too_deep(operator: Client) -> None:
    parent = operator
    for level in range(1, 9):
        assert onboard(parent, f"L{level}")["depth"] == level
        parent = owner_of(f"L{level}")
    assert problem_of(parent.post("/v1/resellers", reseller_body("L9"))) == (422, "too-deep")
    assert parent.get("/v1/me").ok(200)["tenant"]["depth"] == 8


def test_a_mode_takes_nothing_further_and_is_one_of_three(operator: Client) -> None:
    for mode in ("prepaid", "aggregate", "percentage"):
        assert fields_of(refused(operator, settlement={"mode": mode, "share_bps": 1})) == ["settlement.share_bps"]
        assert onboard(operator, mode.upper(), settlement={"mode": mode})["settlement"] == {"mode": mode}
    assert fields_of(refused(operator, settlement={"mode": "barter"})) == ["settlement.mode"]
    assert fields_of(refused(operator, settlement={})) == ["settlement.mode"]


def test_a_parent_cannot_grant_what_it_lacks(operator: Client) -> None:
    onboard(operator, "BETA", modules=["subscribers", "resellers"])
    below = reseller_body("BELOW", modules=["subscribers", "ledger", "magic", "subscribers"])
    assert fields_of(owner_of("BETA").post("/v1/resellers", below)) == ["modules.1", "modules.2", "modules.3"]


def test_a_module_that_an_ancestor_loses_is_lost_below_it(operator: Client) -> None:
    beta_id = onboard(operator, "BETA")["id"]
    onboard(owner_of("BETA"), "BELOW")
    operator.patch(f"/v1/resellers/{beta_id}", {"modules": ["subscribers"]}).ok(200)
    below = owner_of("BELOW")
    assert below.get("/v1/me").ok(200)["modules"] == ["subscribers"]
    assert problem_of(below.get("/v1/resellers")) == (403, "module-not-granted")
    owner_of("ALPHA").get("/v1/resellers").ok(200)


BAD_FIELDS: list[tuple[dict[str, Any], list[str]]] = [
    ({"name": ""}, ["name"]),
    ({"name": 5}, ["name"]),
    ({"name": "a\u0000b"}, ["name"]),
    ({"code": "B#1"}, ["code"]),
    ({"code": "x" * 33}, ["code"]),
    ({"extra": 1}, ["extra"]),
    ({"owner": None}, ["owner"]),
    ({"owner": {"name": "X", "email": "x", "password": PASSWORD}}, ["owner.email"]),
    ({"owner": {"name": "X", "email": "x@isp.test", "password": "short"}}, ["owner.password"]),
    ({"owner": {"name": "X", "email": "x@long-isp.test", "password": "X@long-isp.test"}}, ["owner.password"]),
    ({"timezone": "Asia/Nowhere"}, ["timezone"]),
    ({"timezone": "../etc/passwd"}, ["timezone"]),
    ({"timezone": None}, ["timezone"]),
    ({"settles_from": "2026-02-30"}, ["settles_from"]),
    ({"settles_from": "2026-01-40"}, ["settles_from"]),
    ({"settles_from": "2019-12-31"}, ["settles_from"]),
    ({"settles_from": "2028-01-01"}, ["settles_from"]),
    ({"minimum_balance": 5.5}, ["minimum_balance"]),
    ({"minimum_balance": "1e3"}, ["minimum_balance"]),
    ({"minimum_balance": "0.001"}, ["minimum_balance"]),
    ({"minimum_balance": "99999999999999999999"}, ["minimum_balance"]),
    ({"minimum_balance": "-0.01"}, ["minimum_balance"]),
    ({"minimum_balance": "-500.01", "credit_limit": "500.00"}, ["minimum_balance"]),
    ({"credit_limit": "-1.00"}, ["credit_limit"]),
    ({"credit_limit": "NaN"}, ["credit_limit"]),
    ({"customer_id": {"prefix": "{city}-"}}, ["customer_id.prefix"]),
    ({"customer_id": {"infix": "a b", "digits": 13}}, ["customer_id.digits"]),
    ({"customer_id": {"infix": "a b", "postfix": "#"}}, ["customer_id.infix", "customer_id.postfix"]),
    ({"customer_id": {"suffix": "x"}}, ["customer_id.suffix"]),
    ({"modules": "all"}, ["modules"]),
    ({"modules": [5]}, ["modules.0"]),
]


def test_a_bad_field_is_named_and_changes_nothing(operator: Client) -> None:
    for changes, fields in BAD_FIELDS:
        reply = operator.post("/v1/resellers", reseller_body("BETA") | changes)
        assert (fields_of(reply), changes) == (fields, changes)
    assert [item["code"] for item in operator.get("/v1/resellers").ok(200)["items"]] == ["ALPHA"]


def test_a_reseller_may_settle_from_the_past_but_not_from_before_its_parent(operator: Client) -> None:
    onboard(operator, "BETA", settles_from="2026-03-01")
    beta = owner_of("BETA")
    assert fields_of(beta.post("/v1/resellers", reseller_body("BELOW", settles_from="2026-02-28"))) == ["settles_from"]
    assert onboard(beta, "BELOW", settles_from="2026-03-01")["settles_from"] == "2026-03-01"


def test_resellers_are_listed_by_code_in_pages_and_by_status(operator: Client) -> None:
    ids = {code: onboard(operator, code)["id"] for code in ("DELTA", "BETA", "GAMMA")}
    onboard(owner_of("BETA"), "BELOW")
    first = operator.get("/v1/resellers?limit=3").ok(200)
    assert [item["code"] for item in first["items"]] == ["ALPHA", "BETA", "DELTA"]
    second = operator.get(f"/v1/resellers?limit=3&cursor={first['next_cursor']}").ok(200)
    assert [item["code"] for item in second["items"]] == ["GAMMA"]
    assert second["next_cursor"] is None
    for code in ("BETA", "GAMMA"):
        operator.patch(f"/v1/resellers/{ids[code]}", {"status": "disabled"}).ok(200)
    disabled = operator.get("/v1/resellers?status=disabled&limit=1").ok(200)
    assert [item["id"] for item in disabled["items"]] == [ids["BETA"]]
    rest = operator.get(f"/v1/resellers?status=disabled&limit=1&cursor={disabled['next_cursor']}").ok(200)
    assert [item["id"] for item in rest["items"]] == [ids["GAMMA"]]
    assert rest["next_cursor"] is None
    active = operator.get("/v1/resellers?status=active").ok(200)
    assert [item["code"] for item in active["items"]] == ["ALPHA", "DELTA"]
    assert fields_of(operator.get("/v1/resellers?status=closed")) == ["status"]
    assert fields_of(operator.get("/v1/resellers?colour=red")) == ["colour"]


def test_only_direct_resellers_are_there_at_all(operator: Client, alpha_id: str) -> None:
    beta_id = onboard(operator, "BETA")["id"]
    below_id = onboard(owner_of("BETA"), "BELOW")["id"]
    beta = owner_of("BETA")
    odd = ["op", "nobody", "x" * 3000, "%23", "op%23tenant"]
    for client, ids in ((operator, [below_id, *odd]), (beta, [alpha_id, beta_id, *odd])):
        for reseller_id in ids:
            assert client.get(f"/v1/resellers/{reseller_id}").status == 404
            assert client.get(f"/v1/resellers/{reseller_id}/tree").status == 404
            assert client.patch(f"/v1/resellers/{reseller_id}", {"name": "Mine"}).status == 404
    assert [item["id"] for item in beta.get("/v1/resellers").ok(200)["items"]] == [below_id]


def test_a_change_touches_what_it_names_and_nothing_else(operator: Client, alpha_id: str) -> None:
    beta = onboard(operator, "BETA", minimum_balance="-50.00", credit_limit="100.00").data
    path = f"/v1/resellers/{beta['id']}"
    assert operator.patch(path, {}).ok(200).data == beta
    steps: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"name": "Beta Fiber"}, {}),
        ({"modules": ["subscribers"]}, {}),
        ({"month_starts_on": 10}, {}),
        ({"timezone": "Asia/Kolkata"}, {}),
        ({"settlement": {"mode": "prepaid"}}, {}),
        ({"customer_id": {"prefix": "B-"}}, {"customer_id": {**beta["customer_id"], "prefix": "B-"}}),
        ({"credit_limit": "60.00"}, {}),
        ({"minimum_balance": "-60.00"}, {}),
        ({"minimum_balance": "0.00", "credit_limit": "0.00", "name": "B"}, {}),
    ]
    for change, outcome in steps:
        beta = {**beta, **change, **outcome}
        assert operator.patch(path, change).ok(200).data == beta
    assert operator.get(path).ok(200).data == beta
    assert operator.get(f"/v1/resellers/{alpha_id}").ok(200)["name"] == "Alpha Net"
    listed = [item for item in operator.get("/v1/resellers").ok(200)["items"] if item["code"] == "BETA"]
    assert listed == [beta]
    assert operator.get(f"{path}/tree").ok(200)["name"] == "B"


BAD_CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"name": None}, "invalid"),
    ({"code": "B2"}, "invalid"),
    ({"settles_from": "2026-01-01"}, "invalid"),
    ({"status": "closed"}, "invalid"),
    ({"month_starts_on": 32}, "invalid"),
    ({"month_starts_on": True}, "invalid"),
    ({"minimum_balance": "-0.01"}, "invalid"),
    ({"credit_limit": 5}, "invalid"),
    ({"customer_id": {"digits": 0}}, "invalid"),
    ({"customer_id": {"prefix": "{plan}" * 4}}, "invalid"),
    ({"modules": ["magic"]}, "invalid"),
    ({"settlement": {"mode": "percentage", "share_bps": 1}, "name": "X"}, "invalid"),
    ({"settlement": {"mode": "percentage"}, "credit_limit": "1.00", "name": "X"}, "invalid"),
]


def test_a_bad_change_changes_nothing(operator: Client) -> None:
    beta = onboard(operator, "BETA")
    for change, code in BAD_CHANGES:
        reply = operator.patch(f"/v1/resellers/{beta['id']}", change)
        assert (problem_of(reply), change) == ((422, code), change)
    assert operator.get(f"/v1/resellers/{beta['id']}").ok(200).data == beta.data


def test_the_time_zone_stays_after_the_first_settled_day(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import date

    from chalicelib.billing import state as billing_state

    beta_id = onboard(operator, "BETA")["id"]
    settled = State(beta_id, last_day=date(2026, 11, 21))
    monkeypatch.setattr(billing_state, "read_states", lambda ids: {beta_id: settled})
    change = operator.patch(f"/v1/resellers/{beta_id}", {"timezone": "Asia/Kolkata", "name": "X"})
    assert problem_of(change) == (409, "timezone-fixed")
    kept = operator.patch(f"/v1/resellers/{beta_id}", {"timezone": "Asia/Dhaka", "name": "X"}).ok(200)
    assert (kept["name"], kept["timezone"]) == ("X", "Asia/Dhaka")


def test_a_disabled_reseller_stops_its_whole_sub_tree_until_it_is_active_again(operator: Client) -> None:
    beta_id = onboard(operator, "BETA")["id"]
    beta_tokens = nobody().post("/v1/auth/login", {"email": email_of("BETA"), "password": PASSWORD}).ok(200)
    beta = owner_of("BETA")
    onboard(beta, "BELOW")
    below = owner_of("BELOW")
    acting = nobody().with_token(
        operator.post(f"/v1/resellers/{beta_id}/login-as", {"reason": "a look"}).ok(200)["access_token"]
    )
    operator.patch(f"/v1/resellers/{beta_id}", {"status": "disabled"}).ok(200)
    for client in (beta, below, acting):
        assert problem_of(client.get("/v1/me")) == (401, "tenant-disabled")
    for code in ("BETA", "BELOW"):
        signing_in = {"email": email_of(code), "password": PASSWORD}
        assert problem_of(nobody().post("/v1/auth/login", signing_in)) == (401, "tenant-disabled")
        wrong = {"email": email_of(code), "password": "wrong horse 12"}
        assert problem_of(nobody().post("/v1/auth/login", wrong)) == (401, "wrong-credentials")
    refreshing = {"refresh_token": beta_tokens["refresh_token"]}
    assert problem_of(nobody().post("/v1/auth/refresh", refreshing)) == (401, "tenant-disabled")
    login_as = operator.post(f"/v1/resellers/{beta_id}/login-as", {"reason": "a look"})
    assert problem_of(login_as) == (409, "reseller-disabled")
    owner_of("ALPHA").get("/v1/me").ok(200)
    operator.patch(f"/v1/resellers/{beta_id}", {"status": "active"}).ok(200)
    for client in (beta, below):
        client.get("/v1/me").ok(200)
    nobody().post("/v1/auth/refresh", refreshing).ok(200)


def test_the_tree_shows_everybody_below_and_the_fund_of_the_direct_reseller_only(operator: Client) -> None:
    beta_id = onboard(operator, "BETA", credit_limit="10.00")["id"]
    beta = owner_of("BETA")
    onboard(beta, "YANKEE")
    onboard(beta, "XRAY")
    onboard(owner_of("XRAY"), "DEEP")
    tree = operator.get(f"/v1/resellers/{beta_id}/tree").ok(200).data

    def outline(node: dict[str, Any]) -> tuple[str, int, list[Any]]:
        return node["code"], node["depth"], [outline(child) for child in node["children"]]

    assert outline(tree) == ("BETA", 1, [("XRAY", 2, [("DEEP", 3, [])]), ("YANKEE", 2, [])])
    assert tree["fund"] == {"balance": "0.00", "minimum_balance": "0.00", "credit_limit": "10.00"}
    assert [child["fund"] for child in tree["children"]] == [None, None]
    assert tree["name"] == "Beta Net"


def test_a_technician_neither_sees_nor_makes_resellers(operator: Client) -> None:
    person = {"name": "T", "email": "t@isp.test", "role": "technician", "password": PASSWORD}
    operator.post("/v1/users", person).ok(201)
    technician = nobody().signed_in("t@isp.test", PASSWORD)
    assert problem_of(technician.get("/v1/resellers")) == (403, "role-not-allowed")
    assert problem_of(technician.post("/v1/resellers", reseller_body("BETA"))) == (403, "role-not-allowed")


def test_reading_costs_at_most_two_requests_besides_the_callers_standing(
    operator: Client, alpha_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = tables._call

    def counting(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        asked.append(operation)
        return real(operation, parameters)

    monkeypatch.setattr(tables, "_call", counting)
    reseller = f"/v1/resellers/{alpha_id}"
    for path in ("/v1/me", "/v1/users", "/v1/access-log", "/v1/resellers", reseller, f"{reseller}/tree"):
        asked.clear()
        operator.get(path).ok(200)
        assert asked[0] == "BatchGetItem"
        assert len(asked) <= 3, (path, asked)
