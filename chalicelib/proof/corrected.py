"""Corrections computed again from the raw events, against their records and what they posted in both books of each level."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chalicelib.billing.correction_store import find_correction, list_corrections, read_late_facts
from chalicelib.billing.corrections import KIND, Correction, DayChange, level_sides, run_of
from chalicelib.billing.difference import Difference, compute_difference, read_ground, versions_as_kept
from chalicelib.billing.late_tariff import tariff_changes
from chalicelib.billing.price_book import NotPricedError, PriceBook, read_price_book
from chalicelib.billing.state import read_state
from chalicelib.core.errors import NotFound
from chalicelib.ledger.entries import find_entry
from chalicelib.ledger.journal import Entry, parse_entry_id
from chalicelib.proof.model import Finding
from chalicelib.proof.money import amount
from chalicelib.proof.walk import broken_entry
from chalicelib.tenants.model import Tenant

UNREADABLE = (NotPricedError, ValueError, TypeError, KeyError, IndexError, AttributeError)
"""What a row that somebody wrote over may raise: a finding, never a crash of the proof."""


def correction_thing(tenant_id: str, number: int) -> str:
    """What a correction is called in findings and doubts."""
    return f"{tenant_id}:correction:{number}"


@dataclass(frozen=True)
class _About:
    """What findings of one correction are told about."""

    tenant_id: str
    one: Correction

    def says(self, what: str) -> Finding:
        thing = correction_thing(self.tenant_id, self.one.number)
        return Finding(self.tenant_id, thing, what, self.one.effective_on, self.one.posted_micros)


def prove_corrections(chain: Sequence[Tenant], since_micros: int, doubted: frozenset[str]) -> list[Finding]:
    """Compute again the corrections posted behind an instant and those that are doubted; what is wrong with them."""
    tenant_id = chain[-1].tenant_id
    state = read_state(tenant_id)
    if not state.late:
        return []
    findings: list[Finding] = []
    book = read_price_book(chain)
    expected, after = state.corrected, None
    while True:
        page, after = list_corrections(tenant_id, limit=100, after=after)
        for one in page:
            if one.number > state.corrected:
                continue  # posted since the state was read
            about = _About(tenant_id, one)
            if one.number != expected:
                findings.append(about.says(f"is followed by one that begins at {expected + 1}, or by none"))
            expected = one.since - 1
            if one.posted_micros > since_micros or correction_thing(tenant_id, one.number) in doubted:
                findings += _prove(chain, book, about)
        if after is None:
            break
    if expected:
        thing = correction_thing(tenant_id, expected)
        findings.append(Finding(tenant_id, thing, "is posted by the state, and its record is not there"))
    return findings


def _prove(chain: Sequence[Tenant], book: PriceBook, about: _About) -> Iterator[Finding]:
    one = about.one
    try:
        again = _again(chain, book, one)
        if again is None:
            yield about.says("names other late facts than were recorded")
            return
        difference = _first_difference(one, again)
        if difference:
            yield about.says(difference)
        yield from _of_entries(chain, about, again.changes)
    except UNREADABLE as error:
        yield about.says(f"cannot be computed again: {error or type(error).__name__}")


def _again(chain: Sequence[Tenant], book: PriceBook, one: Correction) -> Difference | None:
    tenant = chain[-1]
    if one.tariff is not None:
        tariff = next((version for version in book.tariffs[0] if version.version == one.tariff), None)
        if tariff is None:
            return None
        changes = tariff_changes(tenant.chain, tariff, one.below, one.first, one.through, one.versions)
        return Difference(one.first, one.through, changes, (), one.versions)
    facts = read_late_facts(one.tenant_id, one.since - 1, one.number)
    last_day = read_state(one.tenant_id).last_day
    if tuple(facts) != one.facts or last_day is None:
        return None
    first = max(tenant.settles_from, min(fact.effective_on for fact in facts))
    ground, begin = read_ground(
        one.tenant_id,
        book,
        tenant.settles_from,
        first,
        last_day,
        versions_as_kept(one.versions, lambda day: book.terms_on(day).versions),
    )
    return compute_difference(ground, begin, facts, one.since - 1, one.number, last_day)


def _first_difference(one: Correction, again: Difference) -> str:
    """The first day of which the record says something else than the events do."""
    kept = {change.day: change for change in one.changes}
    right = {change.day: change for change in again.changes}
    for day in sorted({*kept, *right}):
        if kept.get(day) != right.get(day):
            return f"{day}: keeps {_shown(kept.get(day))}, computed again {_shown(right.get(day))}"
    if one.services != again.services:
        return "keeps other days of services than computed again"
    return ""


def _shown(change: DayChange | None) -> str:
    if change is None:
        return "no change"
    levels = range(len(change.tax_minor))
    return ", ".join(amount(change.use(level).gross_minor) for level in levels)


def _of_entries(chain: Sequence[Tenant], about: _About, changes: Sequence[DayChange]) -> Iterator[Finding]:
    """What each level posted, against what the changes have to post there."""
    one = about.one
    buyers = list(reversed(chain[1:]))
    for level, (buyer, mode) in enumerate(zip(buyers, one.modes, strict=True)):
        sides = level_sides(changes, level, mode, buyer.parent_id or "", buyer.tenant_id)
        for entry_id, lines, by_day in zip(
            one.entries[level],
            (sides.sold, sides.bought) if sides else ((), ()),
            (sides.sold_by_day, sides.bought_by_day) if sides else ((), ()),
            strict=True,
        ):
            if not lines and not entry_id:
                continue
            entry = _find(entry_id)
            if entry is None:
                yield about.says(f"names the entry {entry_id or 'none'}, and {len(lines)} lines had to be posted")
                continue
            draft = entry.draft
            if sorted(line.as_list for line in draft.lines) != sorted(line.as_list for line in lines):
                yield broken_entry(entry, "posts other lines than its correction computed again")
            elif draft.by_day != by_day or sides is None or draft.service_on != sides.service_on:
                yield broken_entry(entry, "tells other days than its correction computed again")
            elif draft.kind != KIND or draft.run != run_of(one.tenant_id, one.number):
                yield broken_entry(entry, f"is a {draft.kind} of {draft.run}, and belongs to a correction")


def _find(entry_id: str) -> Entry | None:
    place = parse_entry_id(entry_id)
    if place is None:
        return None
    try:
        return find_entry(place.tenant_id, entry_id)
    except NotFound:
        return None


class CorrectionRuns:
    """The entries of corrections recorded behind an instant: each has to be named by the record of its run."""

    def __init__(self, since_micros: int) -> None:
        self._since_micros = since_micros
        self._entries: list[Entry] = []

    def take(self, entry: Entry) -> None:
        if entry.draft.kind == KIND and entry.recorded_micros > self._since_micros:
            self._entries.append(entry)

    def findings(self) -> list[Finding]:
        """Those that no record names: one request for each correction."""
        found: dict[str, frozenset[str]] = {}
        strange = []
        for entry in self._entries:
            run = entry.draft.run
            if run not in found:
                found[run] = _named_by(run)
            if entry.entry_id not in found[run]:
                strange.append(broken_entry(entry, f"posts {run}, whose record does not name it"))
        return strange


def _named_by(run: str) -> frozenset[str]:
    tenant_id, _, number = run.partition("/correction/")
    if not tenant_id or not number.isdecimal():
        return frozenset()
    try:
        correction = find_correction(tenant_id, int(number))
    except UNREADABLE:
        return frozenset()
    if correction is None or correction.number != int(number):
        return frozenset()
    return frozenset(entry_id for pair in correction.entries for entry_id in pair if entry_id)
