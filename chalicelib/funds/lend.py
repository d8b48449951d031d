"""Lending: a debit that is never refused takes no fund below its limit either; what is missing is lent by the parent.

Corrections and what a day gives back or takes beyond the cut are such debits (`domain.md`, funds). The loan is a recharge
by credit of exactly the shortfall, in the same write; the lender's own fund falls by it, so that it may need one itself,
upward to the top, which has no fund. The next recharge repays the debt first.
"""

from collections.abc import Sequence
from datetime import date

from chalicelib.funds.model import Fund, Method, recharge_lines
from chalicelib.ledger.journal import GENERAL, Draft, child_journal
from chalicelib.ledger.post import Posting
from chalicelib.tenants.model import Tenant


def lend_shortfalls(funds: Sequence[Fund | None], changes_minor: Sequence[int]) -> tuple[int, ...]:
    """What each fund has to be lent by its parent so that these changes take none below its limit. Pure.

    Both are from the bottom up along a chain; None is a level without a fund. A fund that is below its limit already is
    lent what it falls by. After it, a fund changes by its change, plus its loan, less the loan of the level below.
    """
    loans: list[int] = []
    lent_below = 0
    for fund, change in zip(funds, changes_minor, strict=True):
        if fund is None:
            loans.append(0)
            lent_below = 0
            continue
        fall = lent_below - change
        short = fund.floor_minor - (fund.balance_minor - fall)
        lent_below = max(0, min(fall, short))
        loans.append(lent_below)
    return tuple(loans)


def with_loans(changes_minor: Sequence[int], loans_minor: Sequence[int]) -> tuple[int, ...]:
    """What every fund changes by in the end: its own loan comes in, that of the level below goes out."""
    below = (0, *loans_minor)
    return tuple(change + loan - out for change, loan, out in zip(changes_minor, loans_minor, below, strict=False))


def post_loan(
    posting: Posting,
    buyer: Tenant,
    loan_minor: int,
    balances: dict[str, int],
    dates: tuple[date, date],
    memo: str,
    run: str = "",
) -> None:
    """The two entries of one level's loan: to be posted before whatever else that level posts, the lowest level first.

    `dates` are the accounting dates in the seller's book and in the buyer's. `balances` are the funds' by tenant; they are
    moved on, and each entry carries the one it left: in the order in which a book is walked, where the journals of
    children come before `general`, and so in the order of the levels.
    """
    if not loan_minor:
        return
    child_id, parent_id = buyer.tenant_id, buyer.parent_id or ""
    lent, borrowed = recharge_lines(Method.CREDIT, loan_minor, parent_id, child_id)
    if parent_id in balances:
        balances[parent_id] -= loan_minor
    draft = Draft("recharge", dates[0], dates[0], memo, lent, run=run)
    posting.add(parent_id, child_journal(child_id), draft, balances.get(parent_id))
    balances[child_id] += loan_minor
    draft = Draft("recharge", dates[1], dates[1], memo, borrowed, run=run)
    posting.add(child_id, GENERAL, draft, balances[child_id])
