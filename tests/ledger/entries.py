"""What the tests of books share: lines, and entries made by hand at an instant of one's choice."""

from datetime import date, datetime

from chalicelib.ledger.chart import BANK, CASH, INTERNET_REVENUE, OTHER_EXPENSE
from chalicelib.ledger.hand.manual import record_entry, reverse_entry
from chalicelib.ledger.journal import Draft, Entry, Line, credit, debit
from chalicelib.tenants.model import Tenant
from tests.world import NOW

TODAY = date(2026, 11, 22)
ACCOUNTS = (CASH, BANK, INTERNET_REVENUE, OTHER_EXPENSE)


def sale(minor: int = 5_00) -> tuple[Line, ...]:
    return (debit(CASH, minor), credit(INTERNET_REVENUE, minor))


def a_draft(lines: tuple[Line, ...] | None = None, **changes: str | date) -> Draft:
    fields: dict[str, str | date] = {"kind": "manual", "effective_on": TODAY, "service_on": TODAY, "memo": "a sale"}
    return Draft(lines=sale() if lines is None else lines, **{**fields, **changes})  # type: ignore[arg-type]


def record(tenant: Tenant, lines: tuple[Line, ...], on: date = TODAY, now: datetime = NOW) -> Entry:
    return record_entry(tenant, on, "by hand", lines, "uboss", "", now)


def reverse(tenant: Tenant, entry: Entry, now: datetime = NOW) -> Entry:
    return reverse_entry(tenant, entry.entry_id, "a slip of the pen", "uboss", "", now)
