"""A small ISP to test with: an operator that can sign in, and resellers onboarded over HTTP."""

from functools import cache
from typing import Any

from chalice.local import LocalGateway

from chalicelib.installation import install
from tests.journeys.client import Client, Reply

OPERATOR = "operator@isp.test"
PASSWORD = "correct horse 1"


@cache
def _gateway() -> LocalGateway:
    return Client.of_app().gateway


def nobody() -> Client:
    """A client that is not signed in."""
    return Client(_gateway())


def the_operator() -> Client:
    """The owner of a fresh installation's operator, signed in."""
    install(OPERATOR, PASSWORD)
    return nobody().signed_in(OPERATOR, PASSWORD)


def reseller_body(code: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": f"{code.title()} Net",
        "code": code,
        "owner": {"name": f"Owner of {code}", "email": email_of(code), "password": PASSWORD},
        "settlement": {"mode": "prepaid"},
        **changes,
    }


def email_of(code: str) -> str:
    return f"owner@{code.lower()}.test"


def onboard(parent: Client, code: str, **changes: Any) -> Reply:
    """Onboard a reseller under whoever the client is."""
    return parent.post("/v1/resellers", reseller_body(code, **changes)).ok(201)


def owner_of(code: str) -> Client:
    """The owner of the reseller with that code, signed in."""
    return nobody().signed_in(email_of(code), PASSWORD)


def fields_of(reply: Reply) -> list[str]:
    """The fields that a 422 names."""
    return [error["field"] for error in reply.ok(422)["errors"]]


PLAN = {"name": "Home 10", "code": "HOME-10", "download_kbps": 10_240, "upload_kbps": 5_120, "monthly_price": "800.00"}


def two_funded_resellers(amount: str, **changes: Any) -> Client:
    """The operator of a fresh installation with two plans, and Beta and Gamma, which pay 600.00 a month for each."""
    operator = the_operator()
    codes = ("HOME-10", "HOME-20")
    for code in codes:
        operator.post("/v1/plans", {**PLAN, "code": code}).ok(201)
    prices = [{"plan": code, "monthly_price": "600.00"} for code in codes]
    for code in ("BETA", "GAMMA"):
        reseller_id = onboard(operator, code, settles_from="2026-11-01", **changes)["id"]
        tariff = {"effective_on": "2026-11-01", "prices": prices}
        operator.put(f"/v1/resellers/{reseller_id}/tariff", tariff).ok(200)
        operator.post(f"/v1/resellers/{reseller_id}/recharges", {"amount": amount, "method": "cash"}).ok(201)
    return operator
