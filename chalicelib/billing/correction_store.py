"""Rows of late facts and of their corrections, and how they become records and back."""

import zlib
from collections.abc import Sequence
from datetime import date
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.rows import BooksRow, BytesAttribute, IntegerAttribute, TextAttribute
from chalicelib.aws.tables import Put, read_all, read_page
from chalicelib.billing.corrections import Below, Correction, DayChange, LateFact, ServiceChange, Totals
from chalicelib.billing.service_days import ServiceDay
from chalicelib.core.json import compact_json, read_json
from chalicelib.crm.model import EventKind

SEARCHED_AT_ONCE = 50


class LateFactRow(BooksRow):
    """That a fact was recorded for days that were pinned already, written along with it; its number is the key."""

    kind = TextAttribute()
    effective_on = TextAttribute()
    service = IntegerAttribute()
    subscriber = IntegerAttribute()
    recorded_micros = IntegerAttribute()


class CorrectionRow(BooksRow):
    """A posted correction, written once: from which day through which, and the rest compressed."""

    first = TextAttribute()
    through = TextAttribute()
    posted_micros = IntegerAttribute()
    content = BytesAttribute()


def put_late_fact(tenant_id: str, fact: LateFact) -> Put:
    """Note a late fact, in the write in which the tenant's state counts it."""
    row = LateFactRow.at(
        keys.late_fact(tenant_id, fact.number),
        kind=fact.kind.value,
        effective_on=fact.effective_on.isoformat(),
        service=fact.service_number,
        subscriber=fact.subscriber_number,
        recorded_micros=fact.recorded_micros,
    )
    return Put(row)


def read_late_facts(tenant_id: str, after: int, through: int) -> list[LateFact]:
    """The late facts with numbers behind `after` and up to `through`, in order; a late tariff has taken a number too."""
    if through <= after:
        return []
    low, high = keys.late_fact(tenant_id, after + 1).sk, keys.late_fact(tenant_id, through).sk
    return [to_late_fact(row) for row in read_all(LateFactRow, keys.late_facts(tenant_id), first=low, last=high)]


def to_late_fact(row: LateFactRow) -> LateFact:
    return LateFact(
        int(row.sk),
        EventKind(row.kind),
        date.fromisoformat(row.effective_on),
        row.service,
        row.subscriber,
        row.recorded_micros,
    )


def put_correction(correction: Correction) -> Put:
    """Write a correction; that the tenant's state counts it in the same write keeps it unique."""
    row = CorrectionRow.at(
        keys.correction(correction.tenant_id, correction.number),
        first=correction.first.isoformat(),
        through=correction.through.isoformat(),
        posted_micros=correction.posted_micros,
        content=zlib.compress(compact_json(_content(correction)).encode(), 6),
    )
    return Put(row)


def _content(one: Correction) -> dict[str, Any]:
    return {
        "since": one.since,
        "effective_on": one.effective_on.isoformat(),
        "levels": list(one.levels),
        "modes": list(one.modes),
        "facts": [
            [
                f.number,
                f.kind.value,
                f.effective_on.isoformat(),
                f.service_number,
                f.subscriber_number,
                f.recorded_micros,
            ]
            for f in one.facts
        ],
        "days": [
            [
                change.day.isoformat(),
                [list(map(list, change.believed)), list(map(list, change.known)), list(change.tax_minor)],
                dict(change.counts),
            ]
            for change in one.changes
        ],
        "services": [
            [s.day.isoformat(), s.service_number, s.subscriber_number, _day_list(s.believed), _day_list(s.known)]
            for s in one.services
        ],
        "entries": [list(pair) for pair in one.entries],
        "loans": list(one.loans_minor),
        "versions": [[day.isoformat(), list(names)] for day, names in one.versions],
        "tariff": one.tariff,
        "below": [[tenant_id, corrected, last_day.isoformat()] for tenant_id, corrected, last_day in one.below],
    }


def _day_list(day: ServiceDay) -> list[Any]:
    return [day.state, day.plan, int(day.is_billed), int(day.is_behind), list(day.moved_minor), list(day.earned_minor)]


def read_corrections(tenant_id: str, first: date, *, before: int) -> list[Correction]:
    """The corrections numbered before that one that may be about days from `first` on, newest first.

    How far a correction reaches never goes back, so that the first one which ends before that day ends the search.
    """
    found: list[Correction] = []
    after: str | None = None
    while True:
        page = read_page(
            CorrectionRow,
            keys.corrections(tenant_id),
            last=keys.correction(tenant_id, before - 1).sk,
            after=after,
            limit=SEARCHED_AT_ONCE,
            newest_first=True,
        )
        for row in page.rows:
            if row.through < first.isoformat():
                return found
            found.append(to_correction(tenant_id, row))
        after = page.after
        if after is None:
            return found


def find_correction(tenant_id: str, number: int) -> Correction | None:
    """The correction that posted the late fact of that number, or None while it is not posted."""
    page = read_page(CorrectionRow, keys.corrections(tenant_id), first=keys.correction(tenant_id, number).sk, limit=1)
    if not page.rows:
        return None
    found = to_correction(tenant_id, page.rows[0])
    return found if found.since <= number else None


def list_corrections(tenant_id: str, *, limit: int, after: str | None) -> tuple[list[Correction], str | None]:
    """A page of a tenant's corrections, newest first, and the sort key to go on after."""
    page = read_page(CorrectionRow, keys.corrections(tenant_id), limit=limit, after=after, newest_first=True)
    return [to_correction(tenant_id, row) for row in page.rows], page.after


def to_correction(tenant_id: str, row: CorrectionRow) -> Correction:
    kept = read_json(zlib.decompress(row.content).decode())
    return Correction(
        tenant_id=tenant_id,
        number=int(row.sk),
        since=kept["since"],
        first=date.fromisoformat(row.first),
        through=date.fromisoformat(row.through),
        posted_micros=row.posted_micros,
        effective_on=date.fromisoformat(kept["effective_on"]),
        levels=tuple(kept["levels"]),
        modes=tuple(kept["modes"]),
        facts=tuple(
            LateFact(number, EventKind(kind), date.fromisoformat(on), service, subscriber, micros)
            for number, kind, on, service, subscriber, micros in kept["facts"]
        ),
        changes=tuple(
            DayChange(
                date.fromisoformat(day),
                Totals(*map(tuple, believed)),
                Totals(*map(tuple, known)),
                tuple(tax),
                tuple(sorted(counts.items())),
            )
            for day, (believed, known, tax), counts in kept["days"]
        ),
        services=tuple(
            ServiceChange(date.fromisoformat(day), service, subscriber, _to_day(believed), _to_day(known))
            for day, service, subscriber, believed, known in kept["services"]
        ),
        entries=tuple((sold, bought) for sold, bought in kept["entries"]),
        loans_minor=tuple(kept["loans"]),
        versions=tuple((date.fromisoformat(day), tuple(names)) for day, names in kept["versions"]),
        tariff=kept["tariff"],
        below=tuple(
            Below(tenant_id, corrected, date.fromisoformat(day)) for tenant_id, corrected, day in kept["below"]
        ),
    )


def _to_day(kept: Sequence[Any]) -> ServiceDay:
    state, plan, is_billed, is_behind, moved, earned = kept
    return ServiceDay(state, plan, bool(is_billed), bool(is_behind), tuple(moved), tuple(earned))
