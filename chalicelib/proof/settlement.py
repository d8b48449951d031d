"""Settled days of a tenant computed again: from its raw events, the pinned tariffs and the recorded cuts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from chalicelib.billing.ahead_kept import read_ahead
from chalicelib.billing.charging import Ahead, Charging, charge_sheet
from chalicelib.billing.columns import Columns
from chalicelib.billing.correction_store import read_late_facts
from chalicelib.billing.evidence import find_sheet
from chalicelib.billing.model import SettledDay, State
from chalicelib.billing.patch import patched_roster, told_anew
from chalicelib.billing.price_book import NotPricedError, PriceBook, read_price_book
from chalicelib.billing.rollup import subtree_of
from chalicelib.billing.roster import UnknownServiceError
from chalicelib.billing.sheet import DamagedSheetError, encode_sheet
from chalicelib.billing.state import read_days, read_state
from chalicelib.core.dates import ONE_DAY, days_between
from chalicelib.crm.events import known_events, read_recorded
from chalicelib.crm.model import ServiceEvent
from chalicelib.proof.model import SETTLEMENT, Finding, Result, judged, not_told, order_of
from chalicelib.proof.money import amount
from chalicelib.proof.posted import posted_differences
from chalicelib.proof.recompute import Recomputed, day_thing, differences, recompute, sheet_difference
from chalicelib.proof.replay import replay
from chalicelib.tenants.hierarchy import children_ids
from chalicelib.tenants.model import Tenant

EVENTS_AT_ONCE = timedelta(days=31)
"""How many days of events are held at a time: a tenant of many years fits into the worker."""

LOOKS = 3
"""How often a sub-tree total is read before it is believed to be wrong: it follows a post by a moment."""

UNREADABLE = (
    UnknownServiceError,
    NotPricedError,
    DamagedSheetError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
)
"""What a row that somebody wrote over may raise where a rule meets it: a finding, never a crash of the proof."""


@dataclass(frozen=True)
class DaysProven:
    """What came of computing days again: the result, and through which day all are computed by now."""

    result: Result
    through: date | None


def prove_days(
    chain: Sequence[Tenant], until: date, proven: date | None, doubted: frozenset[date], of_runs: list[Finding]
) -> DaysProven:
    """Compute again every settled day behind `proven` and up to `until`, and those that are doubted.

    Whoever is not settled through `until` is not told about the rest: the next proof goes on there.
    """
    tenant = chain[-1]
    if tenant.is_operator:
        return DaysProven(judged(SETTLEMENT, "buys from nobody: it has no days of its own", of_runs), None)
    state = read_state(tenant.tenant_id)
    last = min(state.last_day, until) if state.last_day else None
    if last is None or last < tenant.settles_from:
        result = judged(SETTLEMENT, "", of_runs) if of_runs else not_told(SETTLEMENT, "no day is settled yet")
        return DaysProven(result, proven)
    days = list(days_between(tenant.settles_from, last))
    records = _records(tenant.tenant_id, days)
    wanted = {day for day in days if proven is None or day > proven or day == until or day in doubted}
    findings = list(of_runs)
    shown = []
    for settled, found in _again(chain, records, wanted):
        shown.append(settled)
        findings += found
    says = _says(shown, last, until, state)
    return DaysProven(judged(SETTLEMENT, says, findings), max(last, proven or last))


def _records(tenant_id: str, days: Sequence[date]) -> dict[date, SettledDay | None]:
    """The record of each day, None where there is none or none that can be read."""
    try:
        return dict(zip(days, read_days([(tenant_id, day) for day in days]), strict=True))
    except UNREADABLE:
        return {day: _record(tenant_id, day) for day in days}


def _record(tenant_id: str, day: date) -> SettledDay | None:
    try:
        return read_days([(tenant_id, day)])[0]
    except UNREADABLE:
        return None


def _says(shown: Sequence[Recomputed | None], last: date, until: date, state: State) -> str:
    again = [one for one in shown if one is not None]
    charged = sum(one.record.charged + one.record.covered for one in again)
    paid = sum(one.record.total_minor for one in again)
    behind = "" if last == until else f"; {until} is not settled yet" + (f": {state.parked}" if state.parked else "")
    return f"{len(again)} days up to {last}, {charged} services for {amount(paid)}{behind}"


def _again(
    chain: Sequence[Tenant], records: Mapping[date, SettledDay | None], wanted: set[date]
) -> Iterator[tuple[Recomputed | None, list[Finding]]]:
    """Each wanted day computed again, and what is found of it."""
    tenant_id = chain[-1].tenant_id
    whole = {}
    for day, record in records.items():
        if record is None:
            what = "is settled, and its record is not there or cannot be read"
            yield None, [Finding(tenant_id, day_thing(tenant_id, day), what, day, order_of(day))]
            break
        whole[day] = record
    if not wanted & whole.keys():
        return
    book = read_price_book(chain)
    for day, charging in _sheets(tenant_id, whole, max(wanted & whole.keys()), book):
        if isinstance(charging, Finding):
            yield None, [charging]
        elif day in wanted:
            yield _compare(chain, book, whole, day, charging)


def _sheets(
    tenant_id: str, records: Mapping[date, SettledDay], last: date, book: PriceBook
) -> Iterator[tuple[date, Charging | Finding]]:
    first, day = min(records), min(records)
    charged = {day: record.charged for day, record in records.items()}

    def charge(day: date, sheet: Columns) -> Charging:
        ahead = _ahead(records[day]).lines if records[day].ahead else None
        return charge_sheet(sheet, book.prices_on(day, records[day].terms), day, ahead)

    def known(day: date, events: list[ServiceEvent]) -> list[ServiceEvent]:
        return known_events(events, records[day].terms.late)

    def patch(day: date, roster: Columns) -> Columns:
        """What the pin of the day knew of the days before it, and that of the day before it did not."""
        yesterday, late = day - ONE_DAY, records[day].terms.late
        facts = read_late_facts(tenant_id, records[yesterday].terms.late, late)
        if not facts:
            return roster
        return patched_roster(roster, told_anew(book.chain[-1], book, facts, late, yesterday), yesterday)

    try:
        for day, charging in replay(_events(tenant_id, first, last), charged, first, last, charge, known, patch):
            yield day, charging
    except UNREADABLE as error:
        what = f"cannot be computed again, nor any after it: {error}"
        yield day, Finding(tenant_id, day_thing(tenant_id, last), what, last, order_of(last))


def _events(tenant_id: str, first: date, last: date) -> Iterator[ServiceEvent]:
    """Every event there is up to the last day, some weeks at a time."""
    yield from read_recorded(tenant_id, None, first)
    day = first + ONE_DAY
    while day <= last:
        end = min(last, day + EVENTS_AT_ONCE)
        yield from read_recorded(tenant_id, day, end)
        day = end + ONE_DAY


def _ahead(record: SettledDay) -> Ahead:
    return read_ahead(record.tenant_id, record.day, record.ahead, len(record.terms.modes))


def _compare(
    chain: Sequence[Tenant],
    book: PriceBook,
    records: Mapping[date, SettledDay],
    day: date,
    charging: Charging,
) -> tuple[Recomputed | None, list[Finding]]:
    record = records[day]
    thing = day_thing(record.tenant_id, day)
    try:
        again = recompute(record, charging, book.prices_on(day, record.terms), _ahead(record))
        found = [
            *differences(again),
            *_kept_sheet(again),
            *posted_differences([tenant.tenant_id for tenant in chain], again),
            *_subtree(record),
        ]
    except UNREADABLE as error:
        what = f"cannot be computed again: {error or type(error).__name__}"
        return None, [Finding(record.tenant_id, thing, what, day, order_of(day))]
    if again.sheet_hash != record.sheet_hash:
        found += _first_other_day(record, records, book)
    return again, _doubting_the_day(found, record)


def _doubting_the_day(found: list[Finding], record: SettledDay) -> list[Finding]:
    """An entry that is wrong, in whose book ever, puts the day itself in doubt in the tenant's own."""
    thing = day_thing(record.tenant_id, record.day)
    if found and not any(one.book == record.tenant_id and one.thing == thing for one in found):
        what = "was posted otherwise than it is computed again"
        found.append(Finding(record.tenant_id, thing, what, record.day, order_of(record.day)))
    return found


def _kept_sheet(again: Recomputed) -> Iterator[Finding]:
    record = again.record
    thing = day_thing(record.tenant_id, record.day)

    def about(what: str) -> Finding:
        return Finding(record.tenant_id, thing, what, record.day, order_of(record.day))

    try:
        kept = find_sheet(record)
    except DamagedSheetError as error:
        yield about(f"its sheet cannot be read: {error}")
        return
    if again.sheet_hash != record.sheet_hash:
        what = f"keeps the sheet {record.sheet_hash[:16]}..., by the events {again.sheet_hash[:16]}...: "
        yield about(what + sheet_difference(again, kept))


def _first_other_day(record: SettledDay, records: Mapping[date, SettledDay], book: PriceBook) -> list[Finding]:
    """The first day of all whose sheet the events do not make: what was changed lies on it, or before it."""
    try:
        for day, charging in _sheets(record.tenant_id, records, record.day, book):
            if isinstance(charging, Finding):
                return []
            one, sheet = records[day], charging.sheet
            prices = {code: list(one.prices_minor.get(code, ())) for code in sheet.plan_codes}
            if day == record.day or encode_sheet(sheet, one.tenant_id, str(day), prices).hash != one.sheet_hash:
                break
    except UNREADABLE:
        return []
    if day == record.day:
        return []
    what = f"is the first day whose sheet is not what the events make; {record.day} follows from it"
    return [Finding(record.tenant_id, day_thing(record.tenant_id, day), what, day, order_of(day))]


def _subtree(record: SettledDay) -> Iterator[Finding]:
    """The sub-tree's total, once more when it does not fit: a descendant's post is counted a moment after it."""
    children = children_ids(record.tenant_id)
    kept: SettledDay | None = record
    right: tuple[int, ...] = ()
    for _ in range(LOOKS):
        kept, *below = read_days([(record.tenant_id, record.day), *((child, record.day) for child in children)])
        right = subtree_of(record.paid_minor, [one for one in below if one is not None])
        if kept is None or kept.subtree_minor == right:
            return
    if kept is not None and kept.subtree_minor and right and kept.subtree_minor[0] != right[0]:
        what = f"sub-tree: keeps {amount(kept.subtree_minor[0])}, its children's days make {amount(right[0])}"
        thing = day_thing(record.tenant_id, record.day)
        yield Finding(record.tenant_id, thing, what, record.day, order_of(record.day))
