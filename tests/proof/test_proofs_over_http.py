"""Proofs and doubts over HTTP: one's own for everybody, the installation's for the operator, a doubt for its owner."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from chalicelib.ledger.doubts import read_doubts
from chalicelib.proof import asking, tend
from chalicelib.proof import routes as proof_routes
from chalicelib.proof.prove import prove_due
from chalicelib.proof.sign_off import sign_off_due
from chalicelib.tenants.hierarchy import read_chain
from tests.conftest import SetClock
from tests.journeys.client import Client
from tests.proof.tampering import Underneath
from tests.simulation import MemoryDynamoDB
from tests.tenants.isp import fields_of, owner_of, two_funded_resellers

SETTLED = "2026-11-20"
YESTERDAY = date(2026, 11, 21)


@pytest.fixture
def operator(engine: MemoryDynamoDB, the_clock: SetClock) -> Client:
    """The operator with Beta and Gamma below it, a subscriber each, three weeks settled."""
    operator = two_funded_resellers("5000.00")
    for code in ("BETA", "GAMMA"):
        owner = owner_of(code)
        plan = {"name": "Home", "code": "H", "download_kbps": 1, "upload_kbps": 1, "monthly_price": "800.00"}
        based_on = f"op.{'HOME-10'}"
        plan_id = owner.post("/v1/plans", {**plan, "based_on": based_on}).ok(201)["id"]
        line = {"name": "Karim", "plan": plan_id, "username": "karim", "start_on": "2026-11-01"}
        owner.post("/v1/subscribers", line).ok(201)
        lines = [{"account": "5900", "debit": "8.00"}, {"account": "1010", "credit": "8.00"}]
        owner.post("/v1/ledger/entries", {"effective_on": "2026-11-22", "memo": "Tea", "lines": lines}).ok(201)
    operator.post("/v1/settlements", {"date": str(YESTERDAY)}).ok(200)
    return operator


def chain_of(owner: Client) -> tuple[str, ...]:
    tenant_id = owner.get("/v1/me").ok(200)["tenant"]["id"]
    return ("op",) if tenant_id == "op" else ("op", tenant_id)


def prove(owner: Client, at: datetime) -> None:
    assert prove_due(read_chain(chain_of(owner)), at) is not None


def test_a_reseller_proves_its_own_book_and_sees_its_own_proofs_alone(operator: Client) -> None:
    beta, gamma = owner_of("BETA"), owner_of("GAMMA")
    proof = beta.call("POST", "/v1/proofs", {}, key="k1").ok(201)
    assert (proof["date"], proof["status"], proof["first_broken"]) == (str(YESTERDAY), "sound", None)
    assert {one["check"]: one["verdict"] for one in proof["checks"]} == dict.fromkeys(
        ("chain", "open-periods", "tie-outs", "fund", "isolation", "settlement"), "sound"
    )
    figures = {one["check"]: one["figures"] for one in proof["checks"]}
    assert figures["settlement"] == "21 days up to 2026-11-21, 21 services for 420.00"
    assert figures["fund"] == "4580.00 after 22 movements"
    again = beta.call("POST", "/v1/proofs", {}, key="k1").ok(201)
    assert (again["name"], again.headers["idempotency-replayed"]) == (proof["name"], "true")
    assert [one["name"] for one in beta.get("/v1/proofs").ok(200)["items"]] == [proof["name"]]
    assert beta.get(f"/v1/proofs/{YESTERDAY}").ok(200)["name"] == proof["name"]
    assert gamma.get("/v1/proofs").ok(200)["items"] == []
    gamma.get(f"/v1/proofs/{YESTERDAY}").ok(404)


def test_a_day_that_is_not_over_or_no_day_is_refused(operator: Client) -> None:
    beta = owner_of("BETA")
    assert fields_of(beta.post("/v1/proofs", {"date": "2026-11-22"})) == ["date"]
    assert fields_of(beta.post("/v1/proofs", {"date": "soon"})) == ["date"]
    assert fields_of(beta.get("/v1/proofs/soon")) == ["date"]
    assert fields_of(operator.get("/v1/installation-proofs/2026-13-01")) == ["date"]


def test_a_long_book_is_proven_behind_the_request(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(proof_routes, "is_short", lambda tenant: False)
    monkeypatch.setattr(asking, "send_books", lambda bodies: sent.extend(bodies) or len(bodies))
    beta = owner_of("BETA")
    reply = beta.post("/v1/proofs", {"date": SETTLED}).ok(202)
    assert (reply["status"], reply["date"], reply["checks"]) == ("running", SETTLED, [])
    (body,) = sent
    tend.carry_out(body, datetime(2026, 11, 22, 6, tzinfo=UTC))
    found = beta.get(f"/v1/proofs/{SETTLED}").ok(200)
    assert (found["status"], found["by"]) == ("sound", beta.get("/v1/me").ok(200)["user"]["id"])


def test_what_is_broken_is_frozen_shown_to_its_tenant_and_let_pass_by_its_owner(
    engine: MemoryDynamoDB, operator: Client
) -> None:
    beta, gamma = owner_of("BETA"), owner_of("GAMMA")
    tenant_id = chain_of(beta)[-1]
    entry = next(one for one in beta.get("/v1/ledger/entries").ok(200)["items"] if one["kind"] == "manual")
    Underneath(engine).change(f"{tenant_id}#entries#other", "#general#", lambda item: item["m"].update(S="Coffee"))
    proof = beta.post("/v1/proofs", {}).ok(201)
    assert (proof["status"], proof["first_broken"]) == ("broken", entry["id"])
    (doubt,) = beta.get("/v1/doubts").ok(200)["items"]
    assert (doubt["id"], doubt["state"], doubt["check"]) == (entry["id"], "open", "chain")
    refused = beta.post(f"/v1/ledger/entries/{entry['id']}/reversal", {"reason": "mistaken"}).ok(409)
    assert refused["code"] == "entry-doubted"

    path = f"/v1/doubts/{entry['id']}/dismissal"
    reason = {"reason": "restored from the paper"}
    gamma.post(path, reason).ok(404)
    beta.post("/v1/doubts/no such thing/dismissal", reason).ok(404)
    people = {"name": "M", "email": "m@beta.test", "role": "manager", "password": "correct horse 1"}
    beta.post("/v1/users", people).ok(201)
    assert beta.signed_in("m@beta.test", "correct horse 1").post(path, reason).ok(403)["code"] == "role-not-allowed"
    passed = beta.post(path, reason).ok(201)
    assert (passed["state"], passed["reason"]) == ("dismissed", "restored from the paper")
    assert beta.post(path, reason).ok(409)["code"] == "not-doubted"
    assert beta.post("/v1/proofs", {}).ok(201)["status"] == "sound"
    beta.post(f"/v1/ledger/entries/{entry['id']}/reversal", {"reason": "mistaken"}).ok(201)
    assert gamma.get("/v1/doubts").ok(200)["items"] == []


def test_what_is_broken_in_a_book_above_is_counted_and_not_shown_below(
    engine: MemoryDynamoDB, operator: Client
) -> None:
    beta = owner_of("BETA")
    tenant_id = chain_of(beta)[-1]
    name = f"#child-{tenant_id}#0000000022"
    Underneath(engine).change_json("op#entries#fund", name, "l", lambda lines: lines[0].__setitem__(1, 1))
    proof = beta.post("/v1/proofs", {}).ok(201)
    (settlement,) = [one for one in proof["checks"] if one["check"] == "settlement"]
    assert (settlement["verdict"], settlement["elsewhere"]) == ("broken", 1)
    assert [one["thing"] for one in settlement["findings"]] == [f"{tenant_id}:day:{YESTERDAY}"]
    assert "op." not in str(settlement["findings"])
    (of_operator,) = read_doubts("op")
    assert (of_operator.source, of_operator.on) == (tenant_id, YESTERDAY)


def test_the_operator_downloads_the_signed_report_and_nobody_else(operator: Client) -> None:
    at = datetime(2026, 11, 23, 6, tzinfo=UTC)
    for owner in (operator, owner_of("BETA"), owner_of("GAMMA")):
        prove(owner, at)
    assert len(sign_off_due("op", at)) == 1
    report = operator.get("/v1/installation-proofs/2026-11-22").ok(200)
    assert (report["status"], report["books"], report["proven"]) == ("sound", 3, 3)
    assert operator.get("/v1/installation-proofs").ok(200)["items"] == [report.data]
    file = operator.get("/v1/installation-proofs/2026-11-22/report").ok(200)
    assert file.text.splitlines()[-1] == f"signed off       {report['signed_off']}"
    assert file.headers["content-disposition"].endswith('-proof-2026-11-22.txt"')
    beta = owner_of("BETA")
    for path in ("", "/2026-11-22", "/2026-11-22/report"):
        assert beta.get(f"/v1/installation-proofs{path}").ok(403)["code"] == "operator-only"
    operator.get("/v1/installation-proofs/2026-11-21").ok(404)
