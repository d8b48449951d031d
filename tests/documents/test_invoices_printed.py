"""From a subscriber to the page: an invoice of a tenant, issued and printed through HTTP, beside that of another tenant."""

import pytest
import requests

from chalicelib.documents import asking
from chalicelib.documents.asking import from_message
from chalicelib.documents.worker import carry_out
from tests.conftest import SetClock
from tests.documents.papers import letters_of, pages_of
from tests.journeys.client import Client, Reply
from tests.simulation import MemoryDynamoDB
from tests.store_of_files import Store
from tests.tenants.isp import PLAN, owner_of, two_funded_resellers

TERMS = {"starts_on": "2026-11-01", "tax_bps": 500, "due_days": 7}


@pytest.fixture
def beta(engine: MemoryDynamoDB, bucket: Store, the_clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The owner of Beta, beside whom Gamma is; a message is carried out as soon as it is sent."""
    two_funded_resellers("90000.00")
    monkeypatch.setattr(asking, "send_document", lambda message: carry_out(from_message(message)))
    return owner_of("BETA")


def issue(client: Client, name: str) -> Reply:
    """An invoice for the rest of November of somebody who was connected on the 10th, at 800.00 a month and 5% tax."""
    client.put("/v1/billing-terms", TERMS).ok(200)
    plan = client.post("/v1/plans", {**PLAN, "based_on": "op.HOME-10"}).ok(201)
    line = {"name": name, "phone": "01711000000", "plan": plan["id"], "username": "line", "start_on": "2026-11-10"}
    subscriber = client.post("/v1/subscribers", line).ok(201)
    return client.post("/v1/invoices", {"subscriber": subscriber["id"]}).ok(201)


def printed(client: Client, asked: Reply) -> str:
    shown = client.get(f"/v1/documents/{asked['id']}").ok(200)
    assert (shown["status"], shown["warning"]) == ("ready", None)
    (page,) = pages_of(requests.get(shown["link"]["url"], timeout=5).content)
    return page


def test_an_invoice_is_printed_with_its_exact_figures_in_both_languages(beta: Client) -> None:
    invoice = issue(beta, "রহিমা বেগম")
    assert invoice["total"] == "588.00", "21 of 30 days of 800.00 are 560.00, and 5% are 28.00"
    english = printed(beta, beta.post("/v1/documents", {"kind": "invoice", "of": invoice["id"]}).ok(202))
    for text in (
        f"Beta Net Invoice {invoice['number']}",
        "Issued on 22 November 2026 Due on 29 November 2026 Period 10–30 November 2026 Amounts in BDT",
        "Home 10 10–30 November 2026 21 560.00",
        "Subtotal 560.00 VAT 5% 28.00 Total BDT 588.00 Balance before 0.00 Balance after 588.00",
    ):
        assert text in english
    bangla = printed(
        beta, beta.post("/v1/documents", {"kind": "invoice", "of": invoice["id"], "language": "bn"}).ok(202)
    )
    for text in ("রহিমা বেগম", "১০–৩০ নভেম্বর ২০২৬", "২১ ৫৬০.০০", "ভ্যাট ৫% ২৮.০০ মোট ৳ ৫৮৮.০০"):
        assert letters_of(text) in letters_of(bangla)


def test_an_invoice_of_another_tenant_is_not_printed(beta: Client) -> None:
    gamma = owner_of("GAMMA")
    theirs, own = issue(gamma, "Salma"), issue(beta, "Rahima")
    beta.post("/v1/documents", {"kind": "invoice", "of": theirs["id"]}).ok(404)
    page = printed(beta, beta.post("/v1/documents", {"kind": "invoice", "of": own["id"]}).ok(202))
    assert "Rahima" in page
    assert "Gamma" not in page


def test_an_invoice_that_was_taken_back_is_stamped_when_it_is_printed_anew(beta: Client) -> None:
    invoice = issue(beta, "Rahima")
    first = beta.post("/v1/documents", {"kind": "invoice", "of": invoice["id"]}).ok(202)
    beta.post(f"/v1/invoices/{invoice['id']}/void", {"reason": "entered twice"}).ok(201)
    again = beta.post("/v1/documents", {"kind": "invoice", "of": invoice["id"]}).ok(202)
    assert again["id"] == first["id"]
    assert "VOID" not in printed(beta, again)
    anew = {"kind": "invoice", "of": invoice["id"], "instead_of": first["id"]}
    page = printed(beta, beta.post("/v1/documents", anew).ok(202))
    assert "VOID" in page
    assert "Total BDT 588.00" in page
