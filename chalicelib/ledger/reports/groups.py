"""Accounts under the accounts that group them, with what each group adds up to. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from chalicelib.ledger.chart import Account, AccountType

Amounts = tuple[int, ...]
"""One amount for each range of days that is asked for, in minor units."""


@dataclass(frozen=True)
class GroupLine:
    """An account at its level under the accounts above: its own amounts, and those of it and all below together."""

    account: Account
    level: int
    own_minor: Amounts
    total_minor: Amounts
    is_group: bool


@dataclass(frozen=True)
class Section:
    """All accounts of one type that have an amount, each behind the one above it, and what they add up to."""

    type: AccountType
    lines: tuple[GroupLine, ...]
    total_minor: Amounts


def section(chart: Mapping[str, Account], type_: AccountType, amounts: Mapping[str, Amounts], ranges: int) -> Section:
    """The section of that type; `amounts` by account code, each of `ranges` amounts."""
    nothing: Amounts = (0,) * ranges
    below: dict[str | None, list[str]] = {}
    for code, account in sorted(chart.items()):
        if account.type is type_:
            parent = account.parent if account.parent in chart and account.parent != code else None
            below.setdefault(parent, []).append(code)
    lines = tuple(
        line for code in below.get(None, ()) for line in _lines(chart, below, amounts, nothing, code, 0, set())
    )
    total = _sum([line.total_minor for line in lines if line.level == 0], nothing)
    return Section(type_, lines, total)


def _lines(
    chart: Mapping[str, Account],
    below: Mapping[str | None, list[str]],
    amounts: Mapping[str, Amounts],
    nothing: Amounts,
    code: str,
    level: int,
    above: Collection[str],
) -> list[GroupLine]:
    """The account and those under it, or nothing where none of them has an amount."""
    under: list[GroupLine] = []
    for child in below.get(code, ()):
        if child not in above:
            under += _lines(chart, below, amounts, nothing, child, level + 1, {*above, code})
    own = amounts.get(code, nothing)
    if own == nothing and not under:
        return []
    total = _sum([own, *(line.total_minor for line in under if line.level == level + 1)], nothing)
    return [GroupLine(chart[code], level, own, total, bool(under)), *under]


def _sum(amounts: list[Amounts], nothing: Amounts) -> Amounts:
    return tuple(sum(column) for column in zip(nothing, *amounts, strict=True))


def ancestors(chart: Mapping[str, Account], code: str) -> Iterator[str]:
    """The code of an account and of every account above it."""
    seen: set[str] = set()
    at: str | None = code
    while at is not None and at in chart and at not in seen:
        seen.add(at)
        yield at
        at = chart[at].parent


def at_or_below(chart: Mapping[str, Account], tops: Collection[str]) -> frozenset[str]:
    """These accounts and all that are grouped under them."""
    return frozenset(code for code in chart if any(one in tops for one in ancestors(chart, code)))
