"""Payments over HTTP: taking and listing them, giving advances back, credit notes, voiding and writing off."""

from typing import Any

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.paging import decode_cursor, encode_cursor, page_of
from chalicelib.aws.log import log, measure
from chalicelib.billing.late import filing_of
from chalicelib.core.errors import Conflict, NotFound, Unavailable, invalid_field
from chalicelib.crm.filing import File
from chalicelib.retail.billed import billed_subscriber
from chalicelib.retail.credit_notes import CREDITED_KINDS, CreditLine, credit_document, void_document, write_off
from chalicelib.retail.document_model import Document
from chalicelib.retail.find import find_document, read_terms
from chalicelib.retail.list_payments import WantedPayments, list_payments, taken
from chalicelib.retail.model import DocumentKind
from chalicelib.retail.payment_shapes import (
    AdvanceRefundBody,
    CreditNoteBody,
    PaymentAnswer,
    PaymentBody,
    PaymentsQuery,
    ReasonBody,
    RetailDocumentAnswer,
    WriteOffBody,
    show_payment,
    show_retail_document,
)
from chalicelib.retail.payments import Payment, PaymentMethod, receive_payment, refund_advance, reverse_payment
from chalicelib.retail.ruling import Issued, Visit
from chalicelib.retail.suspend import Chaser, bring_back
from chalicelib.tenants.hierarchy import read_chain
from chalicelib.tenants.model import Tenant

bp = Blueprint(__name__, tag="Payments")

PaymentPage = page_of(PaymentAnswer)
RECEIPTS = frozenset({DocumentKind.RECEIPT})


def _show(issued: Issued) -> RetailDocumentAnswer:
    return show_retail_document(issued.document)


def _file_of(tenant: Tenant) -> File:
    """How events of that tenant's services are filed."""
    return filing_of(read_chain(tenant.chain))


def _visit(call: Call, subscriber_id: str) -> Visit:
    tenant_id, number = billed_subscriber(call.tenant, subscriber_id)
    return Visit(call.tenant, tenant_id, number, call.author, call.now, call.remember(_show))


def _visit_about(call: Call, document: Document) -> Visit:
    whose = (document.tenant_id, document.subscriber)
    return Visit(call.tenant, *whose, call.author, call.now, call.remember(_show))


def _settled(call: Call, issued: Issued) -> RetailDocumentAnswer:
    """The answer; services that were disabled for what is settled now come back at once, or with the next hour's look."""
    if issued.account.suspended_for is not None:
        try:
            bring_back(Chaser(call.tenant, read_terms(call.tenant), call.now, _file_of), issued.account)
        except (Unavailable, Conflict):
            log("services wait to be enabled again", subscriber=issued.account.subscriber_id)
    return _show(issued)


@bp.api(
    "POST",
    "/v1/subscribers/{subscriber_id}/payments",
    may="payments:write",
    module="subscribers",
    body=PaymentBody,
    answer=RetailDocumentAnswer,
    status=201,
    repeatable=True,
    also={409: "not-a-biller, invoice-void, nothing-open"},
)
def create_payment(call: Call, subscriber_id: str) -> RetailDocumentAnswer:
    """Take a payment of a subscriber: its receipt. It pays the oldest invoices first, or the one named before them."""
    body: PaymentBody = call.body
    visit = _visit(call, subscriber_id)
    invoice = None if body.invoice is None else _invoice_of(call, visit, body.invoice)
    payment = Payment(
        body.amount, PaymentMethod(body.method), body.reference, body.note, body.received_on or visit.today, invoice
    )
    issued = receive_payment(visit, payment)
    measure("RetailPaymentsMinor", body.amount)
    return _settled(call, issued)


def _invoice_of(call: Call, visit: Visit, text: str) -> str:
    """The local id of an invoice of that subscriber; 422 on the field for any other."""
    try:
        document = find_document(call.tenant.tenant_id, text, CREDITED_KINDS)
    except NotFound:
        raise invalid_field("invoice", "is not an invoice of this subscriber") from None
    if (document.tenant_id, document.subscriber) != (visit.tenant_id, visit.number):
        raise invalid_field("invoice", "is not an invoice of this subscriber")
    return document.local_id


@bp.api("GET", "/v1/payments", may="retail:read", module="subscribers", query=PaymentsQuery, answer=PaymentPage)
def show_payments(call: Call) -> Any:
    """The payments taken, the newest first. A page of a list that leaves some out may be short and still go on."""
    query: PaymentsQuery = call.query
    method = None if query.method is None else PaymentMethod(query.method)
    wanted = WantedPayments(query.from_, query.to, method)
    after = decode_cursor(query.cursor)
    found, next_after = list_payments(call.tenant.tenant_id, wanted, limit=query.limit, after=after)
    return PaymentPage(items=[show_payment(one) for one in found], next_cursor=encode_cursor(next_after))


@bp.api("GET", "/v1/payments/{payment_id}", may="retail:read", module="subscribers", answer=PaymentAnswer)
def show_one_payment(call: Call, payment_id: str) -> PaymentAnswer:
    """One payment as it was taken, and whether it was taken back."""
    [payment] = taken(call.tenant.tenant_id, [find_document(call.tenant.tenant_id, payment_id, RECEIPTS)])
    return show_payment(payment)


@bp.api(
    "POST",
    "/v1/payments/{payment_id}/reversal",
    may="retail:write",
    module="subscribers",
    body=ReasonBody,
    answer=RetailDocumentAnswer,
    status=201,
    repeatable=True,
    also={409: "already-reversed"},
)
def take_back_payment(call: Call, payment_id: str) -> RetailDocumentAnswer:
    """Take back a payment that did not come through, such as a bounced cheque: what it had paid is open again."""
    receipt = find_document(call.tenant.tenant_id, payment_id, RECEIPTS)
    return _show(reverse_payment(_visit_about(call, receipt), receipt, call.body.reason))


@bp.api(
    "POST",
    "/v1/subscribers/{subscriber_id}/refunds",
    may="retail:write",
    module="subscribers",
    body=AdvanceRefundBody,
    answer=RetailDocumentAnswer,
    status=201,
    repeatable=True,
    also={409: "not-a-biller, refund-above-advance"},
)
def give_back_advance(call: Call, subscriber_id: str) -> RetailDocumentAnswer:
    """Give back money that a subscriber has paid ahead."""
    body: AdvanceRefundBody = call.body
    visit = _visit(call, subscriber_id)
    return _show(refund_advance(visit, body.amount, PaymentMethod(body.method), body.reference, body.reason))


@bp.api(
    "POST",
    "/v1/invoices/{invoice_id}/credit-notes",
    may="retail:write",
    module="subscribers",
    body=CreditNoteBody,
    answer=RetailDocumentAnswer,
    status=201,
    repeatable=True,
    also={409: "credit-above-invoice, invoice-void"},
)
def create_credit_note(call: Call, invoice_id: str) -> RetailDocumentAnswer:
    """Take back part or all of an invoice; what was paid of it already pays others, or is paid ahead."""
    body: CreditNoteBody = call.body
    if (body.amount is None) == (body.lines is None):
        raise invalid_field("amount", "is required, or lines, and not both of them")
    lines = [CreditLine(one.text, one.amount) for one in body.lines or ()]
    charged = find_document(call.tenant.tenant_id, invoice_id, CREDITED_KINDS)
    asked = lines or [CreditLine(body.reason, body.amount or 0)]
    return _settled(call, credit_document(_visit_about(call, charged), charged, asked, body.reason))


@bp.api(
    "POST",
    "/v1/invoices/{invoice_id}/void",
    may="retail:write",
    module="subscribers",
    body=ReasonBody,
    answer=RetailDocumentAnswer,
    status=201,
    repeatable=True,
    also={409: "invoice-void, nothing-to-credit"},
)
def void_invoice(call: Call, invoice_id: str) -> RetailDocumentAnswer:
    """Take back all that is left of an invoice by a credit note; nothing is paid on it any more."""
    charged = find_document(call.tenant.tenant_id, invoice_id, CREDITED_KINDS)
    return _settled(call, void_document(_visit_about(call, charged), charged, call.body.reason))


@bp.api(
    "POST",
    "/v1/subscribers/{subscriber_id}/write-offs",
    may="retail:write",
    module="subscribers",
    body=WriteOffBody,
    answer=RetailDocumentAnswer,
    status=201,
    repeatable=True,
    also={409: "not-a-biller, nothing-open, write-off-above-dues, too-many-open"},
)
def create_write_off(call: Call, subscriber_id: str) -> RetailDocumentAnswer:
    """Give up what a subscriber will not pay, as bad debts."""
    body: WriteOffBody = call.body
    visit = _visit(call, subscriber_id)
    only = None if body.invoice is None else _invoice_of(call, visit, body.invoice)
    return _settled(call, write_off(visit, body.amount, body.reason, only))
