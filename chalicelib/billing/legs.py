"""What one level of a chain posts for use: the lines of the seller's entry and of the buyer's (`domain.md`, books). Pure."""

from typing import NamedTuple

from chalicelib.ledger.chart import (
    ACCRUED_PAYABLE,
    BANDWIDTH_COST,
    DEFERRED_REVENUE,
    FUND_WITH_PARENT,
    FUNDS_HELD,
    INPUT_TAX,
    PREPAID_BANDWIDTH,
    TAX_PAYABLE,
    UNBILLED_RECEIVABLE,
    WHOLESALE_REVENUE,
)
from chalicelib.ledger.journal import Line
from chalicelib.tenants.model import Mode


class Use(NamedTuple):
    """What a level pays for use: `moved_minor` leaves it now (or comes back, below zero), `earned_minor` is what was used
    of this and of earlier payments; `tax_minor` is on what moved."""

    moved_minor: int
    earned_minor: int
    tax_minor: int = 0

    @property
    def gross_minor(self) -> int:
        return self.moved_minor + self.tax_minor

    @property
    def deferred_minor(self) -> int:
        """What is paid and not used yet, more than before."""
        return self.moved_minor - self.earned_minor


def level_lines(use: Use, mode: str, seller_id: str, buyer_id: str) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """The lines of the seller's entry and of the buyer's, without those of nothing; both empty where nothing happened.

    A buyer of mode `aggregate` is invoiced later, any other one pays from its fund.
    """
    is_invoiced = mode == Mode.AGGREGATE
    sold = (
        (UNBILLED_RECEIVABLE if is_invoiced else FUNDS_HELD, use.gross_minor),
        (WHOLESALE_REVENUE, -use.earned_minor),
        (DEFERRED_REVENUE, -use.deferred_minor),
        (TAX_PAYABLE, -use.tax_minor),
    )
    bought = (
        (BANDWIDTH_COST, use.earned_minor),
        (PREPAID_BANDWIDTH, use.deferred_minor),
        (INPUT_TAX, use.tax_minor),
        (ACCRUED_PAYABLE if is_invoiced else FUND_WITH_PARENT, -use.gross_minor),
    )
    return _lines(sold, buyer_id), _lines(bought, seller_id)


def _lines(nets: tuple[tuple[str, int], ...], counterparty: str) -> tuple[Line, ...]:
    return tuple(Line(account, max(net, 0), max(-net, 0), counterparty) for account, net in nets if net)
