"""A month of percentage mode through HTTP: the operator bills Alpha's and Beta's subscribers and owes them a part of it."""

from typing import Any

import pytest

from chalicelib.aws import clock
from chalicelib.proof.asking import TEND
from chalicelib.proof.model import BookProof
from chalicelib.proof.store import list_proofs
from chalicelib.proof.tend import carry_out
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.journeys.client import Client, Reply
from tests.retail.checks import check_retail
from tests.simulation import MemoryDynamoDB
from tests.tenants.isp import PLAN, fields_of, nobody, onboard, owner_of, the_operator

TERMS = {"effective_month": "2026-11", "rate_bps": 3000, "base": "payments"}
EARNS = {"settles_from": "2026-11-01", "settlement": {"mode": "percentage"}}


class Isp:
    """The operator, Alpha under it and Beta under Alpha, who earn a percentage, and Gamma, who does as well."""

    def __init__(self, the_clock: SetClock) -> None:
        self.clock = the_clock
        the_clock.set("2026-11-01T06:00:00")
        self.ids: dict[str, str] = {"OP": "op"}
        self.subscribers: dict[str, str] = {}
        operator = the_operator()
        operator.post("/v1/plans", {**PLAN, "code": "HOME-10", "monthly_price": "1000.00"}).ok(201)
        operator.put("/v1/billing-terms", {"starts_on": "2026-11-01", "due_days": 7}).ok(200)
        for code, above in (("ALPHA", "OP"), ("GAMMA", "OP"), ("BETA", "ALPHA")):
            parent = operator if above == "OP" else owner_of(above)
            self.ids[code] = str(onboard(parent, code, **EARNS)["id"])
            based_on = f"{self.ids[above]}.HOME-10"
            owner = owner_of(code)
            owner.post("/v1/plans", {**PLAN, "monthly_price": "1000.00", "based_on": based_on}).ok(201)
            body = {"name": f"Karim of {code}", "plan": "HOME-10", "username": code.lower(), "start_on": "2026-11-01"}
            self.subscribers[code] = owner.post("/v1/subscribers", body).ok(201)["id"]

    @property
    def operator(self) -> Client:
        return nobody().signed_in("operator@isp.test", "correct horse 1")

    def end_november(self) -> None:
        """The hour after the month is over: every book is tended."""
        self.clock.set("2026-12-01T06:00:00")
        for chain in (("op",), ("op", "ALPHA"), ("op", "GAMMA"), ("op", "ALPHA", "BETA")):
            ids = [self.ids.get(code, code) for code in chain]
            carry_out({"do": TEND, "chain": ids}, clock.now())

    def reseller(self, code: str, path: str) -> str:
        return f"/v1/resellers/{self.ids[code]}/{path}"


@pytest.fixture
def isp(engine: MemoryDynamoDB, the_clock: SetClock) -> Isp:
    return Isp(the_clock)


def pay(isp: Isp, code: str, amount: str) -> Reply:
    at = f"/v1/subscribers/{isp.subscribers[code]}/payments"
    return isp.operator.post(at, {"amount": amount, "method": "cash"}).ok(201)


def test_the_operator_bills_and_collects_and_owes_each_level_its_part(isp: Isp) -> None:
    operator = isp.operator
    set_terms = operator.put(isp.reseller("ALPHA", "commission-terms"), TERMS).ok(200)
    assert set_terms["warnings"] == []
    alpha = owner_of("ALPHA")
    warned = alpha.put(isp.reseller("BETA", "commission-terms"), {**TERMS, "rate_bps": 4000}).ok(200)
    assert [one["code"] for one in warned["warnings"]] == ["rate-above-own"]
    alpha.put(isp.reseller("BETA", "commission-terms"), {**TERMS, "rate_bps": 1000}).ok(200)
    run = operator.post("/v1/invoice-runs", {"date": "2026-11-01"}).ok(200)
    assert (run["invoices"], run["status"]) == (3, "done")
    pay(isp, "ALPHA", "1000.00")
    pay(isp, "BETA", "700.00")
    pay(isp, "GAMMA", "1000.00")
    account = operator.get(f"/v1/subscribers/{isp.subscribers['BETA']}/account").ok(200)
    assert account["balance"] == "300.00"
    isp.end_november()
    operator = isp.operator
    (statement,) = operator.get(isp.reseller("ALPHA", "commission-statements")).ok(200)["items"]
    shown = {name: statement[name] for name in ("month", "number", "biller", "base_total", "commission", "accrued")}
    assert shown == {
        "month": "2026-11",
        "number": "CS-2026-000001",
        "biller": "op",
        "base_total": "1700.00",
        "commission": "510.00",
        "accrued": "510.00",
    }
    detail = operator.get(isp.reseller("ALPHA", f"commission-statements/{statement['id']}")).ok(200)
    assert detail["kinds"] == [{"kind": "receipt", "base": "1700.00"}]
    assert detail["rates"] == [{"rate_bps": 3000, "subscribers": 2, "base": "1700.00", "commission": "510.00"}]
    alpha = owner_of("ALPHA")
    own = alpha.get(f"/v1/commission-statements/{statement['id']}").ok(200)
    assert own.data == detail.data | {"entry": own["entry"]}
    lines = alpha.get(f"/v1/commission-statements/{statement['id']}/lines").ok(200)["items"]
    found = sorted((line["subscriber"], line["base"], line["commission"], line["late"]) for line in lines)
    assert found == sorted(
        [
            (isp.subscribers["ALPHA"], "1000.00", "300.00", None),
            (isp.subscribers["BETA"], "700.00", "210.00", None),
        ]
    )
    assert [one.status for code in ("OP", "ALPHA") for one in proofs_of(isp, code)] == ["sound", "sound"]
    (beta,) = owner_of("BETA").get("/v1/commission-statements").ok(200)["items"]
    assert (beta["commission"], beta["number"], beta["biller"]) == ("70.00", "CS-2026-000001", "op")
    check_money(isp)


def proofs_of(isp: Isp, code: str) -> list[BookProof]:
    """The daily proofs of a book."""
    return list_proofs(isp.ids[code], limit=9)[0]


def check_money(isp: Isp) -> None:
    """What the operator owes Alpha and Alpha owes Beta stands in both books, and is paid out."""
    operator, alpha, beta = isp.operator, owner_of("ALPHA"), owner_of("BETA")
    assert tied(operator, isp.ids["ALPHA"]) == [("commission", "-510.00", "-510.00", "0.00")]
    assert tied(alpha, isp.ids["BETA"]) == [("commission", "-70.00", "-70.00", "0.00")]
    assert balances(operator, "5100", "2050") == {"5100": "510.00", "2050": "-510.00"}
    assert balances(alpha, "1170", "4200", "5100", "2050") == {
        "1170": "510.00",
        "4200": "-510.00",
        "5100": "70.00",
        "2050": "-70.00",
    }
    assert balances(beta, "1170", "4200") == {"1170": "70.00", "4200": "-70.00"}
    at, money = (
        isp.reseller("ALPHA", "commission-payouts"),
        {"amount": "510.00", "method": "bank", "reference": "TRX-9"},
    )
    too_much = operator.post(at, {**money, "amount": "510.01"})
    assert (too_much.status, too_much["code"]) == (409, "payout-above-commission")
    paid = operator.post(at, money, "k1").ok(201)
    assert (paid["owed_after"], paid["paid_on"]) == ("0.00", "2026-12-01")
    assert operator.post(at, money, "k1").ok(201).data == paid.data
    (seen,) = alpha.get("/v1/commission-payouts").ok(200)["items"]
    assert seen == paid.data | {"entry": seen["entry"]}
    assert alpha.get("/v1/commission").ok(200).data == {
        "owed": "0.00",
        "carried": "0.00",
        "through": "2026-11",
        "payouts": 1,
    }
    assert owner_of("GAMMA").get("/v1/commission").ok(200)["owed"] == "0.00"
    assert balances(alpha, "1170", "1010") == {"1170": "0.00", "1010": "510.00"}
    assert tied(operator, isp.ids["ALPHA"]) == []
    check_invariants()
    check_retail("op")


def tied(parent: Client, child: str) -> list[tuple[str, str, str, str]]:
    (one,) = [one for one in parent.get("/v1/tie-outs").ok(200)["items"] if one["child"] == child]
    assert one["difference"] == "0.00"
    return [(pair["of"], pair["in_this_book"], pair["in_childs_book"], pair["difference"]) for pair in one["others"]]


def balances(of: Client, *codes: str) -> dict[str, Any]:
    """Net debit by account."""
    found = {one["code"]: one for one in of.get("/v1/ledger/trial-balance").ok(200)["accounts"]}
    shown = {}
    for code in codes:
        one = found.get(code, {"debit": "0.00", "credit": "0.00"})
        shown[code] = one["debit"] if one["credit"] == "0.00" else f"-{one['credit']}"
    return shown


def test_who_earns_a_percentage_neither_invoices_nor_takes_money_of_its_subscribers(isp: Isp) -> None:
    alpha, subscriber = owner_of("ALPHA"), isp.subscribers["ALPHA"]
    money = {"amount": "100.00", "method": "cash"}
    asked = {
        f"POST /v1/subscribers/{subscriber}/payments": money,
        f"POST /v1/subscribers/{subscriber}/refunds": {**money, "reason": "moved away"},
        f"POST /v1/subscribers/{subscriber}/charges": {"text": "Cable", "amount": "1.00"},
        "POST /v1/invoices": {"subscriber": subscriber},
        "POST /v1/invoice-runs": {"date": "2026-11-01"},
    }
    for route, body in asked.items():
        method, path = route.split(" ")
        reply = alpha.call(method, path, body, "k1")
        assert (reply.status, reply["code"]) == (409, "not-a-biller"), route
    reply = alpha.put("/v1/billing-terms", {"starts_on": "2026-11-01"})
    assert (reply.status, reply["code"]) == (409, "not-a-biller")
    beta = owner_of("BETA").post(f"/v1/subscribers/{subscriber}/payments", money)
    assert beta.status == 404
    isp.operator.post(f"/v1/subscribers/{isp.subscribers['BETA']}/payments", money).ok(201)


def test_terms_are_refused_by_field_and_change_nothing(isp: Isp) -> None:
    operator, at = isp.operator, isp.reseller("ALPHA", "commission-terms")
    gamma = isp.subscribers["GAMMA"]
    for change, field in (
        ({"rate_bps": -1}, "rate_bps"),
        ({"rate_bps": 10_001}, "rate_bps"),
        ({"rate_bps": "30%"}, "rate_bps"),
        ({"base": "profit"}, "base"),
        ({"amount": "gross"}, "amount"),
        ({"effective_month": "2026-13"}, "effective_month"),
        ({"effective_month": "2026-10"}, "effective_month"),
        ({"plans": [{"plan": "nothing", "rate_bps": 1}]}, "plans.0.plan"),
        ({"plans": [{"plan": "HOME-10", "rate_bps": 10_001}]}, "plans.0.rate_bps"),
        ({"plans": [{"plan": "HOME-10", "rate_bps": 1}] * 2}, "plans.1.plan"),
        ({"plans": [{"plan": "HOME-10", "rate_bps": 1}, {"plan": "op.HOME-10", "rate_bps": 1}]}, "plans.1.plan"),
        ({"subscribers": [{"subscriber": gamma, "rate_bps": 1}]}, "subscribers.0.subscriber"),
        ({"subscribers": [{"subscriber": isp.subscribers["ALPHA"], "rate_bps": 1}] * 2}, "subscribers.1.subscriber"),
    ):
        assert fields_of(operator.put(at, {**TERMS, **change})) == [field], change
    operator.get(at).ok(404)
    owner_of("ALPHA").get("/v1/commission-terms").ok(404)
    subscribers = [{"subscriber": isp.subscribers["BETA"], "rate_bps": 5000}]
    plans = [{"plan": "op.HOME-10", "rate_bps": 2500}]
    operator.put(at, {**TERMS, "plans": plans, "subscribers": subscribers}).ok(200)
    operator.put(at, {**TERMS, "effective_month": "2026-12", "rate_bps": 0, "base": "invoices"}).ok(200)
    seen = owner_of("ALPHA").get("/v1/commission-terms").ok(200)
    assert seen["in_force"] == seen["versions"][1]
    assert seen["in_force"] == {
        **TERMS,
        "amount": "after_tax",
        "plans": [{"plan": "HOME-10", "rate_bps": 2500}],
        "subscribers": subscribers,
        "revision": 1,
    }
    assert seen["versions"][0]["effective_month"] == "2026-12"
    assert operator.get(at).ok(200).data == seen.data


def test_terms_and_payouts_are_for_those_who_earn_a_percentage(isp: Isp) -> None:
    operator = isp.operator
    delta = onboard(operator, "DELTA", settles_from="2026-11-01")["id"]
    for path, body in (("commission-terms", TERMS), ("commission-payouts", {"amount": "1.00", "method": "cash"})):
        reply = operator.call("PUT" if path.endswith("terms") else "POST", f"/v1/resellers/{delta}/{path}", body, None)
        assert (reply.status, reply["code"]) == (409, "not-percentage"), path
    assert operator.put(f"/v1/resellers/{isp.ids['BETA']}/commission-terms", TERMS).status == 404
