"""What late facts change: the days that they are about computed by what is posted and by what is known, from the events.

Both a correction and its proof are made of this. Everything is told by number: which facts are posted, which are known,
which corrections came before, and by which tariff versions a day was computed.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

from chalicelib.aws import keys
from chalicelib.aws.tables import read_all
from chalicelib.billing.correction_store import read_corrections
from chalicelib.billing.corrections import (
    Correction,
    DayChange,
    LateFact,
    ServiceChange,
    TaxOf,
    Versions,
    day_changes,
    service_changes,
)
from chalicelib.billing.model import SettledDay, Tariff, Timing
from chalicelib.billing.price_book import DayPrices, PriceBook
from chalicelib.billing.service_days import KnownDays, Setting
from chalicelib.billing.store import DayRow, to_day
from chalicelib.core.dates import days_between
from chalicelib.crm.events import read_whole_history
from chalicelib.crm.model import ServiceEvent

VersionsOf = Callable[[date], tuple[str, ...]]


@dataclass(frozen=True)
class Difference:
    """What facts change, day by day and service by service; `first` to `through` is what their sheets do not know."""

    first: date
    through: date
    changes: tuple[DayChange, ...]
    services: tuple[ServiceChange, ...]
    versions: Versions


@dataclass(frozen=True)
class Ground:
    """What a difference is computed from: the records of settled days, and what their plans cost by which versions."""

    tenant_id: str
    book: PriceBook
    records: Mapping[date, SettledDay]
    versions_of: VersionsOf

    def __post_init__(self) -> None:
        object.__setattr__(self, "_prices", {})

    def prices_on(self, day: date) -> DayPrices:
        """What that settled day's plans cost: by the pin's first days of month and modes, and these versions."""
        prices: dict[date, DayPrices] = self._prices  # type: ignore[attr-defined]
        if day not in prices:
            terms = replace(self.records[day].terms, versions=self.versions_of(day))
            prices[day] = self.book.prices_on(day, terms)
        return prices[day]


def read_ground(
    tenant_id: str, book: PriceBook, settles_from: date, first: date, last: date, versions_of: VersionsOf | None = None
) -> tuple[Ground, date]:
    """The records of the days from the first to the last, and from which day on they have to be computed.

    Where something was ever paid in advance, that is the first settled day: what is paid by a day follows from all before.
    """
    begin = settles_from if _first_advance(book) else first
    rows = read_all(
        DayRow,
        keys.settlements(tenant_id),
        first=keys.settled_day(tenant_id, begin).sk,
        last=keys.settled_day(tenant_id, last).sk,
    )
    records = {day.day: day for day in map(to_day, rows)}
    return Ground(tenant_id, book, records, versions_of or (lambda day: book.terms_on(day).versions)), begin


def _first_advance(book: PriceBook) -> date | None:
    """The first day on which any edge charged in advance, if one ever did."""
    days = [day for edge in book.tariffs if (day := advance_from(edge)) is not None]
    return min(days, default=None)


def advance_from(edge: Sequence[Tariff]) -> date | None:
    """The first day from which a version of an edge charges in advance."""
    return min((one.effective_on for one in edge if one.timing is Timing.ADVANCE), default=None)


def compute_difference(
    ground: Ground, begin: date, facts: Sequence[LateFact], corrected: int, number: int, last_day: date
) -> Difference:
    """What the facts behind `corrected` and up to `number` change on the days through `last_day` that do not know them.

    `NotPricedError` when a plan that is known to have been billed has no price then.
    """
    first = max(min(fact.effective_on for fact in facts), begin)
    days = [day for day in days_between(first, last_day) if ground.records[day].terms.late < number]
    if not days:
        return Difference(first, last_day, (), (), ())
    setting = Setting(ground.records, ground.prices_on, begin)
    services: list[ServiceChange] = []
    for (service, subscriber), events in services_of(ground.tenant_id, facts).items():
        known = KnownDays(events, setting, days[-1])
        now = known.at(number)
        believed = {day: known.posted(day, corrected) for day in days}
        services += service_changes(service, subscriber, believed, {day: now[day] for day in days})
    services.sort(key=lambda change: (change.day, change.service_number))
    changed = sorted({change.day for change in services})
    levels = len(ground.book.buyers)
    tax_of = tax_rule(ground, changed, corrected)
    return Difference(
        first,
        days[-1],
        day_changes(services, levels, tax_of),
        tuple(services),
        _runs([(day, ground.versions_of(day)) for day in changed]),
    )


def services_of(tenant_id: str, facts: Sequence[LateFact]) -> dict[tuple[int, int], list[ServiceEvent]]:
    """Everything that was recorded of each service that the facts are about, by its number and its subscriber's."""
    found: dict[tuple[int, int], list[ServiceEvent]] = {}
    for subscriber in sorted({fact.subscriber_number for fact in facts}):
        history = read_whole_history(tenant_id, subscriber)
        for service in sorted({fact.service_number for fact in facts if fact.subscriber_number == subscriber}):
            found[(service, subscriber)] = [event for event in history if event.service_number == service]
    return found


def _runs(versions: Sequence[tuple[date, tuple[str, ...]]]) -> Versions:
    return tuple(next(same) for _, same in groupby(versions, key=lambda one: one[1]))


def versions_as_kept(versions: Versions, else_: VersionsOf) -> VersionsOf:
    """By which versions a kept correction computed each day; other days by what is in force on them."""

    def versions_of(day: date) -> tuple[str, ...]:
        return next((names for since, names in reversed(versions) if since <= day), None) or else_(day)

    return versions_of


def tax_rule(ground: Ground, days: Sequence[date], corrected: int) -> TaxOf:
    """The rates of these days, and where there is one what is posted of them by now, without tax.

    At a level that never charged in advance by then, what is posted is what the billed services cost: a late tariff has
    posted its own difference. Elsewhere it is what the day moved, and what corrections moved since.
    """
    rates = {day: ground.prices_on(day).tax_bps for day in days}
    if not any(any(one) for one in rates.values()):
        return TaxOf(rates, {})
    earlier = read_corrections(ground.tenant_id, days[0], before=corrected + 1)
    advances = [advance_from(edge) for edge in ground.book.tariffs]
    posted = {}
    for day in days:
        record, prices = ground.records[day], ground.prices_on(day)
        changes = changes_of(earlier, day)
        counts = billed_counts(record, changes)
        posted[day] = [
            sum(count * prices.by_plan[code][level] for code, count in counts.items())
            if advance is None or day < advance
            else record.net_minor[level] + sum(change.use(level).moved_minor for change in changes)
            for level, advance in enumerate(advances)
        ]
    return TaxOf(rates, posted)


def billed_counts(record: SettledDay, changes: Sequence[DayChange]) -> dict[str, int]:
    """How many services of each plan are billed for a day, by its record and the corrections since."""
    counts = Counter(record.counts)
    for change in changes:
        for code, more in change.counts:
            counts[code] += more
    return {code: count for code, count in counts.items() if count}


def changes_of(corrections: Sequence[Correction], day: date) -> list[DayChange]:
    """What these corrections of late facts did to a day."""
    return [change for one in corrections if one.tariff is None for change in one.changes if change.day == day]
