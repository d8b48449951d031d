"""The cut: how much of a day's sheet the funds of the chain cover, decided at the post and pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from chalicelib.core.money import share_of


@dataclass(frozen=True)
class Level:
    """One buyer of the chain: what it may still spend, and the tax its seller puts on a day's total.

    `base_minor` is what the day costs it whatever is cut, without tax. A buyer that is not `funded` is invoiced, or pays
    nothing: it is never short, and its seller's fund does not gain by it.
    """

    tenant_id: str
    spendable_minor: int
    tax_bps: int
    base_minor: int = 0
    funded: bool = True


@dataclass(frozen=True)
class Cut:
    """The first `count` lines are covered by every level; `short` is who could not cover the next one, or None."""

    count: int
    short: str | None


def with_tax(total_minor: int, tax_bps: int) -> int:
    """A level's total with its tax, rounded once for the day."""
    return total_minor + share_of(total_minor, tax_bps)


def find_cut(plans: Sequence[int], prices: Sequence[Sequence[int]], levels: Sequence[Level]) -> Cut:
    """The longest prefix of the lines such that no level falls below its limit at any line of it.

    `plans` names each line's plan; `prices[plan][level]` is what it costs that level. A level pays its seller and is
    paid by the level below; one that is raised by a line is never short by it. Nobody behind the first line that any
    level cannot cover is tried.
    """
    columns = _line_prices(plans, prices, len(levels)) if plans else [[] for _ in levels]
    if _is_plainly_covered(columns, levels):
        return Cut(len(plans), None)
    best = Cut(len(plans), None)
    below: list[int] = [0] * (len(plans) + 1)
    for column, level in zip(columns, levels, strict=True):
        if not level.funded:
            below = [0] * (len(plans) + 1)
            continue
        paid = [with_tax(total, level.tax_bps) for total in accumulate(column, initial=level.base_minor)]
        # What the day costs whatever is cut has been lent where the fund did not have it: lines may not add to it.
        ceiling = max(level.spendable_minor, paid[0] - below[0], 0)
        for line in range(best.count):
            if paid[line + 1] - below[line + 1] > ceiling:
                best = Cut(line, level.tenant_id)
                break
        below = paid
    return best


def _is_plainly_covered(columns: Sequence[Sequence[int]], levels: Sequence[Level]) -> bool:
    """Whether every level could pay for all lines even if nobody paid it: mostly so, and told by sums alone."""
    for column, level in zip(columns, levels, strict=True):
        if level.base_minor or (column and min(column) < 0):
            return False
        if level.funded and with_tax(sum(column), level.tax_bps) > level.spendable_minor:
            return False
    return True


def _line_prices(plans: Sequence[int], prices: Sequence[Sequence[int]], levels: int) -> list[list[int]]:
    columns = [[price[level] for price in prices] for level in range(levels)]
    return [[column[plan] for plan in plans] for column in columns]


def level_totals(plans: Sequence[int], prices: Sequence[Sequence[int]], levels: int) -> list[int]:
    """What these lines cost each level, without tax."""
    counts = [0] * len(prices)
    for plan in plans:
        counts[plan] += 1
    return [sum(count * prices[plan][level] for plan, count in enumerate(counts) if count) for level in range(levels)]
