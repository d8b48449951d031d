"""Payments, credit notes, dues and statements through HTTP: a month with exact figures, and a second tenant beside it."""

from typing import Any

import pytest

from chalicelib.aws import clock
from chalicelib.proof.tend import STEPS, carry_out
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.journeys.client import Client
from tests.retail.checks import check_retail
from tests.tenants.isp import fields_of, owner_of, two_funded_resellers

TERMS = {
    "starts_on": "2026-11-01",
    "tax_bps": 500,
    "due_days": 7,
    "grace_days": 3,
    "late_fee": {"amount": "50.00", "bps": 0},
    "suspend_overdue": True,
}
PLAN = {"name": "Home", "code": "HOME", "download_kbps": 1, "upload_kbps": 1, "monthly_price": "900.00"}
CASH = {"amount": "500.00", "method": "cash"}


@pytest.fixture
def beta(engine: object, the_clock: SetClock) -> Client:
    """Beta with Rahim and Selim, who are invoiced 945.00 each on 1 November; Gamma with Karim, who is too."""
    the_clock.set("2026-11-01T06:00:00")
    two_funded_resellers("50000.00")
    for code, names in (("BETA", ("Rahim", "Selim")), ("GAMMA", ("Karim",))):
        owner = owner_of(code)
        owner.post("/v1/plans", {**PLAN, "based_on": "op.HOME-10"}).ok(201)
        for name in names:
            body = {"name": name, "plan": "HOME", "username": name.lower(), "start_on": "2026-11-01"}
            owner.post("/v1/subscribers", body).ok(201)
        owner.put("/v1/billing-terms", TERMS).ok(200)
        owner.post("/v1/invoice-runs", {"date": "2026-11-01"}).ok(200)
    return owner_of("BETA")


def who(owner: Client, place: int = 0) -> str:
    return str(owner.get("/v1/subscribers").ok(200)["items"][place]["id"])


def own_id(owner: Client) -> str:
    return who(owner).split(".")[0]


def check(*owners: Client) -> None:
    for owner in owners:
        check_retail(own_id(owner))
        total = owner.get("/v1/dues/totals").ok(200)["balance"]
        accounts = owner.get("/v1/ledger/trial-balance").ok(200)["accounts"]
        book = {one["code"]: (one["debit"], one["credit"]) for one in accounts}.get("1100", ("0.00", "0.00"))
        assert total in (book[0], f"-{book[1]}")
    check_invariants()


def pick(data: Any, *names: str) -> list[Any]:
    return [data[name] for name in names]


def test_a_month_of_payments(beta: Client, the_clock: SetClock) -> None:
    rahim, path = who(beta), f"/v1/subscribers/{who(beta)}"
    paid = beta.post(f"{path}/payments", {**CASH, "reference": "MR-1"}, key="p1").ok(201)
    again = beta.post(f"{path}/payments", {**CASH, "reference": "MR-1"}, key="p1").ok(201)
    assert again.data == paid.data
    assert again.headers["idempotency-replayed"] == "true"
    assert pick(paid, "number", "total", "balance_after", "advance") == ["RC-2026-000001", "500.00", "445.00", "0.00"]
    assert paid["allocated"][0]["amount"] == "500.00"
    credited = beta.post(f"/v1/invoices/{own_id(beta)}.i1/credit-notes", {"amount": "94.50", "reason": "no line"})
    assert pick(credited.ok(201), "number", "net", "tax", "total") == ["CN-2026-000001", "90.00", "4.50", "94.50"]
    assert pick(credited, "balance_after", "about") == ["350.50", f"{own_id(beta)}.i1"]
    ahead = beta.post(f"{path}/payments", {"amount": "400.00", "method": "bank"}).ok(201)
    assert pick(ahead, "balance_after", "advance") == ["-49.50", "49.50"]
    refund = {"amount": "9.50", "method": "bank", "reason": "too much"}
    assert beta.post(f"{path}/refunds", refund).ok(201)["balance_after"] == "-40.00"
    statement = beta.get(f"{path}/statement").ok(200)
    assert pick(statement, "opening", "charged", "settled", "closing") == ["0.00", "954.50", "994.50", "-40.00"]
    assert [line["balance"] for line in statement["items"]] == ["945.00", "445.00", "350.50", "-49.50", "-40.00"]
    dues = beta.get(f"{path}/dues").ok(200)
    assert pick(dues, "due", "cumulative", "monthly", "advance") == ["0.00", "0.00", "0.00", "40.00"]
    assert dues["months"] == [
        {
            "month": "2026-11",
            "billed": "945.00",
            "credited": "94.50",
            "received": "890.50",
            "monthly": "0.00",
            "cumulative": "0.00",
        }
    ]
    owing = beta.get("/v1/dues").ok(200)["items"]
    assert [pick(one, "subscriber", "name", "due") for one in owing] == [[who(beta, 1), "Selim", "945.00"]]
    assert beta.get("/v1/dues?overdue=true").ok(200)["items"] == []
    listed = beta.get("/v1/payments?limit=1").ok(200)
    assert [one["number"] for one in listed["items"]] == ["RC-2026-000002"]
    rest = beta.get(f"/v1/payments?cursor={listed['next_cursor']}").ok(200)
    assert [one["number"] for one in rest["items"]] == ["RC-2026-000001"]
    assert rest["next_cursor"] is None
    assert [one["total"] for one in beta.get("/v1/payments?method=bank").ok(200)["items"]] == ["400.00"]
    one = beta.get(f"/v1/payments/{paid['id']}").ok(200)
    assert (one["reversed"], one["subscriber"]) == (False, rahim)
    check(beta, owner_of("GAMMA"))


def test_a_bounced_cheque_and_a_void_invoice(beta: Client) -> None:
    path, tenant = f"/v1/subscribers/{who(beta)}", own_id(beta)
    cheque = beta.post(f"{path}/payments", {"amount": "945.00", "method": "bank"}).ok(201)
    back = beta.post(f"/v1/payments/{cheque['id']}/reversal", {"reason": "no funds"}).ok(201)
    assert pick(back, "kind", "number", "balance_after") == ["payment_reversal", "PR-2026-000001", "945.00"]
    again = beta.post(f"/v1/payments/{cheque['id']}/reversal", {"reason": "no funds"}).ok(409)
    assert again["code"] == "already-reversed"
    assert beta.get(f"/v1/payments/{cheque['id']}").ok(200)["reversed"] is True
    assert beta.get(f"/v1/invoices/{tenant}.i1").ok(200)["status"] == "open"
    beta.post(f"/v1/invoices/{tenant}.i1/void", {"reason": "never used"}).ok(201)
    assert beta.get(f"/v1/invoices/{tenant}.i1").ok(200)["status"] == "void"
    refused = beta.post(f"{path}/payments", {**CASH, "invoice": f"{tenant}.i1"}).ok(409)
    assert refused["code"] == "invoice-void"
    assert beta.post(f"{path}/write-offs", {"reason": "moved away"}).ok(409)["code"] == "nothing-open"
    selim = f"/v1/subscribers/{who(beta, 1)}"
    assert beta.post(f"{selim}/write-offs", {"reason": "moved away"}).ok(201)["total"] == "945.00"
    check(beta, owner_of("GAMMA"))


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("payments", {**CASH, "amount": "0.00"}, "amount"),
    ("payments", {**CASH, "amount": "-5.00"}, "amount"),
    ("payments", {**CASH, "amount": 5}, "amount"),
    ("payments", {**CASH, "method": "credit"}, "method"),
    ("payments", {**CASH, "received_on": "2026-11-02"}, "received_on"),
    ("payments", {**CASH, "received_on": "2026-02-30"}, "received_on"),
    ("payments", {**CASH, "invoice": "x"}, "invoice"),
    ("payments", {**CASH, "invoice": "op.i1"}, "invoice"),
    ("refunds", {**CASH, "amount": "0", "reason": "leaving"}, "amount"),
    ("refunds", CASH, "reason"),
    ("write-offs", {"amount": "0.00", "reason": "moved away"}, "amount"),
    ("write-offs", {"reason": ""}, "reason"),
]


@pytest.mark.parametrize(("what", "body", "field"), BAD)
def test_a_bad_field_is_named_and_nothing_changes(beta: Client, what: str, body: Any, field: str) -> None:
    path = f"/v1/subscribers/{who(beta)}"
    before = beta.get(f"{path}/statement").ok(200).data
    assert fields_of(beta.post(f"{path}/{what}", body)) == [field]
    assert beta.get(f"{path}/statement").ok(200).data == before


def test_what_the_state_forbids_is_told_by_its_code(beta: Client) -> None:
    path, tenant = f"/v1/subscribers/{who(beta)}", own_id(beta)
    credit = f"/v1/invoices/{tenant}.i1/credit-notes"
    assert beta.post(credit, {"amount": "945.01", "reason": "all"}).ok(409)["code"] == "credit-above-invoice"
    assert fields_of(beta.post(credit, {"reason": "all"})) == ["amount"]
    lines = [{"text": "a day", "amount": "31.50"}]
    assert fields_of(beta.post(credit, {"amount": "1.00", "lines": lines, "reason": "all"})) == ["amount"]
    refund = {**CASH, "reason": "leaving"}
    assert beta.post(f"{path}/refunds", refund).ok(409)["code"] == "refund-above-advance"
    too_much = {"amount": "945.01", "reason": "moved away"}
    assert beta.post(f"{path}/write-offs", too_much).ok(409)["code"] == "write-off-above-dues"
    assert beta.post(credit, {"lines": lines, "reason": "all"}).ok(201)["total"] == "31.50"
    check(beta, owner_of("GAMMA"))


def test_another_tenants_documents_and_subscribers_are_nobodys(beta: Client) -> None:
    gamma = owner_of("GAMMA")
    before = gamma.get(f"/v1/subscribers/{who(gamma)}/statement").ok(200).data
    tenant, karim = own_id(gamma), who(gamma)
    for method, path, body in (
        ("POST", f"/v1/subscribers/{karim}/payments", CASH),
        ("POST", f"/v1/subscribers/{karim}/refunds", {**CASH, "reason": "leaving"}),
        ("POST", f"/v1/subscribers/{karim}/write-offs", {"reason": "moved away"}),
        ("GET", f"/v1/subscribers/{karim}/statement", None),
        ("GET", f"/v1/subscribers/{karim}/dues", None),
        ("POST", f"/v1/invoices/{tenant}.i1/credit-notes", {"amount": "1.00", "reason": "mistaken"}),
        ("POST", f"/v1/invoices/{tenant}.i1/void", {"reason": "mistaken"}),
        ("GET", f"/v1/payments/{tenant}.r1", None),
        ("GET", "/v1/payments/nonsense", None),
        ("POST", f"/v1/payments/{tenant}.r1/reversal", {"reason": "mistaken"}),
    ):
        assert beta.call(method, path, body).status == 404, path
    assert gamma.get(f"/v1/subscribers/{karim}/statement").ok(200).data == before


def test_a_collector_takes_payments_and_nothing_else(beta: Client) -> None:
    body = {"name": "C", "email": "c@beta.test", "role": "collector", "password": "correct horse 1"}
    beta.post("/v1/users", body).ok(201)
    collector = beta.signed_in("c@beta.test", "correct horse 1")
    path = f"/v1/subscribers/{who(beta)}"
    paid = collector.post(f"{path}/payments", CASH).ok(201)
    collector.get(f"{path}/statement").ok(200)
    collector.get("/v1/payments").ok(200)
    for what, sent in (
        (f"{path}/refunds", {**CASH, "reason": "leaving"}),
        (f"{path}/write-offs", {"reason": "moved away"}),
        (f"/v1/payments/{paid['id']}/reversal", {"reason": "mistaken"}),
        (f"/v1/invoices/{own_id(beta)}.i1/void", {"reason": "mistaken"}),
    ):
        assert collector.post(what, sent).ok(403)["code"] == "role-not-allowed"


def tend(the_clock: SetClock, code: str, at: str) -> Client:
    """What the hourly worker does for that tenant at that instant; who looks at it afterwards."""
    the_clock.set(at)
    tenant = own_id(owner_of(code))
    message = {"do": "tend", "chain": ["op", tenant]}
    carry_out(message, clock.now(), [step for step in STEPS if step.__name__ == "_chase"])
    return owner_of(code)


def test_overdue_subscribers_are_charged_cut_and_back_with_their_payment(beta: Client, the_clock: SetClock) -> None:
    path = f"/v1/subscribers/{who(beta)}"
    beta.post(f"{path}/payments", {**CASH, "amount": "945.00"}).ok(201)
    beta = tend(the_clock, "BETA", "2026-11-12T05:00:00")
    assert beta.get("/v1/dues?overdue=true").ok(200)["items"][0]["overdue"] == "945.00"
    selim = f"/v1/subscribers/{who(beta, 1)}"
    assert beta.get(selim).ok(200)["status"] == "disabled"
    assert beta.get(path).ok(200)["status"] == "active"
    assert beta.get(f"{selim}/dues").ok(200)["due"] == "995.00"
    lines = beta.get(f"{selim}/statement").ok(200)["items"]
    assert [pick(line, "kind", "charged") for line in lines] == [["invoice", "945.00"], ["late_fee", "50.00"]]
    ageing = beta.get("/v1/dues/ageing").ok(200)
    assert ageing["total"] == "995.00"
    assert pick(ageing["items"][0], "name", "not_due", "days_1_30", "total") == ["Selim", "50.00", "945.00", "995.00"]
    text = beta.get("/v1/dues/ageing?format=csv").ok(200).text
    assert text.splitlines()[1].endswith(",line")
    assert "995.00" in text.splitlines()[-1]
    beta.post(f"{selim}/payments", {**CASH, "amount": "995.00"}).ok(201)
    assert beta.get(selim).ok(200)["status"] == "active"
    assert owner_of("GAMMA").get("/v1/dues").ok(200)["items"][0]["due"] == "945.00"
    check(beta, owner_of("GAMMA"))


def test_a_statement_of_some_days_has_its_opening_balance_and_pages(beta: Client, the_clock: SetClock) -> None:
    the_clock.set("2026-11-10T06:00:00")
    beta = owner_of("BETA")
    path = f"/v1/subscribers/{who(beta)}"
    beta.post(f"{path}/payments", {**CASH, "received_on": "2026-11-05"}).ok(201)
    beta.post(f"{path}/payments", {**CASH, "amount": "45.00", "received_on": "2026-11-04"}).ok(201)
    beta.post(f"{path}/payments", {**CASH, "amount": "100.00"}).ok(201)
    some = beta.get(f"{path}/statement?from=2026-11-04&to=2026-11-09").ok(200)
    assert pick(some, "opening", "settled", "closing") == ["945.00", "545.00", "400.00"]
    assert [pick(line, "date", "balance") for line in some["items"]] == [
        ["2026-11-04", "900.00"],
        ["2026-11-05", "400.00"],
    ]
    first = beta.get(f"{path}/statement?limit=3").ok(200)
    second = beta.get(f"{path}/statement?limit=3&cursor={first['next_cursor']}").ok(200)
    assert [line["balance"] for line in [*first["items"], *second["items"]]] == ["945.00", "900.00", "400.00", "300.00"]
    assert second["next_cursor"] is None
    assert fields_of(beta.get(f"{path}/statement?from=2026-11-05&to=2026-11-04")) == ["from"]
    ranged = beta.get("/v1/payments?from=2026-11-04&to=2026-11-05").ok(200)["items"]
    assert [one["received_on"] for one in ranged] == ["2026-11-04", "2026-11-05"]
