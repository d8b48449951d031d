"""Days that were not delivered: whether they were paid for, and what is done about it.

Routers know what was not delivered, settled days what was paid, and invoices what it cost; here they meet. By the terms of
the tenant whose subscriber it is, such a day is credited or only reported.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from chalicelib.aws.log import alarm, log
from chalicelib.aws.tables import ConditionFailed, Operation, write
from chalicelib.billing.days import BilledDay, bill_services, by_service
from chalicelib.billing.price_book import NotPricedError
from chalicelib.billing.sheet import DamagedSheetError
from chalicelib.billing.state import read_state
from chalicelib.core.dates import last_ended_day
from chalicelib.core.errors import Refusal
from chalicelib.crm.events import read_whole_history
from chalicelib.crm.lanes import chunks, in_lanes
from chalicelib.crm.model import ServiceEvent
from chalicelib.network.find import terms_of
from chalicelib.network.model import Undelivered
from chalicelib.network.undelivered import DayStatus, UndeliveredDay, days_to_make_good, decided, still_confirmed
from chalicelib.retail.make_good import MadeGood, make_good
from chalicelib.retail.ruling import BY_ITSELF, Visit
from chalicelib.tenants.model import Mode, Tenant, first_disabled

DAYS_A_PAGE = 200
DECIDED_TOGETHER = 40
BILLED_ABOVE = "Your subscribers are invoiced by the tenant above you, who has to decide about a credit."
NOT_INVOICED_YET = "The day is left out of the next invoice."
DEFECTS = (LookupError, ValueError, AssertionError, NotPricedError, DamagedSheetError)
"""What a subscriber's own data can do to its days: they wait, with an alarm, and everybody else's are decided."""


def decide_days(chain: Sequence[Tenant], now: datetime, may_go_on: Callable[[], bool] = lambda: True) -> Counter[str]:
    """Decide about the confirmed days of a tenant that are settled, oldest first; how many were given which status.

    What there is no time for is left to the next time. What was in somebody's way is raised when all others are decided:
    then it takes another try. Nothing is credited twice.
    """
    tenant = chain[-1]
    deciding = _Deciding(chain, now, may_go_on)
    if first_disabled(tuple(chain)) is not None:
        return deciding.done
    settled = last_ended_day(now, tenant.timezone) if tenant.is_operator else read_state(tenant.tenant_id).last_day
    after = None
    while settled is not None:
        days, after = days_to_make_good(tenant.tenant_id, DAYS_A_PAGE, after)
        ready = [day for day in days if day.day <= settled]
        deciding.decide(ready)
        if after is None or len(ready) < len(days) or not may_go_on():
            break
    if deciding.done:
        log("undelivered days decided", tenant=tenant.tenant_id, **deciding.done)
    if deciding.refusal is not None:
        raise deciding.refusal
    return deciding.done


@dataclass
class _Deciding:
    """One worker that decides about days; `done` counts them by what they are now, `refusal` is the first that it met."""

    chain: Sequence[Tenant]
    now: datetime
    may_go_on: Callable[[], bool]
    done: Counter[str] = field(default_factory=Counter)
    refusal: Refusal | None = None

    def decide(self, days: Sequence[UndeliveredDay]) -> None:
        """Decide about these days, which are settled."""
        tenant = self.chain[-1]
        paid, unpaid = _told_apart(self.chain, days)
        self.done += _close(unpaid, DayStatus.UNPAID)
        if not paid:
            return
        if terms_of(tenant.tenant_id).undelivered is not Undelivered.CREDIT:
            self.done += _close(paid, DayStatus.REPORTED)
        elif tenant.mode is Mode.PERCENTAGE:
            self.done += _close(paid, DayStatus.REPORTED, BILLED_ABOVE)
        else:
            self._credit(paid)

    def _credit(self, days: Sequence[UndeliveredDay]) -> None:
        tenant_id = self.chain[-1].tenant_id
        lines: dict[tuple[int, int], list[UndeliveredDay]] = {}
        for day in days:
            lines.setdefault((day.subscriber, day.service), []).append(day)
        for (subscriber, service), own in lines.items():
            if not self.may_go_on():
                return
            try:
                self.done += _credit(Visit(self.chain[-1], tenant_id, subscriber, BY_ITSELF, self.now), service, own)
            except Refusal as refusal:
                self.refusal = self.refusal or refusal
            except DEFECTS as defect:
                alarm("Undelivered days could not be credited.", tenant=tenant_id, service=service, why=repr(defect))


class _DecidedMeanwhile(Exception):
    """Another worker has decided about one of these days."""


def _credit(visit: Visit, service: int, days: Sequence[UndeliveredDay]) -> Counter[str]:
    """Make days of one service good; what became of each is told in the write that does it.

    Where another worker decides at the same time, the days that it leaves are left to the next time.
    """
    try:
        return _made_good(visit, service, days)
    except _DecidedMeanwhile:
        return Counter()


def _made_good(visit: Visit, service: int, days: Sequence[UndeliveredDay]) -> Counter[str]:
    by_day = {day.day: day for day in days}
    done: Counter[str] = Counter()
    tried: set[tuple[date, ...]] = set()

    def told(made: MadeGood) -> list[Operation]:
        own = [by_day[day] for day in made.days]
        # The second time something was in the way of the write, and a day that is decided always will be.
        if made.days in tried and len(still_confirmed(own)) < len(own):
            raise _DecidedMeanwhile
        tried.add(made.days)
        note = None if made.document_id else NOT_INVOICED_YET
        return [
            operation
            for day in made.days
            for operation in decided(by_day[day], DayStatus.CREDITED, note, made.document_id)
        ]

    for made in make_good(visit, service, sorted(by_day), told):
        if made.refused is not None:
            done += _close([by_day[day] for day in made.days], DayStatus.REPORTED, made.refused)
        else:
            done[DayStatus.CREDITED.value] += len(made.days)
    return done


def _close(days: Sequence[UndeliveredDay], status: DayStatus, note: str | None = None) -> Counter[str]:
    """Tell of days about which no money moves; those that somebody else has told of stay as they are."""
    done: Counter[str] = Counter()
    for some in chunks(days, DECIDED_TOGETHER):
        pieces = [decided(day, status, note) for day in some]
        try:
            write(*(operation for piece in pieces for operation in piece))
            done[status.value] += len(some)
        except ConditionFailed:
            done[status.value] += sum(_is_written(piece) for piece in pieces)
    return done


def _is_written(piece: Sequence[Operation]) -> bool:
    try:
        write(*piece)
    except ConditionFailed:
        return False
    return True


def _told_apart(
    chain: Sequence[Tenant], days: Sequence[UndeliveredDay]
) -> tuple[list[UndeliveredDay], list[UndeliveredDay]]:
    """Those that were paid for, and those that were not. Of whom it cannot be told is in neither, with an alarm."""
    subscribers = sorted({day.subscriber for day in days})
    histories = in_lanes(lambda number: read_whole_history(chain[-1].tenant_id, number), subscribers)
    of_subscriber = dict(zip(subscribers, map(by_service, histories), strict=True))
    lines = sorted({(day.subscriber, day.service) for day in days})
    first, last = (min(day.day for day in days), max(day.day for day in days)) if days else (date.min, date.min)
    is_paid = _paid_days(chain, [of_subscriber[one].get(number, []) for one, number in lines], first, last)
    told = [(is_paid.get((day.service, day.day)), day) for day in days]
    return [day for paid, day in told if paid], [day for paid, day in told if paid is False]


def _paid_days(
    chain: Sequence[Tenant], histories: Sequence[Sequence[ServiceEvent]], first: date, last: date
) -> dict[tuple[int, date], bool]:
    """Of each of these services and days, whether it was paid for; of whom it cannot be told, nothing, and an alarm."""
    histories = [events for events in histories if events]
    if not histories:
        return {}
    try:
        billed = bill_services(chain, histories, first, last)
    except DEFECTS as defect:
        if len(histories) == 1:
            service = histories[0][0].service_number
            alarm(
                "An undelivered day could not be looked up.",
                tenant=chain[-1].tenant_id,
                service=service,
                why=repr(defect),
            )
            return {}
        return {key: paid for events in histories for key, paid in _paid_days(chain, [events], first, last).items()}
    return {(one.service_number, one.day): _is_paid(chain[-1], one) for one in billed}


def _is_paid(tenant: Tenant, day: BilledDay) -> bool:
    """Whether the day was charged. Nobody charges the operator for its own subscribers: they have what is active."""
    return day.state == "enabled" if tenant.is_operator else day.is_billed
