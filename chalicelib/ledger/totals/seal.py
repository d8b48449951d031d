"""Sealing: write the digests of a book, after the fact and beside all movements of money.

It may run at any moment, twice at once, and stop anywhere: a digest is written whole or not at all, and of two that
would be the same number one is written. A digest is never changed or deleted; when the digests of a book turn out to be
wrong, another generation of them is begun.
"""

from chalicelib.aws import keys
from chalicelib.aws.log import alarm, log
from chalicelib.aws.tables import ConditionFailed, Put, read, write
from chalicelib.ledger.heads import read_heads, totals_of
from chalicelib.ledger.journal import Head
from chalicelib.ledger.store import DigestLegsRow, DigestRow, DigestStateRow
from chalicelib.ledger.totals.behind import NOTHING, EntriesMissing, read_behind, read_everything, read_from
from chalicelib.ledger.totals.digests import (
    Digest,
    Leg,
    add_up,
    digest_of,
    entries_in,
    net_by_account,
    pack,
    pack_digest,
    reach_of,
    stretches,
)
from chalicelib.ledger.totals.kept import read_digests

SEAL_FROM = 500
"""From how many entries on a digest is worth its row: fewer are read as fast as they are."""

MAX_ENTRIES = 2_000
MAX_LEGS = 10_000
AT_ONCE = 10_000
"""How many entries one round of sealing holds in memory."""

MAX_BYTES = 350_000
"""A row of the database takes 400 KB."""


def seal_book(tenant_id: str) -> int:
    """Write digests until fewer than `SEAL_FROM` entries of that book lie behind the last; how many were written.

    Two requests where there is nothing to do.
    """
    written, more = 0, True
    while more:
        done, more = _round(tenant_id)
        written += done
    if written:
        log("book sealed", tenant=tenant_id, digests=written)
    return written


def _round(tenant_id: str) -> tuple[int, bool]:
    """Seal some; how many digests, and whether there may be more to seal."""
    state = read(DigestStateRow, keys.digest_state(tenant_id))
    heads = read_heads(tenant_id)
    waiting = sum(head.sequence for head in heads) - (state.entries if state else 0)
    if waiting < SEAL_FROM:
        return 0, False
    digests = read_digests(tenant_id, state.generation if state else 0)
    if len(digests) != (state.number if state else 0):
        return 0, False  # Another sealer is writing just now.
    legs = _waiting_legs(tenant_id, digests, heads, waiting)
    if legs is None:
        return 0, False
    if waiting <= AT_ONCE and not _adds_up(digests, legs, heads):
        return 0, _mend(tenant_id, state, heads)
    written = 0
    for stretch in stretches(legs, MAX_ENTRIES, MAX_LEGS):
        if waiting < SEAL_FROM:
            return written, False
        before, state = state, _write(tenant_id, state, stretch)
        if state is None:
            return written, False
        sealed = state.entries - (before.entries if before else 0)
        written, waiting = written + 1, waiting - sealed
        if sealed < entries_in(stretch):
            break
    return written, bool(written)


def _waiting_legs(tenant_id: str, digests: list[Digest], heads: list[Head], waiting: int) -> list[Leg] | None:
    reach = reach_of(digests)
    if waiting > AT_ONCE:
        since = max((digest.to_micros for digest in digests), default=0)
        earliest = min(reach.get(head.journal, NOTHING).recorded_micros for head in heads)
        return read_from(tenant_id, reach, since, AT_ONCE) or read_from(tenant_id, reach, earliest, AT_ONCE)
    try:
        return read_behind(tenant_id, reach, heads)
    except EntriesMissing:
        alarm("The heads of a book count entries that are not there.", tenant=tenant_id)
        return None


def _adds_up(digests: list[Digest], legs: list[Leg], heads: list[Head]) -> bool:
    sums = [one for digest in digests for one in digest.sums]
    return net_by_account([*sums, *add_up(legs)]) == totals_of(heads)


def _write(tenant_id: str, state: DigestStateRow | None, stretch: list[Leg]) -> DigestStateRow | None:
    """Write the next digest; the state after it, or None when another sealer was first: the state has moved on then.

    One that would be too large for a row covers half of the stretch: the rest waits for the next round.
    """
    generation, number = (state.generation, state.number + 1) if state else (0, 1)
    digest = digest_of(number, stretch)
    content, legs = pack_digest(digest), pack(stretch)
    while max(len(content), len(legs)) > MAX_BYTES and digest.entries > 1:
        stretch = next(stretches(stretch, digest.entries // 2, MAX_LEGS))
        digest = digest_of(number, stretch)
        content, legs = pack_digest(digest), pack(stretch)
    after = _state(tenant_id, generation, number, (state.entries if state else 0) + digest.entries)
    row = DigestRow.at(
        keys.book_digest(tenant_id, generation, number),
        entries=digest.entries,
        from_micros=digest.from_micros,
        to_micros=digest.to_micros,
        content=content,
    )
    beside = DigestLegsRow.at(keys.digest_legs(tenant_id, generation, number), legs=legs)
    try:
        write(_put_state(state, after), Put(row), Put(beside))
    except ConditionFailed:
        return None
    return after


def _state(tenant_id: str, generation: int, number: int, entries: int) -> DigestStateRow:
    return DigestStateRow.at(keys.digest_state(tenant_id), generation=generation, number=number, entries=entries)


def _put_state(before: DigestStateRow | None, after: DigestStateRow) -> Put:
    if before is None:
        return Put(after, DigestStateRow.pk.does_not_exist())
    as_read = (DigestStateRow.generation == before.generation) & (DigestStateRow.number == before.number)
    return Put(after, as_read)


def _mend(tenant_id: str, state: DigestStateRow | None, heads: list[Head]) -> bool:
    """Begin another generation where the entries agree with the heads and the digests do not; whether it was begun."""
    alarm("The digests of a book are not what its entries add up to.", tenant=tenant_id)
    if state is None or net_by_account(add_up(read_everything(tenant_id, heads))) != totals_of(heads):
        return False
    try:
        write(_put_state(state, _state(tenant_id, state.generation + 1, 0, 0)))
    except ConditionFailed:
        return False
    return True
