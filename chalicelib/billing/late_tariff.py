"""A tariff that begins on a day which is settled already: the version, and the difference that it makes to all settled days
of the reseller and of everybody below it, posted in the write of the version.

Only one edge changes, so that it is one entry in the seller's book and one in the buyer's. Every day that is settled by
now is corrected in it; every later one is settled by the new version. Nobody's days may move meanwhile: their states are
moved on in the same write. Where the edge charges in advance, what was charged stays charged: such a version begins on a
day that is open (decision 0026).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby

from chalicelib.aws import keys
from chalicelib.aws.tables import Operation, read_all
from chalicelib.billing.correct import correct_late_facts, span
from chalicelib.billing.correction_store import put_correction, read_corrections
from chalicelib.billing.corrections import Below, Correction, DayChange, Totals, Versions, run_of
from chalicelib.billing.difference import advance_from, billed_counts, changes_of
from chalicelib.billing.model import State, Tariff
from chalicelib.billing.pins import guard_day
from chalicelib.billing.post_correction import ToPost, build_post
from chalicelib.billing.price_book import PriceBook, read_price_book
from chalicelib.billing.state import change_state, read_days, read_states
from chalicelib.billing.store import DayRow, to_day
from chalicelib.billing.tariffs import EASTERNMOST
from chalicelib.core.dates import ONE_DAY, days_between
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.core.money import share_of
from chalicelib.tenants.hierarchy import read_chain, read_tree
from chalicelib.tenants.model import Tenant

MAX_BELOW = 50
"""Resellers below one whose tariff begins on a settled day: all their states are in the write."""


def late_tariff(seller: Tenant, versions: Sequence[Tariff], tariff: Tariff, now: datetime) -> list[Operation] | None:
    """What is written along with a version that begins on a settled day: its correction, and that nobody's days move.

    None where its first day is open for everybody, and for an edge that charges in advance on a settled day, or would by
    this version. `versions` are those there are. 409 `too-many-resellers-below`; `Unavailable` while a day is being
    settled.
    """
    if tariff.effective_on >= (now + EASTERNMOST).date():
        return None
    chain_ids = (*seller.chain, tariff.child_id)
    nodes = read_tree(chain_ids)
    states = read_states([node.tenant_id for node in nodes])
    last = max((one.pinned_through for one in states.values() if one.pinned_through), default=None)
    in_advance = advance_from((*versions, tariff))
    if last is None or last < tariff.effective_on or (in_advance is not None and in_advance <= last):
        return None
    if len(nodes) - 1 > MAX_BELOW:
        raise Conflict("too-many-resellers-below", "With so many resellers below it, a tariff starts on an open day.")
    correct_late_facts(chain_ids, now)
    states = read_states([node.tenant_id for node in nodes])
    own = states[tariff.child_id]
    met = [one for one in states.values() if one.pinned_through and one.pinned_through >= tariff.effective_on]
    if own.late != own.corrected or any(one.pinned_through != one.last_day for one in met):
        raise Unavailable("busy", "Days are being settled at this moment; please send the tariff again.")
    guards = [
        operation
        for one in states.values()
        if one not in met and one.tenant_id != tariff.child_id
        for operation in guard_day(one.tenant_id, tariff.effective_on).operations
    ]
    moved = [change_state(one, one) for one in met if one.tenant_id != tariff.child_id]
    return [*guards, *moved, *_correction(chain_ids, versions, tariff, own, met, now)]


def _correction(
    chain_ids: tuple[str, ...],
    versions: Sequence[Tariff],
    tariff: Tariff,
    own: State,
    met: Sequence[State],
    now: datetime,
) -> list[Operation]:
    """The correction's record and postings, and the state of the reseller, which counts it on."""
    chain = tuple(read_chain(chain_ids))
    first = tariff.effective_on
    next_on = min((one.effective_on for one in versions if one.effective_on > first), default=None)
    through = max(one.last_day for one in met if one.last_day is not None)
    through = through if next_on is None else min(through, next_on - ONE_DAY)
    below = tuple(Below(one.tenant_id, one.corrected, one.last_day) for one in met if one.last_day is not None)
    replaced = _runs([(day, _in_force(versions, day)) for day in days_between(first, through)])
    changes = tariff_changes(chain_ids, tariff, below, first, through, replaced)
    number = own.late + 1
    mends = read_days([(tariff.child_id, changes[0].day)])[0] if changes else None
    days = f"Correction of {span(changes[0].day, changes[-1].day)}" if changes else "Correction"
    to_post = ToPost(
        chain, changes, run_of(tariff.child_id, number), f"{days}: another tariff of {chain[-1].code}", mends
    )
    posted = build_post(to_post, now)
    correction = Correction(
        tenant_id=tariff.child_id,
        number=number,
        since=number,
        first=first,
        through=through,
        posted_micros=posted.recorded_micros,
        effective_on=posted.effective_on,
        levels=tuple(buyer.tenant_id for buyer in to_post.buyers),
        modes=to_post.modes,
        facts=(),
        changes=changes,
        services=(),
        entries=posted.entries,
        loans_minor=posted.loans_minor,
        versions=replaced,
        tariff=tariff.version,
        below=below,
    )
    counted = change_state(own, replace(own, late=number, corrected=number))
    return [counted, put_correction(correction), *posted.operations]


def _in_force(versions: Sequence[Tariff], day: date) -> tuple[str, ...]:
    return (next((one.version for one in versions if one.effective_on <= day), ""),)


def _runs(versions: Sequence[tuple[date, tuple[str, ...]]]) -> Versions:
    return tuple(next(same) for _, same in groupby(versions, key=lambda one: one[1]))


def tariff_changes(
    chain_ids: Sequence[str],
    tariff: Tariff,
    below: Sequence[Below],
    first: date,
    through: date,
    replaced: Versions,
) -> tuple[DayChange, ...]:
    """What the version changes on these days for the reseller's edge: for all services that are billed by what is posted.

    `replaced` are the versions that those days were priced by before.
    """
    chains = {node.tenant_id: node.chain for node in read_tree(chain_ids)}
    before: dict[date, list[int]] = {}
    for one in below:
        chain = chains[one.tenant_id]
        level = len(chain) - len(chain_ids)
        book = _with(read_price_book(read_chain(chain)), level, tariff)
        _add_days(book, level, tariff, one, (first, through), _before(replaced), before)
    levels = len(chain_ids) - 1
    return tuple(
        DayChange(
            day,
            Totals(_at_edge(old, levels), _at_edge(old, levels)),
            Totals(_at_edge(new, levels), _at_edge(new, levels)),
            _at_edge(tax, levels),
            (),
        )
        for day, (old, new, tax) in sorted(before.items())
        if old != new or tax
    )


def _at_edge(amount: int, levels: int) -> tuple[int, ...]:
    return (amount, *(0,) * (levels - 1))


def _with(book: PriceBook, level: int, tariff: Tariff) -> PriceBook:
    """The book with the version in it, in its place among the others."""
    others = [one for one in book.tariffs[level] if one.version != tariff.version]
    edge = tuple(sorted((*others, tariff), key=lambda one: one.version, reverse=True))
    return replace(book, tariffs=(*book.tariffs[:level], edge, *book.tariffs[level + 1 :]))


def _before(replaced: Versions) -> Callable[[date], str]:
    return lambda day: next((names[0] for since, names in reversed(replaced) if since <= day), "")


def _add_days(
    book: PriceBook,
    level: int,
    tariff: Tariff,
    one: Below,
    span_of: tuple[date, date],
    old_version: Callable[[date], str],
    totals: dict[date, list[int]],
) -> None:
    """Add to each day what the tenant's billed services cost at that level by the old version and by the new one."""
    first, through = span_of
    rows = read_all(
        DayRow,
        keys.settlements(one.tenant_id),
        first=keys.settled_day(one.tenant_id, first).sk,
        last=keys.settled_day(one.tenant_id, min(through, one.last_day)).sk,
    )
    corrections = read_corrections(one.tenant_id, first, before=one.corrected + 1)
    for record in map(to_day, rows):
        counts = billed_counts(record, changes_of(corrections, record.day))
        costs = []
        for version in (old_version(record.day), tariff.version):
            names = list(book.terms_on(record.day).versions)
            names[level] = version
            prices = book.prices_on(record.day, replace(record.terms, versions=tuple(names)))
            cost = sum(count * prices.by_plan[code][level] for code, count in counts.items())
            costs.append((cost, share_of(cost, prices.tax_bps[level])))
        (old, old_tax), (new, new_tax) = costs
        found = totals.setdefault(record.day, [0, 0, 0])
        found[0] += old
        found[1] += new
        found[2] += new_tax - old_tax
