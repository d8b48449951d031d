"""Statements of a book: the trial balance, by accounting date or service date, as known at any instant.

The totals kept with the journal heads answer for today. For an earlier day or instant, what was recorded since is taken
off again: nothing is effective, or about a day, before that day has begun for its tenant (or is over for its child), so
only entries recorded since then can differ. The whole journal is never read.
"""

from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.aws import keys
from chalicelib.aws.tables import read_all
from chalicelib.core.dates import ONE_DAY, start_of, to_micros
from chalicelib.ledger.accounts import read_chart
from chalicelib.ledger.chart import Account
from chalicelib.ledger.entries import PARTS
from chalicelib.ledger.journal import Head
from chalicelib.ledger.store import EntryRow, HeadRow, to_head
from chalicelib.tenants.model import Tenant


@dataclass(frozen=True)
class BalanceLine:
    """One account of a trial balance; one of debit and credit is zero."""

    account: Account
    debit_minor: int
    credit_minor: int


@dataclass(frozen=True)
class TrialBalance:
    """Every account with a balance, by code; the two totals are equal."""

    lines: tuple[BalanceLine, ...]
    total_debit_minor: int
    total_credit_minor: int


def read_heads(tenant_id: str) -> list[Head]:
    """Where every journal of a book stands, by name: one request for some thousands of journals."""
    return [to_head(tenant_id, row.journal, row) for row in read_all(HeadRow, keys.journals(tenant_id))]


def trial_balance(
    tenant: Tenant, *, on: date | None = None, by: str = "effective_on", known_at: datetime | None = None
) -> TrialBalance:
    """The balances of a tenant's book at the end of day `on` (now, if None), of what was recorded by `known_at`."""
    heads = read_heads(tenant.tenant_id)
    totals: dict[str, int] = {}
    for head in heads:
        for account, net in head.totals.items():
            totals[account] = totals.get(account, 0) + net
    since = _recorded_since(tenant, on, known_at)
    if since is not None:
        _take_off(totals, heads, tenant.tenant_id, since, on, by, known_at)
    return _arrange(totals, read_chart(tenant))


def _recorded_since(tenant: Tenant, on: date | None, known_at: datetime | None) -> int | None:
    """The first instant at which something that does not belong could have been recorded; None if everything belongs."""
    bounds = []
    if on is not None:
        # A child's day may be settled before it begins for its parent: the first place where the day after `on` is over.
        first_over = start_of(on + 2 * ONE_DAY, "Pacific/Kiritimati")
        bounds.append(to_micros(min(start_of(on + ONE_DAY, tenant.timezone), first_over)))
    if known_at is not None:
        bounds.append(to_micros(known_at) + 1)
    return min(bounds, default=None)


def _take_off(
    totals: dict[str, int],
    heads: list[Head],
    tenant_id: str,
    since: int,
    on: date | None,
    by: str,
    known_at: datetime | None,
) -> None:
    counted = {head.journal: head.sequence for head in heads}
    if max((head.recorded_micros for head in heads), default=0) < since:
        return
    for part in PARTS:
        for row in read_all(EntryRow, keys.entries(tenant_id, part), first=f"{since:016d}"):
            if row.sequence > counted.get(row.journal, 0):
                continue  # recorded after the heads were read: their totals do not hold it
            late = known_at is not None and row.recorded_micros > to_micros(known_at)
            later = on is not None and (row.service_on if by == "service_on" else row.effective_on) > on.isoformat()
            if late or later:
                for account, debit_minor, credit_minor, _ in row.lines:
                    totals[account] -= debit_minor - credit_minor


def _arrange(totals: dict[str, int], chart: dict[str, Account]) -> TrialBalance:
    lines = tuple(BalanceLine(chart[code], max(net, 0), max(-net, 0)) for code, net in sorted(totals.items()) if net)
    return TrialBalance(lines, sum(line.debit_minor for line in lines), sum(line.credit_minor for line in lines))
