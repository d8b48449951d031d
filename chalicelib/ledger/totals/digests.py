"""Digests: what a stretch of a book adds up to, kept so that a report does not read its entries (decision 0020). Pure.

A digest covers the entries of a book that no digest before it covers, journal by journal, up to a sequence. What it
covers is told by sequence and never by clock: an entry may be written late, with an instant that others have passed.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

from chalicelib.core.json import compact_json, read_json
from chalicelib.ledger.chart import FUNDS_HELD, RECEIVABLE, RESELLER_RECEIVABLE

OF_COUNTERPARTIES = frozenset({RECEIVABLE, RESELLER_RECEIVABLE, FUNDS_HELD})
"""The accounts whose balance is told apart by counterparty."""


class Leg(NamedTuple):
    """One line of an entry and where it lies: `net_minor` is its debit less its credit, the days are ISO dates.

    `number` is its place among the lines of the entry; `part` and `recorded_micros` lead to the entry itself.
    """

    effective_on: str
    service_on: str
    account: str
    cost_centre: str
    counterparty: str
    year_end: int
    net_minor: int
    recorded_micros: int
    journal: str
    sequence: int
    number: int
    part: str


class Sum(NamedTuple):
    """What the lines of one account, on one pair of days, add up to; `lines` is how many they are.

    `counterparty` is empty outside `OF_COUNTERPARTIES`; `year_end` is 1 for the closing of a year, else 0.
    """

    effective_on: str
    service_on: str
    account: str
    cost_centre: str
    counterparty: str
    year_end: int
    debit_minor: int
    credit_minor: int
    lines: int

    @property
    def net_minor(self) -> int:
        return self.debit_minor - self.credit_minor


class Reach(NamedTuple):
    """How far a journal is covered: the last sequence, and when that entry was recorded."""

    sequence: int
    recorded_micros: int


@dataclass(frozen=True)
class Digest:
    """One digest: `last` is how far it takes each journal that moved in it, the instants are the least and greatest
    recorded in it, `entries` is how many it covers."""

    number: int
    entries: int
    from_micros: int
    to_micros: int
    last: Mapping[str, Reach]
    sums: tuple[Sum, ...]


def add_up(legs: Iterable[Leg]) -> tuple[Sum, ...]:
    """The legs by days, account, cost centre and counterparty, in that order."""
    debits: dict[tuple[Any, ...], list[int]] = {}
    for leg in legs:
        counterparty = leg.counterparty if leg.account in OF_COUNTERPARTIES else ""
        group = (leg.effective_on, leg.service_on, leg.account, leg.cost_centre, counterparty, leg.year_end)
        found = debits.setdefault(group, [0, 0, 0])
        found[leg.net_minor < 0] += abs(leg.net_minor)
        found[2] += 1
    return tuple(Sum(*group, *debits[group]) for group in sorted(debits))


def digest_of(number: int, legs: Sequence[Leg]) -> Digest:
    """The digest of these entries, whole and at least one."""
    last: dict[str, Reach] = {}
    for leg in legs:
        reach = Reach(leg.sequence, leg.recorded_micros)
        last[leg.journal] = max(reach, last.get(leg.journal, reach))
    instants = [leg.recorded_micros for leg in legs]
    return Digest(number, entries_in(legs), min(instants), max(instants), last, add_up(legs))


def entries_in(legs: Iterable[Leg]) -> int:
    """Of how many entries these legs are."""
    return len({(leg.journal, leg.sequence) for leg in legs})


def reach_of(digests: Iterable[Digest]) -> dict[str, Reach]:
    """How far these digests together, in their order, cover each journal."""
    reach: dict[str, Reach] = {}
    for digest in digests:
        reach.update(digest.last)
    return reach


def net_by_account(sums: Iterable[Sum]) -> dict[str, int]:
    """The net debit of every account that has one."""
    totals: dict[str, int] = {}
    for one in sums:
        totals[one.account] = totals.get(one.account, 0) + one.debit_minor - one.credit_minor
    return {code: net for code, net in totals.items() if net}


def pack(rows: Sequence[tuple[Any, ...]]) -> bytes:
    """Rows of equal length as bytes: column by column, compressed, since the cells of a column are much alike."""
    return zlib.compress(compact_json(list(zip(*rows, strict=True))).encode(), 6)


def unpack(packed: bytes) -> Iterator[tuple[Any, ...]]:
    """The rows that `pack` was given."""
    return zip(*read_json(zlib.decompress(packed).decode()), strict=True)


def pack_digest(digest: Digest) -> bytes:
    """What a digest adds up to and how far it reaches, as bytes."""
    reach = [(name, *reach) for name, reach in sorted(digest.last.items())]
    content = [list(zip(*reach, strict=True)), list(zip(*digest.sums, strict=True))]
    return zlib.compress(compact_json(content).encode(), 6)


def unpack_digest(number: int, entries: int, from_micros: int, to_micros: int, packed: bytes) -> Digest:
    """The digest that `pack_digest` was given."""
    reach, sums = read_json(zlib.decompress(packed).decode())
    last = {name: Reach(sequence, at) for name, sequence, at in zip(*reach, strict=True)}
    made = tuple(map(Sum._make, zip(*sums, strict=True)))
    return Digest(number, entries, from_micros, to_micros, last, made)


def stretches(legs: Sequence[Leg], most_entries: int, most_legs: int) -> Iterator[list[Leg]]:
    """The legs of entries in order of recording, cut between entries into stretches of at most that many.

    An entry of more legs than a stretch may have is a stretch of its own.
    """
    stretch: list[Leg] = []
    entries = 0
    for entry in _by_entry(sorted(legs, key=place)):
        if stretch and (entries == most_entries or len(stretch) + len(entry) > most_legs):
            yield stretch
            stretch, entries = [], 0
        stretch += entry
        entries += 1
    if stretch:
        yield stretch


def _by_entry(legs: Iterable[Leg]) -> Iterator[list[Leg]]:
    entry: list[Leg] = []
    for leg in chain(legs):
        if entry and (leg.journal, leg.sequence) != (entry[0].journal, entry[0].sequence):
            yield entry
            entry = []
        entry.append(leg)
    if entry:
        yield entry


def place(leg: Leg) -> tuple[int, str, int, int]:
    """Where a leg stands in the order of recording."""
    return leg.recorded_micros, leg.journal, leg.sequence, leg.number
