"""An installation to fuzz: the operator, Alpha under it, Beta, Epsilon and Theta under Alpha, made over HTTP.

Beta pays from a fund, Epsilon by invoice, Theta earns a percentage. What they owe and are owed is made in `billed.py`.

The ids of what a party has are kept by kind, in the words of `tests/journeys/isolation_cases.py`. Ids of kinds that
nobody makes here are learned from answers as the run goes on.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

import requests

from tests.fuzz.server import OPERATOR, PASSWORD, Person

LINES_OF_A_JOB = 401
ABOVE = {"ALPHA": "OP", "BETA": "ALPHA", "EPSILON": "ALPHA", "THETA": "ALPHA"}
"""Who speaks besides the operator, and whose reseller it is."""
MODE = {"EPSILON": "aggregate", "THETA": "percentage"}
"""How they pay who pay from no fund."""
CHILD_OF_MODE = {"prepaid": "child", "aggregate": "aggregate-child", "percentage": "percentage-child"}
"""The kind that a reseller is to its parent, in the words of the cases."""
AT_MOST_IDS = 12
"""Of a kind; those made first stay, the last ones make room."""


@dataclass
class Party:
    """A tenant, the owner who speaks for it, and the ids of what it has."""

    code: str
    owner: Person
    tenant_id: str
    ids: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    needed: frozenset[str] = frozenset()
    """Ids of what the run itself needs, such as the owners: they are asked for and used, and never changed."""
    made: int = 0
    """How many values have been made that have to be unique."""

    def keep(self, kind: str, *values: str) -> None:
        """Values of a kind, the one that is asked for first in front."""
        known = self.ids[kind]
        for value in values:
            if value not in known and value not in self.needed:
                known.insert(min(len(known), AT_MOST_IDS - 1), value)
                del known[AT_MOST_IDS:]


@dataclass
class Installation:
    """The parties by code, and the days that the requests speak of."""

    base_url: str
    parties: dict[str, Party]
    today: date

    def people(self) -> dict[str, Person]:
        return {code: party.owner for code, party in self.parties.items()}


def seed_installation(base_url: str) -> Installation:
    """Three levels of tenants, money in their funds, a line each, books with an entry; yesterday's day is settled."""
    today = datetime.now(UTC).date()
    operator = Person("OP", OPERATOR, base_url)
    me = operator.get("/v1/me")
    parties = {"OP": Party("OP", operator, me["tenant"]["id"], needed=frozenset({me["user"]["id"]}))}
    for code, above in ABOVE.items():
        parties[code] = _onboard(parties[above], code, today)
        parties[above].ids[CHILD_OF_MODE[MODE.get(code, "prepaid")]].append(parties[code].tenant_id)
        parties[above].needed |= {parties[code].tenant_id}
    for code, above in (("DELTA", "OP"), ("KAPPA", "ALPHA"), ("ZETA", "BETA")):
        parties[above].ids["child"].insert(0, _onboard(parties[above], code, today).tenant_id)
    for code, above in {"OP": "", **ABOVE}.items():
        _offer(code, parties[code], parties.get(above), today)
        _sell(code, parties[code], parties.get(above), today)
    operator.send("POST", "/v1/settlements", {"date": str(today - timedelta(days=2))})
    for code, party in parties.items():
        _keep_books(code, party, today)
    return Installation(base_url, parties, today)


def first_of_last_month(today: date) -> date:
    """Since when Alpha and Theta are there: a month of theirs is over."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def owner_email(code: str) -> str:
    """Whom nobody else signs in as: no e-mail address that stands in the document as an example."""
    return f"owner@{code.lower()}.fuzz.test"


def _onboard(parent: Party, code: str, today: date) -> Party:
    email = owner_email(code)
    four_days_ago = today - timedelta(days=4)
    since = min(first_of_last_month(today), four_days_ago) if code in ("ALPHA", "THETA") else four_days_ago
    body = {
        "name": f"{code.title()} Net",
        "code": code,
        "owner": {"name": f"Owner of {code}", "email": email, "password": PASSWORD},
        "settlement": {"mode": MODE.get(code, "prepaid")},
        "settles_from": str(since),
    }
    tenant_id = parent.owner.send("POST", "/v1/resellers", body)["id"]
    owner = Person(code, email, parent.owner.base_url)
    return Party(code, owner, tenant_id, needed=frozenset({owner.get("/v1/me")["user"]["id"]}))


def _offer(code: str, party: Party, parent: Party | None, today: date) -> None:
    """People, a plan, and what the resellers below pay for it."""
    party.ids["user"].append(add_user(party, f"support@{code.lower()}.test", "support"))
    body = {"name": "Home", "code": f"{code}-HOME", "download_kbps": 1, "upload_kbps": 1, "monthly_price": "800.00"}
    based_on = {"based_on": parent.ids["plan"][0]} if parent else {}
    plan = party.owner.send("POST", "/v1/plans", {**body, **based_on})
    party.keep("parent-plan", *based_on.values())
    party.keep("plan", plan["id"], plan["code"])
    party.keep("plan-code", plan["code"])
    for child in (*party.ids["child"], *party.ids["aggregate-child"]):
        prices = [{"plan": plan["id"], "monthly_price": "600.00"}]
        tariff = {"effective_on": str(today - timedelta(days=4)), "prices": prices}
        party.owner.send("PUT", f"/v1/resellers/{child}/tariff", tariff)


def add_user(party: Party, email: str, role: str) -> str:
    """The id of a new person of that tenant."""
    body = {"name": role.title(), "email": email, "role": role, "password": PASSWORD}
    return str(party.owner.send("POST", "/v1/users", body)["id"])


def _sell(code: str, party: Party, parent: Party | None, today: date) -> None:
    if parent is not None and code not in MODE:
        money = {"amount": "900000.00" if code == "ALPHA" else "90000.00", "method": "cash"}
        parent.owner.send("POST", f"/v1/resellers/{party.tenant_id}/recharges", money)
    start = str(today - timedelta(days=3))
    for number in (3, 2, 1):
        username = f"{code.lower()}-line-{number}"
        body = {"name": "Karim Uddin", "plan": party.ids["plan"][0], "username": username, "start_on": start}
        line = party.owner.send("POST", "/v1/subscribers", body)
        party.ids["subscriber"].insert(0, line["id"])
        party.ids["service"].insert(0, line["services"][0]["id"])
        party.ids["customer-id"].insert(0, line["customer_id"])
        party.ids["username"].append(username)


def _keep_books(code: str, party: Party, today: date) -> None:
    party.keep("reseller", party.tenant_id)
    party.keep("proven-day", str(today - timedelta(days=2)))
    party.keep("email", f"login@{code.lower()}.test")
    add_user(party, f"login@{code.lower()}.test", "support")
    account = {"code": f"{code}-RENT", "name": "Rent", "type": "expense"}
    party.ids["account"] += [party.owner.send("POST", "/v1/ledger/accounts", account)["code"], "1010"]
    centre = {"code": f"{code}-CENTRE", "name": "Here"}
    party.ids["cost-centre"].append(party.owner.send("POST", "/v1/ledger/cost-centres", centre)["code"])
    party.needed |= {account["code"], centre["code"]}
    lines = [{"account": f"{code}-RENT", "debit": "80.00"}, {"account": "1010", "credit": "80.00"}]
    entry = {"effective_on": str(today - timedelta(days=1)), "memo": "Rent", "lines": lines}
    for _ in range(4):
        party.keep("entry", party.owner.send("POST", "/v1/ledger/entries", entry)["id"])
        party.keep("draft", party.owner.send("POST", "/v1/ledger/drafts", entry)["id"])
    party.keep("attachment", _attach(party))
    party.keep("kind", "invoice")
    party.keep("version", "1")
    if code == "ALPHA":
        party.keep("job", _import_in_the_background(code, party, today))


def _attach(party: Party) -> str:
    """A document whose file has come."""
    about = {"file_name": "a.txt", "media_type": "text/plain", "size_bytes": 1, "sha256": sha256(b"a").hexdigest()}
    declared = party.owner.send("POST", "/v1/ledger/attachments", about)
    upload = declared["upload"]
    assert requests.put(upload["url"], data=b"a", headers=upload["headers"], timeout=60).ok
    return str(declared["id"])


def _import_in_the_background(code: str, party: Party, today: date) -> str:
    people = "".join(f"User {number},,{code}-HOME,user{number},,,{today}\n" for number in range(LINES_OF_A_JOB))
    roster = f"name,phone,plan,username,mac,zone,start_on\n{people}"
    return str(party.owner.send("POST", "/v1/subscribers/import", roster)["job"]["id"])


_DAY = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_MONTH = re.compile(r"^(\d{4})-(\d{2})$")
WRITTEN_ON = date(2026, 11, 22)
"""The day on which the cases of the isolation walk are valid."""


def moved_to(today: date, value: Any) -> Any:
    """A request of the isolation walk with its days and months as far from today as they were from its own day."""
    if isinstance(value, Mapping):
        return {name: moved_to(today, part) for name, part in value.items()}
    if isinstance(value, list):
        return [moved_to(today, part) for part in value]
    if not isinstance(value, str):
        return value
    months = (today.year - WRITTEN_ON.year) * 12 + today.month - WRITTEN_ON.month
    if found := _MONTH.match(value):
        index = int(found[1]) * 12 + int(found[2]) - 1 + months
        return f"{index // 12}-{index % 12 + 1:02}"
    return _DAY.sub(lambda day: str(date.fromisoformat(day[0]) + (today - WRITTEN_ON)), value)
