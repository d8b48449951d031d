"""An installation to walk every route of: the operator, Alpha and Gamma under it, Beta under Alpha, each with a life.

It is built once over HTTP and put back to how it was after every request that changed something. What a request asks of
the database is written down, key by key.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import requests

from chalicelib.auth.model import Role
from chalicelib.aws import clock, rows
from chalicelib.documents.asking import find_document
from chalicelib.documents.document import DocumentStatus
from chalicelib.documents.worker import carry_out
from chalicelib.ledger.doubts import Doubt, raise_doubt
from chalicelib.network.undelivered import Cause, UndeliveredDay, confirm
from chalicelib.network.worker import carry_out as speak_to_a_router
from chalicelib.partners.accrue import accrue_due
from chalicelib.proof.prove import prove_due
from chalicelib.proof.sign_off import sign_off_due
from chalicelib.tenants.hierarchy import read_chain
from tests.conftest import SetClock, create_tables
from tests.documents.papers import picture, send_logo
from tests.journeys.client import Client
from tests.journeys.isolation_routers import routers_that_answer
from tests.simulation.dynamodb import MemoryDynamoDB
from tests.simulation.storage import Partition, Record
from tests.store_of_files import store_of_files
from tests.tenants.isp import OPERATOR, PASSWORD, email_of, nobody, onboard, owner_of, the_operator

NOBODY = "nobody"
"""Stands for an id that a tenant does not have, such as a child of one without resellers."""

TREE = {"OP": "", "ALPHA": "OP", "GAMMA": "OP", "BETA": "ALPHA", "EPSILON": "ALPHA", "THETA": "ALPHA"}
INVOICED = ("EPSILON",)
"""Who pays its parent by aggregate invoice."""
EARNING = ("THETA",)
"""Who earns a percentage of what its parent is paid by its subscribers; everybody else pays from a fund."""
LINES_OF_A_JOB = 401
READS = {"GetItem", "BatchGetItem", "Query", "Get", "ConditionCheck"}

State = dict[tuple[str, Any, Any], Record]


class Touch(NamedTuple):
    """A key that a request named: the partition, and every text that bounds the sort key.

    `operation` is the request's, of a transaction that of the one item.
    """

    operation: str
    pk: str
    bounds: tuple[str, ...]

    @property
    def is_read(self) -> bool:
        return self.operation in READS


@dataclass
class Party:
    """A tenant with its owner and others of its people signed in, and one id of each kind that is its own."""

    tenant_id: str
    chain: tuple[str, ...]
    owner: Client
    ids: dict[str, str]
    children: tuple[str, ...] = ()
    people: dict[Role, Client] = field(default_factory=dict)


@dataclass
class Installation:
    """The engine, the clock and the four tenants."""

    engine: MemoryDynamoDB
    clock: SetClock
    parties: dict[str, Party]

    def __post_init__(self) -> None:
        self.base = self._copy()

    def state(self) -> State:
        """Every item there is, but for the attempts to sign in and the audit log, where refusals leave a line too."""
        return {
            (name, pk, sk): record
            for name, table in self.engine.tables.items()
            for pk, partition in table.partitions.items()
            if "#sign-in" not in pk and "#audit" not in pk
            for sk, record in partition.records.items()
        }

    def put_back(self) -> None:
        """Make everything as it was when the installation was built."""
        for name, partitions in self.base.items():
            table = self.engine.tables[name]
            table.partitions = {pk: _copy(partition) for pk, partition in partitions.items()}
            table._scan_order = None

    def _copy(self) -> dict[str, dict[Any, Partition]]:
        return {
            name: {pk: _copy(partition) for pk, partition in table.partitions.items()}
            for name, table in self.engine.tables.items()
        }

    @contextmanager
    def watched(self) -> Iterator[list[Touch]]:
        """The keys that are asked for inside the block."""
        touched: list[Touch] = []

        def note(phase: str, number: int, operation: str, params: dict[str, Any]) -> None:
            if phase == "before":
                touched.extend(_touches(operation, params))

        self.engine.faults = note
        try:
            yield touched
        finally:
            self.engine.faults = None

    def party_of(self, tenant_id: str) -> Party:
        return next(party for party in self.parties.values() if party.tenant_id == tenant_id)


def _copy(partition: Partition) -> Partition:
    copied = Partition()
    copied.records, copied.previous = dict(partition.records), dict(partition.previous)
    copied.order = list(partition.order)
    return copied


def _touches(operation: str, params: dict[str, Any]) -> Iterator[Touch]:
    """The keys of a request, whatever its kind; an operation that names none (a scan) is no request of a route."""
    if operation == "Query":
        yield _query_touch(params)
    elif operation == "BatchGetItem":
        for asked in params["RequestItems"].values():
            yield from (_key_touch(operation, key) for key in asked["Keys"])
    elif operation == "BatchWriteItem":
        for writes in params["RequestItems"].values():
            for one in writes:
                kind, body = next(iter(one.items()))
                yield _key_touch(operation, body["Item"] if kind == "PutRequest" else body["Key"])
    elif operation in ("TransactGetItems", "TransactWriteItems"):
        for one in params["TransactItems"]:
            ((kind, body),) = one.items()
            yield _key_touch(kind, body.get("Item") or body["Key"])
    elif operation in ("GetItem", "PutItem", "UpdateItem", "DeleteItem"):
        yield _key_touch(operation, params.get("Item") or params["Key"])
    else:
        raise AssertionError(f"no route may ask for a {operation}")


def _key_touch(operation: str, key: dict[str, Any]) -> Touch:
    return Touch(operation, key["pk"]["S"], (key["sk"]["S"],))


def _query_touch(params: dict[str, Any]) -> Touch:
    """The first value of a key condition is the partition's; the others bound the sort key."""
    condition, names, values = (
        params["KeyConditionExpression"],
        params["ExpressionAttributeNames"],
        params["ExpressionAttributeValues"],
    )
    used = sorted((condition.index(name), values[name]["S"]) for name in values if name in condition)
    left = condition.partition("=")[0].strip(" (")
    assert names.get(left, left) == "pk", f"a query whose partition cannot be told: {condition}"
    return Touch("Query", used[0][1], tuple(value for _, value in used[1:]))


@contextmanager
def installed() -> Iterator[Installation]:
    """The installation, in an engine of its own, at noon of 22 November 2026 in Dhaka; 20 November is settled."""
    memory, source = MemoryDynamoDB(), SetClock(datetime(2026, 11, 22, 6, 0, tzinfo=UTC))
    with (
        memory.installed(),
        routers_that_answer(),
        TemporaryDirectory() as folder,
        store_of_files(Path(folder) / "files"),
    ):
        rows.forget_connections()
        create_tables()
        restore = clock.replace(now=source.now, sleep=lambda seconds: None)
        try:
            yield _build(memory, source)
        finally:
            restore()
    rows.forget_connections()


def _build(memory: MemoryDynamoDB, source: SetClock) -> Installation:
    parties = {"OP": _party("OP", the_operator(), ("op",))}
    for code, above in list(TREE.items())[1:]:
        parent = parties[above]
        mode = {"mode": "aggregate" if code in INVOICED else "percentage" if code in EARNING else "prepaid"}
        onboarded = onboard(parent.owner, code, settles_from="2026-11-20", settlement=mode)
        parties[code] = _party(code, owner_of(code), (*parent.chain, str(onboarded["id"])))
        parent.children += (parties[code].tenant_id,)
    earning = [parties[code].tenant_id for code in EARNING]
    for code, above in TREE.items():
        _offer(code, parties[code], parties.get(above), earning)
    for code in TREE:
        _sell(code, parties[code], parties.get(TREE[code]))
    parties["OP"].owner.post("/v1/settlements", {"date": "2026-11-20"}).ok(200)
    for code, party in parties.items():
        _keep_books(code, party)
        if code not in EARNING:
            _bill(party)
        _print_papers(party)
        party.ids["child"] = party.children[0] if party.children else NOBODY
        party.ids |= dict.fromkeys(("aggregate-child", "child-invoice", "aggregate-invoice"), NOBODY)
        party.ids |= dict.fromkeys(("percentage-child", "child-statement", "commission-statement"), NOBODY)
        party.ids["childs-subscriber"] = NOBODY
        party.ids["parent-plan"] = parties[TREE[code]].ids["plan"] if TREE[code] else NOBODY
    for code in TREE:
        _route(parties, code)
    for code in INVOICED:
        _invoice(parties[code], parties[TREE[code]])
    for code in EARNING:
        _earn(parties[code], parties[TREE[code]])
    _prove(parties)
    for code in EARNING:
        _state(parties[code], parties[TREE[code]])
    alpha = {"email": email_of("ALPHA"), "password": PASSWORD}
    parties["ALPHA"].ids["refresh-token"] = nobody().post("/v1/auth/login", alpha).ok(200)["refresh_token"]
    return Installation(memory, source, parties)


def _prove(parties: dict[str, Party]) -> None:
    """The proofs of a day that is over for all, signed off, and something that each of them doubts."""
    two_days_later = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
    for party in parties.values():
        assert prove_due(read_chain(party.chain), two_days_later) is not None
        day = date(2026, 11, 20)
        doubt = Doubt(party.tenant_id, f"{party.tenant_id}.f1-general-1", day, "settlement", "is a test", "", day)
        raise_doubt(doubt)
        party.ids |= {"doubt": doubt.doubt_id, "proven-day": "2026-11-23"}
    assert [report.status for report in sign_off_due("op", two_days_later)] == ["sound"]


def _party(code: str, owner: Client, chain: tuple[str, ...]) -> Party:
    ids = {"reseller": chain[-1], "email": OPERATOR if code == "OP" else email_of(code)}
    party = Party(chain[-1], chain, owner, ids, people={Role.OWNER: owner})
    for role in Role:
        if role is not Role.OWNER:
            email = f"{role.value}@{code.lower()}.test"
            body = {"name": role.value.title(), "email": email, "role": role.value, "password": PASSWORD}
            ids["user"] = owner.post("/v1/users", body).ok(201)["id"]
            party.people[role] = nobody().signed_in(email, PASSWORD)
    return party


def _offer(code: str, party: Party, parent: Party | None, earning: Collection[str]) -> None:
    """A plan of its own, priced to those below it that pay for it."""
    party.ids["plan-code"] = f"{code}-HOME"
    body = {"name": "Home", "code": f"{code}-HOME", "download_kbps": 1, "upload_kbps": 1, "monthly_price": "800.00"}
    based_on = {"based_on": parent.ids["plan"]} if parent else {}
    party.ids["plan"] = party.owner.post("/v1/plans", {**body, **based_on}).ok(201)["id"]
    prices = [{"plan": party.ids["plan"], "monthly_price": "600.00"}]
    for child in party.children:
        if child in earning:
            continue
        party.owner.put(f"/v1/resellers/{child}/tariff", {"effective_on": "2026-11-20", "prices": prices}).ok(200)


def _sell(code: str, party: Party, parent: Party | None) -> None:
    """Money in its fund, and a subscriber connected in time for the settled day."""
    if parent is not None and code not in (*INVOICED, *EARNING):
        amount = {"amount": "90000.00" if party.children else "30000.00", "method": "cash"}
        parent.owner.post(f"/v1/resellers/{party.tenant_id}/recharges", amount).ok(201)
    username = f"{code.lower()}-line"
    body = {"name": "Karim Uddin", "plan": party.ids["plan"], "username": username, "start_on": "2026-11-20"}
    subscriber = party.owner.post("/v1/subscribers", body).ok(201)
    party.ids |= {
        "subscriber": subscriber["id"],
        "service": subscriber["services"][0]["id"],
        "username": username,
        "customer-id": subscriber["customer_id"],
    }


def _keep_books(code: str, party: Party) -> None:
    """An account, entries by hand and to come, a movement of its fund, and an import that is under way."""
    owner = party.owner
    account = {"code": f"{code}-RENT", "name": "Rent", "type": "expense"}
    party.ids["account"] = owner.post("/v1/ledger/accounts", account).ok(201)["code"]
    lines = [{"account": account["code"], "debit": "80.00"}, {"account": "1010", "credit": "80.00"}]
    entry = {"effective_on": "2026-11-22", "memo": "Rent", "lines": lines}
    party.ids["entry"] = owner.post("/v1/ledger/entries", entry).ok(201)["id"]
    party.ids["draft"] = owner.post("/v1/ledger/drafts", entry).ok(201)["id"]
    centre = {"code": f"{code}-CENTRE", "name": "Here"}
    party.ids["cost-centre"] = owner.post("/v1/ledger/cost-centres", centre).ok(201)["code"]
    rent = {"name": "Rent", "memo": "Rent", "lines": lines, "every": "month", "starts_on": "2026-11-30"}
    party.ids["recurring"] = owner.post("/v1/ledger/recurring", rent).ok(201)["id"]
    owner.post("/v1/ledger/periods/2026-09/closing").ok(201)
    party.ids["audit-line"] = owner.get("/v1/audit-log?limit=1").ok(200)["items"][0]["id"]
    party.ids["attachment"] = _attach(owner)
    if code not in ("OP", *INVOICED, *EARNING):
        party.ids["movement"] = owner.get("/v1/fund/movements").ok(200)["items"][0]["id"]
    party.ids["correction"] = _correct(party) if code != "OP" else NOBODY
    plan = party.ids["plan-code"]
    rows = [f"User {n},,{plan},user{n},,,2026-11-22" for n in range(LINES_OF_A_JOB)]
    roster = "\n".join(["name,phone,plan,username,mac,zone,start_on", *rows])
    party.ids["job"] = owner.post_csv("/v1/subscribers/import", roster).ok(202)["job"]["id"]


def _correct(party: Party) -> str:
    """A fact about the settled day that comes late, and that it was wrong: it is as it was, with two corrections."""
    at = f"/v1/subscribers/{party.ids['subscriber']}/events"
    party.owner.post(at, {"type": "disable", "effective_on": "2026-11-20"}).ok(201)
    wrong = {"type": "withdraw", "withdraws": "disable", "effective_on": "2026-11-20"}
    return str(party.owner.post(at, wrong).ok(201)["correction"]["id"])


def _route(parties: dict[str, Party], code: str) -> None:
    """A router with nothing on it, and one that is lent to its first child."""
    party, child = parties[code], next((one for one, above in TREE.items() if above == code), None)
    # Nothing answers there, and that is told at once.
    body = {"address": "127.0.0.1", "port": 1, "username": "tributary", "password": PASSWORD}
    party.ids["router"], party.ids["lending-router"] = (
        str(party.owner.post("/v1/routers", {"name": name, **body}).ok(201)["id"]) for name in ("Spare", "Core")
    )
    party.ids["usable-router"] = party.ids["router"]
    party.ids.setdefault("lent-router", NOBODY)
    party.ids["childs-plan"] = NOBODY if child is None else parties[child].ids["plan"]
    if child is not None:
        at = f"/v1/routers/{party.ids['lending-router']}/lendings"
        prefix = f"{child.lower()}-"
        party.owner.post(at, {"reseller": parties[child].tenant_id, "prefix": prefix}).ok(201)
        parties[child].ids["lent-router"] = party.ids["lending-router"]
    # Alpha's line is on the operator's router; Beta's is on its own, so that Alpha may take back what it has lent.
    on = party.ids["lent-router" if code == "ALPHA" else "lending-router"]
    access = {"router": on, "method": "pppoe", "password": PASSWORD}
    party.owner.put(f"/v1/subscribers/{party.ids['subscriber']}/access", access).ok(200)
    compared = party.ids["lending-router"]
    asked = party.owner.post(f"/v1/routers/{compared}/reconciliations", {"dry_run": True}).ok(202)
    party.ids["reconciliation"] = asked["id"]
    speak_to_a_router({"do": "night", "router": compared, "day": "2026-11-22"})
    service, subscriber = (int(re.sub(r".*\D", "", party.ids[kind])) for kind in ("service", "subscriber"))
    missed = date(2026, 11, 20), service, subscriber, on, Cause.ROUTER, "It was down."
    confirm([UndeliveredDay(party.tenant_id, *missed)])


def _invoice(party: Party, parent: Party) -> None:
    """The settled day is invoiced, and some of it paid."""
    at = f"/v1/resellers/{party.tenant_id}"
    terms = {"cycle": {"kind": "days", "every_days": 30}, "due_days": 7}
    parent.owner.put(f"{at}/aggregate-terms", terms).ok(200)
    invoice = parent.owner.post(f"{at}/aggregate-invoices", {"through": "2026-11-20"}).ok(201)["id"]
    parent.owner.post(f"{at}/aggregate-payments", {"amount": "1.00", "method": "cash"}).ok(201)
    party.ids["aggregate-invoice"] = invoice
    parent.ids |= {"aggregate-child": party.tenant_id, "child-invoice": invoice}


def _earn(party: Party, parent: Party) -> None:
    """Terms, and a payment that its parent took of its subscriber."""
    terms = {"effective_month": "2026-11", "rate_bps": 3_000, "base": "payments"}
    parent.owner.put(f"/v1/resellers/{party.tenant_id}/commission-terms", terms).ok(200)
    paid = {"amount": "100.00", "method": "cash"}
    parent.owner.post(f"/v1/subscribers/{party.ids['subscriber']}/payments", paid).ok(201)
    parent.ids |= {"percentage-child": party.tenant_id, "childs-subscriber": party.ids["subscriber"]}


def _state(party: Party, parent: Party) -> None:
    """The statement of the month, as it is made when that is over, and some of it paid out."""
    (made,) = accrue_due(read_chain(party.chain), datetime(2026, 12, 2, 6, 0, tzinfo=UTC))
    at = f"/v1/resellers/{party.tenant_id}/commission-payouts"
    parent.owner.post(at, {"amount": "1.00", "method": "cash"}).ok(201)
    party.ids["commission-statement"] = made.statement_id
    parent.ids["child-statement"] = made.statement_id


def _bill(party: Party) -> None:
    """Terms, a run of invoices, and a charge that waits for the next one."""
    owner, subscriber = party.owner, party.ids["subscriber"]
    owner.put("/v1/billing-terms", {"starts_on": "2026-11-20"}).ok(200)
    owner.post("/v1/invoice-runs", {"date": "2026-11-20"}).ok(200)
    paid = {"amount": "100.00", "method": "cash"}
    party.ids["payment"] = owner.post(f"/v1/subscribers/{subscriber}/payments", paid).ok(201)["id"]
    party.ids["invoice"] = owner.get(f"/v1/invoices?subscriber={subscriber}").ok(200)["items"][0]["id"]
    owner.post(f"/v1/subscribers/{subscriber}/charges", {"text": "Cable", "amount": "120.00"}).ok(201)


def _print_papers(party: Party) -> None:
    """A picture that has come, a template, and an invoice that is printed."""
    owner = party.owner
    party.ids["logo"] = send_logo(owner, picture(24 + len(party.chain)))
    owner.put("/v1/templates/invoice", {"source": None}).ok(200)
    if party.ids.setdefault("invoice", NOBODY) == NOBODY:
        party.ids |= {"payment": NOBODY, "document": NOBODY}
        return
    asked = {"kind": "invoice", "of": party.ids["invoice"], "language": "en"}
    party.ids["document"] = owner.post("/v1/documents", asked).ok(202)["id"]
    document = find_document(party.tenant_id, party.ids["document"])
    assert carry_out(document.order).status is DocumentStatus.READY


def _attach(owner: Client) -> str:
    """A document whose file has come."""
    about = {"file_name": "a.txt", "media_type": "text/plain", "size_bytes": 1, "sha256": sha256(b"a").hexdigest()}
    declared = owner.post("/v1/ledger/attachments", about).ok(201)
    upload = declared["upload"]
    assert requests.put(upload["url"], data=b"a", headers=upload["headers"], timeout=5).status_code == 200
    return str(declared["id"])
