"""The rosters of a tenant's days computed again from its raw events alone, never from a kept sheet. Pure.

What was decided on each day (how many of its services the funds covered) is taken as recorded; who was billable, in
which order and on which plan, follows from the events.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby

from chalicelib.billing.charging import Charging
from chalicelib.billing.columns import ENABLED, Columns, empty_roster
from chalicelib.billing.roster import day_sheet, roster_after
from chalicelib.core.dates import days_between
from chalicelib.crm.model import ServiceEvent


def replay(
    events: Iterable[ServiceEvent],
    charged: Mapping[date, int],
    first: date,
    last: date,
    charge: Callable[[date, Columns], Charging],
    known: Callable[[date, list[ServiceEvent]], list[ServiceEvent]],
    patch: Callable[[date, Columns], Columns],
) -> Iterator[tuple[date, Charging]]:
    """Every day's sheet from the first settled day to the last, with what it costs. `events` are all, in their order.

    `charged` is how many services each day charged, for all these days; `charge` says what a day's sheet costs, and so
    what is paid in advance after it. `known` are those of a day's events that its pin knew, and `patch` puts into the
    roster what became known by then of the days before. `UnknownServiceError` for an event about a service that never
    started.
    """
    by_day = groupby(events, key=lambda event: max(event.effective_on, first))
    upcoming = next(by_day, None)
    roster = empty_roster()
    for day in days_between(first, last):
        today: list[ServiceEvent] = []
        if upcoming is not None and upcoming[0] == day:
            today = known(day, list(upcoming[1]))
            upcoming = next(by_day, None)
        if day > first:
            roster = patch(day, roster)
        charging = charge(day, day_sheet(roster, today, day) if today or roster.covers else roster)
        yield day, charging
        sheet = charging.sheet
        if not len(sheet):
            roster = empty_roster()
        elif today or sheet.covers or charged[day] < sheet.marks.count(ENABLED):
            roster = roster_after(sheet, charged[day])
