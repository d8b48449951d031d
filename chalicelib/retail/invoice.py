"""Invoicing: one subscriber now, or those of a page of subscribers that are due on a day."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from chalicelib.auth.model import Author
from chalicelib.aws import clock, keys
from chalicelib.aws.rows import Row
from chalicelib.aws.tables import ConditionFailed, Remember, forget, read_many, write
from chalicelib.core.dates import day_at
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.core.proration import DayCount
from chalicelib.crm.events import read_history
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.plans import read_plans
from chalicelib.crm.service import Service
from chalicelib.crm.subscriber import Subscriber
from chalicelib.retail.account_model import Account, PriceUsed
from chalicelib.retail.account_store import AccountRow, to_account
from chalicelib.retail.charges import Facts, but_for, facts_of, needs_history
from chalicelib.retail.document_model import Document
from chalicelib.retail.find import terms_of
from chalicelib.retail.invoicing import Due, PriceList, due_invoice
from chalicelib.retail.issue import Drawn, Issuing, Occasion, issuing_reads
from chalicelib.retail.model import Terms
from chalicelib.retail.store import TermsRow
from chalicelib.tenants.model import Tenant

TRIES = 16


def price_list(tenant_id: str) -> PriceList:
    """What a tenant's plans cost today."""
    plans = read_plans(tenant_id)
    prices = {
        code: PriceUsed(code, plan.monthly_price_minor, plan.day_count is DayCount.FIXED_30)
        for code, plan in plans.items()
    }
    return PriceList(prices, {code: plan.name for code, plan in plans.items()})


def due_of(
    account: Account, subscriber: Subscriber, terms: Terms, prices: PriceList, day: date, *, now: bool
) -> Due | None:
    """What is to be invoiced to a subscriber on that day; its history is read only where the days cannot do without."""
    return due_invoice(account, subscriber, terms, prices, day, partial(known_facts, account, subscriber), now=now)


def known_facts(account: Account, subscriber: Subscriber, service: Service, first: date) -> Facts:
    """What decides the days of a service from the first on, and which of them are not charged anyway."""
    history = read_history(subscriber.tenant_id, subscriber.number) if needs_history(service, first) else None
    facts = facts_of(service, history)
    if not account.undelivered:
        return facts
    return but_for(facts, [day for number, day in account.undelivered if number == service.number])


@dataclass(frozen=True)
class Request:
    """That one subscriber is invoiced now: by which biller, which subscriber, who asks for it, and when."""

    biller: Tenant
    tenant_id: str
    number: int
    author: Author
    now: datetime


def invoice_subscriber(asked: Request, remember: Remember = forget) -> Document:
    """Issue what is due from a subscriber today, with everything that waits for its next invoice.

    Prepaid, that is the rest of the period; postpaid, what was used until yesterday. 409 `nothing-to-invoice`, 409
    `no-billing-terms` where the biller has none, `NotFound` for a subscriber that is not there. One write.
    """
    biller_id = asked.biller.tenant_id
    day = day_at(asked.now, asked.biller.timezone)
    subscriber = find_subscriber(asked.tenant_id, asked.number)
    prices = price_list(asked.tenant_id)
    account_key = keys.retail_account(biller_id, asked.tenant_id, asked.number)
    for attempt in range(TRIES):
        clock.back_off(attempt)
        wanted: list[tuple[type[Row], keys.Key]] = [
            (TermsRow, keys.retail_terms(biller_id)),
            (AccountRow, account_key),
        ]
        terms_row, account_row, *rows = read_many([*wanted, *issuing_reads(biller_id)])
        terms = check_bills(terms_of(asked.biller, terms_row))
        account = to_account(biller_id, asked.tenant_id, asked.number, account_row)
        due = due_of(account, subscriber, terms, prices, day, now=True)
        if due is None:
            raise Conflict("nothing-to-invoice", "Nothing is due from this subscriber that was not invoiced before.")
        occasion = Occasion(terms, asked.tenant_id, day, asked.author)
        issuing = Issuing(occasion, rows, asked.now, [Drawn(subscriber, account, due)])
        [document] = issuing.issued
        try:
            write(*issuing.operations(), *remember(document))
        except ConditionFailed:
            continue
        return document
    raise Unavailable("busy", "This account is moving all the time; please send the request again.")


def check_bills(terms: Terms) -> Terms:
    """The terms; 409 `no-billing-terms` where nobody has set any."""
    if not terms.revision:
        raise Conflict("no-billing-terms", "Say first how you bill: PUT /v1/billing-terms.")
    return terms
