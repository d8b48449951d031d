"""Aggregate mode over HTTP: a parent sets terms, invoices and takes money; parent and child see the same documents."""

from chalice.app import Response

from chalicelib.api.blueprint import Blueprint, render_with
from chalicelib.api.call import Call
from chalicelib.api.fields import Answer
from chalicelib.api.paging import PageQuery, answer_page, decode_cursor, page_of
from chalicelib.core.dates import day_at
from chalicelib.core.errors import invalid_field
from chalicelib.partners.annex import read_annex
from chalicelib.partners.documents import (
    as_issued,
    find_document,
    find_invoice,
    list_documents,
    list_invoices,
    settling,
)
from chalicelib.partners.due import ask_invoice
from chalicelib.partners.invoice import MAX_SERVICE_DAYS, Order, TooLongError, issue_invoice
from chalicelib.partners.model import CREDIT_NOTE, INVOICE, PAYMENT, Issued
from chalicelib.partners.pay import Paid, record_payment
from chalicelib.partners.shapes import (
    AggregateCreditNoteAnswer,
    AggregateInvoiceAnswer,
    AggregateInvoiceBody,
    AggregateInvoiceDetailAnswer,
    AggregateInvoicesQuery,
    AggregatePaymentAnswer,
    AggregatePaymentBody,
    AnnexLineAnswer,
    InvoiceRunningAnswer,
    invoice_fields,
    show_credit_note,
    show_detail,
    show_payment,
    show_service,
)
from chalicelib.tenants.hierarchy import find_child
from chalicelib.tenants.model import Tenant

bp = Blueprint(__name__, tag="Partners")

OF_CHILD = "/v1/resellers/{reseller_id}"


@bp.api(
    "POST",
    f"{OF_CHILD}/aggregate-invoices",
    may="partners:write",
    module="resellers",
    body=AggregateInvoiceBody,
    answer=AggregateInvoiceAnswer,
    status=201,
    repeatable=True,
    also={
        202: "a long invoice: it is made behind this request",
        409: "not-aggregate, no-terms, already-invoiced, not-settled, nothing-to-invoice, unbilled-differs",
        422: "day-not-ended",
    },
)
def create_aggregate_invoice(call: Call, reseller_id: str) -> Response | AggregateInvoiceAnswer:
    """Invoice a direct reseller everything that is not invoiced yet up to a day that everybody below it has settled."""
    child = find_child(call.tenant, reseller_id)
    body: AggregateInvoiceBody = call.body

    order = Order(body.through, call.author, MAX_SERVICE_DAYS)
    try:
        issued = issue_invoice(call.tenant, child, order, call.now, call.remember(_as_issued))
    except TooLongError:
        ask_invoice(child, body.through, call.author)
        return render_with(202, InvoiceRunningAnswer(through=body.through))
    return _as_issued(issued)


def _as_issued(issued: Issued) -> AggregateInvoiceAnswer:
    """An invoice as it stands when it is issued: what an advance paid of it is paid."""
    return AggregateInvoiceAnswer.model_validate(invoice_fields(as_issued(issued), issued.parent_id))


def _list_invoices(call: Call, child: Tenant) -> Answer:
    """A page of a child's invoices, as the caller sees them; what is overdue is so in the child's time zone."""
    found, after = list_invoices(
        child.tenant_id,
        day_at(call.now, child.timezone),
        limit=call.query.limit,
        after=decode_cursor(call.query.cursor),
        status=call.query.status,
    )
    items = [AggregateInvoiceAnswer.model_validate(invoice_fields(one, call.tenant.tenant_id)) for one in found]
    return answer_page(AggregateInvoiceAnswer, items, after)


def _read_invoice(call: Call, child: Tenant, invoice_id: str) -> AggregateInvoiceDetailAnswer:
    standing = find_invoice(child.tenant_id, invoice_id, day_at(call.now, child.timezone))
    return show_detail(standing, settling(standing.invoice), call.tenant.tenant_id)


def _read_annex(call: Call, child: Tenant, invoice_id: str) -> Answer:
    invoice = find_document(child.tenant_id, INVOICE, invoice_id)
    cursor = decode_cursor(call.query.cursor) or "0"
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 9):
        raise invalid_field("cursor", "must be a next_cursor of this list")
    services, after = read_annex(invoice, limit=call.query.limit, after=int(cursor))
    items = [show_service(one) for one in services]
    return answer_page(AnnexLineAnswer, items, None if after is None else str(after))


def _page_of_documents(call: Call, child: Tenant, kind: str) -> tuple[list[Issued], str | None]:
    after = decode_cursor(call.query.cursor)
    return list_documents(child.tenant_id, kind, limit=call.query.limit, after=after)


def _list_payments(call: Call, child: Tenant) -> Answer:
    found, after = _page_of_documents(call, child, PAYMENT)
    return answer_page(AggregatePaymentAnswer, [show_payment(one, call.tenant.tenant_id) for one in found], after)


def _list_credit_notes(call: Call, child: Tenant) -> Answer:
    found, after = _page_of_documents(call, child, CREDIT_NOTE)
    return answer_page(
        AggregateCreditNoteAnswer, [show_credit_note(one, call.tenant.tenant_id) for one in found], after
    )


@bp.api(
    "GET",
    f"{OF_CHILD}/aggregate-invoices",
    may="partners:read",
    module="resellers",
    query=AggregateInvoicesQuery,
    answer=page_of(AggregateInvoiceAnswer),
)
def list_aggregate_invoices(call: Call, reseller_id: str) -> Answer:
    """The invoices of a direct reseller, newest first. Asked for some only, a page may be short and have a cursor."""
    return _list_invoices(call, find_child(call.tenant, reseller_id))


@bp.api(
    "GET",
    f"{OF_CHILD}/aggregate-invoices/{{invoice_id}}",
    may="partners:read",
    module="resellers",
    answer=AggregateInvoiceDetailAnswer,
)
def read_aggregate_invoice(call: Call, reseller_id: str, invoice_id: str) -> AggregateInvoiceDetailAnswer:
    """An invoice of a direct reseller with its lines, and what was paid or credited of it."""
    return _read_invoice(call, find_child(call.tenant, reseller_id), invoice_id)


@bp.api(
    "GET",
    f"{OF_CHILD}/aggregate-invoices/{{invoice_id}}/annex",
    may="partners:read",
    module="resellers",
    query=PageQuery,
    answer=page_of(AnnexLineAnswer),
)
def list_aggregate_annex(call: Call, reseller_id: str, invoice_id: str) -> Answer:
    """What each service cost on an invoice, as it was when it was issued."""
    return _read_annex(call, find_child(call.tenant, reseller_id), invoice_id)


@bp.api(
    "POST",
    f"{OF_CHILD}/aggregate-payments",
    may="partners:write",
    module="resellers",
    body=AggregatePaymentBody,
    answer=AggregatePaymentAnswer,
    status=201,
    repeatable=True,
    also={409: "not-aggregate"},
)
def create_aggregate_payment(call: Call, reseller_id: str) -> AggregatePaymentAnswer:
    """Take money of a direct reseller for its invoices: the oldest first, and what is left over is an advance."""
    child = find_child(call.tenant, reseller_id)
    body: AggregatePaymentBody = call.body
    paid = Paid(body.amount, body.method, body.reference, body.note, call.author)

    def show(payment: Issued) -> AggregatePaymentAnswer:
        return show_payment(payment, call.tenant.tenant_id)

    return show(record_payment(call.tenant, child, paid, call.now, call.remember(show)))


@bp.api(
    "GET",
    f"{OF_CHILD}/aggregate-payments",
    may="partners:read",
    module="resellers",
    query=PageQuery,
    answer=page_of(AggregatePaymentAnswer),
)
def list_aggregate_payments(call: Call, reseller_id: str) -> Answer:
    """The payments of a direct reseller, newest first."""
    return _list_payments(call, find_child(call.tenant, reseller_id))


@bp.api(
    "GET",
    f"{OF_CHILD}/aggregate-credit-notes",
    may="partners:read",
    module="resellers",
    query=PageQuery,
    answer=page_of(AggregateCreditNoteAnswer),
)
def list_aggregate_credit_notes(call: Call, reseller_id: str) -> Answer:
    """The credit notes of a direct reseller, newest first."""
    return _list_credit_notes(call, find_child(call.tenant, reseller_id))


@bp.api(
    "GET",
    "/v1/aggregate-invoices",
    may="partners:read",
    query=AggregateInvoicesQuery,
    answer=page_of(AggregateInvoiceAnswer),
)
def list_own_aggregate_invoices(call: Call) -> Answer:
    """What one's parent has invoiced one, newest first."""
    return _list_invoices(call, call.tenant)


@bp.api("GET", "/v1/aggregate-invoices/{invoice_id}", may="partners:read", answer=AggregateInvoiceDetailAnswer)
def read_own_aggregate_invoice(call: Call, invoice_id: str) -> AggregateInvoiceDetailAnswer:
    """An invoice of one's parent with its lines, and what was paid or credited of it."""
    return _read_invoice(call, call.tenant, invoice_id)


@bp.api(
    "GET",
    "/v1/aggregate-invoices/{invoice_id}/annex",
    may="partners:read",
    query=PageQuery,
    answer=page_of(AnnexLineAnswer),
)
def list_own_aggregate_annex(call: Call, invoice_id: str) -> Answer:
    """What each of one's services cost on an invoice, those of everybody below included."""
    return _read_annex(call, call.tenant, invoice_id)


@bp.api("GET", "/v1/aggregate-payments", may="partners:read", query=PageQuery, answer=page_of(AggregatePaymentAnswer))
def list_own_aggregate_payments(call: Call) -> Answer:
    """What one has paid one's parent for its invoices, newest first."""
    return _list_payments(call, call.tenant)


@bp.api(
    "GET", "/v1/aggregate-credit-notes", may="partners:read", query=PageQuery, answer=page_of(AggregateCreditNoteAnswer)
)
def list_own_aggregate_credit_notes(call: Call) -> Answer:
    """The credit notes of one's parent, newest first."""
    return _list_credit_notes(call, call.tenant)
