"""A book as its kept totals tell it, now or as known at an instant: its digests, and the entries behind the last of them.

What is kept is derived and never trusted blindly: whenever it is used, it has to add up to the journal heads. Where it
does not, an alarm is raised and the entries themselves are read: slower, and right.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain

from chalicelib.aws import clock, keys
from chalicelib.aws.log import alarm
from chalicelib.aws.tables import read_all, read_many
from chalicelib.core.dates import to_micros
from chalicelib.ledger.heads import read_heads, totals_of
from chalicelib.ledger.journal import Head
from chalicelib.ledger.store import DigestLegsRow, DigestRow, DigestStateRow, PeriodsRow, to_day
from chalicelib.ledger.totals.behind import EntriesMissing, read_behind, read_everything
from chalicelib.ledger.totals.digests import (
    Digest,
    Leg,
    Sum,
    add_up,
    net_by_account,
    reach_of,
    unpack,
    unpack_digest,
)

TRIES = 3
"""How often what does not add up is read again: an entry or a digest may be written just now, between two readings."""

Wanted = Callable[[Sum | Leg], bool]


class DigestsDiffer(Exception):
    """What is kept of a book does not add up to its journal heads."""


@dataclass(frozen=True)
class Kept:
    """A book as known at an instant (now, if None): what it adds up to, and where its lines are found.

    `sums` is all of it. `digests` are those that belong whole, `loose` the lines that lie in none of them.
    """

    tenant_id: str
    known_at: datetime | None
    closed_through: date | None
    generation: int
    sums: Sequence[Sum]
    digests: Sequence[Digest]
    loose: Sequence[Leg]


@dataclass(frozen=True)
class Standing:
    """Digests and heads of one book that go together, and what lies between them."""

    generation: int
    closed_through: date | None
    heads: list[Head]
    digests: list[Digest]
    behind: list[Leg]

    def check(self) -> None:
        """`DigestsDiffer` unless digests and entries behind them add up to the heads."""
        sums = chain(*(digest.sums for digest in self.digests), add_up(self.behind))
        if net_by_account(sums) != totals_of(self.heads):
            raise DigestsDiffer


def read_kept(tenant_id: str, known_at: datetime | None = None, heads: list[Head] | None = None) -> Kept:
    """That book, of what was recorded by `known_at`; `heads` are its journal heads where they were read a moment ago.

    Requests: digests and their state, heads, and the entries behind the last digest (some hundreds, in two parts); for
    an instant in the past also the lines of the digest that it falls into.
    """
    for attempt in range(TRIES):
        clock.back_off(attempt)
        try:
            standing = read_standing(tenant_id, None if attempt else heads)
            standing.check()
            return _as_known(tenant_id, standing, known_at)
        except (DigestsDiffer, EntriesMissing) as error:
            reason = type(error).__name__
    alarm("The kept totals of a book are not what its entries add up to.", tenant=tenant_id, reason=reason)
    return _from_entries(tenant_id, known_at)


def read_standing(tenant_id: str, heads: list[Head] | None = None) -> Standing:
    """How the digests and the heads of a book stand; `EntriesMissing` when the heads count what is not there."""
    state, periods = read_many([(DigestStateRow, keys.digest_state(tenant_id)), (PeriodsRow, keys.periods(tenant_id))])
    generation = state.generation if state else 0
    heads = heads or read_heads(tenant_id)
    digests = read_digests(tenant_id, generation) if state else []
    behind = read_behind(tenant_id, reach_of(digests), heads)
    closed_through = to_day(periods.closed_through) if periods else None
    return Standing(generation, closed_through, heads, digests, behind)


def read_digests(tenant_id: str, generation: int) -> list[Digest]:
    """The digests of one generation, as many as follow on each other from the first."""
    found: list[Digest] = []
    for row in read_all(DigestRow, keys.book_digests(tenant_id, generation)):
        if int(row.sk) != len(found) + 1:
            break
        found.append(unpack_digest(int(row.sk), row.entries, row.from_micros, row.to_micros, row.content))
    return found


def read_legs(kept: Kept, wanted: Wanted) -> list[Leg]:
    """The lines of a book that are wanted, in no order: one request for each hundred digests that hold one of them."""
    holding = [digest for digest in kept.digests if any(map(wanted, digest.sums))]
    try:
        found = _legs_in(kept.tenant_id, kept.generation, holding)
    except DigestsDiffer:
        alarm("The lines kept with a digest are not those it was made of.", tenant=kept.tenant_id)
        return list(filter(wanted, _from_entries(kept.tenant_id, kept.known_at).loose))
    return [leg for leg in chain(found, kept.loose) if wanted(leg)]


def _legs_in(tenant_id: str, generation: int, digests: Sequence[Digest]) -> list[Leg]:
    rows = read_many([(DigestLegsRow, keys.digest_legs(tenant_id, generation, one.number)) for one in digests])
    found: list[Leg] = []
    for digest, row in zip(digests, rows, strict=True):
        legs = list(map(Leg._make, unpack(row.legs))) if row else []
        if add_up(legs) != digest.sums:
            raise DigestsDiffer
        found += legs
    return found


def _as_known(tenant_id: str, standing: Standing, known_at: datetime | None) -> Kept:
    """Digests that were over by then belong whole; of the one that was not, the lines recorded by then."""
    digests, loose = standing.digests, standing.behind
    if known_at is not None:
        until = to_micros(known_at)
        cut = [one for one in digests if one.from_micros <= until < one.to_micros]
        digests = [one for one in digests if one.to_micros <= until]
        legs = [*_legs_in(tenant_id, standing.generation, cut), *loose]
        loose = [leg for leg in legs if leg.recorded_micros <= until]
    sums = [*chain(*(one.sums for one in digests)), *add_up(loose)]
    return Kept(tenant_id, known_at, standing.closed_through, standing.generation, sums, digests, loose)


def _from_entries(tenant_id: str, known_at: datetime | None) -> Kept:
    (periods,) = read_many([(PeriodsRow, keys.periods(tenant_id))])
    until = None if known_at is None else to_micros(known_at)
    legs = [
        leg
        for leg in read_everything(tenant_id, read_heads(tenant_id))
        if until is None or leg.recorded_micros <= until
    ]
    closed_through = to_day(periods.closed_through) if periods else None
    return Kept(tenant_id, known_at, closed_through, 0, add_up(legs), (), legs)
