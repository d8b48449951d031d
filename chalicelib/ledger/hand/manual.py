"""Entries made by people: recording one by hand, opening balances, and reversing one, once."""

from datetime import date, datetime

from chalicelib.auth.model import Author
from chalicelib.aws.tables import Remember, forget
from chalicelib.core.dates import day_at
from chalicelib.core.errors import Conflict
from chalicelib.ledger.entries import find_entry
from chalicelib.ledger.hand.posting import post_by_hand
from chalicelib.ledger.hand.vouchers import MANUAL, REVERSAL, REVERSIBLE, Voucher
from chalicelib.ledger.journal import GENERAL, Entry, Line
from chalicelib.tenants.model import Tenant


def record_entry(
    tenant: Tenant,
    effective_on: date,
    memo: str,
    lines: tuple[Line, ...],
    recorded_by: str,
    acting_by: str,
    now: datetime,
    remember: Remember = forget,
) -> Entry:
    """Post an entry to the general journal of the tenant's book; refusals as of `record_voucher`."""
    voucher = Voucher(MANUAL, GENERAL, effective_on, memo, lines)
    return record_voucher(tenant, voucher, Author(recorded_by, acting_by), now, remember)


def record_voucher(
    tenant: Tenant, voucher: Voucher, author: Author, now: datetime, remember: Remember = forget
) -> Entry:
    """Post a voucher that one person may post alone; 409 `needs-approval` above the tenant's amount.

    422 for an account that is not there, closed, or only for the system, for a day that has not come or is closed
    (`period-closed`), and `unbalanced-entry` when the lines do not balance.
    """
    return post_by_hand(tenant, voucher, author, now, may=lambda rules: rules.refuse_above(voucher), remember=remember)


def reverse_entry(
    tenant: Tenant,
    entry_id: str,
    reason: str,
    recorded_by: str,
    acting_by: str,
    now: datetime,
    remember: Remember = forget,
) -> Entry:
    """Post the mirror image of an entry made by hand, today.

    409 `already-reversed`, `not-reversible` for the system's own, `needs-approval`, `account-closed`.
    """
    voucher = reversal_of(tenant, entry_id, reason, now)
    return record_voucher(tenant, voucher, Author(recorded_by, acting_by), now, remember)


def reversal_of(tenant: Tenant, entry_id: str, reason: str, now: datetime) -> Voucher:
    """What takes an entry back, dated today; `NotFound`, 409 `not-reversible` for what the system posted."""
    entry = find_entry(tenant.tenant_id, entry_id)
    draft = entry.draft
    if draft.kind not in REVERSIBLE:
        raise Conflict("not-reversible", "Only an entry made by hand is reversed; money is moved back by its own way.")
    lines = tuple(line.mirrored for line in draft.lines)
    today = day_at(now, tenant.timezone)
    return Voucher(REVERSAL, GENERAL, today, reason, lines, corrects=entry_id, about=draft.service_on)
