"""The post of a correction: for every level one entry in the seller's book and one in the buyer's, however many days it
is about; the funds; and what a fund lacks, which is lent. All of it is for one write (`domain.md`, corrections)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.aws.tables import Operation
from chalicelib.billing.corrections import KIND, DayChange, Sides, level_sides, total_use
from chalicelib.billing.levels import Levels
from chalicelib.billing.model import SettledDay
from chalicelib.core.dates import day_at
from chalicelib.funds.lend import post_loan
from chalicelib.ledger.chart import FUND_ACCOUNTS
from chalicelib.ledger.entries import entries_of_instant
from chalicelib.ledger.journal import GENERAL, Draft, Line, child_journal, parse_entry_id
from chalicelib.ledger.post import Posting
from chalicelib.tenants.model import Mode, Tenant

SETTLEMENT = "settlement"


@dataclass(frozen=True)
class ToPost:
    """What is to be posted for the last tenant of a chain: changes of days at each level above it, under one run.

    `mends` is the earliest settled day that is corrected, whose entries are named as what is corrected.
    """

    chain: tuple[Tenant, ...]
    changes: tuple[DayChange, ...]
    run: str
    memo: str
    mends: SettledDay | None

    @property
    def buyers(self) -> tuple[Tenant, ...]:
        """Who pays, from the tenant upward."""
        return tuple(reversed(self.chain[1:]))

    @property
    def modes(self) -> tuple[str, ...]:
        """How each buyer pays for it: as it pays today, whatever its days were paid by. One that earns a percentage now
        and paid then owes, or is owed, the difference."""
        return tuple(
            Mode.AGGREGATE.value
            if buyer.mode is Mode.PERCENTAGE and any(any(change.use(level)) for change in self.changes)
            else buyer.mode.value
            for level, buyer in enumerate(self.buyers)
        )


@dataclass(frozen=True)
class Posted:
    """What a write has to hold for it, and what came of it, by level: entry ids (seller's, buyer's) and loans."""

    operations: tuple[Operation, ...]
    entries: tuple[tuple[str, str], ...]
    loans_minor: tuple[int, ...]
    effective_on: date
    recorded_micros: int


def build_post(to_post: ToPost, now: datetime) -> Posted:
    """The entries, heads and funds of a correction as they are to be written, on the books as they stand now."""
    levels = Levels(to_post.buyers, to_post.modes)
    dates = [day_at(now, tenant.timezone) for tenant in reversed(to_post.chain)]
    sides = [
        level_sides(to_post.changes, level, mode, buyer.parent_id or "", buyer.tenant_id)
        for level, (buyer, mode) in enumerate(zip(levels.buyers, levels.modes, strict=True))
    ]
    _, standing = levels.read((), now)
    posting = standing.posting
    uses = [total_use(to_post.changes, level) for level in range(len(sides))]
    loans = standing.loans(uses)
    balances = {fund.tenant_id: fund.balance_minor for fund in standing.funds if fund is not None}
    mended = _mended(to_post, sides)
    entries = []
    for level, (buyer, side) in enumerate(zip(levels.buyers, sides, strict=True)):
        own, above = dates[level], dates[level + 1]
        post_loan(posting, buyer, loans[level], balances, (above, own), f"Lent: {to_post.memo}", to_post.run)
        entries.append(_post_level(to_post, posting, buyer, side, (above, own), mended[level], balances))
    touched = frozenset(entry.tenant_id for entry in posting.entries if entry.part == "fund")
    moves = standing.moves(uses, touched=touched)
    operations = (*moves, *posting.operations()) if posting.entries else ()
    return Posted(operations, tuple(entries), loans, dates[0], posting.recorded_micros)


def _post_level(
    to_post: ToPost,
    posting: Posting,
    buyer: Tenant,
    sides: Sides | None,
    dates: tuple[date, date],
    mended: tuple[str, str],
    balances: dict[str, int],
) -> tuple[str, str]:
    """Both entries of a level, their ids; each carries the balance that its fund has after it."""
    if sides is None:
        return "", ""
    seller_id = buyer.parent_id or ""
    ids = []
    for tenant_id, journal, lines, by_day, on, corrects in (
        (seller_id, child_journal(buyer.tenant_id), sides.sold, sides.sold_by_day, dates[0], mended[0]),
        (buyer.tenant_id, GENERAL, sides.bought, sides.bought_by_day, dates[1], mended[1]),
    ):
        after: int | None = None
        if tenant_id in balances and any(line.account in FUND_ACCOUNTS for line in lines):
            balances[tenant_id] += _of_fund(lines)
            after = balances[tenant_id]
        draft = Draft(
            kind=KIND,
            effective_on=on,
            service_on=sides.service_on,
            memo=to_post.memo,
            lines=lines,
            corrects=corrects,
            run=to_post.run,
            by_day=by_day,
        )
        ids.append(posting.add(tenant_id, journal, draft, after).entry_id)
    return ids[0], ids[1]


def _of_fund(lines: Sequence[Line]) -> int:
    return sum(line.debit_minor - line.credit_minor for line in lines if line.account in FUND_ACCOUNTS)


def _mended(to_post: ToPost, sides: Sequence[Sides | None]) -> list[tuple[str, str]]:
    """By level, the entries in both books that the earliest day was posted with; empty where it had none."""
    day = to_post.mends
    place = parse_entry_id(day.entry_id) if day is not None and day.entry_id else None
    if day is None or place is None:
        return [("", "")] * len(sides)
    found = []
    for buyer, side in zip(to_post.buyers, sides, strict=True):
        if side is None:
            found.append(("", ""))
            continue
        sold = _settled_in(buyer.parent_id or "", child_journal(buyer.tenant_id), place.recorded_micros)
        is_own = buyer.tenant_id == day.tenant_id
        bought = day.entry_id if is_own else _settled_in(buyer.tenant_id, GENERAL, place.recorded_micros)
        found.append((sold, bought or ""))
    return found


def _settled_in(tenant_id: str, journal: str, micros: int) -> str:
    for part in ("fund", "other"):
        for entry in entries_of_instant(tenant_id, part, journal, micros):
            if entry.draft.kind == SETTLEMENT:
                return entry.entry_id
    return ""
