"""What the lines of a document sum to, with its tax, and which accounts of the book they go to. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from chalicelib.core.money import round_half_up, share_of
from chalicelib.ledger.chart import INTERNET_REVENUE, LATE_FEES, ONE_TIME_REVENUE, TAX_PAYABLE
from chalicelib.retail.document_model import DocumentLine, LineKind
from chalicelib.retail.model import Taxed, TaxKind

RECURRING = frozenset({LineKind.SERVICE, LineKind.ADJUSTMENT, LineKind.DISCOUNT})


class Totals(NamedTuple):
    """What the lines of a document sum to; of either sign."""

    net_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor


def totals_of(lines: Sequence[DocumentLine], tax_bps: int, tax: TaxKind) -> Totals:
    """What the lines sum to, with the tax rounded once: added to them, or taken out of them.

    Lines with another tax than the document's are rounded together, for each such tax.
    """
    own = [line for line in lines if line.taxed is None]
    net, tax_minor = _summed(sum([line.amount_minor for line in own]), tax_bps, tax)
    for (bps, kind), some in _by_other_tax(lines).items():
        more = _summed(sum([line.amount_minor for line in some]), bps, kind)
        net, tax_minor = net + more.net_minor, tax_minor + more.tax_minor
    return Totals(net, tax_minor)


def _summed(amount_minor: int, tax_bps: int, tax: TaxKind) -> Totals:
    if tax is TaxKind.EXCLUSIVE:
        return Totals(amount_minor, share_of(amount_minor, tax_bps) if tax_bps else 0)
    net = _without_tax(amount_minor, tax_bps)
    return Totals(net, amount_minor - net)


def _by_other_tax(lines: Sequence[DocumentLine]) -> dict[Taxed, list[DocumentLine]]:
    """The lines that have another tax than their document, by that."""
    found: dict[Taxed, list[DocumentLine]] = {}
    for line in lines:
        if line.taxed is not None:
            found.setdefault(line.taxed, []).append(line)
    return found


def _without_tax(amount_minor: int, tax_bps: int) -> int:
    return round_half_up(amount_minor * 10_000, 10_000 + tax_bps)


def parts_of(lines: Sequence[DocumentLine], totals: Totals, tax_bps: int, tax: TaxKind) -> dict[str, int]:
    """What a document posts to each account, by code: revenue by kind of line, and tax; they sum to its total.

    A part is negative where lines of that kind took back more than they charged; one of zero is left out.
    """
    parts: dict[str, int] = {}
    others = _by_other_tax(lines)
    own = [line for line in lines if line.taxed is None] if others else lines
    net_minor = totals.net_minor
    for (bps, kind), some in others.items():
        of_some = totals_of([line._replace(taxed=None) for line in some], bps, kind)
        # Only an adjustment has a tax of its own, so all of it is recurring.
        parts[INTERNET_REVENUE] = parts.get(INTERNET_REVENUE, 0) + of_some.net_minor
        net_minor -= of_some.net_minor
    for account, minor in _revenue_of(own, net_minor, tax_bps, tax).items():
        parts[account] = parts.get(account, 0) + minor
    if totals.tax_minor:
        parts[TAX_PAYABLE] = totals.tax_minor
    return {account: minor for account, minor in parts.items() if minor}


def _revenue_of(lines: Sequence[DocumentLine], net_minor: int, tax_bps: int, tax: TaxKind) -> dict[str, int]:
    """What these lines, which have the document's tax, post to each account of revenue."""
    parts: dict[str, int] = {}
    for line in lines:
        account = account_of(line.kind)
        parts[account] = parts.get(account, 0) + line.amount_minor
    if tax is TaxKind.INCLUSIVE and tax_bps and parts:
        # What rounding leaves over goes to the first, which is the largest of nearly every invoice.
        first, *others = parts
        parts |= {account: _without_tax(parts[account], tax_bps) for account in others}
        parts[first] = net_minor - sum([parts[account] for account in others])
    return parts


def account_of(kind: LineKind) -> str:
    """The account of the book that lines of that kind go to."""
    if kind in RECURRING:
        return INTERNET_REVENUE
    return LATE_FEES if kind is LineKind.LATE_FEE else ONE_TIME_REVENUE
