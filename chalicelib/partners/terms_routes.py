"""How resellers are invoiced, and how their invoices are numbered, over HTTP: a parent says, both sides see."""

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.partners.model import CREDIT_NOTE, INVOICE
from chalicelib.partners.terms import (
    AskedTerms,
    check_numbering,
    find_terms,
    read_numbers,
    set_numbering,
    set_terms,
)
from chalicelib.partners.terms_shapes import (
    AggregateNumberingAnswer,
    AggregateNumberingBody,
    AggregateTermsAnswer,
    AggregateTermsBody,
    show_numbers,
    show_terms,
    to_cycle,
    to_numbering,
)
from chalicelib.tenants.hierarchy import find_child

bp = Blueprint(__name__, tag="Partners")

OF_CHILD = "/v1/resellers/{reseller_id}"


@bp.api(
    "PUT",
    f"{OF_CHILD}/aggregate-terms",
    may="partners:write",
    module="resellers",
    body=AggregateTermsBody,
    answer=AggregateTermsAnswer,
    also={409: "not-aggregate"},
)
def set_aggregate_terms(call: Call, reseller_id: str) -> AggregateTermsAnswer:
    """Say how a direct reseller is invoiced, from the day after the last invoiced one. The version before is kept."""
    child = find_child(call.tenant, reseller_id)
    body: AggregateTermsBody = call.body
    asked = AskedTerms(to_cycle(body.cycle), body.due_days, body.block_when_overdue)
    return show_terms(set_terms(child, asked, call.author, call.now))


@bp.api("GET", f"{OF_CHILD}/aggregate-terms", may="partners:read", module="resellers", answer=AggregateTermsAnswer)
def read_aggregate_terms(call: Call, reseller_id: str) -> AggregateTermsAnswer:
    """How a direct reseller is invoiced; 404 while nobody has said."""
    return show_terms(find_terms(find_child(call.tenant, reseller_id).tenant_id))


@bp.api("GET", "/v1/aggregate-terms", may="partners:read", answer=AggregateTermsAnswer, also={404: "not-found"})
def read_own_aggregate_terms(call: Call) -> AggregateTermsAnswer:
    """How one's parent invoices one; 404 while it has not said."""
    return show_terms(find_terms(call.tenant.tenant_id))


@bp.api(
    "PUT",
    "/v1/aggregate-numbering",
    may="partners:write",
    module="resellers",
    body=AggregateNumberingBody,
    answer=AggregateNumberingAnswer,
)
def set_aggregate_numbering(call: Call) -> AggregateNumberingAnswer:
    """Say how the invoices and credit notes of one's resellers are numbered. The count goes on, without a gap."""
    body: AggregateNumberingBody = call.body
    bodies = ((INVOICE, body.invoice), (CREDIT_NOTE, body.credit_note))
    wanted = [(kind, to_numbering(one)) for kind, one in bodies if one is not None]
    for kind, numbering in wanted:
        check_numbering(kind, numbering)
    for kind, numbering in wanted:
        set_numbering(call.tenant.tenant_id, kind, numbering)
    return _numbering(call.tenant.tenant_id)


@bp.api("GET", "/v1/aggregate-numbering", may="partners:read", module="resellers", answer=AggregateNumberingAnswer)
def read_aggregate_numbering(call: Call) -> AggregateNumberingAnswer:
    """How the invoices and credit notes of one's resellers are numbered."""
    return _numbering(call.tenant.tenant_id)


def _numbering(parent_id: str) -> AggregateNumberingAnswer:
    return AggregateNumberingAnswer(
        invoice=show_numbers(read_numbers(parent_id, INVOICE)),
        credit_note=show_numbers(read_numbers(parent_id, CREDIT_NOTE)),
    )
