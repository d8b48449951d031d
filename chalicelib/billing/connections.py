"""New connections: allowed while every fund of the chain covers their first charge and keeps its minimum balance."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from chalicelib.aws import keys
from chalicelib.aws.guards import Guard, together
from chalicelib.aws.tables import Check, ConditionFailed
from chalicelib.billing.cut import with_tax
from chalicelib.billing.overdue import guard_not_overdue
from chalicelib.billing.pins import guard_day
from chalicelib.billing.price_book import DayPrices, PriceBook, read_price_book
from chalicelib.billing.state import read_state
from chalicelib.core.errors import Conflict, FieldError, Invalid, Refusal, Unavailable
from chalicelib.crm.model import Plan
from chalicelib.funds.limits import read_limits
from chalicelib.funds.model import Fund
from chalicelib.funds.movements import name_short
from chalicelib.funds.store import FundRow
from chalicelib.tenants.model import Tenant


def guard_new_connections(chain: Sequence[Tenant], starts: Sequence[tuple[Plan, date]], now: datetime) -> Guard:
    """What must hold for services of these plans to start on these days under the last tenant of the chain.

    422 `plan-not-priced` at once; the guard refuses with 409 `fund-too-low` (naming who is short) and
    `day-already-pinned`. The first charge is that of the first day that will be settled; the sum counts. A buyer that is
    invoiced, or earns a percentage, has no fund to be short.
    """
    tenant = chain[-1]
    if not starts:
        return Guard((), lambda failure: None)
    pinned = guard_day(tenant.tenant_id, min(day for _, day in starts))
    if tenant.is_operator:
        return pinned
    unsettled = read_state(tenant.tenant_id).next_day(tenant.settles_from)
    charges = Counter((plan.code, max(start_on, unsettled)) for plan, start_on in starts)
    taken = taken_by(read_price_book(chain), charges)
    funds = read_limits([buyer.tenant_id for buyer in reversed(chain[1:])])
    checks = {tenant_id: _covers(funds[tenant_id], taken_minor) for tenant_id, taken_minor in taken.items()}

    def explain(failure: ConditionFailed) -> Refusal | None:
        short = next((tenant_id for tenant_id, check in checks.items() if failure.failed(check)), None)
        if short is None:
            return None
        row = failure.rows[checks[short]]
        if isinstance(row, FundRow) and row.minimum_balance_minor != funds[short].minimum_balance_minor:
            return Unavailable("busy", "A limit was changed at this moment; please send the request again.")
        return fund_too_low([tenant.tenant_id for tenant in chain], short)

    return together([Guard(tuple(checks.values()), explain), guard_not_overdue(chain, now), pinned])


def taken_by(book: PriceBook, charges: Counter[tuple[str, date]]) -> dict[str, int]:
    """What the first charges of that many connections, by plan code and first day, take from each fund of the chain less
    what they bring it, from the bottom up. 422 `plan-not-priced`."""
    taken = {}
    gained = 0
    for buyer, total in zip(book.buyers, _first_charges(book, charges), strict=True):
        if buyer.has_fund:
            taken[buyer.tenant_id] = total - gained
        gained = total if buyer.has_fund else 0
    return taken


def _covers(fund: Fund, charge_minor: int) -> Check:
    """The fund, less what the first charge takes from it, is not below its minimum balance as it is now."""
    enough = FundRow.balance_minor >= fund.minimum_balance_minor + charge_minor
    same_minimum = FundRow.minimum_balance_minor == fund.minimum_balance_minor
    return Check(FundRow.at(keys.fund(fund.tenant_id)), enough & same_minimum)


def fund_too_low(chain: Sequence[str], short_id: str) -> Conflict:
    """The refusal of a connection for which that fund of the chain is short."""
    short = name_short(chain, short_id)
    whose = {chain[-1]: "Your fund", "upstream": "A fund upstream"}.get(short, "Your parent's fund")
    return Conflict("fund-too-low", f"{whose} does not cover a new connection and keep its minimum balance.")


def _first_charges(book: PriceBook, charges: Counter[tuple[str, date]]) -> list[int]:
    """What all these connections cost each buyer at once, with tax, from the bottom up: their first day, or the rest of
    its period where the tariff charges in advance."""
    days: dict[date, DayPrices] = {}
    nets: dict[date, list[int]] = {}
    for (code, day), count in charges.items():
        if day not in days:
            days[day] = book.prices_on(day)
            nets[day] = [0] * len(book.buyers)
        prices = days[day].first_charges(code, day)
        if prices is None:
            message = f"{code} has no price at some level on {day}"
            raise Invalid("plan-not-priced", message, (FieldError("plan", message),))
        nets[day] = [total + count * price for total, price in zip(nets[day], prices, strict=True)]
    taxed = [
        [with_tax(total, bps) for total, bps in zip(totals, days[day].tax_bps, strict=True)]
        for day, totals in nets.items()
    ]
    return [sum(level) for level in zip(*taxed, strict=True)]
