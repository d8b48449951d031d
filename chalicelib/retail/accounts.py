"""What a biller settles with one subscriber: its own terms, and one-time charges for the next invoice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from chalicelib.aws import clock, keys
from chalicelib.aws.tables import ConditionFailed, Remember, forget, read_many, write
from chalicelib.core.dates import ONE_DAY
from chalicelib.core.errors import Conflict, Unavailable, invalid_field
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.service import ServiceStatus
from chalicelib.crm.subscriber import Subscriber, service_number
from chalicelib.retail.account_model import Account, Discount, OwnTerms, WaitingCharge
from chalicelib.retail.account_store import AccountRow, put_account, to_account
from chalicelib.retail.charges import billing_period
from chalicelib.retail.find import terms_of
from chalicelib.retail.invoice import price_list
from chalicelib.retail.invoicing import starts_on
from chalicelib.retail.model import Terms
from chalicelib.retail.store import TermsRow
from chalicelib.tenants.model import Tenant

MAX_WAITING = 20
TRIES = 16


@dataclass(frozen=True)
class Keeper:
    """Whose account is to be changed: the biller's, for that subscriber of that tenant, on that day."""

    biller: Tenant
    tenant_id: str
    number: int
    today: date


Change = Callable[[Account, Terms, Subscriber], Account]


def change_account(keeper: Keeper, change: Change, remember: Remember = forget) -> tuple[Account, Terms]:
    """Write what the change makes of the account, and hand it back with the terms; `NotFound` without the subscriber."""
    biller_id = keeper.biller.tenant_id
    subscriber = find_subscriber(keeper.tenant_id, keeper.number)
    key = keys.retail_account(biller_id, keeper.tenant_id, keeper.number)
    for attempt in range(TRIES):
        clock.back_off(attempt)
        terms_row, row = read_many([(TermsRow, keys.retail_terms(biller_id)), (AccountRow, key)])
        before = to_account(biller_id, keeper.tenant_id, keeper.number, row)
        terms = terms_of(keeper.biller, terms_row)
        after = change(before, terms, subscriber)
        if after == before:
            return before, terms
        try:
            write(put_account(before, after), *remember(after.written()))
        except ConditionFailed:
            continue
        return after.written(), terms
    raise Unavailable("busy", "This account is moving all the time; please send the request again.")


def add_charge(keeper: Keeper, text: str, amount_minor: int, remember: Remember = forget) -> tuple[Account, Terms]:
    """Charge something once: it stands on the next invoice. 409 `too-many-charges` where twenty wait already."""

    def change(account: Account, terms: Terms, subscriber: Subscriber) -> Account:
        if len(account.charges) >= MAX_WAITING:
            raise Conflict("too-many-charges", f"At most {MAX_WAITING} charges can wait for one invoice.")
        charges = (*account.charges, WaitingCharge(text, amount_minor, keeper.today))
        period = billing_period(keeper.today, starts_on(account, subscriber, terms))
        # A subscriber that uses nothing is invoiced when its period is over, for the charge alone.
        due_on = account.next_invoice_on or period.last + ONE_DAY
        return account._replace(charges=charges, next_invoice_on=due_on)

    return change_account(keeper, change, remember)


@dataclass(frozen=True)
class OwnChange:
    """What a change names of a subscriber's own terms; what it does not name stays as it is.

    `prices_minor` are by service id; None takes a price back.
    """

    named: frozenset[str]
    billing_day: int | None = None
    discount: Discount | None = None
    prices_minor: Mapping[str, int | None] | None = None
    commission_bps: int | None = None


def change_own_terms(keeper: Keeper, asked: OwnChange) -> tuple[Account, Terms]:
    """Settle other terms with one subscriber, from its next invoice on.

    422 for a service that it does not have, and for a discount of more than its services cost.
    """
    prices = price_list(keeper.tenant_id)

    def change(account: Account, terms: Terms, subscriber: Subscriber) -> Account:
        own = account.own
        if "billing_day" in asked.named:
            own = own._replace(billing_day=asked.billing_day)
        if "commission_bps" in asked.named:
            own = own._replace(commission_bps=asked.commission_bps)
        if asked.prices_minor is not None:
            own = own._replace(prices_minor=_prices(own, asked.prices_minor, subscriber))
        if "discount" in asked.named:
            own = own._replace(discount=asked.discount)
        after = account._replace(own=own)
        if own.discount is not None and ("discount" in asked.named or asked.prices_minor is not None):
            field = "discount.amount" if "discount" in asked.named else "prices"
            _check_discount(own.discount, _monthly_minor(after, subscriber, keeper.today), field)
        # With another billing day the next period ends on another day: look at the account again before.
        return after if own.billing_day == account.own.billing_day else after._replace(seen=(account.seen[0], 0))

    def _monthly_minor(account: Account, subscriber: Subscriber, today: date) -> int:
        """What the services of a subscriber cost a period."""
        running = [one for one in subscriber.services if one.status_on(today) is not ServiceStatus.DISCONNECTED]
        return sum(
            prices.for_service(account, one.number)[one.state_on(max(today, one.start_on)).plan].price_minor
            for one in running
        )

    return change_account(keeper, change)


def _prices(own: OwnTerms, asked: Mapping[str, int | None], subscriber: Subscriber) -> tuple[tuple[int, int], ...]:
    """The own prices by service number, with those asked for."""
    known = dict(own.prices_minor)
    for place, (service_id, price) in enumerate(asked.items()):
        number = _number_of(subscriber, service_id, f"prices.{place}.service")
        if price is None:
            known.pop(number, None)
        else:
            known[number] = price
    return tuple(sorted(known.items()))


def _number_of(subscriber: Subscriber, service_id: str, field: str) -> int:
    before = f"{subscriber.tenant_id}.v"
    number = service_number(subscriber.tenant_id, service_id) if service_id.startswith(before) else 0
    if subscriber.service(number) is None:
        raise invalid_field(field, "is not a service of this subscriber")
    return number


def _check_discount(discount: Discount, monthly_minor: int, field: str) -> None:
    if discount.amount_minor > monthly_minor:
        raise invalid_field(field, "must not make the discount more than what the services cost a month")
