"""Facts in the small world as users record them, days that are settled in it, and what both come to."""

from datetime import date, datetime, timedelta

from chalicelib.aws.tables import forget
from chalicelib.billing.correct import correct_late_facts
from chalicelib.billing.corrections import Correction
from chalicelib.billing.days import BilledDay, bill_services, by_service
from chalicelib.billing.late import filing_of
from chalicelib.billing.settle import settle_day
from chalicelib.core.dates import days_between
from chalicelib.crm.change import AskedChange, RecordedChange, record_event
from chalicelib.crm.events import read_whole_history
from chalicelib.crm.model import EventKind
from chalicelib.crm.plans import find_plan
from chalicelib.funds.limits import read_limits
from chalicelib.ledger.statements import trial_balance
from chalicelib.tenants.model import Tenant
from tests.world import NOW

Chain = tuple[Tenant, ...]


def record(
    chain: Chain,
    subscriber: int,
    kind: EventKind,
    on: date,
    plan: str | None = None,
    withdraws: EventKind | None = None,
    now: datetime = NOW,
) -> RecordedChange:
    """The fact alone, as the first transaction writes it; corrected is another step."""
    owner = chain[-1]
    asked = AskedChange(kind, on, find_plan(owner.tenant_id, plan) if plan else None, None, withdraws)
    return record_event(owner, subscriber, asked, filing_of(chain), NOW.date(), now, forget)


def correct(chain: Chain, now: datetime = NOW) -> list[Correction]:
    return correct_late_facts(chain[-1].chain, now)


def settle(chain: Chain, first: date, last: date) -> None:
    for day in days_between(first, last):
        settle_day(chain, day, NOW)


def bill(chain: Chain, subscriber: int, first: date, last: date) -> list[BilledDay]:
    histories = by_service(read_whole_history(chain[-1].tenant_id, subscriber))
    return bill_services(chain, [histories[number] for number in sorted(histories)], first, last)


def charges(chain: Chain, subscriber: int, first: date, last: date) -> list[int | None]:
    return [day.charge_minor for day in bill(chain, subscriber, first, last)]


def balances(*tenant_ids: str) -> list[int]:
    funds = read_limits(list(tenant_ids))
    return [funds[tenant_id].balance_minor for tenant_id in tenant_ids]


def accounts(of: Tenant, **asked: object) -> dict[str, int]:
    """Net debit by account name."""
    found = trial_balance(of, **asked).lines  # type: ignore[arg-type]
    return {line.account.name: line.debit_minor - line.credit_minor for line in found}


def day(number: int) -> date:
    """A day of November 2026."""
    return date(2026, 11, 1) + timedelta(days=number - 1)
