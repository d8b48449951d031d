"""Reading a fund: its movements, newest first, and whether it allows new connections."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.funds.model import Fund
from chalicelib.ledger.entries import list_entries
from chalicelib.ledger.journal import Entry
from chalicelib.tenants.model import Tenant


@dataclass(frozen=True)
class Standing:
    """Whether a tenant may connect new subscribers: not while it, its parent or somebody above is short."""

    open: bool
    short_tenant: str | None


def list_movements(tenant_id: str, *, limit: int, after: str | None) -> tuple[list[Entry], str | None]:
    """A page of the fund's movements, newest first: the entries of the tenant's book that touch its fund."""
    return list_entries(tenant_id, "fund", limit=limit, after=after)


def name_short(chain: Sequence[str], short_id: str) -> str:
    """How a reseller is told who is short: its own id, its direct parent's, or `upstream` for anybody above that."""
    return short_id if short_id in chain[-2:] else "upstream"


def connections_standing(chain: Sequence[Tenant], funds: dict[str, Fund]) -> Standing:
    """Whether new connections are open for the last tenant of the chain.

    A new connection costs its own tenant at least what the cheapest did on the last settled day, and something in any
    case; those above it may earn by it and have to hold at least their minimum.
    """
    ids = [tenant.tenant_id for tenant in chain]
    for tenant_id in reversed(ids):
        fund = funds.get(tenant_id)
        if fund is None or not fund.is_open:
            continue
        needed = max(fund.first_charge_minor, 1) if tenant_id == ids[-1] else 0
        if fund.balance_minor - fund.minimum_balance_minor < needed:
            return Standing(False, name_short(ids, tenant_id))
    return Standing(True, None)


def runway_days(fund: Fund) -> int | None:
    """How many days the fund lasts at the rate of the last settled day; None when that day used nothing."""
    if fund.used_minor <= 0:
        return None
    return max(0, fund.spendable_minor) // fund.used_minor
