"""The day-by-day bill of one service: what each day was, what it cost, by which rule, in which entry, and which correction
told it last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from chalicelib.billing.advance import EdgeTerms
from chalicelib.billing.correction_store import find_correction
from chalicelib.billing.difference import read_ground
from chalicelib.billing.model import RefundPolicy, SettledDay, State, Timing
from chalicelib.billing.price_book import DayPrices, read_price_book, rule_named
from chalicelib.billing.service_days import KnownDays, ServiceDay, Setting
from chalicelib.billing.state import read_state_and_days
from chalicelib.core.dates import ONE_DAY, days_between
from chalicelib.core.proration import DayCount, period_of
from chalicelib.crm.model import ServiceEvent
from chalicelib.tenants.model import Tenant

MAX_SPAN = timedelta(days=366)


@dataclass(frozen=True)
class BilledDay:
    """One day of one service. `state` is enabled, disabled, suspended, disconnected or scheduled.

    `is_billed`: the day is settled and the service was billed for it, whenever that was paid. `buying_price_minor` is what
    the day costs its tenant if it is billed, `charge_minor` what it was charged, by what is
    posted now: None while the day is not settled. `correction` is the number of the last correction that changed it.
    """

    day: date
    service_number: int
    state: str
    plan: str
    buying_price_minor: int | None
    charge_minor: int | None
    rule: str
    entry_id: str | None
    correction: int | None = None
    is_billed: bool = False


def bill_services(
    chain: Sequence[Tenant], histories: Sequence[Sequence[ServiceEvent]], first: date, last: date
) -> list[BilledDay]:
    """The days from first to last of each of these services; a history is everything that was recorded of one.

    Each day is computed as the sheet computes it, with what was decided then taken as recorded.
    """
    tenant = chain[-1]
    state, records = read_state_and_days(tenant.tenant_id, first, last)
    if tenant.is_operator:
        setting = Setting({}, read_price_book(chain).prices_on, first)
    elif not state.late and all(_is_plain(record) for record in records.values()):
        setting = Setting(records, lambda day: _as_kept(records[day]), first)
    else:
        ground, begin = read_ground(tenant.tenant_id, read_price_book(chain), tenant.settles_from, first, last)
        setting = Setting(ground.records, ground.prices_on, min(begin, first))
    return [day for events in histories for day in _bill(tenant.tenant_id, events, state, setting, first, last)]


def _is_plain(record: SettledDay) -> bool:
    """Whether the record of a day is all there is to know of its charges: nothing was paid in advance."""
    return not record.covered and not record.ahead and record.earned_minor == record.net_minor


def _as_kept(record: SettledDay) -> DayPrices:
    """The prices of a plain day as its record has them."""
    rules = [rule_named(name) if name else None for name in record.day_counts]
    edges = tuple(
        EdgeTerms(Timing.DAILY, rule[0], rule[1], starts_on, RefundPolicy.NONE, 0) if rule else None
        for rule, starts_on in zip(rules, record.terms.month_starts, strict=True)
    )
    levels = len(record.terms.modes)
    prices = dict(record.prices_minor)
    return DayPrices(("",) * levels, (0,) * levels, record.terms, record.day_counts, prices, prices, edges)


def _bill(
    tenant_id: str, events: Sequence[ServiceEvent], state: State, setting: Setting, first: date, last: date
) -> list[BilledDay]:
    number = events[0].service_number
    known = KnownDays(events, setting, last)
    corrected = _corrections(tenant_id, events, state)
    billed = []
    for day in days_between(first, last):
        record = setting.records.get(day)
        was = known.at(state.late)[day] if record is None else known.posted(day, state.corrected)
        billed.append(_billed(day, number, was, record, setting, corrected.get(day)))
    return billed


def _corrections(tenant_id: str, events: Sequence[ServiceEvent], state: State) -> dict[date, int]:
    """By day, the last posted correction that changed the service whose events these are."""
    service = events[0].service_number
    found: dict[date, int] = {}
    for number in sorted({event.late for event in events if 0 < event.late <= state.corrected}):
        correction = find_correction(tenant_id, number)
        if correction is not None:
            found |= {one.day: correction.number for one in correction.services if one.service_number == service}
    return found


def _billed(
    day: date, number: int, was: ServiceDay, record: SettledDay | None, setting: Setting, correction: int | None
) -> BilledDay:
    if record is None or not was.plan:
        charge = was.moved_minor[0] if record is not None and correction is not None else None
        return BilledDay(day, number, was.state, was.plan, None, charge, "", None, correction)
    prices = setting.prices_on(day)
    price = prices.by_plan.get(was.plan, (0,))[0]
    return BilledDay(
        day,
        number,
        was.state,
        was.plan,
        price,
        was.moved_minor[0],
        _rule(day, was, prices.edges[0]),
        record.entry_id if was.moved_minor[0] else None,
        correction,
        was.is_billed,
    )


def _rule(day: date, was: ServiceDay, edge: EdgeTerms | None) -> str:
    """How the day's charge comes about."""
    moved = was.moved_minor[0]
    if was.is_behind:
        return "not billed: the funds did not cover this day"
    if not was.is_billed and not moved:
        return f"not billed: {was.state} all day"
    if edge is None:
        return "nothing is paid for it: a percentage is earned"
    if moved < 0:
        return "advance: what was not used comes back"
    if was.is_billed and not moved and was.earned_minor[0]:
        return "advance: paid before"
    if edge.timing is Timing.ADVANCE:
        return f"advance: paid through {period_of(day, edge.day_count, edge.month_starts_on, edge.months).last}"
    return rule_of(day, edge)


def rule_of(day: date, edge: EdgeTerms) -> str:
    """How a day's price comes about: `calendar_month: day 16 of 31`."""
    count = edge.day_count
    if count is DayCount.SERVICE_PERIOD:
        return f"{count.value}: one day of the buyer's own billing period"
    period = period_of(day, count, edge.month_starts_on, edge.months)
    number = (day - period.first).days + 1
    return f"{count.value}: day {number} of {30 * edge.months if count is DayCount.FIXED_30 else period.days}"


def default_span(today: date) -> tuple[date, date]:
    """The days shown when none are asked for: this month until yesterday, or all of last month on its first day."""
    last = today - ONE_DAY
    return last.replace(day=1), last


def by_service(history: Sequence[ServiceEvent]) -> Mapping[int, list[ServiceEvent]]:
    """A subscriber's history by the number of its service."""
    services: dict[int, list[ServiceEvent]] = {}
    for event in history:
        services.setdefault(event.service_number, []).append(event)
    return services
