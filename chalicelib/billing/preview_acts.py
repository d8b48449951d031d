"""What a preview is asked for, as the events that would be filed: refused as the act itself would be, written nowhere."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from chalicelib.billing.connections import fund_too_low, taken_by
from chalicelib.billing.late import filing_of
from chalicelib.billing.outlook import Outlook, read_outlook
from chalicelib.billing.overdue import refused_as_overdue
from chalicelib.billing.preview import Act, preview
from chalicelib.billing.preview_model import Preview, Refused
from chalicelib.billing.price_book import PriceBook, read_price_book
from chalicelib.core.dates import day_at, to_micros
from chalicelib.core.errors import Conflict
from chalicelib.crm.change import AskedChange, foresee_event
from chalicelib.crm.events import order_of_one
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.model import EventKind, Plan, ServiceEvent
from chalicelib.funds.limits import read_limits
from chalicelib.funds.movements import name_short
from chalicelib.tenants.model import Tenant

FIRST_NUMBER = 2_000_000_000
"""The numbers of services that are only thought of begin behind all that there are."""


def preview_activation(chain: Sequence[Tenant], plan: Plan, start_on: date, count: int, now: datetime) -> Preview:
    """What that many new services of the chain's last tenant would do. 422 `plan-not-priced`."""
    return _activation(read_outlook(chain, now), plan.code, start_on, count, now, 1)


def preview_activation_below(
    chain: Sequence[Tenant], child: Tenant, plan: Plan, start_on: date, count: int, now: datetime
) -> Preview:
    """The same for a direct child of the chain's last tenant, of whose plans it is one that is based on `plan`."""
    book = read_price_book((*chain, child))
    based = Plan(child.tenant_id, plan.code, plan.name, 1, 1, 0, plan.plan_id, plan.day_count)
    plans = ({**book.plans[0], _code_beside(book, plan.code): based}, *book.plans[1:])
    outlook = read_outlook((*chain, child), now, replace(book, plans=plans))
    return _activation(outlook, _code_beside(book, plan.code), start_on, count, now, 2)


def _code_beside(book: PriceBook, code: str) -> str:
    """A plan code that is none of the child's own, whose lines stay as they are."""
    return f"{code}/{len(book.plans[0])}"


def _activation(outlook: Outlook, code: str, start_on: date, count: int, now: datetime, shown: int) -> Preview:
    events = tuple(
        ServiceEvent(EventKind.CONNECT, start_on, to_micros(now), order_of_one(number), number, 0, code)
        for number in range(FIRST_NUMBER, FIRST_NUMBER + count)
    )
    refused = _refused(outlook, code, start_on, count, now)
    return preview(outlook, Act("activation", start_on, events, refused), shown)


def _refused(outlook: Outlook, code: str, start_on: date, count: int, now: datetime) -> Refused | None:
    """Why these connections would be refused, as `guard_new_connections` and `guard_not_overdue` would."""
    ids = [tenant.tenant_id for tenant in outlook.chain]
    pinned = outlook.state.pinned_through
    if len(ids) == 1:
        return None
    taken = taken_by(outlook.book, Counter({(code, max(start_on, outlook.first)): count}))
    funds = read_limits(list(taken))
    short = next(
        (one for one, minor in taken.items() if funds[one].balance_minor < funds[one].minimum_balance_minor + minor),
        None,
    )
    if short is not None:
        return _as_refused(fund_too_low(ids, short), name_short(ids, short))
    overdue = refused_as_overdue(outlook.chain, now)
    if overdue is not None:
        return _as_refused(overdue, None)
    if pinned is not None and start_on <= pinned:
        why = f"The day {start_on} is settled or being settled; it cannot be changed."
        return Refused("day-already-pinned", why, None)
    return None


def _as_refused(refusal: Conflict, short: str | None) -> Refused:
    return Refused(refusal.code, refusal.detail, short)


def preview_event(chain: Sequence[Tenant], subscriber_number: int, asked: AskedChange, now: datetime) -> Preview:
    """What an event of a subscriber of the chain's last tenant would do; refused as recording it would be."""
    tenant = chain[-1]
    before = find_subscriber(tenant.tenant_id, subscriber_number)
    _, events = foresee_event(before, asked, day_at(now, tenant.timezone), now)
    filed = filing_of(chain)(events)
    return preview(read_outlook(chain, now), Act(asked.kind.value, asked.effective_on, filed.events), 1)
