"""Tie-outs: what a parent says it holds for each child, against what the child says it has (`domain.md`, invariant 2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.aws import keys
from chalicelib.aws.tables import MAX_TRANSACTION, read_at_once
from chalicelib.ledger.chart import EDGE_ACCOUNTS, FUND
from chalicelib.ledger.journal import GENERAL, child_journal
from chalicelib.ledger.store import HeadRow


@dataclass(frozen=True)
class OtherTieOut:
    """Something else between the two: what each book says that the child owes its parent, below zero the other way."""

    of: str
    parents_minor: int
    childs_minor: int


@dataclass(frozen=True)
class TieOut:
    """One child: both books' figures, which must be equal. `others` are those that either book has."""

    child_id: str
    held_for_child_minor: int
    child_fund_with_parent_minor: int
    others: tuple[OtherTieOut, ...] = ()

    @property
    def difference_minor(self) -> int:
        return self.held_for_child_minor - self.child_fund_with_parent_minor


def tie_out(parent_id: str, children: Sequence[str]) -> list[TieOut]:
    """The tie-outs of these direct children: from the heads alone, one request for each fifty.

    Both books of a child are read at one instant: money that moves meanwhile is in both or in neither.
    """
    found: list[TieOut] = []
    for child_id, (parents, childs) in zip(children, _pairs(parent_id, children), strict=True):
        above, below = parents.totals if parents else {}, childs.totals if childs else {}
        told = {of: (above.get(theirs, 0), -below.get(its, 0)) for of, (theirs, its) in EDGE_ACCOUNTS.items()}
        held_minor, fund_minor = told.pop(FUND)
        others = tuple(OtherTieOut(of, *figures) for of, figures in told.items() if any(figures))
        found.append(TieOut(child_id, -held_minor, -fund_minor, others))
    return found


def _pairs(parent_id: str, children: Sequence[str]) -> list[tuple[HeadRow | None, HeadRow | None]]:
    journals = [pair for child in children for pair in ((parent_id, child_journal(child)), (child, GENERAL))]
    rows: list[HeadRow | None] = []
    for start in range(0, len(journals), MAX_TRANSACTION):
        part = journals[start : start + MAX_TRANSACTION]
        rows += read_at_once([(HeadRow, keys.journal(tenant_id, name)) for tenant_id, name in part])
    return list(zip(rows[::2], rows[1::2], strict=True))
