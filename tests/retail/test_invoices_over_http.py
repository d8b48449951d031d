"""Billing terms, accounts, invoices and runs through HTTP, with exact figures and a second tenant."""

from typing import Any

import pytest

from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.journeys.client import Client
from tests.retail.checks import check_retail
from tests.tenants.isp import fields_of, nobody, owner_of, two_funded_resellers

pytestmark = pytest.mark.usefixtures("engine")

TERMS = {"starts_on": "2026-11-01", "tax_bps": 500, "due_days": 10}


@pytest.fixture
def beta(engine: object, the_clock: SetClock) -> Client:
    """Beta, whose only plan costs 900.00 a month, with Rahim since the first of November, and Gamma with Karim."""
    the_clock.set("2026-11-01T06:00:00")
    two_funded_resellers("50000.00")
    for code, name in (("BETA", "Rahim"), ("GAMMA", "Karim")):
        owner = owner_of(code)
        plan = {"name": "Home", "code": "HOME", "download_kbps": 1, "upload_kbps": 1, "monthly_price": "900.00"}
        owner.post("/v1/plans", {**plan, "based_on": "op.HOME-10"}).ok(201)
        connect(owner, name, "2026-11-01")
        owner.put("/v1/billing-terms", TERMS).ok(200)
    return owner_of("BETA")


def connect(owner: Client, name: str, start_on: str) -> Any:
    body = {"name": name, "plan": "HOME", "username": name.lower(), "start_on": start_on}
    return owner.post("/v1/subscribers", body).ok(201)


def subscriber(owner: Client) -> str:
    return str(owner.get("/v1/subscribers").ok(200)["items"][0]["id"])


def account(owner: Client) -> Any:
    return owner.get(f"/v1/subscribers/{subscriber(owner)}/account").ok(200).data


def test_an_invoice_asked_for_at_activation_is_for_the_rest_of_the_period(beta: Client, the_clock: SetClock) -> None:
    the_clock.set("2026-11-16T06:00:00")
    beta = owner_of("BETA")
    late = connect(beta, "Selim", "2026-11-16")["id"]
    invoice = beta.post("/v1/invoices", {"subscriber": late}, key="k1").ok(201)
    again = beta.post("/v1/invoices", {"subscriber": late}, key="k1").ok(201)
    assert again.data == invoice.data
    assert [invoice[name] for name in ("kind", "number", "net", "tax", "total", "balance_after", "due_on")] == [
        "invoice",
        "INV-2026-000001",
        "450.00",
        "22.50",
        "472.50",
        "472.50",
        "2026-11-26",
    ]
    [line] = invoice["lines"]
    assert (line["kind"], line["plan"], line["first"], line["last"], line["amount"]) == (
        "service",
        "Home",
        "2026-11-16",
        "2026-11-30",
        "450.00",
    )
    assert beta.post("/v1/invoices", {"subscriber": late}, key="k2").ok(409)["code"] == "nothing-to-invoice"
    entry = beta.get(f"/v1/ledger/entries/{invoice['entry']}").ok(200)
    assert [(one["account"], one["debit"], one["credit"]) for one in entry["lines"]] == [
        ("1100", "472.50", "0.00"),
        ("2200", "0.00", "22.50"),
        ("4000", "0.00", "450.00"),
    ]
    beta_id = str(beta.get("/v1/me")["tenant"]["id"])
    assert check_retail(beta_id) == 1
    check_invariants()


def test_a_run_is_followed_listed_and_invoices_are_found_by_who_when_and_how_they_stand(
    beta: Client, the_clock: SetClock
) -> None:
    connect(beta, "Selim", "2026-11-01")
    run = beta.post("/v1/invoice-runs", {"date": "2026-11-01"}).ok(200)
    assert [run[name] for name in ("id", "status", "invoices", "invoiced", "credited", "refused")] == [
        "2026-11-01",
        "done",
        2,
        "1890.00",
        "0.00",
        0,
    ]
    assert beta.post("/v1/invoice-runs", {"date": "2026-11-01"}).ok(200).data == run.data
    assert beta.get("/v1/invoice-runs/2026-11-01").ok(200).data == run.data
    assert beta.get("/v1/invoice-runs").ok(200)["items"] == [run.data]
    the_clock.set("2026-12-01T06:00:00")
    beta = owner_of("BETA")
    beta.post("/v1/invoice-runs", {"date": "2026-12-01"}).ok(200)

    def numbers(query: str) -> list[str]:
        return [one["number"] for one in beta.get(f"/v1/invoices?{query}").ok(200)["items"]]

    everything = ["INV-2026-000004", "INV-2026-000003", "INV-2026-000002", "INV-2026-000001"]
    assert numbers("") == everything
    assert numbers("status=overdue") == everything[2:]
    assert numbers("status=open") == everything[:2]
    assert numbers("status=paid") == []
    assert numbers("from=2026-11-02") == everything[:2]
    assert numbers("to=2026-11-30") == everything[2:]
    first = subscriber(beta)
    assert numbers(f"subscriber={first}") == ["INV-2026-000003", "INV-2026-000001"]
    assert numbers(f"subscriber={first}&status=overdue") == ["INV-2026-000001"]
    for query in ("limit=1", f"limit=1&subscriber={first}", "limit=1&status=overdue"):
        found, cursor = [], ""
        while cursor is not None:
            page = beta.get(f"/v1/invoices?{query}{cursor and '&cursor=' + cursor}").ok(200)
            assert len(page["items"]) <= 1
            found += [one["number"] for one in page["items"]]
            cursor = page["next_cursor"]
        assert found == numbers(query.partition("&")[2])
    one = beta.get("/v1/invoices?limit=1").ok(200)["items"][0]
    shown = beta.get(f"/v1/invoices/{one['id']}").ok(200)
    assert (shown["number"], shown["status"], shown["remaining"]) == ("INV-2026-000004", "open", "945.00")
    gamma = owner_of("GAMMA")
    assert gamma.get("/v1/invoices").ok(200)["items"] == []
    gamma.get(f"/v1/invoices/{one['id']}").ok(404)
    assert fields_of(gamma.post("/v1/invoices", {"subscriber": first})) == ["subscriber"]


def test_a_subscribers_own_terms_and_charges_are_on_its_next_invoice(beta: Client) -> None:
    who = subscriber(beta)
    service = beta.get(f"/v1/subscribers/{who}").ok(200)["services"][0]["id"]
    path = f"/v1/subscribers/{who}/account"
    prices = [{"service": service, "monthly_price": "800.00"}]
    own = beta.patch(path, {"prices": prices, "discount": {"bps": 1000}, "commission_bps": 2500}).ok(200)
    assert (own["prices"][0]["monthly_price"], own["discount"]["bps"], own["commission_bps"]) == ("800.00", 1000, 2500)
    beta.post(f"/v1/subscribers/{who}/charges", {"text": "Cable", "amount": "120.00"}, key="c1").ok(201)
    beta.post(f"/v1/subscribers/{who}/charges", {"text": "Cable", "amount": "120.00"}, key="c1").ok(201)
    assert [one["text"] for one in account(beta)["waiting_charges"]] == ["Cable"]
    invoice = beta.post("/v1/invoices", {"subscriber": who}).ok(201)
    assert [(line["kind"], line["amount"]) for line in invoice["lines"]] == [
        ("service", "800.00"),
        ("discount", "-80.00"),
        ("one_time", "120.00"),
    ]
    assert (invoice["net"], invoice["tax"], invoice["total"]) == ("840.00", "42.00", "882.00")
    after = account(beta)
    assert (after["balance"], after["waiting_charges"], after["next_invoice_on"]) == ("882.00", [], "2026-12-01")
    assert after["open"] == [{"document": invoice["id"], "due_on": "2026-11-11", "remaining": "882.00"}]
    back = beta.patch(path, {"prices": [{"service": service, "monthly_price": None}], "discount": None}).ok(200)
    assert (back["prices"], back["discount"], back["commission_bps"]) == ([], None, 2500)


BAD_TERMS: list[tuple[dict[str, Any], str]] = [
    ({"billing_day": 10}, "billing_day"),
    ({"cycle": "custom_day"}, "billing_day"),
    ({"cycle": "custom_day", "billing_day": 0}, "billing_day"),
    ({"cycle": "custom_day", "billing_day": 32}, "billing_day"),
    ({"cycle": "custom_day", "billing_day": [1, 15]}, "billing_day"),
    ({"cycle": "weekly"}, "cycle"),
    ({"tax_bps": -1}, "tax_bps"),
    ({"tax_bps": 10_001}, "tax_bps"),
    ({"due_days": 1_000}, "due_days"),
    ({"late_fee": {"amount": "1.00", "bps": 5}}, "late_fee.bps"),
    ({"late_fee": {"amount": "-1.00"}}, "late_fee.amount"),
    ({"numbers": {"invoice": {"template": "{year}"}}}, "numbers.invoice.template"),
    ({"numbers": {"receipt": {"template": "{sequence}"}}}, "numbers.receipt.template"),
    ({"numbers": {"credit_note": {"prefix": "<"}}}, "numbers.credit_note.prefix"),
    ({"starts_on": "2026-02-30"}, "starts_on"),
]


@pytest.mark.parametrize(("body", "field"), BAD_TERMS)
def test_terms_that_cannot_be_are_refused_by_the_field_and_change_nothing(
    beta: Client, body: dict[str, Any], field: str
) -> None:
    before = beta.get("/v1/billing-terms").ok(200).data
    assert fields_of(beta.put("/v1/billing-terms", body)) == [field]
    assert beta.get("/v1/billing-terms").ok(200).data == before


def test_the_31st_is_a_billing_day_and_the_last_of_february(beta: Client, the_clock: SetClock) -> None:
    terms = {**TERMS, "cycle": "custom_day", "billing_day": 31}
    assert beta.put("/v1/billing-terms", terms).ok(200)["revision"] == 2
    assert beta.put("/v1/billing-terms", terms).ok(200)["revision"] == 2
    the_clock.set("2027-02-28T06:00:00")
    beta = owner_of("BETA")
    invoice = beta.post("/v1/invoices", {"subscriber": subscriber(beta)}).ok(201)
    spans = [(line["first"], line["last"], line["amount"]) for line in invoice["lines"]]
    assert spans[-2:] == [("2027-01-31", "2027-02-27", "900.00"), ("2027-02-28", "2027-03-30", "900.00")]
    assert account(beta)["next_invoice_on"] == "2027-03-31"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"discount": {"bps": 10_001}}, "discount.bps"),
        ({"discount": {"bps": -1}}, "discount.bps"),
        ({"discount": {"amount": "900.01"}}, "discount.amount"),
        ({"billing_day": 32}, "billing_day"),
        ({"billing_day": "1,15"}, "billing_day"),
        ({"prices": [{"service": "op.v1", "monthly_price": "1.00"}]}, "prices.0.service"),
        ({"prices": [{"service": "nothing", "monthly_price": "1.00"}]}, "prices.0.service"),
        ({"commission_bps": 10_001}, "commission_bps"),
    ],
)
def test_own_terms_that_cannot_be_are_refused_by_the_field(beta: Client, body: dict[str, Any], field: str) -> None:
    path = f"/v1/subscribers/{subscriber(beta)}/account"
    assert fields_of(beta.patch(path, body)) == [field]
    assert account(beta)["discount"] is None


def test_a_run_is_refused_for_a_day_ahead_and_for_a_tenant_without_terms(beta: Client) -> None:
    assert beta.post("/v1/invoice-runs", {"date": "2026-11-02"}).ok(422)["code"] == "day-not-begun"
    assert fields_of(beta.post("/v1/invoice-runs", {"date": "2026-10-31"})) == ["date"]
    operator = nobody().signed_in("operator@isp.test", "correct horse 1")
    assert operator.post("/v1/invoice-runs", {"date": "2026-11-01"}).ok(409)["code"] == "no-billing-terms"
    assert operator.get("/v1/billing-terms").ok(200)["revision"] == 0
    beta.get("/v1/invoice-runs/2026-11-01").ok(404)
    beta.get("/v1/invoice-runs/x").ok(404)


def test_a_tenant_that_earns_a_percentage_is_billed_for_by_the_one_above(beta: Client) -> None:
    body = {"name": "Shop", "code": "SHOP", "settlement": {"mode": "percentage"}}
    owner = {"name": "Owner", "email": "owner@shop.test", "password": "correct horse 1"}
    beta.post("/v1/resellers", {**body, "owner": owner}).ok(201)
    shop = owner_of("SHOP")
    plan = {"name": "Shop", "code": "HOME", "download_kbps": 1, "upload_kbps": 1, "monthly_price": "600.00"}
    above = beta.get("/v1/plans").ok(200)["items"][0]["id"]
    shop.post("/v1/plans", {**plan, "based_on": above}).ok(201)
    prices = [{"plan": "HOME", "monthly_price": "900.00"}]
    shop_id = shop.get("/v1/me").ok(200)["tenant"]["id"]
    beta.put(f"/v1/resellers/{shop_id}/tariff", {"effective_on": "2026-11-01", "prices": prices}).ok(200)
    who = connect(shop, "Jamil", "2026-11-01")["id"]
    for reply in (
        shop.get("/v1/billing-terms"),
        shop.put("/v1/billing-terms", TERMS),
        shop.get(f"/v1/subscribers/{who}/account"),
        shop.post("/v1/invoice-runs", {"date": "2026-11-01"}),
    ):
        assert reply.ok(409)["code"] == "not-a-biller"
    assert fields_of(shop.post("/v1/invoices", {"subscriber": subscriber(beta)})) == ["subscriber"]
    invoice = beta.post("/v1/invoices", {"subscriber": who}).ok(201)
    assert (invoice["subscriber"], invoice["customer_name"], invoice["total"]) == (who, "Jamil", "630.00")
    assert beta.get(f"/v1/subscribers/{who}/account").ok(200)["balance"] == "630.00"
    entry = beta.get(f"/v1/ledger/entries/{invoice['entry']}").ok(200)
    assert {line["counterparty"] for line in entry["lines"]} == {shop_id}
    owner_of("GAMMA").get(f"/v1/subscribers/{who}/account").ok(404)
    check_invariants()


def test_as_many_charges_as_an_invoice_can_take_may_wait(beta: Client) -> None:
    path = f"/v1/subscribers/{subscriber(beta)}/charges"
    for number in range(20):
        beta.post(path, {"text": f"Cable {number}", "amount": "1.00"}).ok(201)
    assert beta.post(path, {"text": "One more", "amount": "1.00"}).ok(409)["code"] == "too-many-charges"
    assert fields_of(beta.post(path, {"text": "", "amount": "0.00"})) == ["text", "amount"]
