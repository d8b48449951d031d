"""Charging in advance when it falls due: at activation, on a change of plan, on disconnection and at each renewal.

It is not left to the end of the day, when the day is settled: the money that a period costs leaves the funds as soon as
it is known. What is due is computed anew from the events of the day so far, less what was charged already; so it may run
at any time and as often as one likes, and what a crash prevents, the settlement of the day charges.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from chalicelib.aws import clock, keys
from chalicelib.aws.log import log
from chalicelib.aws.tables import ConditionFailed, write
from chalicelib.billing.ahead_kept import keep_ahead, read_ahead
from chalicelib.billing.charging import Ahead, Charging, charge_sheet
from chalicelib.billing.cut import find_cut
from chalicelib.billing.legs import Use
from chalicelib.billing.levels import Levels, Standing
from chalicelib.billing.marks import finish_marks
from chalicelib.billing.model import State, Timing
from chalicelib.billing.post import levels_of
from chalicelib.billing.price_book import DayPrices, NotPricedError, read_price_book, tariffs_of_chain
from chalicelib.billing.settle import read_day_sheet
from chalicelib.billing.state import change_state
from chalicelib.billing.store import StateRow, to_state
from chalicelib.core.dates import day_at
from chalicelib.core.errors import Unavailable
from chalicelib.core.money import share_of
from chalicelib.ledger.journal import Draft, Line
from chalicelib.tenants.hierarchy import read_chain
from chalicelib.tenants.model import Tenant

TRIES = 16


def charge_ahead(chain: Sequence[Tenant], now: datetime) -> bool:
    """Charge what today's activations and renewals of the chain's last tenant owe in advance; whether anything moved.

    Nothing happens where no level charges in advance, or before yesterday is settled: then the next run does it, or the
    settlement. A service that a fund does not cover is left to the settlement, which suspends it.
    """
    if not any(one.timing is Timing.ADVANCE for edge in tariffs_of_chain(chain) for one in edge):
        return False
    tenant = chain[-1]
    today = day_at(now, tenant.timezone)
    for attempt in range(TRIES):
        clock.back_off(attempt)
        state = finish_marks(chain)
        if not is_due(state, tenant, today):
            return False
        book = read_price_book(read_chain([one.tenant_id for one in chain]))
        prices = book.prices_on(today)
        ahead = read_ahead(tenant.tenant_id, today, state.ahead_of(today), len(prices.levels))
        sheet = read_day_sheet(tenant, book, state, today)
        charging = charge_sheet(sheet, prices, today, ahead.lines, is_early=True)
        try:
            return _charge(chain, state, today, charging, prices, ahead, now)
        except ConditionFailed:
            continue
    raise Unavailable("busy", "The funds above this tenant are moving all the time; it will be tried again.")


def is_due(state: State, tenant: Tenant, today: date) -> bool:
    """Whether what today owes in advance can be charged: all days before are settled, and nothing holds this one."""
    is_open = state.pinned_through == state.last_day and not state.parked and not state.is_held(today)
    return is_open and state.next_day(tenant.settles_from) == today


def _charge(
    chain: Sequence[Tenant],
    before: State,
    today: date,
    charging: Charging,
    prices: DayPrices,
    ahead: Ahead,
    now: datetime,
) -> bool:
    tenant = chain[-1]
    levels = Levels(tuple(reversed(chain[1:])), prices.terms.modes)
    (row,), standing = levels.read([(StateRow, keys.settlement_state(tenant.tenant_id))], now)
    if to_state(tenant.tenant_id, row).revision != before.revision:
        raise ConditionFailed({})
    cut = find_cut(charging.lines, charging.costs, levels_of(standing, charging, prices))
    lines = charging.moved_by_service(cut.count)
    if not lines:
        if before.ahead_on != today:
            write(change_state(before, replace(before, ahead_on=today, ahead=0)))
        return False
    uses = uses_now(charging, cut.count, prices, ahead)
    number = before.ahead_of(today)
    entry_id = _post(chain, standing, uses, today, number)
    write(
        change_state(before, replace(before, ahead_on=today, ahead=number + 1)),
        keep_ahead(tenant.tenant_id, today, number, uses, lines, entry_id),
        *standing.moves(uses),
        *standing.posting.operations(),
    )
    return True


def uses_now(charging: Charging, count: int, prices: DayPrices, ahead: Ahead) -> list[Use]:
    """What each level pays now; its tax is what the day's tax rises by."""
    moved, _ = charging.totals(count)
    return [
        Use(one, 0, share_of(done.moved_minor + one, bps) - done.tax_minor)
        for one, done, bps in zip(moved, ahead.uses, prices.tax_bps, strict=True)
    ]


def _post(chain: Sequence[Tenant], standing: Standing, uses: list[Use], today: date, number: int) -> str | None:
    tenant = chain[-1]
    run = f"{tenant.tenant_id}/{today}/{number}"

    def draft_of(_level: int, _is_sellers: bool, lines: tuple[Line, ...]) -> Draft:
        return Draft("advance", today, today, f"In advance for the subscribers of {tenant.code}", lines, run=run)

    return standing.post(uses, draft_of, [(today, today)] * len(uses), f"Lent on {today}", run)


def charge_soon(chain: Sequence[Tenant], now: datetime) -> None:
    """As `charge_ahead`, after something that may owe in advance; whatever comes of it, the settlement charges the day."""
    try:
        charge_ahead(chain, now)
    except (Unavailable, NotPricedError) as why:
        log("an advance charge waits", tenant=chain[-1].tenant_id, why=str(why))
