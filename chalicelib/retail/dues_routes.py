"""Statements, dues and receivables by age over HTTP."""

from typing import Any

from chalice.app import Response

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.fields import Answer
from chalicelib.api.paging import decode_cursor, encode_cursor, page_of
from chalicelib.api.papers import answer_table
from chalicelib.aws.config import config
from chalicelib.core.errors import invalid_field
from chalicelib.crm.find import find_subscriber
from chalicelib.retail.billed import billed_subscriber, check_biller
from chalicelib.retail.dues_shapes import (
    DuesByMonthAnswer,
    DuesQuery,
    OwingAnswer,
    RetailAgeingFile,
    RetailAgeingQuery,
    SubscriberStatementAnswer,
    SubscriberStatementQuery,
    TotalsOfDuesAnswer,
    show_dues,
    show_owing,
    show_retail_ageing,
    show_statement_of,
    show_totals,
)
from chalicelib.retail.find import documents_of, find_account, read_terms
from chalicelib.retail.owing import list_owing, names_of, receivables_by_subscriber, tied_dues
from chalicelib.retail.receivables import ageing_table, page_of_aged
from chalicelib.retail.statement import dues_of, months_of, statement_of

bp = Blueprint(__name__, tag="Dues")

OwingPage = page_of(OwingAnswer)
_CSV = {"text/csv": "subscriber,name,total,row_kind\r\nt4h8w2.s12,Rahim,630.00,line\r\n"}


@bp.api(
    "GET",
    "/v1/subscribers/{subscriber_id}/statement",
    may="retail:read",
    module="subscribers",
    query=SubscriberStatementQuery,
    answer=SubscriberStatementAnswer,
    also={409: "not-a-biller"},
)
def show_subscriber_statement(call: Call, subscriber_id: str) -> SubscriberStatementAnswer:
    """Everything issued to a subscriber by day, with running balance: payments on the day they were received."""
    query: SubscriberStatementQuery = call.query
    if query.from_ is not None and query.to is not None and query.from_ > query.to:
        raise invalid_field("from", "must not lie behind to")
    tenant_id, number = billed_subscriber(call.tenant, subscriber_id)
    subscriber = find_subscriber(tenant_id, number)
    documents = documents_of(call.tenant.tenant_id, tenant_id, subscriber.number)
    statement = statement_of(documents, query.from_, query.to)
    asked = (query.from_, query.to)
    return show_statement_of(subscriber_id, asked, statement, query.limit, decode_cursor(query.cursor))


@bp.api(
    "GET",
    "/v1/subscribers/{subscriber_id}/dues",
    may="retail:read",
    module="subscribers",
    answer=DuesByMonthAnswer,
    also={409: "not-a-biller"},
)
def show_subscriber_dues(call: Call, subscriber_id: str) -> DuesByMonthAnswer:
    """What a subscriber owes, cumulative and monthly, today and at the end of each month."""
    tenant_id, number = billed_subscriber(call.tenant, subscriber_id)
    find_subscriber(tenant_id, number)
    account = find_account(call.tenant.tenant_id, tenant_id, number)
    documents = documents_of(call.tenant.tenant_id, tenant_id, number)
    dues = dues_of(account, read_terms(call.tenant), call.today)
    return show_dues(account, dues, months_of(documents, call.today))


@bp.api(
    "GET",
    "/v1/dues",
    may="retail:read",
    module="subscribers",
    query=DuesQuery,
    answer=OwingPage,
    also={409: "not-a-biller"},
)
def show_who_owes(call: Call) -> Any:
    """The subscribers that owe, or those past a due day. A page of a long list may be short and still go on."""
    query: DuesQuery = call.query
    check_biller(call.tenant)
    found, following = list_owing(
        read_terms(call.tenant),
        call.today,
        overdue=query.overdue,
        limit=query.limit,
        after=decode_cursor(query.cursor),
    )
    names = names_of([one.account for one in found])
    return OwingPage(items=[show_owing(one, names) for one in found], next_cursor=encode_cursor(following))


@bp.api(
    "GET",
    "/v1/dues/totals",
    may="retail:read",
    module="subscribers",
    answer=TotalsOfDuesAnswer,
    also={409: "not-a-biller"},
)
def show_total_dues(call: Call) -> TotalsOfDuesAnswer:
    """What the subscribers of each tenant that is billed here owe together, as of now."""
    check_biller(call.tenant)
    terms = read_terms(call.tenant)
    return show_totals(tied_dues(terms, call.today), terms.dues.value)


@bp.api(
    "GET",
    "/v1/dues/ageing",
    may="retail:read",
    module="subscribers",
    query=RetailAgeingQuery,
    answer=RetailAgeingFile,
    text=_CSV,
    also={409: "not-a-biller", 422: "too-large"},
)
def show_retail_receivables(call: Call) -> Answer | Response:
    """What each subscriber owes by days past the due day, as of now; together it is the balance of account 1100."""
    query: RetailAgeingQuery = call.query
    check_biller(call.tenant)
    report = receivables_by_subscriber(call.tenant.tenant_id, call.today)
    if query.format != "json":
        return answer_table(call, ageing_table(call.tenant.name, call.today, report, config().currency), query.format)
    page, following = page_of_aged(report, query.limit, decode_cursor(query.cursor))
    return show_retail_ageing(call.today, report, page, following)
