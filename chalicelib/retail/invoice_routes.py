"""Invoices and invoice runs over HTTP."""

import time
from typing import Any

from chalice.app import Response

from chalicelib.api.blueprint import Blueprint, render_with
from chalicelib.api.call import Call
from chalicelib.api.paging import PageQuery, decode_cursor, encode_cursor, page_of
from chalicelib.core.errors import NotFound, invalid_field
from chalicelib.crm.find import find_subscriber
from chalicelib.retail.billed import billed_subscriber, check_biller
from chalicelib.retail.find import find_document
from chalicelib.retail.invoice import Request, invoice_subscriber
from chalicelib.retail.invoice_run import RunStatus, find_run, list_runs
from chalicelib.retail.invoice_shapes import (
    InvoiceAnswer,
    InvoiceBody,
    InvoiceListedAnswer,
    InvoiceRunAnswer,
    InvoiceRunBody,
    InvoicesQuery,
    IssuedInvoiceAnswer,
    show_document,
    show_invoice,
    show_listed,
    show_run,
)
from chalicelib.retail.list_invoices import InvoiceStatus, WantedInvoices, list_invoices, listed, standings
from chalicelib.retail.model import DocumentKind
from chalicelib.retail.run_invoices import ask_run, begin_run, carry_on

bp = Blueprint(__name__, tag="Invoices")

InvoicePage = page_of(InvoiceListedAnswer)
InvoiceRunPage = page_of(InvoiceRunAnswer)
INLINE_SECONDS = 20.0
"""How long a run by hand goes on within its request; the gateway gives up at 29."""


def _named(call: Call, subscriber_id: str) -> tuple[str, int]:
    """A subscriber that a body or a query names, by its tenant and number; 422 for one that the tenant does not bill."""
    try:
        tenant_id, number = billed_subscriber(call.tenant, subscriber_id)
        find_subscriber(tenant_id, number)
    except NotFound:
        raise invalid_field("subscriber", "is not a subscriber that you bill") from None
    return tenant_id, number


@bp.api(
    "POST",
    "/v1/invoices",
    may="retail:write",
    module="subscribers",
    body=InvoiceBody,
    answer=InvoiceAnswer,
    status=201,
    repeatable=True,
    also={409: "nothing-to-invoice, no-billing-terms, not-a-biller"},
)
def invoice_one(call: Call) -> InvoiceAnswer:
    """Invoice one subscriber now: what is due and what waits for its next invoice.

    Prepaid that is the rest of the period, postpaid what was used until yesterday. Where more is taken back than is
    charged, it is a credit note.
    """
    tenant_id, number = _named(call, call.body.subscriber)
    asked = Request(call.tenant, tenant_id, number, call.author, call.now)
    return show_document(invoice_subscriber(asked, call.remember(show_document)))


@bp.api(
    "GET",
    "/v1/invoices",
    may="retail:read",
    module="subscribers",
    query=InvoicesQuery,
    answer=InvoicePage,
    also={409: "not-a-biller"},
)
def show_invoices(call: Call) -> Any:
    """The tenant's invoices, the newest first. A page of a list that leaves some out may be short and still go on."""
    query: InvoicesQuery = call.query
    subscriber = None
    if query.subscriber is not None:
        subscriber = _named(call, query.subscriber)
    status = None if query.status is None else InvoiceStatus(query.status)
    wanted = WantedInvoices(subscriber, status, query.from_, query.to)
    after = decode_cursor(query.cursor)
    found, next_after = list_invoices(call.tenant.tenant_id, wanted, call.today, limit=query.limit, after=after)
    items = [show_listed(one, standing) for one, standing in found]
    return InvoicePage(items=items, next_cursor=encode_cursor(next_after))


@bp.api("GET", "/v1/invoices/{invoice_id}", may="retail:read", module="subscribers", answer=IssuedInvoiceAnswer)
def show_one_invoice(call: Call, invoice_id: str) -> IssuedInvoiceAnswer:
    """One invoice as it was issued, and how it stands."""
    document = find_document(call.tenant.tenant_id, invoice_id, (DocumentKind.INVOICE,))
    [standing] = standings(call.tenant.tenant_id, [listed(document)], call.today)
    return show_invoice(document, standing)


@bp.api(
    "POST",
    "/v1/invoice-runs",
    may="retail:write",
    module="subscribers",
    body=InvoiceRunBody,
    answer=InvoiceRunAnswer,
    also={202: "still running", 409: "no-billing-terms, not-a-biller", 422: "day-not-begun"},
)
def run_invoices(call: Call) -> Response:
    """Invoice everybody who is due on that day or before, and was not invoiced.

    Asked again it goes on, and invoices who has come since. What takes longer than a request goes on behind it.
    """
    check_biller(call.tenant)
    until = time.monotonic() + INLINE_SECONDS
    run, terms = begin_run(call.tenant, call.body.date, call.now)
    run = carry_on(call.tenant, run, terms, call.author, call.now, lambda: time.monotonic() < until)
    if run.status is not RunStatus.DONE:
        ask_run(call.tenant, run)
    return render_with(200 if run.status is RunStatus.DONE else 202, show_run(run))


@bp.api("GET", "/v1/invoice-runs", may="retail:read", module="subscribers", query=PageQuery, answer=InvoiceRunPage)
def show_invoice_runs(call: Call) -> Any:
    """The tenant's invoice runs, the newest first."""
    after = decode_cursor(call.query.cursor)
    runs, next_after = list_runs(call.tenant.tenant_id, limit=call.query.limit, after=after)
    return InvoiceRunPage(items=[show_run(run) for run in runs], next_cursor=encode_cursor(next_after))


@bp.api("GET", "/v1/invoice-runs/{run_id}", may="retail:read", module="subscribers", answer=InvoiceRunAnswer)
def show_invoice_run(call: Call, run_id: str) -> InvoiceRunAnswer:
    """One invoice run: how far it is, and what it issued."""
    return show_run(find_run(call.tenant.tenant_id, run_id))
