"""Undelivered days: whole days on which a service was active in our books and its router had it off.

A day is told under its service and its date, once, whoever finds it how often. What is confirmed waits in a list of its own
until somebody above has decided about the money; a day of which that is done is never opened again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from pynamodb.expressions.condition import Condition

from chalicelib.aws import keys
from chalicelib.aws.log import measure
from chalicelib.aws.rows import CrmRow, IntegerAttribute, TextAttribute
from chalicelib.aws.tables import ConditionFailed, Delete, Operation, Put, read_many, read_page, write
from chalicelib.core.dates import ONE_DAY, day_at, days_between, from_micros, start_of
from chalicelib.crm.find import read_subscribers
from chalicelib.crm.lanes import chunks
from chalicelib.crm.service import Service, ServiceStatus

SHORTEST_DAY = timedelta(hours=23)
"""Where clocks are put forward. What is younger has no whole day in it."""
MOST_DAYS = 92
"""How far back days are told of: no invoice of an earlier one is adjusted any more."""
TOGETHER = 40
"""Days that one write tells of; each is two operations at most."""


class Cause(StrEnum):
    """Why a day was not delivered: the router was down, or a change did not get there."""

    ROUTER = "router"
    CHANGE = "change"


class DayStatus(StrEnum):
    """What is known of a day, and what was done about it.

    `suspected` until the router tells, then `confirmed` or `withdrawn`. A confirmed one was not paid for (`unpaid`), or was,
    and then is `credited` or only `reported`.
    """

    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    UNPAID = "unpaid"
    REPORTED = "reported"
    CREDITED = "credited"


@dataclass(frozen=True)
class UndeliveredDay:
    """A day of a service that was not delivered. `reason` says why, `note` what was done about it where that is not plain.

    `credit` is the document that took back what it had cost; None for one that was not invoiced and now never is.
    """

    tenant_id: str
    day: date
    service: int
    subscriber: int
    router_id: str
    cause: Cause
    reason: str
    status: DayStatus = DayStatus.SUSPECTED
    note: str | None = None
    credit: str | None = None


class UndeliveredRow(CrmRow):
    """An undelivered day; tenant, day and service are in the key."""

    subscriber = IntegerAttribute()
    router = TextAttribute()
    cause = TextAttribute()
    reason = TextAttribute()
    status = TextAttribute()
    note = TextAttribute(null=True)
    credit = TextAttribute(null=True)


class ToMakeGoodRow(CrmRow):
    """That nothing was decided yet about a confirmed day."""


def whole_days(since: datetime, until: datetime, timezone: str) -> list[date]:
    """The days that begin and end from the one instant to the other, where that time zone is; the newest `MOST_DAYS`."""
    first = day_at(since, timezone)
    if start_of(first, timezone) < since:
        first += ONE_DAY
    last = day_at(until, timezone) - ONE_DAY
    return list(days_between(max(first, last - timedelta(days=MOST_DAYS - 1)), last)) if first <= last else []


def was_active(service: Service, day: date) -> bool:
    """Whether our books had the service active on that day; of days before what it remembers, that it may have been."""
    if service.start_on <= day < service.based_at[0]:
        return True
    return service.status_on(day) is ServiceStatus.ACTIVE


def active_days(tenant_id: str, wanted: Sequence[tuple[int, int, Sequence[date]]]) -> list[tuple[int, int, date]]:
    """Of (subscriber, service, days) those days on which the service was active: a request for each hundred."""
    numbers = sorted({subscriber for subscriber, _, _ in wanted})
    known = {
        one.number: one for some in chunks(numbers, 100) for one in read_subscribers(tenant_id, some) if one is not None
    }
    found = []
    for subscriber, number, days in wanted:
        service = known[subscriber].service(number) if subscriber in known else None
        if service is not None:
            found += [(subscriber, number, day) for day in days if was_active(service, day)]
    return found


def suspect(days: Iterable[UndeliveredDay]) -> int:
    """Tell of days that may not have been delivered; what is known of a day stays. How many are new."""
    return _tell(days, frozenset(), lambda day: [])


def confirm(days: Iterable[UndeliveredDay]) -> int:
    """Tell that these days were not delivered, so that it is made good. How many were not confirmed before."""
    open_again = frozenset({DayStatus.SUSPECTED, DayStatus.WITHDRAWN})
    told = [replace(day, status=DayStatus.CONFIRMED) for day in days]
    count = _tell(told, open_again, lambda day: [Put(ToMakeGoodRow.at(_to_make_good(day)))])
    if count:
        measure("UndeliveredDays", count)
    return count


def withdraw(days: Iterable[UndeliveredDay], note: str) -> int:
    """Tell that these suspected days were delivered after all, as far as anybody can know."""
    told = [replace(day, status=DayStatus.WITHDRAWN, note=note) for day in days]
    return _tell(told, frozenset({DayStatus.SUSPECTED}), lambda day: [], is_new=False)


def decided(
    day: UndeliveredDay, status: DayStatus, note: str | None = None, credit: str | None = None
) -> list[Operation]:
    """The writes that tell what was done about a confirmed day, only while nothing was."""
    after = replace(day, status=status, note=note, credit=credit)
    return [
        Put(_row(after), UndeliveredRow.status == DayStatus.CONFIRMED.value),
        Delete(ToMakeGoodRow.at(_to_make_good(day))),
    ]


def still_confirmed(days: Sequence[UndeliveredDay]) -> list[UndeliveredDay]:
    """Those of these days about which nothing was decided yet."""
    rows = [row for some in chunks(days, 100) for row in read_many([(UndeliveredRow, _key(day)) for day in some])]
    return [
        day for day, row in zip(days, rows, strict=True) if row is not None and row.status == DayStatus.CONFIRMED.value
    ]


def days_to_make_good(tenant_id: str, limit: int, after: str | None = None) -> tuple[list[UndeliveredDay], str | None]:
    """A page of the confirmed days that nothing was decided about, oldest day first."""
    page = read_page(ToMakeGoodRow, keys.days_to_make_good(tenant_id), limit=limit, after=after)
    rows = read_many([(UndeliveredRow, _key_like(tenant_id, row)) for row in page.rows])
    return [_to_day(row) for row in rows if row is not None], page.after


def list_undelivered(
    tenant_id: str, first: date | None, last: date | None, limit: int, after: str | None
) -> tuple[list[UndeliveredDay], str | None]:
    """A page of the days from the first to the last, newest day first."""
    page = read_page(
        UndeliveredRow,
        keys.undelivered_days(tenant_id),
        first=None if first is None else first.isoformat(),
        last=None if last is None else last.isoformat() + keys.LAST,
        limit=limit,
        after=after,
        newest_first=True,
    )
    return [_to_day(row) for row in page.rows], page.after


def suspected(tenant_id: str, first: date, last: date, router_id: str, cause: Cause) -> list[UndeliveredDay]:
    """The days between two that are suspected of that router for that cause, in order."""
    found: list[UndeliveredDay] = []
    after = None
    while True:
        page = read_page(
            UndeliveredRow,
            keys.undelivered_days(tenant_id),
            first=first.isoformat(),
            last=last.isoformat() + keys.LAST,
            after=after,
        )
        days = (_to_day(row) for row in page.rows)
        wanted = (DayStatus.SUSPECTED, router_id, cause)
        found += [day for day in days if (day.status, day.router_id, day.cause) == wanted]
        after = page.after
        if after is None:
            return found


def ended_by(day: date, until_micros: int, timezone: str) -> bool:
    """Whether the day was over at that instant."""
    return start_of(day + ONE_DAY, timezone) <= from_micros(until_micros)


_More = Callable[[UndeliveredDay], list[Operation]]


def _tell(days: Iterable[UndeliveredDay], over: frozenset[DayStatus], more: _More, *, is_new: bool = True) -> int:
    """Write these days where there is none yet, or over ones of that status; the rest stays as it is.

    Not `is_new`: only over one of the same cause.
    """
    count = 0
    for some in chunks(list(days), TOGETHER):
        rows = read_many([(UndeliveredRow, _key(day)) for day in some])
        pieces = [
            [Put(_row(day), _condition(day, over, is_new=is_new)), *more(day)]
            for day, row in zip(some, rows, strict=True)
            if (is_new if row is None else DayStatus(row.status) in over and (is_new or row.cause == day.cause.value))
        ]
        count += _written(pieces) if pieces else 0
    return count


def _condition(day: UndeliveredDay, over: frozenset[DayStatus], *, is_new: bool) -> Condition:
    condition: Condition = UndeliveredRow.pk.does_not_exist()
    if over:
        is_over: Condition = UndeliveredRow.status.is_in(*sorted(status.value for status in over))
        condition = condition | is_over if is_new else is_over & (UndeliveredRow.cause == day.cause.value)
    return condition


def _written(pieces: Sequence[list[Operation]]) -> int:
    """Write all together, or where somebody else told of one of them meanwhile each for itself; how many were."""
    try:
        write(*(operation for piece in pieces for operation in piece))
        return len(pieces)
    except ConditionFailed:
        if len(pieces) == 1:
            return 0
    return sum(_written([piece]) for piece in pieces)


def _key(day: UndeliveredDay) -> keys.Key:
    return keys.undelivered_day(day.tenant_id, day.day, day.service)


def _to_make_good(day: UndeliveredDay) -> keys.Key:
    return keys.day_to_make_good(day.tenant_id, day.day, day.service)


def _key_like(tenant_id: str, row: ToMakeGoodRow) -> keys.Key:
    return keys.Key(keys.undelivered_days(tenant_id), row.sk)


def _row(day: UndeliveredDay) -> UndeliveredRow:
    return UndeliveredRow.at(
        _key(day),
        subscriber=day.subscriber,
        router=day.router_id,
        cause=day.cause.value,
        reason=day.reason,
        status=day.status.value,
        note=day.note,
        credit=day.credit,
    )


def _to_day(row: UndeliveredRow) -> UndeliveredDay:
    day, _, service = row.sk.partition("#")
    return UndeliveredDay(
        tenant_id=row.pk.partition("#")[0],
        day=date.fromisoformat(day),
        service=int(service),
        subscriber=row.subscriber,
        router_id=row.router,
        cause=Cause(row.cause),
        reason=row.reason,
        status=DayStatus(row.status),
        note=row.note,
        credit=row.credit,
    )
