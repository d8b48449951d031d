"""Funds over HTTP: what each side sees, what is refused, and that another tenant's ids are nobody's."""

from typing import Any

import pytest

from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.journeys.client import Client
from tests.simulation import MemoryDynamoDB
from tests.tenants.isp import onboard, owner_of, the_operator

TEN = {"amount": "10.00", "method": "cash"}
REFUND = {"amount": "10.00", "method": "cash", "reason": "leaving"}


@pytest.fixture
def operator(engine: MemoryDynamoDB, the_clock: SetClock) -> Client:
    return the_operator()


@pytest.fixture
def ids(operator: Client) -> dict[str, str]:
    """Alpha with 500.00 and Beta under it with 120.00, and Gamma beside Alpha with 70.00."""
    alpha, gamma = (str(onboard(operator, code)["id"]) for code in ("ALPHA", "GAMMA"))
    operator.post(f"/v1/resellers/{alpha}/recharges", {**TEN, "amount": "620.00"}).ok(201)
    operator.post(f"/v1/resellers/{gamma}/recharges", {**TEN, "amount": "70.00"}).ok(201)
    beta = str(onboard(owner_of("ALPHA"), "BETA")["id"])
    owner_of("ALPHA").post(f"/v1/resellers/{beta}/recharges", {**TEN, "amount": "120.00"}).ok(201)
    return {"alpha": alpha, "beta": beta, "gamma": gamma}


def balances(operator: Client) -> list[str]:
    return [owner_of(code).get("/v1/fund").ok(200)["balance"] for code in ("ALPHA", "BETA", "GAMMA")]


def test_a_movement_shows_both_entries_and_what_repaid_credit(operator: Client, ids: dict[str, str]) -> None:
    path = f"/v1/resellers/{ids['alpha']}/recharges"
    lent = operator.post(path, {"amount": "30.00", "method": "credit", "reference": "C-1"}).ok(201)
    assert (lent["kind"], lent["amount"], lent["balance_after"]) == ("recharge", "30.00", "530.00")
    assert (lent["repaid"], lent["reference"]) == ("0.00", "C-1")
    assert lent["entry"].startswith("op.f")
    paid = operator.post(path, {"amount": "50.00", "method": "bank"}).ok(201)
    assert (paid["amount"], paid["balance_after"], paid["repaid"]) == ("20.00", "550.00", "30.00")
    assert operator.get(f"/v1/resellers/{ids['alpha']}/fund").ok(200)["credit_owed"] == "0.00"
    newest = owner_of("ALPHA").get("/v1/fund/movements?limit=2").ok(200)
    assert [one["balance_after"] for one in newest["items"]] == ["550.00", "530.00"]
    rest = owner_of("ALPHA").get(f"/v1/fund/movements?cursor={newest['next_cursor']}").ok(200)
    assert [one["amount"] for one in rest["items"]] == ["-120.00", "620.00"]
    assert rest["next_cursor"] is None
    check_invariants()


BAD: list[dict[str, Any]] = [
    {},
    {"amount": "10.00"},
    {"method": "cash"},
    *({**TEN, "amount": amount} for amount in (10, 10.0, True, None, "", "0", "-1", "1e3", "NaN", "1.001", "9" * 30)),
    *({**TEN, "method": method} for method in ("CASH", "gold", None, 1, [])),
    {**TEN, "currency": "USD"},
    {**TEN, "note": "x" * 501},
    {**TEN, "reference": "a\u0000b"},
]


def test_a_bad_order_names_its_fields_and_moves_nothing(operator: Client, ids: dict[str, str]) -> None:
    for kind, extra in (("recharges", {}), ("refunds", {"reason": "leaving"})):
        for body in BAD:
            reply = operator.post(f"/v1/resellers/{ids['alpha']}/{kind}", {**extra, **body})
            assert reply.ok(422)["errors"], body
    operator.post(f"/v1/resellers/{ids['alpha']}/refunds", {**TEN, "reason": ""}).ok(422)
    assert balances(operator) == ["500.00", "120.00", "70.00"]


def test_a_fund_is_moved_and_seen_by_its_direct_parent_alone(operator: Client, ids: dict[str, str]) -> None:
    strangers = [
        (operator, "beta"),
        (owner_of("GAMMA"), "beta"),
        (owner_of("GAMMA"), "alpha"),
        (owner_of("BETA"), "alpha"),
    ]
    strangers += [(owner_of("ALPHA"), "alpha"), (owner_of("ALPHA"), "gamma")]
    for client, whose in strangers:
        base = f"/v1/resellers/{ids[whose]}"
        client.post(f"{base}/recharges", TEN).ok(404)
        client.post(f"{base}/refunds", REFUND).ok(404)
        client.get(f"{base}/fund").ok(404)
    for nobody in ("nobody", "..", "%23", "a" * 300, "%00"):
        assert operator.get(f"/v1/resellers/{nobody}/fund").status in (403, 404), nobody
    assert balances(operator) == ["500.00", "120.00", "70.00"]


def test_more_than_there_is_is_a_conflict(operator: Client, ids: dict[str, str]) -> None:
    alpha = owner_of("ALPHA")
    for path, body in (("recharges", {**TEN, "amount": "500.01"}), ("refunds", {**REFUND, "amount": "120.01"})):
        assert alpha.post(f"/v1/resellers/{ids['beta']}/{path}", body).ok(409)["code"] == "fund-too-low"
    assert balances(operator) == ["500.00", "120.00", "70.00"]
    check_invariants()


def test_the_operator_has_no_fund_of_its_own(operator: Client) -> None:
    operator.get("/v1/fund").ok(404)
    operator.get("/v1/fund/movements").ok(404)


def test_reading_a_fund_is_two_requests_beside_the_callers_standing(
    operator: Client, ids: dict[str, str], engine: MemoryDynamoDB
) -> None:
    alpha = owner_of("ALPHA")
    for path in ("/v1/fund", "/v1/fund/movements", f"/v1/resellers/{ids['beta']}/fund"):
        with engine.measured() as cost:
            alpha.get(path).ok(200)
        assert cost.requests <= 3, path
        assert cost.write_units == 0
