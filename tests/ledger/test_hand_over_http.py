"""Books by hand over HTTP: what is asked, what is answered, what is refused by which code, and that it can be repeated."""

from hashlib import sha256
from typing import Any

import pytest
import requests

from chalicelib.auth.roles import PERMISSIONS
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.journeys.client import Client, Reply
from tests.simulation import MemoryDynamoDB
from tests.store_of_files import Store
from tests.tenants.isp import PASSWORD, fields_of, nobody, onboard, owner_of, the_operator

RENT = [{"account": "5910", "debit": "800.00", "cost_centre": "HQ"}, {"account": "1010", "credit": "800.00"}]
PAYMENT = {
    "journal": "payments",
    "effective_on": "2026-11-22",
    "memo": "Rent",
    "reference": "V-1",
    "lines": RENT,
}
ACCOUNT = {"code": "5910", "name": "Office rent", "type": "expense", "parent": "5900"}
MONTHLY = {"name": "Rent", "memo": "Rent", "lines": RENT, "every": "month", "starts_on": "2026-11-30"}


@pytest.fixture
def alpha(engine: MemoryDynamoDB, the_clock: SetClock) -> Client:
    operator = the_operator()
    for code in ("ALPHA", "GAMMA"):
        onboard(operator, code)
    owner = owner_of("ALPHA")
    owner.post("/v1/ledger/accounts", ACCOUNT).ok(201)
    owner.post("/v1/ledger/cost-centres", {"code": "HQ", "name": "Office", "zone": "Mirpur-10"}).ok(201)
    return owner


def colleague(owner: Client, role: str) -> Client:
    email = f"{role}@alpha.test"
    owner.post("/v1/users", {"name": role, "email": email, "role": role, "password": PASSWORD}).ok(201)
    return nobody().signed_in(email, PASSWORD)


def replayed(client: Client, path: str, body: Any, status: int = 201) -> Reply:
    """The same request twice under one key: one outcome."""
    first = client.post(path, body, key="k1").ok(status)
    again = client.post(path, body, key="k1").ok(status)
    assert (again.data, again.headers["idempotency-replayed"]) == (first.data, "true")
    return first


def test_an_account_is_listed_with_its_balance_changed_and_closed(alpha: Client) -> None:
    alpha.post("/v1/ledger/entries", PAYMENT).ok(201)
    account = {**ACCOUNT, "control": False, "status": "open"}
    assert alpha.get("/v1/ledger/accounts/5910").ok(200).data == {**account, "balance": "800.00"}
    balances = {one["code"]: one["balance"] for one in alpha.get("/v1/ledger/accounts").ok(200)["items"]}
    assert (balances["1010"], balances["5910"], balances["1000"]) == ("-800.00", "800.00", "0.00")
    path = "/v1/ledger/accounts/5910"
    assert alpha.patch(path, {"parent": None, "name": "Rents"}).ok(200).data == {
        **account,
        "parent": None,
        "name": "Rents",
    }
    assert alpha.patch(path, {"status": "closed"}).ok(409)["code"] == "account-has-balance"
    assert alpha.patch("/v1/ledger/accounts/1000", {"status": "closed"}).ok(409)["code"] == "system-account"
    alpha.post("/v1/ledger/accounts", {**ACCOUNT, "code": "5920"}).ok(201)
    assert alpha.patch("/v1/ledger/accounts/5900", {"status": "closed"}).ok(409)["code"] == "account-has-children"
    assert alpha.patch("/v1/ledger/accounts/5920", {"status": "closed"}).ok(200)["status"] == "closed"
    closed = [{"account": "5920", "debit": "1.00"}, {"account": "1010", "credit": "1.00"}]
    assert fields_of(alpha.post("/v1/ledger/entries", {**PAYMENT, "lines": closed})) == ["lines.0.account"]
    for body, field in (({"type": "asset"}, "type"), ({"name": None}, "name"), ({"status": "gone"}, "status")):
        assert fields_of(alpha.patch(path, body)) == [field]
    for stranger in (owner_of("GAMMA"), the_operator()):
        stranger.get(path).ok(404)
        stranger.patch(path, {"name": "Mine"}).ok(404)


def test_an_entry_goes_to_its_journal_with_all_that_belongs_to_it(alpha: Client) -> None:
    made = replayed(alpha, "/v1/ledger/entries", PAYMENT)
    assert (made["journal"], made["sequence"], made["reference"]) == ("payments", 1, "V-1")
    assert [line["cost_centre"] for line in made["lines"]] == ["HQ", None]
    wrong = [
        ({"journal": "receipts"}, ["lines.1.account"]),
        ({"journal": "contra"}, ["lines.0.account"]),
        ({"journal": "child-x"}, ["journal"]),
        ({"reference": ""}, ["reference"]),
        ({"attachments": ["nothing"]}, ["attachments.0"]),
        ({"lines": [{**RENT[0], "cost_centre": "NOWHERE"}, RENT[1]]}, ["lines.0.cost_centre"]),
    ]
    for change, fields in wrong:
        assert fields_of(alpha.post("/v1/ledger/entries", {**PAYMENT, **change})) == fields, change
    alpha.post("/v1/ledger/entries", {**PAYMENT, "journal": "general"}).ok(201)
    found = {
        query: sorted(one["journal"] for one in alpha.get(f"/v1/ledger/entries?{query}").ok(200)["items"])
        for query in (
            "journal=payments",
            "account=5910",
            "account=4000",
            "kind=opening",
            "from=2026-11-23",
            "to=2026-11-22",
        )
    }
    assert found == {
        "journal=payments": ["payments"],
        "account=5910": ["general", "payments"],
        "account=4000": [],
        "kind=opening": [],
        "from=2026-11-23": [],
        "to=2026-11-22": ["general", "payments"],
    }
    alpha.get("/v1/ledger/entries?journal=No").ok(422)


def test_an_entry_and_a_draft_name_documents_that_have_come(alpha: Client, bucket: Store) -> None:
    about = {"file_name": "a.txt", "media_type": "text/plain", "size_bytes": 1, "sha256": sha256(b"a").hexdigest()}
    declared = alpha.post("/v1/ledger/attachments", about).ok(201)
    attached = {**PAYMENT, "attachments": [declared["id"]]}
    for route in ("entries", "drafts"):
        assert fields_of(alpha.post(f"/v1/ledger/{route}", attached)) == ["attachments.0"]
    upload = declared["upload"]
    assert requests.put(upload["url"], data=b"a", headers=upload["headers"], timeout=5).status_code == 200
    mark = {"id": declared["id"], "sha256": about["sha256"]}
    assert alpha.post("/v1/ledger/entries", attached).ok(201)["attachments"] == [mark]
    draft = alpha.post("/v1/ledger/drafts", attached).ok(201)
    assert draft["attachments"] == [declared["id"]]
    assert alpha.post(f"/v1/ledger/drafts/{draft['id']}/approval").ok(201)["attachments"] == [mark]
    assert alpha.get("/v1/ledger/verification").ok(200)["status"] == "sound"


def test_opening_balances_are_posted_against_opening_equity(alpha: Client) -> None:
    body = {"effective_on": "2026-11-01", "lines": [{"account": "1010", "debit": "5000.00"}]}
    made = replayed(alpha, "/v1/ledger/opening-balances", body)
    assert (made["kind"], made["memo"]) == ("opening", "Opening balances")
    assert [(line["account"], line["debit"], line["credit"]) for line in made["lines"]] == [
        ("1010", "5000.00", "0.00"),
        ("3100", "0.00", "5000.00"),
    ]
    control = {**body, "lines": [{"account": "1200", "debit": "1.00"}]}
    assert fields_of(alpha.post("/v1/ledger/opening-balances", control)) == ["lines.0.account"]
    alpha.post(f"/v1/ledger/entries/{made['id']}/reversal", {"reason": "a slip"}).ok(201)
    check_invariants()


def test_what_takes_two_is_drafted_by_one_and_approved_by_another(alpha: Client) -> None:
    clerk, manager = colleague(alpha, "accountant"), colleague(alpha, "manager")
    limit = "/v1/ledger/settings"
    assert alpha.get(limit).ok(200).data == {"approval_above": None, "year_starts_in": 1}
    clerk.patch(limit, {"approval_above": "799.99"}).ok(403)
    for bad, field in (({"approval_above": "0.00"}, "approval_above"), ({"year_starts_in": 13}, "year_starts_in")):
        assert fields_of(manager.patch(limit, bad)) == [field]
    assert manager.patch(limit, {"approval_above": "799.99"}).ok(200)["approval_above"] == "799.99"
    assert owner_of("GAMMA").get(limit).ok(200)["approval_above"] is None
    assert clerk.post("/v1/ledger/entries", PAYMENT).ok(409)["code"] == "needs-approval"
    draft = replayed(clerk, "/v1/ledger/drafts", PAYMENT)
    path = f"/v1/ledger/drafts/{draft['id']}"
    assert (draft["status"], draft["total"], draft["entry"]) == ("waiting", "800.00", None)
    assert clerk.post(f"{path}/approval").ok(409)["code"] == "same-person"
    assert manager.patch(path, {"memo": "Rent of November"}).ok(200)["revision"] == 2
    assert manager.post(f"{path}/approval").ok(409)["code"] == "same-person"
    assert clerk.post(f"{path}/approval?revision=1").ok(409)["code"] == "draft-changed"
    entry = clerk.post(f"{path}/approval?revision=2", key="k").ok(201)
    assert clerk.post(f"{path}/approval?revision=2", key="k").ok(201).data == entry.data
    me = clerk.get("/v1/me").ok(200)
    assert entry["approved_by"] == f"{me['tenant']['id']}/{me['user']['id']}"
    assert entry["recorded_by"] == manager.get("/v1/me").ok(200)["user"]["id"]
    assert clerk.get(path).ok(200)["entry"] == entry["id"]
    assert clerk.post(f"{path}/rejection", {"reason": "too late"}).ok(409)["code"] == "not-waiting"
    assert alpha.get("/v1/ledger/drafts?status=waiting").ok(200)["items"] == []
    assert [one["id"] for one in alpha.get("/v1/ledger/drafts").ok(200)["items"]] == [draft["id"]]
    assert (
        clerk.post(f"/v1/ledger/entries/{entry['id']}/reversal", {"reason": "slip"}).ok(409)["code"] == "needs-approval"
    )
    undo = clerk.post("/v1/ledger/drafts", {"reverses": entry["id"], "reason": "a slip"}).ok(201)
    assert clerk.patch(f"/v1/ledger/drafts/{undo['id']}", {"reason": "an error"}).ok(200)["memo"] == "an error"
    mirror = alpha.post(f"/v1/ledger/drafts/{undo['id']}/approval").ok(201)
    assert (mirror["corrects"], mirror["memo"]) == (entry["id"], "an error")
    check_invariants()


def test_a_draft_is_rejected_with_a_reason(alpha: Client) -> None:
    draft = alpha.post("/v1/ledger/drafts", PAYMENT).ok(201)
    path = f"/v1/ledger/drafts/{draft['id']}"
    rejected = replayed(alpha, f"{path}/rejection", {"reason": "paid before"})
    assert (rejected["status"], rejected["reason"]) == ("rejected", "paid before")
    assert alpha.post(f"{path}/approval").ok(409)["code"] == "not-waiting"
    for method, where in (("GET", path), ("POST", f"{path}/approval"), ("PATCH", path)):
        owner_of("GAMMA").call(method, where, {} if method == "PATCH" else None).ok(404)


def test_a_draft_names_what_is_missing_and_what_does_not_belong(alpha: Client) -> None:
    path = "/v1/ledger/drafts"
    opening = {"kind": "opening", "effective_on": "2026-11-01", "lines": RENT[:1]}
    assert fields_of(alpha.post(path, {})) == ["effective_on", "lines", "memo"]
    assert fields_of(alpha.post(path, {**PAYMENT, "reason": "why"})) == ["reason"]
    assert fields_of(alpha.post(path, {**opening, "reference": "V-1"})) == ["reference"]
    assert fields_of(alpha.post(path, {"reverses": "x", "memo": "why"})) == ["reason", "memo"]
    alpha.post(path, {"reverses": "x", "reason": "why"}).ok(404)
    made = alpha.post(path, opening).ok(201)
    assert [line["account"] for line in made["lines"]] == ["5910", "3100"]
    changed = alpha.patch(f"{path}/{made['id']}", {"lines": [{"account": "1010", "debit": "7.00"}]}).ok(200)
    assert [line["credit"] for line in changed["lines"]] == ["0.00", "7.00"]
    assert fields_of(alpha.patch(f"{path}/{made['id']}", {"journal": "contra"})) == ["journal"]
    assert fields_of(alpha.patch(f"{path}/{made['id']}", {"lines": None})) == ["lines"]
    draft = alpha.post(path, PAYMENT).ok(201)
    assert fields_of(alpha.patch(f"{path}/{draft['id']}", {"journal": "receipts"})) == ["lines.1.account"]
    assert alpha.patch(f"{path}/{draft['id']}", {"reference": None}).ok(200)["reference"] is None


def test_a_recurring_entry_shows_its_next_days_and_is_paused(alpha: Client) -> None:
    made = replayed(alpha, "/v1/ledger/recurring", MONTHLY)
    assert (made["next_on"], made["upcoming"]) == ("2026-11-30", ["2026-11-30", "2026-12-30", "2027-01-30"])
    path = f"/v1/ledger/recurring/{made['id']}"
    assert alpha.patch(path, {"status": "paused"}).ok(200)["status"] == "paused"
    assert alpha.get("/v1/ledger/recurring").ok(200)["items"] == [alpha.get(path).ok(200).data]
    assert alpha.patch(path, {"status": "ended"}).ok(200)["upcoming"] == []
    assert alpha.patch(path, {"name": "Again"}).ok(409)["code"] == "recurring-ended"
    for change, field in (
        ({"every": "day"}, "every"),
        ({"starts_on": "2025-11-01"}, "starts_on"),
        ({"ends_on": "2026-11-29"}, "ends_on"),
        ({"journal": "receipts"}, "lines.1.account"),
    ):
        assert fields_of(alpha.post("/v1/ledger/recurring", {**MONTHLY, **change})) == [field]
    owner_of("GAMMA").get(path).ok(404)
    owner_of("GAMMA").patch(path, {"name": "Mine"}).ok(404)


def test_cost_centres_are_listed_and_closed(alpha: Client) -> None:
    centre = {"code": "HQ", "name": "Office", "zone": "Mirpur-10", "status": "open"}
    assert alpha.get("/v1/ledger/cost-centres").ok(200)["items"] == [centre]
    alpha.post("/v1/ledger/cost-centres", {"code": "HQ", "name": "Again"}).ok(409)
    assert alpha.patch("/v1/ledger/cost-centres/HQ", {}).ok(200).data == centre
    assert alpha.patch("/v1/ledger/cost-centres/HQ", {"status": "closed"}).ok(200)["status"] == "closed"
    assert fields_of(alpha.post("/v1/ledger/entries", PAYMENT)) == ["lines.0.cost_centre"]
    assert fields_of(alpha.patch("/v1/ledger/cost-centres/HQ", {"zone": "Dhaka"})) == ["zone"]
    owner_of("GAMMA").patch("/v1/ledger/cost-centres/HQ", {"name": "Mine"}).ok(404)
    assert owner_of("GAMMA").get("/v1/ledger/cost-centres").ok(200)["items"] == []


def test_owners_managers_and_accountants_approve_and_the_first_two_set_the_amount() -> None:
    may = {
        name: {role.value for role, held in PERMISSIONS.items() if name in held}
        for name in ("ledger:approve", "ledger:settings")
    }
    assert may == {"ledger:approve": {"owner", "manager", "accountant"}, "ledger:settings": {"owner", "manager"}}
