"""Suspension of who is overdue, and return of who has paid: service events that billing records by itself.

Each event is written together with the account that remembers it, so that whatever happens in between, what billing has
disabled is what it enables again. Repeating either finds what is left to do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from chalicelib.aws import clock, keys
from chalicelib.aws.guards import Guard, together
from chalicelib.aws.log import log
from chalicelib.aws.tables import ConditionFailed, Put, forget, read, write
from chalicelib.core.dates import day_at
from chalicelib.core.errors import Conflict, NotFound, Refusal, Unavailable
from chalicelib.crm.change import AskedChange, record_event
from chalicelib.crm.filing import File, Filed
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.model import EventKind, ServiceEvent
from chalicelib.crm.service import Service
from chalicelib.retail.account_model import Account, OpenItem
from chalicelib.retail.account_store import put_account
from chalicelib.retail.find import find_account, read_terms
from chalicelib.retail.late_fees import late_items
from chalicelib.retail.model import Terms
from chalicelib.retail.store import ReturnsRow, put_returns, to_returns
from chalicelib.tenants.hierarchy import find_tenant
from chalicelib.tenants.model import Tenant

TRIES = 16
REASON = "overdue"
"""What an event says that billing recorded because a subscriber had not paid, or has."""

FileOf = Callable[[Tenant], File]
"""How the events of a tenant's services are filed: billing's knowledge, handed in by the entrypoint."""


class _AccountMoved(Refusal):
    """The account is not as it was read: nothing was written, and it is read again."""

    def __init__(self) -> None:
        super().__init__("account-moved", "The account moved.")


@dataclass(frozen=True)
class Chaser:
    """Who suspends and brings back: the biller with its terms, at an instant, and how events are filed."""

    biller: Tenant
    terms: Terms
    now: datetime
    file_of: FileOf

    @property
    def today(self) -> date:
        """Today where the biller is, by which it is said what is late."""
        return day_at(self.now, self.biller.timezone)

    def late(self, account: Account) -> list[OpenItem]:
        """What is past due and grace."""
        return late_items(account.open_items, self.terms.grace_days, self.today)


def suspend_late(chaser: Chaser, account: Account) -> Account:
    """Disable every service of the subscriber that is enabled today, once for each document that becomes late.

    Nothing happens where the terms do not say so, nothing is late, or the newest late document has suspended it already:
    what somebody enables by hand then stays enabled until another one is late. Returns the account after it.
    """
    for attempt in range(TRIES):
        clock.back_off(attempt)
        late = chaser.late(account)
        if not (chaser.terms.suspend_overdue and late) or account.suspended_for == late[-1].local_id:
            return account
        tenant, today = _whose(chaser, account)
        subscriber = find_subscriber(account.tenant_id, account.number)
        running = [service for service in subscriber.services if _is_enabled(service, today)]
        try:
            for place, service in enumerate(running):
                is_last = place == len(running) - 1
                told = account._replace(suspended_for=late[-1].local_id) if is_last else account
                after = told._replace(disabled_services=_with(account.disabled_services, service.number))
                is_done = _recorded(chaser, tenant, EventKind.DISABLE, service.number, account, after)
                account = after.written() if is_done else _kept(account, told)
            if not running:
                account = _kept(account, account._replace(suspended_for=late[-1].local_id))
        except _AccountMoved:
            account = find_account(account.biller_id, account.tenant_id, account.number)
            continue
        return account
    raise Unavailable("busy", "This account is moving all the time; it will be tried again.")


def bring_back(chaser: Chaser, account: Account) -> Account:
    """Enable again exactly what billing disabled, once nothing is late any more; returns the account after it.

    A service that somebody enabled or disconnected meanwhile, or that an event to come stands against, is left as it is.
    """
    for attempt in range(TRIES):
        clock.back_off(attempt)
        if account.suspended_for is None and not account.disabled_services or chaser.late(account):
            return account
        tenant, _ = _whose(chaser, account)
        try:
            for number in account.disabled_services:
                left = tuple(one for one in account.disabled_services if one != number)
                after = account._replace(disabled_services=left, suspended_for=account.suspended_for if left else None)
                is_done = _recorded(chaser, tenant, EventKind.ENABLE, number, account, after)
                account = after.written() if is_done else _kept(account, after)
            account = _kept(account, account._replace(suspended_for=None))
        except _AccountMoved:
            account = find_account(account.biller_id, account.tenant_id, account.number)
            continue
        return account
    raise Unavailable("busy", "This account is moving all the time; it will be tried again.")


def bring_back_paid(biller: Tenant, now: datetime, file_of: FileOf) -> int:
    """Bring back everybody who waits for it, paid and noted as such; returns how many waited. Safe to repeat."""
    waiting = to_returns(read(ReturnsRow, keys.retail_returns(biller.tenant_id))).waiting
    if waiting:
        chaser = Chaser(biller, read_terms(biller), now, file_of)
        for tenant_id, number in waiting:
            bring_back(chaser, find_account(biller.tenant_id, tenant_id, number))
        _forget_waiting(biller.tenant_id, waiting)
    return len(waiting)


def _forget_waiting(biller_id: str, done: Sequence[tuple[str, int]]) -> None:
    for attempt in range(TRIES):
        clock.back_off(attempt)
        before = to_returns(read(ReturnsRow, keys.retail_returns(biller_id)))
        left = [place for place in before.waiting if place not in done]
        if len(left) == len(before.waiting):
            return
        try:
            write(put_returns(biller_id, before, left))
        except ConditionFailed:
            continue
        return
    raise Unavailable("busy", "Too many accounts are being paid at this moment; it will be tried again.")


def _whose(chaser: Chaser, account: Account) -> tuple[Tenant, date]:
    """The tenant whose subscriber it is, and today there: the day on which its services change."""
    is_own = account.tenant_id == chaser.biller.tenant_id
    tenant = chaser.biller if is_own else find_tenant(account.tenant_id)
    return tenant, day_at(chaser.now, tenant.timezone)


def _is_enabled(service: Service, today: date) -> bool:
    """Whether it is there to be disabled; one that is short of funds is, so that no recharge brings it back."""
    if service.start_on > today:
        return False
    state = service.state_on(today)
    return state.enabled and state.disconnected_on is None


def _recorded(
    chaser: Chaser, tenant: Tenant, kind: EventKind, service_number: int, before: Account, after: Account
) -> bool:
    """Record the event together with the account; False where something stands against it, and nothing was written."""
    today = day_at(chaser.now, tenant.timezone)
    asked = AskedChange(kind, today, None, service_number)
    file = _together_with(chaser.file_of(tenant), put_account(before, after))
    try:
        record_event(tenant, before.number, asked, file, today, chaser.now, forget)
    except _AccountMoved:
        raise
    except (Conflict, NotFound) as refusal:
        log("an overdue service is left as it is", tenant=tenant.tenant_id, service=service_number, why=refusal.code)
        return False
    return True


def _together_with(file: File, put: Put) -> File:
    """File events with their reason, and write the account along."""
    moved = Guard((put,), lambda failure: _AccountMoved() if failure.failed(put) else None)

    def filed(events: Sequence[ServiceEvent]) -> Filed:
        plain = file([replace(event, reason=REASON) for event in events])
        return Filed(plain.events, together([moved, plain.guard]))

    return filed


def _kept(before: Account, after: Account) -> Account:
    """Write the account alone, where it is another one; the account as it lies there then."""
    if after == before:
        return before
    try:
        write(put_account(before, after))
    except ConditionFailed:
        raise _AccountMoved from None
    return after.written()


def _with(numbers: tuple[int, ...], number: int) -> tuple[int, ...]:
    return numbers if number in numbers else (*numbers, number)
