"""Whatever happens to a service, invoices and their adjustments sum to what its days cost, told day by day."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.dates import days_between
from chalicelib.core.errors import Conflict
from chalicelib.core.money import round_half_up
from chalicelib.core.proration import DayCount, period_of
from chalicelib.crm.model import EventKind
from chalicelib.crm.service import Change, Service, with_change
from chalicelib.retail.account_model import Account
from chalicelib.retail.charges import Facts
from chalicelib.retail.invoicing import due_invoice
from chalicelib.retail.model import Cycle, Terms, Timing
from tests.retail.billing import NEW, PREPAID, PRICES, service, subscriber

MONTHS = 5
PRICE = {"HOME": 60_000, "FAST": 90_000, "FLAT": 31_000}


@dataclass(frozen=True)
class Happening:
    """Recorded on the first of that month (0 is the second month of the service), about a day so long before or after."""

    month: int
    kind: EventKind
    offset: int
    plan: str


happenings = st.lists(
    st.builds(
        Happening,
        st.integers(0, MONTHS - 1),
        st.sampled_from([EventKind.ENABLE, EventKind.DISABLE, EventKind.CHANGE_PLAN, EventKind.DISCONNECT]),
        st.integers(-58, 45),
        st.sampled_from(["HOME", "FAST", "FLAT"]),
    ),
    max_size=8,
)
suspensions = st.lists(st.tuples(st.integers(0, 160), st.integers(1, 40)), max_size=2)


@dataclass
class Line:
    """A service as it is known, with its suspensions."""

    service: Service
    suspended: list[tuple[date, date | None]] = field(default_factory=list)

    def hear(self, happening: Happening, today: date, micros: int) -> None:
        day = today + timedelta(days=happening.offset)
        plan = happening.plan if happening.kind is EventKind.CHANGE_PLAN else None
        try:
            self.service = with_change(self.service, Change(happening.kind, day, micros, 0, plan))
        except (Conflict, ValueError):
            return

    def cost(self, first: date, last: date, billing_day: int) -> int:
        """What the days cost, one by one, by a naive reading of the events."""
        return sum(self._day_cost(day, billing_day) for day in days_between(first, last))

    def _day_cost(self, day: date, billing_day: int) -> int:
        plan, on, gone, was_on = self.service.base.plan, True, False, day == self.service.start_on
        if day < self.service.start_on or any(a <= day and (b is None or day < b) for a, b in self.suspended):
            return 0
        for change in self.service.changes:
            if change.effective_on > day:
                break
            if change.effective_on == day:
                was_on = was_on or (on and not gone)
            on = change.kind is EventKind.ENABLE or (on and change.kind is not EventKind.DISABLE)
            gone = gone or change.kind is EventKind.DISCONNECT
            plan = change.plan or plan
            if change.effective_on == day:
                was_on = was_on or (on and not gone)
        if not (was_on or (on and not gone)):
            return 0
        period = period_of(day, DayCount.SERVICE_PERIOD, billing_day)
        place, days = (day - period.first).days + 1, period.days

        def through(count: int) -> int:
            if count == days:
                return PRICE[plan]
            return (
                round_half_up(PRICE[plan] * min(count, 30), 30)
                if plan == "FLAT"
                else round_half_up(PRICE[plan] * count, days)
            )

        return through(place) - through(place - 1)


def _invoice(account: Account, line: Line, terms: Terms, day: date, revision: int) -> tuple[Account, int]:
    def facts(one: Service, first: date) -> Facts:
        return Facts(one, tuple(line.suspended))

    due = due_invoice(account, subscriber(line.service, revision=revision), terms, PRICES, day, facts)
    return (account, 0) if due is None else (due.account, due.totals.total_minor)


@settings(max_examples=150)
@given(
    start=st.integers(1, 31),
    plan=st.sampled_from(["HOME", "FAST", "FLAT"]),
    timing=st.sampled_from(list(Timing)),
    billing_day=st.sampled_from([1, 10, 28, 31]),
    heard=happenings,
    suspended=suspensions,
)
def test_invoices_and_their_adjustments_sum_to_what_the_days_cost(
    start: int, plan: str, timing: Timing, billing_day: int, heard: list[Happening], suspended: list[tuple[int, int]]
) -> None:
    began = date(2026, 7, start)
    terms = replace(PREPAID, timing=timing, cycle=Cycle.CUSTOM_DAY, billing_day=billing_day)
    line, account, invoiced = Line(service(began, plan)), NEW, 0
    day, revision = began, 1
    if timing is Timing.PREPAID:
        account, invoiced = _invoice(account, line, terms, began, revision)
    for month in range(MONTHS):
        day = period_of(day, DayCount.SERVICE_PERIOD, billing_day).last + timedelta(days=1)
        for number, happening in enumerate(one for one in heard if one.month == month):
            line.hear(happening, day - timedelta(days=1), 10 * month + number + 2)
        if month < len(suspended):
            ahead, length = suspended[month]
            last = line.suspended[-1][1] if line.suspended else began
            assert last is not None
            first = last + timedelta(days=ahead % 40)
            if first >= day - timedelta(days=60):
                line.suspended.append((first, first + timedelta(days=length)))
        revision += 1
        account, more = _invoice(account, line, terms, day, revision)
        invoiced += more
        period = period_of(day, DayCount.SERVICE_PERIOD, billing_day)
        through = period.last if timing is Timing.PREPAID else day - timedelta(days=1)
        assert invoiced == line.cost(began, through, billing_day), day
