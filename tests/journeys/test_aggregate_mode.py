"""A month of aggregate mode through HTTP: what both sides see, what is refused, and that another tenant sees nothing."""

from typing import Any

import pytest

from chalicelib.aws import clock
from chalicelib.billing.correct import correct_late_facts
from chalicelib.partners.due import invoice_due
from chalicelib.tenants.hierarchy import read_chain
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.journeys.client import Client
from tests.simulation import MemoryDynamoDB
from tests.tenants.isp import PLAN, fields_of, onboard, owner_of, the_operator

MONTHLY = {"cycle": {"kind": "monthly", "day": 1}, "due_days": 7}


@pytest.fixture
def operator(engine: MemoryDynamoDB, the_clock: SetClock) -> Client:
    """Alpha and Gamma pay by invoice: 249.95 for HOME-10 and 29.95 for HOME-5; Alpha has one of each from 1 November."""
    the_clock.set("2026-11-01T06:00:00")
    operator = the_operator()
    prices = []
    for code, price in (("HOME-10", "249.95"), ("HOME-5", "29.95")):
        operator.post("/v1/plans", {**PLAN, "code": code}).ok(201)
        prices.append({"plan": code, "monthly_price": price})
    for code in ("ALPHA", "GAMMA"):
        changes = {"settles_from": "2026-11-01", "settlement": {"mode": "aggregate"}}
        reseller = onboard(operator, code, **changes)["id"]
        operator.put(f"/v1/resellers/{reseller}/tariff", {"effective_on": "2026-11-01", "prices": prices}).ok(200)
        owner = owner_of(code)
        for plan in ("HOME-10", "HOME-5"):
            based_on = f"op.{plan}"
            owner.post("/v1/plans", {**PLAN, "code": plan, "based_on": based_on}).ok(201)
            body = {"name": plan, "plan": plan, "username": plan.lower(), "start_on": "2026-11-01"}
            owner.post("/v1/subscribers", body).ok(201)
    return operator


def id_of(operator: Client, code: str) -> str:
    found = operator.get("/v1/resellers").ok(200)["items"]
    return next(str(one["id"]) for one in found if one["code"] == code)


def end_november(the_clock: SetClock) -> Client:
    the_clock.set("2026-12-01T06:00:00")
    operator = Client.of_app().signed_in("operator@isp.test", "correct horse 1")
    operator.post("/v1/settlements", {"date": "2026-11-30"}).ok(200)
    return operator


def invoice_alpha(operator: Client) -> tuple[str, Any]:
    alpha = f"/v1/resellers/{id_of(operator, 'ALPHA')}"
    operator.put(f"{alpha}/aggregate-terms", MONTHLY).ok(200)
    return alpha, operator.post(f"{alpha}/aggregate-invoices", {"through": "2026-11-30"}).ok(201)


def test_two_services_of_a_month_are_invoiced_with_279_90_and_both_sides_see_it(
    operator: Client, the_clock: SetClock
) -> None:
    operator = end_november(the_clock)
    unbilled = operator.get("/v1/tie-outs").ok(200)["items"][0]
    assert unbilled["others"] == [
        {"of": "unbilled", "in_this_book": "279.90", "in_childs_book": "279.90", "difference": "0.00"}
    ]
    alpha, issued = invoice_alpha(operator)
    assert (issued["number"], issued["total"], issued["tax"], issued["status"]) == (
        "AI-2026-000001",
        "279.90",
        "0.00",
        "open",
    )
    assert (issued["first_on"], issued["through"], issued["due_on"]) == ("2026-11-01", "2026-11-30", "2026-12-08")
    detail = operator.get(f"{alpha}/aggregate-invoices/{issued['id']}").ok(200)
    lines = [(one["plan"], one["services"], one["days"], one["amount"]) for one in detail["lines"]]
    assert lines == [("HOME-10", 1, 30, "249.95"), ("HOME-5", 1, 30, "29.95")]
    owner = owner_of("ALPHA")
    own = owner.get(f"/v1/aggregate-invoices/{issued['id']}").ok(200)
    assert own.data == detail.data | {"entry": own["entry"]}
    assert owner.get(f"/v1/ledger/entries/{own['entry']}").ok(200)["lines"][0]["account"] == "2010"
    assert operator.get(f"/v1/ledger/entries/{detail['entry']}").ok(200)["lines"][0]["account"] == "1150"
    first = owner.get(f"/v1/aggregate-invoices/{issued['id']}/annex?limit=1").ok(200)
    assert [(one["username"], one["days"], one["amount"]) for one in first["items"]] == [("home-10", 30, "249.95")]
    rest = operator.get(f"{alpha}/aggregate-invoices/{issued['id']}/annex?cursor={first['next_cursor']}").ok(200)
    assert [(one["username"], one["amount"]) for one in rest["items"]] == [("home-5", "29.95")]
    assert rest["next_cursor"] is None
    assert owner.get("/v1/aggregate-terms").ok(200).data == {
        "cycle": {"kind": "monthly", "weekday": None, "every_days": None, "day": 1},
        "due_days": 7,
        "block_when_overdue": True,
        "since": "2026-11-01",
        "revision": 1,
    }
    assert owner_of("GAMMA").get("/v1/aggregate-invoices").ok(200)["items"] == []
    owner_of("GAMMA").get("/v1/aggregate-terms").ok(404)
    owner_of("GAMMA").get(f"/v1/aggregate-invoices/{issued['id']}").ok(404)
    check_invariants()


def test_payments_are_seen_by_both_and_the_same_request_is_one_payment(operator: Client, the_clock: SetClock) -> None:
    operator = end_november(the_clock)
    alpha, issued = invoice_alpha(operator)
    money = {"amount": "100.00", "method": "bank", "reference": "TRX-1"}
    paid = operator.call("POST", f"{alpha}/aggregate-payments", money, "k1").ok(201)
    assert operator.call("POST", f"{alpha}/aggregate-payments", money, "k1").ok(201).data == paid.data
    assert paid["allocated"] == [{"invoice": issued["id"], "amount": "100.00"}]
    owner = owner_of("ALPHA")
    listed = owner.get("/v1/aggregate-invoices?status=partly").ok(200)["items"]
    assert [(one["id"], one["remaining"]) for one in listed] == [(issued["id"], "179.90")]
    detail = owner.get(f"/v1/aggregate-invoices/{issued['id']}").ok(200)
    assert detail["settled_by"] == [{"kind": "payment", "id": paid["id"], "on": "2026-12-01", "amount": "100.00"}]
    operator.post(f"{alpha}/aggregate-payments", {"amount": "200.00", "method": "cash"}).ok(201)
    payments = owner.get("/v1/aggregate-payments").ok(200)["items"]
    assert [(one["amount"], one["advance"]) for one in payments] == [("200.00", "20.10"), ("100.00", "0.00")]
    assert operator.get(f"{alpha}/aggregate-payments").ok(200)["items"][1]["reference"] == "TRX-1"
    assert operator.get("/v1/tie-outs").ok(200)["items"][0]["others"] == [
        {"of": "billed", "in_this_book": "-20.10", "in_childs_book": "-20.10", "difference": "0.00"}
    ]
    check_invariants()


def test_an_invoice_asked_for_twice_under_one_key_is_one_and_a_third_is_refused(
    operator: Client, the_clock: SetClock
) -> None:
    operator = end_november(the_clock)
    alpha = f"/v1/resellers/{id_of(operator, 'ALPHA')}"
    through = {"through": "2026-11-30"}
    assert operator.post(f"{alpha}/aggregate-invoices", through).ok(409)["code"] == "no-terms"
    operator.put(f"{alpha}/aggregate-terms", MONTHLY).ok(200)
    issued = operator.call("POST", f"{alpha}/aggregate-invoices", through, "k").ok(201)
    assert operator.call("POST", f"{alpha}/aggregate-invoices", through, "k").ok(201).data == issued.data
    assert operator.post(f"{alpha}/aggregate-invoices", through).ok(409)["code"] == "already-invoiced"
    assert len(operator.get(f"{alpha}/aggregate-invoices").ok(200)["items"]) == 1


def test_numbers_are_made_by_the_parents_template(operator: Client, the_clock: SetClock) -> None:
    operator = end_november(the_clock)
    wanted = {"invoice": {"template": "{year}/{prefix}{sequence:3}", "prefix": "W-"}}
    numbering = operator.put("/v1/aggregate-numbering", wanted).ok(200)
    assert numbering["invoice"] == {"template": "{year}/{prefix}{sequence:3}", "prefix": "W-", "issued": {}}
    assert numbering["credit_note"]["prefix"] == "AC-"
    assert invoice_alpha(operator)[1]["number"] == "2026/W-001"
    assert operator.get("/v1/aggregate-numbering").ok(200)["invoice"]["issued"] == {"2026": 1}
    assert owner_of("ALPHA").get("/v1/aggregate-numbering").ok(200)["invoice"]["prefix"] == "AI-"


BAD_TERMS: list[tuple[Any, str]] = [
    ({}, "cycle"),
    ({**MONTHLY, "cycle": {"kind": "days", "every_days": 0}}, "cycle.every_days"),
    ({**MONTHLY, "cycle": {"kind": "days", "every_days": 1000}}, "cycle.every_days"),
    ({**MONTHLY, "cycle": {"kind": "days"}}, "cycle.every_days"),
    ({**MONTHLY, "cycle": {"kind": "monthly", "day": 32}}, "cycle.day"),
    ({**MONTHLY, "cycle": {"kind": "monthly", "day": 1, "weekday": 2}}, "cycle.weekday"),
    ({**MONTHLY, "cycle": {"kind": "weekly", "weekday": 8}}, "cycle.weekday"),
    ({**MONTHLY, "cycle": {"kind": "daily"}}, "cycle.kind"),
    ({**MONTHLY, "cycle": {"kind": "monthly", "day": [1, 15]}}, "cycle.day"),
    ({**MONTHLY, "due_days": -1}, "due_days"),
    ({**MONTHLY, "due_days": 366}, "due_days"),
    ({**MONTHLY, "due_days": 7.0}, "due_days"),
    ({**MONTHLY, "block_when_overdue": None}, "block_when_overdue"),
    ({**MONTHLY, "grace_days": 1}, "grace_days"),
]


@pytest.mark.parametrize("body, field", BAD_TERMS)
def test_terms_that_cannot_be_are_refused_by_their_field(operator: Client, body: Any, field: str) -> None:
    alpha = f"/v1/resellers/{id_of(operator, 'ALPHA')}"
    assert field in fields_of(operator.put(f"{alpha}/aggregate-terms", body))
    operator.get(f"{alpha}/aggregate-terms").ok(404)


def test_a_cycle_whose_fields_do_not_fit_together_is_not_told_that_a_field_is_not_valid(operator: Client) -> None:
    """Each field is as the document wants it; what is wrong is said by the rule between them."""
    terms = f"/v1/resellers/{id_of(operator, 'ALPHA')}/aggregate-terms"
    refused = operator.put(terms, {**MONTHLY, "cycle": {"kind": "days", "day": 1}})
    assert fields_of(refused) == ["cycle.day", "cycle.every_days"]
    assert refused["detail"].startswith("A days cycle is told by its every_days alone.")


BAD_NUMBERING: list[tuple[Any, str]] = [
    ({"invoice": {"template": "{year}-{prefix}"}}, "invoice.template"),
    ({"invoice": {"template": "{sequence}"}}, "invoice.template"),
    ({"credit_note": {"template": "{year}-{sequence}", "prefix": "<b>"}}, "credit_note.prefix"),
    (
        {
            "invoice": {"template": "{year}-{sequence}"},
            "credit_note": {"template": "{year}-{sequence}-{sequence}"},
        },
        "credit_note.template",
    ),
    ({"receipt": {"template": "{year}-{sequence}"}}, "receipt"),
]


@pytest.mark.parametrize("body, field", BAD_NUMBERING)
def test_numbers_that_could_not_be_told_apart_are_refused(operator: Client, body: Any, field: str) -> None:
    before = operator.get("/v1/aggregate-numbering").ok(200).data
    assert field in fields_of(operator.put("/v1/aggregate-numbering", body))
    assert operator.get("/v1/aggregate-numbering").ok(200).data == before


def test_money_that_is_none_and_resellers_that_pay_otherwise_are_refused(operator: Client, the_clock: SetClock) -> None:
    alpha = f"/v1/resellers/{id_of(operator, 'ALPHA')}"
    for body, field in (
        ({"amount": "0.00", "method": "cash"}, "amount"),
        ({"amount": 10, "method": "cash"}, "amount"),
        ({"amount": "10.00", "method": "credit"}, "method"),
        ({"amount": "10.00"}, "method"),
    ):
        assert field in fields_of(operator.post(f"{alpha}/aggregate-payments", body))
    beta = onboard(owner_of("ALPHA"), "BETA", settles_from="2026-11-01")["id"]
    owner = owner_of("ALPHA")
    money = {"amount": "10.00", "method": "cash"}
    assert owner.post(f"/v1/resellers/{beta}/aggregate-payments", money).ok(409)["code"] == "not-aggregate"
    assert owner.put(f"/v1/resellers/{beta}/aggregate-terms", MONTHLY).ok(409)["code"] == "not-aggregate"
    refused = owner.post(f"/v1/resellers/{beta}/aggregate-invoices", {"through": "2026-10-31"})
    assert refused.ok(409)["code"] == "not-aggregate"
    assert "through" in fields_of(operator.post(f"{alpha}/aggregate-invoices", {"through": "2026-11-01"}))
    operator.post(f"/v1/resellers/{beta}/aggregate-payments", money).ok(404)
    check_invariants()


def test_a_late_fact_about_invoiced_days_becomes_a_credit_note_that_both_sides_see(
    operator: Client, the_clock: SetClock
) -> None:
    operator = end_november(the_clock)
    alpha, issued = invoice_alpha(operator)
    owner = owner_of("ALPHA")
    subscriber = owner.get("/v1/subscribers?q=home-5").ok(200)["items"][0]["id"]
    owner.post(f"/v1/subscribers/{subscriber}/events", {"type": "disable", "effective_on": "2026-11-20"}).ok(201)
    chain = read_chain(("op", id_of(operator, "ALPHA")))
    correct_late_facts([tenant.tenant_id for tenant in chain], clock.now())
    assert [one.kind for one in invoice_due(chain, clock.now())] == ["credit_note"]
    (note,) = operator.get(f"{alpha}/aggregate-credit-notes").ok(200)["items"]
    # The 20th is billed; 21 to 30 November of 29.95 cost 9.98.
    assert (note["number"], note["total"]) == ("AC-2026-000001", "9.98")
    assert [(one["invoice"], one["first_on"], one["last_on"]) for one in note["lines"]] == [
        (issued["id"], "2026-11-21", "2026-11-30")
    ]
    own = owner.get(f"/v1/aggregate-invoices/{issued['id']}").ok(200)
    assert (own["total"], own["remaining"], own["status"]) == ("279.90", "269.92", "partly")
    assert own["settled_by"] == [
        {"kind": "credit_note", "id": note["id"], "on": "2026-12-01", "amount": "9.98"},
    ]
    assert owner.get("/v1/aggregate-credit-notes").ok(200)["items"][0]["id"] == note["id"]
    assert owner_of("GAMMA").get("/v1/aggregate-credit-notes").ok(200)["items"] == []
    check_invariants()


def test_while_an_invoice_is_overdue_nobody_new_is_connected_and_payment_opens_it_again(
    operator: Client, the_clock: SetClock
) -> None:
    operator = end_november(the_clock)
    alpha, issued = invoice_alpha(operator)
    body = {"name": "New", "plan": "HOME-10", "username": "new", "start_on": "2026-12-09"}
    the_clock.set("2026-12-08T06:00:00")
    owner_of("ALPHA").post("/v1/subscribers", body | {"username": "due"}).ok(201)
    the_clock.set("2026-12-09T06:00:00")
    assert owner_of("ALPHA").post("/v1/subscribers", body).ok(409)["code"] == "invoice-overdue"
    assert owner_of("GAMMA").post("/v1/subscribers", body).ok(201)["status"] == "active"
    operator = Client.of_app().signed_in("operator@isp.test", "correct horse 1")
    operator.post(f"{alpha}/aggregate-payments", {"amount": issued["total"], "method": "cash"}).ok(201)
    assert owner_of("ALPHA").post("/v1/subscribers", body).ok(201)["status"] == "active"
    check_invariants()
