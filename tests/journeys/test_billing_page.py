"""`docs/billing.md`, done step by step: a month of each mode through HTTP, and every figure of the page.

Each test is a section of the page; what it asserts of money has to stand in that section.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.aws import clock
from chalicelib.proof.asking import TEND
from chalicelib.proof.tend import carry_out
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.journeys.client import Client
from tests.simulation import MemoryDynamoDB
from tests.tenants.isp import OPERATOR, PASSWORD, PLAN, nobody, onboard, owner_of, the_operator

PAGE = Path(__file__).parent.parent.parent / "docs" / "billing.md"


class Section:
    """A section of the page; `says` is a figure that has to stand in it."""

    def __init__(self, title: str) -> None:
        parts = PAGE.read_text().split("\n## ")
        self.text = next(part for part in parts if part.startswith(title))

    def says(self, figure: str) -> str:
        assert f" {figure}" in self.text, f"{figure} does not stand in {self.text.splitlines()[0]!r}"
        return figure


def offer(seller: Client, code: str, price: str, based_on: str | None = None) -> None:
    base = {"based_on": based_on} if based_on else {}
    seller.post("/v1/plans", {**PLAN, "code": code, "monthly_price": price, **base}).ok(201)


def take_on(operator: Client, code: str, mode: str, buying: dict[str, Any]) -> tuple[str, Client]:
    """A reseller from 1 November on that sells HOME at 800.00; its id and its owner."""
    reseller = onboard(operator, code, settles_from="2026-11-01", settlement={"mode": mode})["id"]
    if buying:
        operator.put(f"/v1/resellers/{reseller}/tariff", {"effective_on": "2026-11-01", **buying}).ok(200)
    owner = owner_of(code)
    offer(owner, "HOME", "800.00", "op.HOME")
    return reseller, owner


def connect(owner: Client, name: str, start_on: str, plan: str = "HOME") -> str:
    body = {"name": name, "plan": plan, "username": name.lower(), "start_on": start_on}
    return str(owner.post("/v1/subscribers", body).ok(201)["id"])


def happens(owner: Client, subscriber: str, kind: str, on: str) -> Any:
    return owner.post(f"/v1/subscribers/{subscriber}/events", {"type": kind, "effective_on": on}).ok(201)


def prices(**monthly: str) -> dict[str, Any]:
    return {"prices": [{"plan": code, "monthly_price": price} for code, price in monthly.items()]}


def books(client: Client) -> dict[str, str]:
    """The balance of each account that has one, debit or credit, by name."""
    found = client.get("/v1/ledger/trial-balance").ok(200)["accounts"]
    return {one["name"]: one["debit"] if one["debit"] != "0.00" else one["credit"] for one in found}


def in_tie(operator: Client) -> None:
    for row in operator.get("/v1/tie-outs").ok(200)["items"]:
        assert {row["difference"], *(one["difference"] for one in row["others"])} == {"0.00"}
    check_invariants()


@pytest.fixture
def operator(engine: MemoryDynamoDB, the_clock: SetClock) -> Iterator[Client]:
    """The operator on the morning of 1 November, with two plans, and somebody who has nothing to do with it."""
    the_clock.set("2026-11-01T06:00:00")
    operator = the_operator()
    offer(operator, "HOME", "700.00")
    offer(operator, "LITE", "100.00")
    onboard(operator, "OTHER", settles_from="2026-11-01")
    yield operator
    other = nobody().signed_in("owner@other.test", PASSWORD)
    assert books(other) == {}


def morning_of(the_clock: SetClock, day: str) -> Client:
    """The operator, signed in at noon of that day."""
    the_clock.set(f"{day}T06:00:00")
    return nobody().signed_in(OPERATOR, PASSWORD)


def settle(operator: Client, through: str) -> None:
    operator.post("/v1/settlements", {"date": through}).ok(200)


def test_a_month_of_a_reseller_that_pays_daily_from_its_fund(operator: Client, the_clock: SetClock) -> None:
    page = Section("Prepaid, by the day")
    alpha_id, alpha = take_on(operator, "ALPHA", "prepaid", prices(HOME="500.00", LITE="60.00"))
    operator.post(f"/v1/resellers/{alpha_id}/recharges", {"amount": page.says("1000.00"), "method": "cash"}).ok(201)
    karim = connect(alpha, "Karim", "2026-11-01")
    salma = connect(alpha, "Salma", "2026-11-11")
    happens(alpha, salma, "disconnect", "2026-11-20")
    operator = morning_of(the_clock, "2026-12-01")
    settle(operator, "2026-11-30")
    alpha = owner_of("ALPHA")
    days = alpha.get(f"/v1/subscribers/{karim}/days?from=2026-11-01&to=2026-11-30").ok(200)
    assert (days["charged"], days["items"][0]["charge"]) == (page.says("500.00"), page.says("16.67"))
    days = alpha.get(f"/v1/subscribers/{salma}/days?from=2026-11-01&to=2026-11-30").ok(200)
    assert days["charged"] == page.says("166.66")
    assert alpha.get("/v1/fund")["balance"] == page.says("333.34")
    assert books(operator) == {
        "Cash": "1000.00",
        "Funds held for resellers": "333.34",
        "Wholesale revenue": page.says("666.66"),
    }
    in_tie(operator)


def test_a_fact_that_comes_late_is_corrected_today_and_explained(operator: Client, the_clock: SetClock) -> None:
    page = Section("What was recorded late")
    alpha_id, alpha = take_on(operator, "ALPHA", "prepaid", prices(HOME="500.00", LITE="60.00"))
    operator.post(f"/v1/resellers/{alpha_id}/recharges", {"amount": "1000.00", "method": "cash"}).ok(201)
    karim = connect(alpha, "Karim", "2026-11-01")
    operator = morning_of(the_clock, "2026-12-01")
    settle(operator, "2026-11-30")
    alpha = owner_of("ALPHA")
    assert alpha.get("/v1/fund")["balance"] == "500.00"
    answer = happens(alpha, karim, "disable", "2026-11-21")
    assert alpha.get("/v1/fund")["balance"] == page.says("650.00")
    found = alpha.get("/v1/corrections").ok(200)["items"]
    assert len(found) == 1
    assert found[0]["difference"] in (page.says("-150.00"), answer["correction"]["difference"])
    assert books(operator)["Wholesale revenue"] == page.says("350.00")
    known = operator.get("/v1/ledger/trial-balance?on=2026-11-30").ok(200)["accounts"]
    assert [one["credit"] for one in known if one["code"] == "4100"] == [page.says("500.00")]
    about = operator.get("/v1/ledger/trial-balance?on=2026-11-30&by=service_on").ok(200)["accounts"]
    assert [one["credit"] for one in about if one["code"] == "4100"] == ["350.00"]
    happens(alpha, karim, "enable", "2026-11-21")
    assert alpha.get("/v1/fund")["balance"] == "500.00"
    in_tie(operator)


def test_a_month_of_a_reseller_that_pays_in_advance(operator: Client, the_clock: SetClock) -> None:
    page = Section("Prepaid, in advance")
    buying = {"timing": "advance", "refund_policy": "unused_days", **prices(HOME="600.00", LITE="60.00")}
    gamma_id, gamma = take_on(operator, "GAMMA", "prepaid", buying)
    operator.post(f"/v1/resellers/{gamma_id}/recharges", {"amount": "1000.00", "method": "cash"}).ok(201)
    the_clock.set("2026-11-11T06:00:00")
    operator = morning_of(the_clock, "2026-11-11")
    settle(operator, "2026-11-10")
    gamma = owner_of("GAMMA")
    rafi = connect(gamma, "Rafi", "2026-11-11")
    assert gamma.get("/v1/fund")["balance"] == page.says("600.00")
    assert books(operator)["Deferred revenue"] == page.says("400.00")
    operator = morning_of(the_clock, "2026-11-20")
    settle(operator, "2026-11-19")
    assert books(operator)["Wholesale revenue"] == page.says("180.00")
    gamma = owner_of("GAMMA")
    happens(gamma, rafi, "disconnect", "2026-11-20")
    assert gamma.get("/v1/fund")["balance"] == page.says("800.00")
    operator = morning_of(the_clock, "2026-12-01")
    settle(operator, "2026-11-30")
    assert books(operator) == {
        "Cash": "1000.00",
        "Funds held for resellers": "800.00",
        "Wholesale revenue": page.says("200.00"),
    }
    in_tie(operator)


def test_a_month_of_a_reseller_that_is_invoiced_for_its_use(operator: Client, the_clock: SetClock) -> None:
    page = Section("Aggregate invoice")
    delta_id, delta = take_on(operator, "DELTA", "aggregate", prices(HOME="249.95", LITE="29.95"))
    offer(delta, "LITE", "90.00", "op.LITE")
    connect(delta, "Mina", "2026-11-01")
    connect(delta, "Nur", "2026-11-01", "LITE")
    terms = {"cycle": {"kind": "monthly", "day": 1}, "due_days": 7}
    operator.put(f"/v1/resellers/{delta_id}/aggregate-terms", terms).ok(200)
    operator = morning_of(the_clock, "2026-12-01")
    settle(operator, "2026-11-30")
    assert books(operator)["Unbilled receivable from resellers"] == "279.90"
    path = f"/v1/resellers/{delta_id}/aggregate-invoices"
    invoice = operator.post(path, {"through": "2026-11-30"}).ok(201)
    assert invoice["total"] == page.says("279.90")
    lines = operator.get(f"{path}/{invoice['id']}").ok(200)["lines"]
    assert [one["amount"] for one in lines] == [page.says("249.95"), page.says("29.95")]
    assert books(operator)["Reseller receivable"] == "279.90"
    for amount, left in ((page.says("100.00"), page.says("179.90")), ("179.90", None)):
        paid = {"amount": amount, "method": "bank", "reference": f"TT {amount}"}
        operator.post(f"/v1/resellers/{delta_id}/aggregate-payments", paid).ok(201)
        assert books(operator).get("Reseller receivable") == left
    assert books(owner_of("DELTA")) == {"Bank": "279.90", "Bandwidth cost": "279.90"}
    in_tie(operator)


def test_a_month_in_which_a_reseller_bills_its_own_subscribers(operator: Client, the_clock: SetClock) -> None:
    page = Section("Own invoicing")
    alpha_id, alpha = take_on(operator, "ALPHA", "prepaid", prices(HOME="500.00", LITE="60.00"))
    operator.post(f"/v1/resellers/{alpha_id}/recharges", {"amount": "1000.00", "method": "cash"}).ok(201)
    terms = {
        "cycle": "start_of_month",
        "timing": "prepaid",
        "tax_bps": 500,
        "due_days": 7,
        "grace_days": 3,
        "late_fee": {"amount": "50.00"},
        "suspend_overdue": True,
        "numbers": {"invoice": {"template": "{prefix}{year}-{sequence:4}", "prefix": "ALP-"}},
        "starts_on": "2026-11-01",
    }
    alpha.put("/v1/billing-terms", terms).ok(200)
    the_clock.set("2026-11-11T06:00:00")
    alpha = owner_of("ALPHA")
    karim = connect(alpha, "Karim", "2026-11-11")
    alpha.post(f"/v1/subscribers/{karim}/charges", {"text": "Installation", "amount": "300.00"}).ok(201)
    first = alpha.post("/v1/invoices", {"subscriber": karim}).ok(201)
    detail = alpha.get(f"/v1/invoices/{first['id']}").ok(200)
    assert [line["amount"] for line in detail["lines"]] == [page.says("533.33"), page.says("300.00")]
    assert (detail["number"], detail["tax"], detail["total"]) == (
        page.says("ALP-2026-0001"),
        page.says("41.67"),
        page.says("875.00"),
    )
    paid = {"amount": page.says("500.00"), "method": "cash"}
    alpha.post(f"/v1/subscribers/{karim}/payments", paid).ok(201)
    assert alpha.get(f"/v1/subscribers/{karim}/account")["balance"] == page.says("375.00")
    operator = morning_of(the_clock, "2026-12-01")
    settle(operator, "2026-11-30")
    alpha = owner_of("ALPHA")
    run = alpha.post("/v1/invoice-runs", {"date": "2026-12-01"}).ok(200)
    assert (run["invoices"], run["invoiced"]) == (1, page.says("840.00"))
    statement = alpha.get(f"/v1/subscribers/{karim}/statement").ok(200)
    assert [line["balance"] for line in statement["items"]] == ["875.00", "375.00", page.says("1215.00")]
    own = books(alpha)
    assert (own["Accounts receivable"], own["Internet revenue"], own["Tax payable"], own["One-time charges"]) == (
        "1215.00",
        page.says("1333.33"),
        page.says("81.67"),
        "300.00",
    )
    in_tie(operator)


def test_a_month_of_a_reseller_that_earns_a_percentage(operator: Client, the_clock: SetClock) -> None:
    page = Section("Percentage")
    beta_id = onboard(operator, "BETA", settles_from="2026-11-01", settlement={"mode": "percentage"})["id"]
    terms = {"effective_month": "2026-11", "rate_bps": 3000, "base": "payments"}
    operator.put(f"/v1/resellers/{beta_id}/commission-terms", terms).ok(200)
    operator.put("/v1/billing-terms", {"starts_on": "2026-11-01", "due_days": 7}).ok(200)
    beta = owner_of("BETA")
    offer(beta, "HOME", page.says("1000.00"), "op.HOME")
    offer(beta, "LITE", page.says("500.00"), "op.LITE")
    mina, nur = connect(beta, "Mina", "2026-11-01"), connect(beta, "Nur", "2026-11-01", "LITE")
    assert operator.post("/v1/invoice-runs", {"date": "2026-11-01"}).ok(200)["invoiced"] == "1500.00"
    for subscriber, amount in ((mina, "1000.00"), (nur, "500.00")):
        paid = {"amount": amount, "method": "cash"}
        operator.post(f"/v1/subscribers/{subscriber}/payments", paid).ok(201)
    invoice = operator.get(f"/v1/invoices?subscriber={mina}").ok(200)["items"][0]["id"]
    back = {"amount": page.says("200.00"), "reason": "six days without a line"}
    operator.post(f"/v1/invoices/{invoice}/credit-notes", back).ok(201)
    operator.post(f"/v1/subscribers/{mina}/refunds", {**back, "method": "cash"}).ok(201)
    the_clock.set("2026-12-01T06:00:00")
    for chain in (["op"], ["op", beta_id]):
        carry_out({"do": TEND, "chain": chain}, clock.now())
    operator = morning_of(the_clock, "2026-12-01")
    (statement,) = operator.get(f"/v1/resellers/{beta_id}/commission-statements").ok(200)["items"]
    assert (statement["base_total"], statement["commission"]) == (page.says("1300.00"), page.says("390.00"))
    assert books(operator)["Commission payable"] == "390.00"
    assert books(owner_of("BETA")) == {"Commission receivable": "390.00", "Commission revenue": "390.00"}
    payout = {"amount": "390.00", "method": "bank", "reference": "TT 390"}
    operator.post(f"/v1/resellers/{beta_id}/commission-payouts", payout).ok(201)
    assert books(owner_of("BETA")) == {"Bank": "390.00", "Commission revenue": "390.00"}
    assert books(operator)["Commission expense"] == "390.00"
    in_tie(operator)
