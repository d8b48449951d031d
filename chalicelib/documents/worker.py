"""The worker of the documents queue: one message, one paper, printed in a process of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from chalice.app import Blueprint

from chalicelib.aws import clock
from chalicelib.aws.config import config
from chalicelib.aws.log import flush_metrics, log, measure
from chalicelib.core.dates import day_at, days_in_month, parse_day
from chalicelib.core.errors import Conflict, Invalid, NotFound, invalid_field
from chalicelib.core.json import read_json
from chalicelib.crm.find import find_subscriber
from chalicelib.documents.asking import finish_document, from_message, look_up_document
from chalicelib.documents.document import Document, DocumentStatus, Order
from chalicelib.documents.paper import Buyer, Paper, PaperKind
from chalicelib.documents.render import render_document
from chalicelib.partners.commission_papers import load_statement_paper
from chalicelib.partners.model import CREDIT_NOTE, INVOICE
from chalicelib.partners.papers import load_paper
from chalicelib.retail.billed import billed_subscriber
from chalicelib.retail.credit_notes import CREDITED_KINDS
from chalicelib.retail.document_model import document_id
from chalicelib.retail.find import documents_of, find_document
from chalicelib.retail.list_invoices import InvoiceStatus, listed, standings
from chalicelib.retail.list_payments import taken
from chalicelib.retail.model import DocumentKind
from chalicelib.retail.papers import Seller, invoice_paper
from chalicelib.retail.payment_papers import credit_note_paper, receipt_paper, statement_paper
from chalicelib.retail.statement import statement_of
from chalicelib.tenants.hierarchy import find_tenant
from chalicelib.tenants.model import Tenant

bp = Blueprint(__name__)


@dataclass(frozen=True)
class Source:
    """Where the papers of a kind come from, and which permission it takes to see them."""

    load: Callable[[Tenant, str], Paper]
    may: str


def load_invoice(tenant: Tenant, of: str) -> Paper:
    """An invoice of a subscriber."""
    document = find_document(tenant.tenant_id, of, (DocumentKind.INVOICE,))
    [standing] = standings(tenant.tenant_id, [listed(document)], day_at(clock.now(), tenant.timezone))
    return invoice_paper(document, seller_of(tenant), is_void=standing.status is InvoiceStatus.VOID)


def load_receipt(tenant: Tenant, of: str) -> Paper:
    """The receipt of a subscriber's payment."""
    receipt = find_document(tenant.tenant_id, of, (DocumentKind.RECEIPT,))
    issued = documents_of(tenant.tenant_id, receipt.tenant_id, receipt.subscriber)
    [payment] = taken(tenant.tenant_id, [receipt])
    by_id = {document.local_id: document for document in issued}
    return receipt_paper(receipt, by_id, seller_of(tenant), is_reversed=payment.is_reversed)


def load_credit_note(tenant: Tenant, of: str) -> Paper:
    """A credit note of a subscriber."""
    note = find_document(tenant.tenant_id, of, (DocumentKind.CREDIT_NOTE,))
    charged = None
    if note.about:
        charged = find_document(tenant.tenant_id, document_id(tenant.tenant_id, note.about), CREDITED_KINDS)
    return credit_note_paper(note, charged, seller_of(tenant))


def load_statement(tenant: Tenant, of: str) -> Paper:
    """The statement of a subscriber for a month that is over, `t4h8w2.s123.2026-11`: what is printed never changes."""
    subscriber_text, _, month_text = of.rpartition(".")
    first = _first_of(month_text)
    last = first.replace(day=days_in_month(first))
    if last >= day_at(clock.now(), tenant.timezone):
        raise invalid_field("of", "names a month that is not over")
    owner_id, number = billed_subscriber(tenant, subscriber_text)
    subscriber = find_subscriber(owner_id, number)
    statement = statement_of(documents_of(tenant.tenant_id, owner_id, number), first, last)
    buyer = Buyer(subscriber.name, subscriber.customer_id, phone=subscriber.phone or "")
    return statement_paper(buyer, statement, first, last, seller_of(tenant))


def _first_of(month: str) -> date:
    try:
        return parse_day(f"{month}-01")
    except ValueError:
        raise NotFound("statement") from None


def seller_of(tenant: Tenant) -> Seller:
    """The tenant as its papers name it."""
    return Seller(tenant.name, config().currency, tenant.timezone)


def load_aggregate_document(kind: str, tenant: Tenant, of: str) -> Paper:
    """An invoice or credit note that a reseller with one invoice for all its services was sent."""
    return load_paper(tenant, kind, of, config().currency)


def load_commission_statement(tenant: Tenant, of: str) -> Paper:
    """A month's commission of a reseller that earns a percentage."""
    return load_statement_paper(tenant, of, config().currency)


SOURCES: dict[PaperKind, Source] = {
    PaperKind.INVOICE: Source(load_invoice, "retail:read"),
    PaperKind.CREDIT_NOTE: Source(load_credit_note, "retail:read"),
    PaperKind.RECEIPT: Source(load_receipt, "retail:read"),
    PaperKind.STATEMENT: Source(load_statement, "retail:read"),
}
"""By kind: a function of the tenant and the id of a thing that makes its paper, or raises `NotFound`."""

OF_RESELLERS: dict[PaperKind, Source] = {
    PaperKind.INVOICE: Source(partial(load_aggregate_document, INVOICE), "partners:read"),
    PaperKind.CREDIT_NOTE: Source(partial(load_aggregate_document, CREDIT_NOTE), "partners:read"),
    PaperKind.COMMISSION_STATEMENT: Source(load_commission_statement, "partners:read"),
}
"""The same for papers that a reseller below gets: the ids of their things do not begin with the tenant's own."""


def source_of(tenant_id: str, kind: PaperKind, of: str) -> Source | None:
    """Where the paper of a thing comes from, None for a kind of which nothing is kept."""
    is_of_reseller = not of.startswith(f"{tenant_id}.") and kind in OF_RESELLERS
    return (OF_RESELLERS if is_of_reseller else SOURCES).get(kind)


@bp.on_sqs_message(queue="tributary-documents", batch_size=1, name="print_document")
def print_document(event: Any) -> None:
    """Print each document; a message that fails stays in the queue and, after three tries, goes to the dead letters."""
    for record in event:
        order = from_message(read_json(record.body))
        try:
            document = carry_out(order)
            log("document printed", tenant=order.tenant_id, document=order.document_id, status=document.status.value)
        except Exception:
            measure("Failures", 1)
            raise
        finally:
            flush_metrics()


def carry_out(order: Order) -> Document:
    """Carry out one order; that there is nothing to print, or too much, is told in the document itself."""
    kept = look_up_document(order.tenant_id, order.document_id)
    if kept is not None and kept.status is DocumentStatus.READY:
        return kept
    tenant = find_tenant(order.tenant_id)
    source = source_of(order.tenant_id, order.kind, order.of)
    try:
        if source is None:
            raise NotFound("paper")
        paper = source.load(tenant, order.of)
        return render_document(order, paper, tenant.code, clock.now(), config().library_path)
    except (NotFound, Invalid, Conflict) as refusal:
        return finish_document(Document(order, DocumentStatus.FAILED, failure=refusal.detail))
