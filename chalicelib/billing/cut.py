"""The cut: how much of a day's sheet the funds of the chain cover, decided at the post and pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from chalicelib.core.money import share_of


@dataclass(frozen=True)
class Level:
    """One buyer of the chain: what it may still spend, and the tax its seller puts on a day's total."""

    tenant_id: str
    spendable_minor: int
    tax_bps: int


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
    totals = [sum(column) for column in _line_prices(plans, prices, len(levels))] if plans else [0] * len(levels)
    if all(
        with_tax(total, level.tax_bps) <= level.spendable_minor for total, level in zip(totals, levels, strict=True)
    ):
        return Cut(len(plans), None)
    best = Cut(len(plans), None)
    paid_below: list[int] = [0] * len(plans)
    for column, level in zip(_line_prices(plans, prices, len(levels)), levels, strict=True):
        paid = [with_tax(total, level.tax_bps) for total in accumulate(column)]
        for line in range(best.count):
            net = paid[line] - paid_below[line]
            if net > level.spendable_minor and net > 0:
                best = Cut(line, level.tenant_id)
                break
        paid_below = paid
    return best


def _line_prices(plans: Sequence[int], prices: Sequence[Sequence[int]], levels: int) -> list[list[int]]:
    columns = [[price[level] for price in prices] for level in range(levels)]
    return [[column[plan] for plan in plans] for column in columns]


def level_totals(plans: Sequence[int], prices: Sequence[Sequence[int]], levels: int) -> list[int]:
    """What these lines cost each level, without tax."""
    counts = [0] * len(prices)
    for plan in plans:
        counts[plan] += 1
    return [sum(count * prices[plan][level] for plan, count in enumerate(counts) if count) for level in range(levels)]
