"""The money of a chain in one write: what each level pays, lends and posts, from the tenant upward.

A settled day, a charge in advance and a correction all move money so: each buyer pays its seller, from its fund or by what
it will be invoiced; the seller's fund gains what a fund below it paid; what a fund has to give and does not have is lent
by its parent; and both books of every level get their entry (`domain.md`, funds and books).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.keys import Key
from chalicelib.aws.rows import Row
from chalicelib.aws.tables import Update, read_many
from chalicelib.billing.legs import Use, level_lines
from chalicelib.funds.lend import lend_shortfalls, post_loan, with_loans
from chalicelib.funds.model import Fund
from chalicelib.funds.store import FundRow, move_fund, to_fund
from chalicelib.ledger.journal import GENERAL, Draft, Line, child_journal
from chalicelib.ledger.post import Posting, head_reads
from chalicelib.tenants.model import Mode, Tenant


@dataclass(frozen=True)
class Levels:
    """The buyers of a chain, from its last tenant up to who pays the operator, and how each of them pays."""

    buyers: tuple[Tenant, ...]
    modes: tuple[str, ...]

    @property
    def funded(self) -> tuple[bool, ...]:
        return tuple(mode == Mode.PREPAID for mode in self.modes)

    def changes(self, uses: Sequence[Use]) -> list[int]:
        """What these uses do to each level's fund: it pays its seller, and gains what a fund below it paid."""
        changes = []
        gained = 0
        for use, is_funded in zip(uses, self.funded, strict=True):
            changes.append(gained - use.gross_minor if is_funded else 0)
            gained = use.gross_minor if is_funded else 0
        return changes

    def read(self, more: Sequence[tuple[type[Row], Key]], now: datetime) -> tuple[list[Any], "Standing"]:
        """The rows at other keys, and everything that the money of the chain depends on, in one request."""
        journals = []
        for buyer, mode in zip(self.buyers, self.modes, strict=True):
            if mode != Mode.PERCENTAGE:
                journals += [(buyer.parent_id or "", child_journal(buyer.tenant_id)), (buyer.tenant_id, GENERAL)]
        funded = [buyer for buyer, is_funded in zip(self.buyers, self.funded, strict=True) if is_funded]
        fund_keys = [(FundRow, keys.fund(buyer.tenant_id)) for buyer in funded]
        rows = read_many([*more, *fund_keys, *head_reads(journals)])
        first, behind = len(more), len(more) + len(fund_keys)
        funds = {fund.tenant_id: fund for fund in map(to_fund, rows[first:behind])}
        moved = max((fund.moved_micros for fund in funds.values()), default=0)
        posting = Posting(journals, rows[behind:], now, moved)
        return rows[:first], Standing(self, tuple(funds.get(buyer.tenant_id) for buyer in self.buyers), posting)


@dataclass(frozen=True)
class Standing:
    """A chain's money as it was read: the fund of each level that has one, and the journals of both books."""

    levels: Levels
    funds: tuple[Fund | None, ...]
    posting: Posting

    def loans(self, uses: Sequence[Use]) -> tuple[int, ...]:
        """What each level has to be lent so that it can pay."""
        return lend_shortfalls(self.funds, self.levels.changes(uses))

    def post(
        self,
        uses: Sequence[Use],
        draft_of: Callable[[int, bool, tuple[Line, ...]], Draft],
        dates: Sequence[tuple[date, date]],
        loan_memo: str,
        run: str,
    ) -> str | None:
        """The entries of every level at which something happens; the id of the last tenant's own, if there is one.

        `draft_of(level, is_sellers, lines)` words an entry; `dates` are those of a loan, in the seller's book and in the
        buyer's. A level's loan stands before what it pays for.
        """
        balances = {fund.tenant_id: fund.balance_minor for fund in self.funds if fund is not None}
        own: str | None = None
        for level, (buyer, mode, use, loan) in enumerate(
            zip(self.levels.buyers, self.levels.modes, uses, self.loans(uses), strict=True)
        ):
            post_loan(self.posting, buyer, loan, balances, dates[level], loan_memo, run)
            seller_id = buyer.parent_id or ""
            sold, bought = level_lines(use, mode, seller_id, buyer.tenant_id)
            if not sold:
                continue
            after: tuple[int | None, int | None] = (None, None)
            if mode == Mode.PREPAID and use.gross_minor:
                if seller_id in balances:
                    balances[seller_id] += use.gross_minor
                balances[buyer.tenant_id] -= use.gross_minor
                after = (balances.get(seller_id), balances[buyer.tenant_id])
            self.posting.add(seller_id, child_journal(buyer.tenant_id), draft_of(level, True, sold), after[0])
            posted = self.posting.add(buyer.tenant_id, GENERAL, draft_of(level, False, bought), after[1])
            if level == 0:
                own = posted.entry_id
        return own

    def moves(
        self,
        uses: Sequence[Use],
        used_on: date | None = None,
        used_minor: Sequence[int] = (),
        first_charge_minor: int | None = None,
        touched: frozenset[str] = frozenset(),
    ) -> list[Update]:
        """Each fund's change, with its loan and less that of the level below; one that nothing happens to is left alone.

        `used_minor` is what each level used on the day `used_on`, for the rate at which its fund falls. Those `touched` by
        an entry are moved even where they come out as they were: the entry is a movement of theirs.
        """
        loans = self.loans(uses)
        changes = with_loans(self.levels.changes(uses), loans)
        moves = []
        gained = 0
        for level, (fund, change, loan) in enumerate(zip(self.funds, changes, loans, strict=True)):
            used = used_minor[level] if used_minor else 0
            moved = uses[level].gross_minor or used or change or gained or loan
            if fund is not None and (moved or fund.tenant_id in touched):
                moves.append(
                    move_fund(
                        fund,
                        change,
                        self.posting.recorded_micros,
                        use=(used_on, used - gained) if used_on is not None else None,
                        debt_minor=fund.debt_minor + loan if loan else None,
                        first_charge_minor=first_charge_minor if level == 0 else None,
                    )
                )
            gained = used if fund is not None else 0
        return moves
