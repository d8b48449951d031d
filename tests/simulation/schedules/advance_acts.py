"""What happens under a tariff that charges in advance, and when a reseller gets another mode."""

from __future__ import annotations

from datetime import date

from chalicelib.billing.ahead import charge_ahead
from chalicelib.billing.model import RefundPolicy, Timing
from chalicelib.billing.modes import change_mode
from chalicelib.billing.tariffs import TariffTerms, set_tariff
from chalicelib.core.dates import ONE_DAY
from chalicelib.core.proration import DayCount
from chalicelib.funds.limits import read_fund
from chalicelib.funds.model import Method
from chalicelib.tenants.amend import Amendment, Around, amend_reseller
from chalicelib.tenants.hierarchy import read_chain
from chalicelib.tenants.model import Mode, Tenant

from .acts import all_of, chain_of, move, settle, sides
from .movement import Act
from .stage import FIRST, Stage


def in_advance(stage: Stage, on: date = FIRST) -> None:
    """Both edges above Beta charge in advance from that day on; Alpha gives back all unused days, the operator none."""
    for child_id, policy in (("beta", RefundPolicy.UNUSED_DAYS), ("alpha", RefundPolicy.NONE)):
        prices = (("HOME", 57_500), ("FAST", 89_950))
        terms = TariffTerms(on, Timing.ADVANCE, DayCount.CALENDAR_MONTH, policy, 0, prices)
        set_tariff(*sides(stage, child_id), terms, stage.now)


both_days_settled = all_of(
    *(settle(tenant_id, day) for day in (FIRST, FIRST + ONE_DAY) for tenant_id in ("beta", "alpha"))
)


def charge_now(tenant_id: str = "beta") -> Act:
    """What is due in advance today is charged."""

    def act(stage: Stage) -> None:
        charge_ahead(chain_of(stage, tenant_id), stage.now)

    return act


def empty(stage: Stage) -> None:
    """Gamma's fund is given back to the last unit."""
    balance = read_fund("gamma").balance_minor
    stage.claimed("empty gamma", lambda remember: move(stage, "gamma", -balance, Method.CASH, remember))


def mode(wanted: Mode, tenant_id: str = "gamma") -> Act:
    """The parent deals with its child in another way from now on."""

    def act(stage: Stage) -> None:
        chain = chain_of(stage, tenant_id)
        parents = read_chain([tenant.tenant_id for tenant in chain[:-1]])

        def look_around(before: Tenant) -> Around:
            return Around(False, change_mode(before, wanted, stage.now) if before.mode is not wanted else ())

        amend_reseller(parents, tenant_id, Amendment(mode=wanted), look_around)

    return act
