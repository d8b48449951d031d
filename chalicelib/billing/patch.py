"""The roster of a new day with what is known by now of the days before it: late facts go into it service by service.

Yesterday's sheet did not know them. Each service that they are about is told again from its history and put where it
belongs; all others stay as yesterday's sheet and cut left them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from chalicelib.billing.advance import Cover
from chalicelib.billing.columns import Columns, Covers
from chalicelib.billing.correction_store import read_late_facts
from chalicelib.billing.corrections import LateFact
from chalicelib.billing.difference import read_ground, services_of
from chalicelib.billing.evidence import read_settled
from chalicelib.billing.price_book import PriceBook
from chalicelib.billing.service_days import Place, ServiceReplay, Setting
from chalicelib.crm.events import known_events
from chalicelib.tenants.model import Tenant


@dataclass(frozen=True)
class Told:
    """A service as its history tells it at the end of a day: its line as a roster of one, or of none where it is gone."""

    number: int
    subscriber: int
    place: Place
    line: Columns


def patched_roster(roster: Columns, told: Sequence[Told], day: date) -> Columns:
    """The roster of the end of that day with these services as they are told, in charging order. Pure."""
    if not told:
        return roster
    anew = {one.number for one in told}
    kept = roster.keep([at for at, number in enumerate(roster.numbers) if number not in anew])
    lines = [one for one in told if len(one.line)]
    codes = list(kept.plan_codes)
    for one in lines:
        code = one.line.plan_codes[one.line.plans[0]]
        if code not in codes:
            codes.append(code)
    places = [*zip(kept.starts, kept.numbers, strict=True), *(one.place for one in lines)]
    joined = Columns(
        tuple(codes),
        [start for start, _ in places],
        [number for _, number in places],
        [*kept.subscribers, *(one.subscriber for one in lines)],
        [*kept.plans, *(codes.index(one.line.plan_codes[one.line.plans[0]]) for one in lines)],
        kept.marks + bytearray(one.line.marks[0] for one in lines),
        _joined_covers(kept, lines, day),
    )
    return joined.keep(sorted(range(len(joined)), key=places.__getitem__))


def _joined_covers(kept: Columns, lines: Sequence[Told], day: date) -> Covers | None:
    covers = [one.line.cover_of(0) for one in lines]
    if kept.covers is None and not any(covers):
        return None
    table: list[Cover] = list(kept.covers.table) if kept.covers else [()]
    for cover in covers:
        if cover not in table:
            table.append(cover)
    after = [*(kept.covers.after if kept.covers else [0] * len(kept)), *(table.index(cover) for cover in covers)]
    return Covers(day.toordinal(), tuple(table), after, list(after)) if any(after) else None


def read_known_roster(tenant: Tenant, book: PriceBook, yesterday: date, late: int) -> Columns:
    """The roster after a settled day with the late facts up to that number, as far as its own sheet did not know them."""
    record, roster = read_settled(tenant.tenant_id, yesterday)
    facts = read_late_facts(tenant.tenant_id, record.terms.late, late)
    return patched_roster(roster, told_anew(tenant, book, facts, late, yesterday), yesterday) if facts else roster


def told_anew(tenant: Tenant, book: PriceBook, facts: Sequence[LateFact], late: int, yesterday: date) -> list[Told]:
    """The services that these facts are about as their histories tell them at the end of that day."""
    ground, begin = read_ground(tenant.tenant_id, book, tenant.settles_from, yesterday, yesterday)
    setting = Setting(ground.records, ground.prices_on, begin)
    told = []
    for (service, subscriber), events in services_of(tenant.tenant_id, facts).items():
        known = known_events(events, late)
        replay = ServiceReplay([event for event in known if event.effective_on <= yesterday], setting)
        for _ in replay.play(yesterday):
            pass
        place = replay.place if len(replay.roster) else (0, service)
        told.append(Told(service, subscriber, place, replay.roster))
    return told
