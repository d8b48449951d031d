"""Days to come: a crowd of lines comes to what all services one by one come to, as a settled day computes them."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.billing.advance import EdgeTerms
from chalicelib.billing.charging import Ahead, charge_sheet, nothing_ahead
from chalicelib.billing.columns import Columns, empty_roster
from chalicelib.billing.legs import Use
from chalicelib.billing.model import RefundPolicy, Terms, Timing
from chalicelib.billing.post import uses_of
from chalicelib.billing.price_book import DayPrices
from chalicelib.billing.projection import crowd_of, numbers_in, project
from chalicelib.billing.roster import day_sheet, roster_after
from chalicelib.core.dates import days_between
from chalicelib.core.proration import DayCount, day_price
from chalicelib.crm.model import EventKind, ServiceEvent

FIRST = date(2026, 11, 1)
TAX = 333


def terms(timing: Timing, policy: RefundPolicy) -> EdgeTerms:
    return EdgeTerms(timing, DayCount.CALENDAR_MONTH, 1, 1, policy, 900)


class Prices:
    """Two levels: HOME and FAST by these terms, with tax at the lower one."""

    def __init__(self, edges: tuple[EdgeTerms, EdgeTerms]) -> None:
        self.edges = edges

    def on(self, day: date) -> DayPrices:
        periods = {"HOME": (15_000, 12_001), "FAST": (29_999, 25_000)}
        by_plan = {
            code: tuple(day_price(price, day, DayCount.CALENDAR_MONTH) for price in prices)
            for code, prices in periods.items()
        }
        terms_ = Terms(("v", "v"), (1, 1), ("prepaid", "prepaid"))
        return DayPrices(("b", "a"), (TAX, 0), terms_, ("", ""), by_plan, periods, self.edges)


def event(kind: EventKind, on: date, number: int, plan: str | None = None) -> ServiceEvent:
    return ServiceEvent(kind, on, 1_000_000 + number, number, number, number, plan)


def one_by_one(
    roster: Columns, events: list[ServiceEvent], prices: Prices, days: list[date], ahead: Ahead
) -> list[tuple[Use, ...]]:
    """As settled days are computed, with nobody behind the cut."""
    found = []
    for day in days:
        today = [one for one in events if one.effective_on == day]
        done = ahead if day == days[0] else nothing_ahead(2)
        charging = charge_sheet(day_sheet(roster, today, day), prices.on(day), day, done.lines)
        uses = uses_of(charging, prices.on(day), len(charging.lines), done)
        found.append(tuple(Use(use.moved_minor, 0, use.tax_minor) for use in uses))
        roster = roster_after(charging.sheet, len(charging.lines))
    return found


def _until_they_end(events: list[ServiceEvent]) -> list[ServiceEvent]:
    """Without what comes after a disconnection, which nobody could record."""
    kept: list[ServiceEvent] = []
    ended: set[int] = set()
    for one in events:
        if one.service_number not in ended:
            kept.append(one)
        if one.kind is EventKind.DISCONNECT:
            ended.add(one.service_number)
    return kept


plans = st.sampled_from(["HOME", "FAST"])
edge_terms = st.builds(terms, st.sampled_from(Timing), st.sampled_from(RefundPolicy))
later = st.tuples(
    st.integers(1, 9),
    st.integers(4, 40),
    st.sampled_from([EventKind.CHANGE_PLAN, EventKind.DISCONNECT, EventKind.DISABLE, EventKind.ENABLE]),
    plans,
)


@given(
    edges=st.tuples(edge_terms, edge_terms),
    begun=st.lists(st.tuples(st.integers(0, 3), plans), min_size=1, max_size=9),
    changes=st.lists(later, max_size=6),
    ahead=st.sets(st.integers(1, 9)),
)
@settings(max_examples=150)
def test_a_crowd_comes_to_what_its_services_come_to(
    edges: tuple[EdgeTerms, EdgeTerms],
    begun: list[tuple[int, str]],
    changes: list[tuple[int, int, EventKind, str]],
    ahead: set[int],
) -> None:
    prices = Prices(edges)
    connects = [
        event(EventKind.CONNECT, FIRST + timedelta(days=after), number, plan)
        for number, (after, plan) in enumerate(sorted(begun), start=1)
    ]
    roster = empty_roster()
    for day in days_between(FIRST, FIRST + timedelta(days=3)):
        sheet = day_sheet(roster, [one for one in connects if one.effective_on == day], day)
        charging = charge_sheet(sheet, prices.on(day), day)
        roster = roster_after(charging.sheet, len(charging.lines))
    events = sorted(
        (
            event(kind, FIRST + timedelta(days=after), number, plan if kind is EventKind.CHANGE_PLAN else None)
            for number, after, kind, plan in changes
            if number <= len(begun)
        ),
        key=lambda one: one.effective_on,
    )
    events = _until_they_end(events)
    days = list(days_between(FIRST + timedelta(days=4), FIRST + timedelta(days=40)))
    lines = {number: (7 * number, 5) for number in ahead if number <= len(begun)}
    done = Ahead(1, lines, (Use(sum(one for one, _ in lines.values()), 0), Use(5 * len(lines), 0)))
    crowd = crowd_of(roster, numbers_in(events), done.lines)
    found = [one.uses for one in project(crowd, events, prices.on, days, done)]
    assert found == one_by_one(roster, events, prices, days, done)


def test_services_that_fare_alike_are_one_line_and_those_apart_are_their_own() -> None:
    daily = terms(Timing.DAILY, RefundPolicy.NONE)
    events = [event(EventKind.CONNECT, FIRST, number, "HOME") for number in range(1, 1001)]
    sheet = day_sheet(empty_roster(), events, FIRST)
    crowd = crowd_of(roster_after(sheet, len(sheet)), {7, 9}, {11: (1, 1)})
    assert crowd.roster.numbers == [1, 7, 9, 11]
    assert crowd.counts == {1: 997}
    (only,) = project(crowd, [], Prices((daily, daily)).on, [FIRST + timedelta(days=1)])
    assert [use.moved_minor for use in only.uses] == [500_000, 400_000]
