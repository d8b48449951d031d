"""Commissions over HTTP: a parent says what a reseller earns and pays it out; both see the same statements."""

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.fields import Answer
from chalicelib.api.paging import PageQuery, answer_page, decode_cursor, page_of
from chalicelib.core.dates import day_at
from chalicelib.partners.commission import month_of
from chalicelib.partners.commission_find import find_statement, list_payouts, list_statements, read_lines
from chalicelib.partners.commission_model import CommissionPayout
from chalicelib.partners.commission_shapes import (
    CommissionBalanceAnswer,
    CommissionLineAnswer,
    CommissionPayoutAnswer,
    CommissionPayoutBody,
    CommissionStatementAnswer,
    CommissionStatementDetailAnswer,
    CommissionTermsBody,
    CommissionTermsInForceAnswer,
    CommissionTermsSetAnswer,
    show_balance,
    show_line,
    show_payout,
    show_set,
    show_statement,
    show_versions,
    statement_fields,
    to_terms,
)
from chalicelib.partners.commission_terms import find_versions, read_commission, set_terms, warnings_of
from chalicelib.partners.payout import PayoutOrder, pay_commission
from chalicelib.tenants.hierarchy import find_child
from chalicelib.tenants.model import Tenant

bp = Blueprint(__name__, tag="Partners")

OF_CHILD = "/v1/resellers/{reseller_id}"


@bp.api(
    "PUT",
    f"{OF_CHILD}/commission-terms",
    may="partners:write",
    module="resellers",
    body=CommissionTermsBody,
    answer=CommissionTermsSetAnswer,
    also={409: "not-percentage", 422: "month-has-statement"},
)
def set_commission_terms(call: Call, reseller_id: str) -> CommissionTermsSetAnswer:
    """Say what a direct reseller earns from a month on that has no statement yet. Every version is kept."""
    child = find_child(call.tenant, reseller_id)
    terms = set_terms(call.tenant, child, to_terms(call.body), call.author, call.now)
    return show_set(terms, list(warnings_of(call.tenant, terms)))


def _versions(call: Call, child: Tenant) -> CommissionTermsInForceAnswer:
    return show_versions(find_versions(child.tenant_id), month_of(day_at(call.now, child.timezone)))


@bp.api(
    "GET",
    f"{OF_CHILD}/commission-terms",
    may="partners:read",
    module="resellers",
    answer=CommissionTermsInForceAnswer,
)
def read_commission_terms(call: Call, reseller_id: str) -> CommissionTermsInForceAnswer:
    """What a direct reseller earns; 404 while nobody has said."""
    return _versions(call, find_child(call.tenant, reseller_id))


@bp.api(
    "GET", "/v1/commission-terms", may="partners:read", answer=CommissionTermsInForceAnswer, also={404: "not-found"}
)
def read_own_commission_terms(call: Call) -> CommissionTermsInForceAnswer:
    """What one earns of what one's subscribers pay; 404 while one's parent has not said."""
    return _versions(call, call.tenant)


@bp.api("GET", f"{OF_CHILD}/commission", may="partners:read", module="resellers", answer=CommissionBalanceAnswer)
def read_commission_balance(call: Call, reseller_id: str) -> CommissionBalanceAnswer:
    """What a direct reseller is owed of its commission."""
    return show_balance(read_commission(find_child(call.tenant, reseller_id).tenant_id))


@bp.api("GET", "/v1/commission", may="partners:read", answer=CommissionBalanceAnswer)
def read_own_commission_balance(call: Call) -> CommissionBalanceAnswer:
    """What one's parent owes one of one's commission."""
    return show_balance(read_commission(call.tenant.tenant_id))


def _list_statements(call: Call, child: Tenant) -> Answer:
    after = decode_cursor(call.query.cursor)
    found, further = list_statements(child.tenant_id, limit=call.query.limit, after=after)
    items = [CommissionStatementAnswer.model_validate(statement_fields(one, call.tenant.tenant_id)) for one in found]
    return answer_page(CommissionStatementAnswer, items, further)


def _list_lines(call: Call, child: Tenant, statement_id: str) -> Answer:
    statement = find_statement(child.tenant_id, statement_id)
    lines, further = read_lines(statement, limit=call.query.limit, after=decode_cursor(call.query.cursor))
    return answer_page(CommissionLineAnswer, [show_line(one, statement.month) for one in lines], further)


def _list_payouts(call: Call, child: Tenant) -> Answer:
    after = decode_cursor(call.query.cursor)
    found, further = list_payouts(child.tenant_id, limit=call.query.limit, after=after)
    return answer_page(CommissionPayoutAnswer, [show_payout(one, call.tenant.tenant_id) for one in found], further)


@bp.api(
    "GET",
    f"{OF_CHILD}/commission-statements",
    may="partners:read",
    module="resellers",
    query=PageQuery,
    answer=page_of(CommissionStatementAnswer),
)
def list_commission_statements(call: Call, reseller_id: str) -> Answer:
    """The statements of a direct reseller, newest first. They are made by themselves when a month is over."""
    return _list_statements(call, find_child(call.tenant, reseller_id))


@bp.api(
    "GET",
    f"{OF_CHILD}/commission-statements/{{statement_id}}",
    may="partners:read",
    module="resellers",
    answer=CommissionStatementDetailAnswer,
)
def read_commission_statement(call: Call, reseller_id: str, statement_id: str) -> CommissionStatementDetailAnswer:
    """A statement of a direct reseller, with what it is made of."""
    child = find_child(call.tenant, reseller_id)
    return show_statement(find_statement(child.tenant_id, statement_id), call.tenant.tenant_id)


@bp.api(
    "GET",
    f"{OF_CHILD}/commission-statements/{{statement_id}}/lines",
    may="partners:read",
    module="resellers",
    query=PageQuery,
    answer=page_of(CommissionLineAnswer),
)
def list_commission_lines(call: Call, reseller_id: str, statement_id: str) -> Answer:
    """What each subscriber came to on a statement, those of everybody below the reseller included."""
    return _list_lines(call, find_child(call.tenant, reseller_id), statement_id)


@bp.api(
    "POST",
    f"{OF_CHILD}/commission-payouts",
    may="partners:write",
    module="resellers",
    body=CommissionPayoutBody,
    answer=CommissionPayoutAnswer,
    status=201,
    repeatable=True,
    also={409: "not-percentage, payout-above-commission"},
)
def create_commission_payout(call: Call, reseller_id: str) -> CommissionPayoutAnswer:
    """Pay a direct reseller some or all of what it is owed."""
    child = find_child(call.tenant, reseller_id)
    body: CommissionPayoutBody = call.body
    order = PayoutOrder(body.amount, body.method, body.reference, body.note, call.author)

    def show(payout: CommissionPayout) -> CommissionPayoutAnswer:
        return show_payout(payout, call.tenant.tenant_id)

    return show(pay_commission(call.tenant, child, order, call.now, call.remember(show)))


@bp.api(
    "GET",
    f"{OF_CHILD}/commission-payouts",
    may="partners:read",
    module="resellers",
    query=PageQuery,
    answer=page_of(CommissionPayoutAnswer),
)
def list_commission_payouts(call: Call, reseller_id: str) -> Answer:
    """What a direct reseller was paid, newest first."""
    return _list_payouts(call, find_child(call.tenant, reseller_id))


@bp.api(
    "GET",
    "/v1/commission-statements",
    may="partners:read",
    query=PageQuery,
    answer=page_of(CommissionStatementAnswer),
)
def list_own_commission_statements(call: Call) -> Answer:
    """One's own statements, newest first. They are made by themselves when a month is over."""
    return _list_statements(call, call.tenant)


@bp.api(
    "GET",
    "/v1/commission-statements/{statement_id}",
    may="partners:read",
    answer=CommissionStatementDetailAnswer,
)
def read_own_commission_statement(call: Call, statement_id: str) -> CommissionStatementDetailAnswer:
    """One of one's own statements, with what it is made of."""
    return show_statement(find_statement(call.tenant.tenant_id, statement_id), call.tenant.tenant_id)


@bp.api(
    "GET",
    "/v1/commission-statements/{statement_id}/lines",
    may="partners:read",
    query=PageQuery,
    answer=page_of(CommissionLineAnswer),
)
def list_own_commission_lines(call: Call, statement_id: str) -> Answer:
    """What each subscriber came to on one of one's own statements."""
    return _list_lines(call, call.tenant, statement_id)


@bp.api("GET", "/v1/commission-payouts", may="partners:read", query=PageQuery, answer=page_of(CommissionPayoutAnswer))
def list_own_commission_payouts(call: Call) -> Answer:
    """What one was paid of one's commission, newest first."""
    return _list_payouts(call, call.tenant)
