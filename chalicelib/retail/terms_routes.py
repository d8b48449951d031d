"""Billing terms and accounts of subscribers over HTTP."""

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.core.errors import invalid_field
from chalicelib.crm.find import find_subscriber
from chalicelib.retail.account_shapes import (
    ChargeBody,
    OwnTermsBody,
    SubscriberAccountAnswer,
    discount_asked,
    show_account,
)
from chalicelib.retail.accounts import Keeper, OwnChange, add_charge, change_own_terms
from chalicelib.retail.billed import billed_subscriber, check_biller
from chalicelib.retail.find import find_account, read_terms
from chalicelib.retail.terms import set_terms
from chalicelib.retail.terms_shapes import BillingTermsAnswer, BillingTermsBody, show_terms, terms_asked

bp = Blueprint(__name__, tag="Invoices")


@bp.api(
    "GET",
    "/v1/billing-terms",
    may="retail:read",
    module="subscribers",
    answer=BillingTermsAnswer,
    also={409: "not-a-biller"},
)
def show_billing_terms(call: Call) -> BillingTermsAnswer:
    """How the tenant bills its subscribers."""
    check_biller(call.tenant)
    return show_terms(read_terms(call.tenant))


@bp.api(
    "PUT",
    "/v1/billing-terms",
    may="retail:settings",
    module="subscribers",
    body=BillingTermsBody,
    answer=BillingTermsAnswer,
    also={409: "not-a-biller"},
)
def put_billing_terms(call: Call) -> BillingTermsAnswer:
    """Bill that way from the next invoices on; what was issued keeps what it was issued under."""
    return show_terms(set_terms(call.tenant, lambda before: terms_asked(call.body, before, call.today)))


def _keeper(call: Call, subscriber_id: str) -> Keeper:
    tenant_id, number = billed_subscriber(call.tenant, subscriber_id)
    return Keeper(call.tenant, tenant_id, number, call.today)


@bp.api(
    "GET",
    "/v1/subscribers/{subscriber_id}/account",
    may="retail:read",
    module="subscribers",
    answer=SubscriberAccountAnswer,
    also={409: "not-a-biller"},
)
def show_subscriber_account(call: Call, subscriber_id: str) -> SubscriberAccountAnswer:
    """What a subscriber owes, how far it is billed, and what is settled with it alone."""
    keeper = _keeper(call, subscriber_id)
    find_subscriber(keeper.tenant_id, keeper.number)
    return show_account(find_account(call.tenant.tenant_id, keeper.tenant_id, keeper.number))


@bp.api(
    "PATCH",
    "/v1/subscribers/{subscriber_id}/account",
    may="retail:write",
    module="subscribers",
    body=OwnTermsBody,
    answer=SubscriberAccountAnswer,
    also={409: "not-a-biller"},
)
def change_subscriber_account(call: Call, subscriber_id: str) -> SubscriberAccountAnswer:
    """Settle other terms with one subscriber, from its next invoice on."""
    body: OwnTermsBody = call.body
    prices = None if body.prices is None else {one.service: one.monthly_price for one in body.prices}
    if prices is not None and body.prices is not None and len(prices) < len(body.prices):
        raise invalid_field("prices", "must name a service once")
    asked = OwnChange(
        named=frozenset(body.model_fields_set),
        billing_day=body.billing_day,
        discount=discount_asked(body.discount),
        prices_minor=prices,
        commission_bps=body.commission_bps,
    )
    account, _ = change_own_terms(_keeper(call, subscriber_id), asked)
    return show_account(account)


@bp.api(
    "POST",
    "/v1/subscribers/{subscriber_id}/charges",
    may="retail:write",
    module="subscribers",
    body=ChargeBody,
    answer=SubscriberAccountAnswer,
    status=201,
    repeatable=True,
    also={409: "not-a-biller, too-many-charges"},
)
def charge_subscriber(call: Call, subscriber_id: str) -> SubscriberAccountAnswer:
    """Charge something once: it stands on the subscriber's next invoice."""
    keeper = _keeper(call, subscriber_id)
    account, _ = add_charge(keeper, call.body.text, call.body.amount, call.remember(show_account))
    return show_account(account)
