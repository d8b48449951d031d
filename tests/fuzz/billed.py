"""What the parties of an installation to fuzz are owed: invoices, payments, papers, and those of resellers."""

import time
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import requests

from tests.documents.papers import picture
from tests.fuzz.seeded import Installation, Party, first_of_last_month

PATIENCE_SECONDS = 60.0


def bill_installation(installation: Installation) -> None:
    """One of each thing that is billed, for everybody who can have it. What takes the end of a month waits for that."""
    today, parties = installation.today, installation.parties
    for party in parties.values():
        _correct(party, today)
        party.keep("logo", _send_logo(party))
        party.owner.send("PUT", "/v1/templates/invoice", {"source": None})
    for code in ("OP", "ALPHA", "BETA"):
        _invoice_subscribers(parties[code], today)
        _print_invoice(parties[code])
    _invoice_reseller(parties["ALPHA"], parties["EPSILON"], today)
    _promise_commission(parties["ALPHA"], parties["THETA"], today)


def learn_statement(installation: Installation) -> None:
    """Wait for the commission statement of last month: books are tended when the server starts, and then every hour."""
    alpha, theta = installation.parties["ALPHA"], installation.parties["THETA"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (made := theta.owner.get("/v1/commission-statements")["items"]):
        assert time.monotonic() < deadline, "no commission statement came"
        time.sleep(0.2)
    theta.keep("commission-statement", made[0]["id"])
    alpha.keep("child-statement", made[0]["id"])


def _correct(party: Party, today: date) -> None:
    """A fact that comes late, about a day that is settled; nobody settles the operator's own days."""
    if party.code == "OP":
        return
    late = {"type": "disable", "effective_on": str(today - timedelta(days=2))}
    told = party.owner.send("POST", f"/v1/subscribers/{party.ids['subscriber'][1]}/events", late)
    party.keep("correction", told["correction"]["id"])


def _send_logo(party: Party) -> str:
    """A picture that has come."""
    content = picture()
    about = {"media_type": "image/png", "size_bytes": len(content), "sha256": sha256(content).hexdigest()}
    declared = party.owner.send("POST", "/v1/brand/logo", about)
    upload = declared["upload"]
    assert requests.put(upload["url"], data=content, headers=upload["headers"], timeout=60).ok
    return str(declared["id"])


def _invoice_subscribers(party: Party, today: date) -> None:
    """Everybody is invoiced; the first has paid a part of it, the others more than it."""
    owner, first_day = party.owner, str(today - timedelta(days=2))
    owner.send("PUT", "/v1/billing-terms", {"starts_on": first_day})
    owner.send("POST", "/v1/invoice-runs", {"date": first_day})
    for at, subscriber in enumerate(party.ids["subscriber"]):
        paid = {"amount": "5000.00" if at else "1.00", "method": "cash"}
        party.keep("payment", owner.send("POST", f"/v1/subscribers/{subscriber}/payments", paid)["id"])
        issued = owner.get(f"/v1/invoices?subscriber={subscriber}")["items"]
        party.keep("invoice", *(one["id"] for one in issued))


def _print_invoice(party: Party) -> None:
    """The first invoice on paper."""
    order = {"kind": "invoice", "of": party.ids["invoice"][0], "language": "en"}
    asked = party.owner.send("POST", "/v1/documents", order)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (shown := party.owner.get(f"/v1/documents/{asked['id']}"))["status"] == "queued":
        assert time.monotonic() < deadline, "the document was not printed"
        time.sleep(0.2)
    assert shown["status"] == "ready", shown
    party.keep("document", asked["id"])


def _invoice_reseller(parent: Party, child: Party, today: date) -> None:
    """An invoice of all settled days but the last, and some of it paid."""
    at = f"/v1/resellers/{child.tenant_id}"
    terms = {"cycle": {"kind": "days", "every_days": 30}, "due_days": 7}
    parent.owner.send("PUT", f"{at}/aggregate-terms", terms)
    through = {"through": str(today - timedelta(days=3))}
    invoice: Any = parent.owner.send("POST", f"{at}/aggregate-invoices", through)
    parent.owner.send("POST", f"{at}/aggregate-payments", {"amount": "1.00", "method": "cash"})
    child.keep("aggregate-invoice", invoice["id"])
    parent.keep("child-invoice", invoice["id"])


def _promise_commission(parent: Party, child: Party, today: date) -> None:
    """Terms from last month on, and what a subscriber paid in it: its statement is due."""
    last_month = first_of_last_month(today)
    terms = {"effective_month": last_month.strftime("%Y-%m"), "rate_bps": 3_000, "base": "payments"}
    parent.owner.send("PUT", f"/v1/resellers/{child.tenant_id}/commission-terms", terms)
    subscriber = child.ids["subscriber"][0]
    paid = {"amount": "100.00", "method": "cash", "received_on": str(last_month)}
    parent.owner.send("POST", f"/v1/subscribers/{subscriber}/payments", paid)
    parent.keep("childs-subscriber", subscriber)
