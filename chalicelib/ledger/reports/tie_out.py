"""The two-tier tie-out on a day and as known at an instant: what a book holds for each child, against the child's book.

The two sides of a movement are recorded at one instant, so as known at any instant both books agree to the unit. On a day
they may differ by what the two date otherwise: their days begin at other hours, and a closed period puts a late fact on
another day in one book alone. That part is told apart; nothing else can be there but a mistake.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.ledger.chart import FUND_WITH_PARENT, FUNDS_HELD, PAYABLE_TO_PARENT, RESELLER_RECEIVABLE
from chalicelib.ledger.reports.asked import Asked, day_of
from chalicelib.ledger.totals.kept import read_kept
from chalicelib.tenants.model import Tenant

LOOKS = 3
"""How often two books are read again that do not agree: money that moves meanwhile may be in one reading alone."""


@dataclass(frozen=True)
class Sides:
    """One figure that both books have, and the same of all days and of the day compared with: minor units."""

    parent_minor: int
    child_minor: int
    parent_ever_minor: int
    child_ever_minor: int
    compared_parent_minor: int | None = None
    compared_child_minor: int | None = None

    @property
    def difference_minor(self) -> int:
        return self.parent_minor - self.child_minor

    @property
    def unexplained_minor(self) -> int:
        """The part of the difference that no date explains."""
        return self.parent_ever_minor - self.child_ever_minor


@dataclass(frozen=True)
class TwoTiers:
    """A child's fund and its credit, each as the parent's book and the child's own have it."""

    child: Tenant
    fund: Sides
    credit: Sides

    @property
    def agrees(self) -> bool:
        return not (self.fund.unexplained_minor or self.credit.unexplained_minor)


@dataclass(frozen=True)
class _Nets:
    """The net debits of a book by account and counterparty: on the day asked for, of all days, and compared."""

    on: Counter[tuple[str, str]]
    ever: Counter[tuple[str, str]]
    compared: Counter[tuple[str, str]] | None


def tie_out_report(parent: Tenant, children: Sequence[Tenant], asked: Asked) -> list[TwoTiers]:
    """The tie-outs of these direct children: some five requests for each, and as many for the parent's book."""
    found: dict[str, TwoTiers] = {}
    for _ in range(LOOKS):
        left = [child for child in children if (known := found.get(child.tenant_id)) is None or not known.agrees]
        if left:
            book = _nets(parent.tenant_id, asked)
            found |= {child.tenant_id: _compare(book, child, asked) for child in left}
    return [found[child.tenant_id] for child in children]


def _compare(book: _Nets, child: Tenant, asked: Asked) -> TwoTiers:
    own, whose = _nets(child.tenant_id, asked), child.tenant_id
    fund = _sides(book, (FUNDS_HELD, whose), -1, own, (FUND_WITH_PARENT, ""), 1)
    return TwoTiers(child, fund, _sides(book, (RESELLER_RECEIVABLE, whose), 1, own, (PAYABLE_TO_PARENT, ""), -1))


def _sides(
    book: _Nets, held: tuple[str, str], parents_sign: int, own: _Nets, has: tuple[str, str], childs_sign: int
) -> Sides:
    """The figure of an account in the parent's book against that of one in the child's, each with its own sign."""
    parents = [parents_sign * book.on[held], parents_sign * book.ever[held]]
    childs = [childs_sign * own.on[has], childs_sign * own.ever[has]]
    if book.compared is None or own.compared is None:
        return Sides(parents[0], childs[0], parents[1], childs[1])
    compared = (parents_sign * book.compared[held], childs_sign * own.compared[has])
    return Sides(parents[0], childs[0], parents[1], childs[1], *compared)


def _nets(tenant_id: str, asked: Asked) -> _Nets:
    day, last = day_of(asked.by), asked.span.last.isoformat()
    compared = None if asked.compared is None else asked.compared.last.isoformat()
    found = _Nets(Counter(), Counter(), None if compared is None else Counter())
    for one in read_kept(tenant_id, asked.known_at).sums:
        whose = (one.account, one.counterparty)
        found.ever[whose] += one.net_minor
        if day(one) <= last:
            found.on[whose] += one.net_minor
        if found.compared is not None and compared is not None and day(one) <= compared:
            found.compared[whose] += one.net_minor
    return found
