"""A tenant's days to come, computed as they will be settled: pure.

The days are made of the same sheet, charges and roster as a settled day is. Services that fare alike are one line of it, so
that a year of a hundred thousand services is a few hundred lines a day. Nobody is cut: what the funds will hold on a day
to come is not known.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from chalicelib.billing.charging import Ahead, Amounts, charge_sheet, nothing_ahead
from chalicelib.billing.columns import Columns
from chalicelib.billing.legs import Use
from chalicelib.billing.price_book import DayPrices
from chalicelib.billing.roster import day_sheet, roster_after
from chalicelib.core.money import share_of
from chalicelib.crm.model import ServiceEvent

PricesOn = Callable[[date], DayPrices]


@dataclass(frozen=True)
class Crowd:
    """A roster of which a line stands for as many services as `counts` says by its number, else for itself."""

    roster: Columns
    counts: Mapping[int, int]


class Projected(NamedTuple):
    """A day to come: its sheet before it is charged, and what each level pays for it as things stand."""

    day: date
    sheet: Columns
    uses: tuple[Use, ...]


def numbers_in(events: Iterable[ServiceEvent]) -> set[int]:
    """The services that these events are about."""
    return {number for event in events for number in (event.service_numbers or (event.service_number,))}


def crowd_of(roster: Columns, apart: Container[int], ahead: Mapping[int, Amounts]) -> Crowd:
    """The roster with one line for all services of a plan, a state and a cover; those `apart` keep their own.

    `ahead` is what was moved on the first day to come already, by service: it tells services apart too.
    """
    covers = roster.covers.after if roster.covers else None
    first: dict[object, int] = {}
    counts: dict[int, int] = {}
    wanted = []
    for at, number in enumerate(roster.numbers):
        key: object = number
        if number not in apart:
            key = (roster.plans[at], roster.marks[at], covers[at] if covers else 0, ahead.get(number))
        if key in first:
            counts[first[key]] = counts.get(first[key], 1) + 1
        else:
            first[key] = number
            wanted.append(at)
    return Crowd(roster.keep(wanted), counts)


def project(
    crowd: Crowd,
    events: Sequence[ServiceEvent],
    prices_on: PricesOn,
    days: Sequence[date],
    ahead: Ahead | None = None,
) -> Iterator[Projected]:
    """The days, the first of which follows on the crowd's roster; `ahead` is what was charged of that one already.

    `events` are all those effective by the last day and not in the roster yet, in order. `NotPricedError` for a billable
    plan without a price.
    """
    by_day: dict[date, list[ServiceEvent]] = {}
    for event in events:
        by_day.setdefault(max(event.effective_on, days[0]), []).append(event)
    roster = crowd.roster
    for day in days:
        prices = prices_on(day)
        done = ahead if ahead is not None and day == days[0] else nothing_ahead(len(prices.levels))
        sheet = day_sheet(roster, by_day.get(day, ()), day)
        charging = charge_sheet(sheet, prices, day, done.lines)
        moved = [use.moved_minor for use in done.uses]
        for number, amounts in charging.moved_by_service(len(charging.lines)).items():
            for level, amount in enumerate(amounts):
                moved[level] += crowd.counts.get(number, 1) * amount
        uses = tuple(Use(one, 0, share_of(one, bps)) for one, bps in zip(moved, prices.tax_bps, strict=True))
        yield Projected(day, sheet, uses)
        roster = roster_after(charging.sheet, len(charging.lines))
