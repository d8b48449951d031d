"""The trial balance of a book: now, at the end of a day by accounting or service date, as known at an instant.

The totals kept with the journal heads answer for now; a day or an instant is answered from the digests (`kept.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.core.dates import ONE_DAY, start_of, to_micros
from chalicelib.ledger.accounts import read_chart
from chalicelib.ledger.chart import Account
from chalicelib.ledger.heads import read_heads, totals_of
from chalicelib.ledger.journal import Head
from chalicelib.ledger.totals.digests import Sum, net_by_account
from chalicelib.ledger.totals.kept import read_kept
from chalicelib.tenants.model import Tenant

__all__ = ["BalanceLine", "TrialBalance", "balances_at", "read_heads", "trial_balance"]


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


def trial_balance(
    tenant: Tenant, *, on: date | None = None, by: str = "effective_on", known_at: datetime | None = None
) -> TrialBalance:
    """The balances of a tenant's book at the end of day `on` (now, if None), of what was recorded by `known_at`."""
    return _arrange(balances_at(tenant, on=on, by=by, known_at=known_at), read_chart(tenant))


def balances_at(tenant: Tenant, *, on: date | None, by: str, known_at: datetime | None) -> dict[str, int]:
    """The net debit of every account that has one. From the heads alone where nothing recorded can lie behind."""
    heads = read_heads(tenant.tenant_id)
    if _all_belong(heads, tenant, on, known_at):
        return totals_of(heads)
    kept = read_kept(tenant.tenant_id, known_at, heads)
    return net_by_account(kept.sums if on is None else until(kept.sums, by, on))


def until(sums: Iterable[Sum], by: str, on: date) -> Iterable[Sum]:
    """What belongs to the days up to that one, by accounting date (`effective_on`) or by `service_on`."""
    last = on.isoformat()
    if by == "service_on":
        return (one for one in sums if one.service_on <= last)
    return (one for one in sums if one.effective_on <= last)


def _all_belong(heads: list[Head], tenant: Tenant, on: date | None, known_at: datetime | None) -> bool:
    """Whether everything recorded so far belongs to that day and instant: nothing is recorded about a day to come.

    A child's day may be settled before it begins for its parent: in the first place where the day after `on` is over.
    """
    bounds = []
    if on is not None:
        first_over = start_of(on + 2 * ONE_DAY, "Pacific/Kiritimati")
        bounds.append(to_micros(min(start_of(on + ONE_DAY, tenant.timezone), first_over)))
    if known_at is not None:
        bounds.append(to_micros(known_at) + 1)
    return max((head.recorded_micros for head in heads), default=0) < min(bounds, default=2**63)


def _arrange(totals: Mapping[str, int], chart: Mapping[str, Account]) -> TrialBalance:
    lines = tuple(BalanceLine(chart[code], max(net, 0), max(-net, 0)) for code, net in sorted(totals.items()) if net)
    return TrialBalance(lines, sum(line.debit_minor for line in lines), sum(line.credit_minor for line in lines))
