"""What the tests of funds share: the accounts of each method, and a look at every fund of the small world."""

import pytest

from chalicelib.aws.tables import write
from chalicelib.core.errors import Conflict
from chalicelib.funds.limits import read_fund, read_limits
from chalicelib.funds.model import Method
from chalicelib.funds.store import move_fund
from chalicelib.ledger.chart import (
    BANK,
    CASH,
    GATEWAY,
    OPENING_EQUITY,
    OTHER_INCOME,
    PAYABLE_TO_PARENT,
    PROMOTION,
    RESELLER_RECEIVABLE,
)
from tests.world import World

MONEY = (Method.CASH, Method.BANK, Method.GATEWAY)
LEGS = {
    Method.CASH: (CASH, CASH),
    Method.BANK: (BANK, BANK),
    Method.GATEWAY: (GATEWAY, GATEWAY),
    Method.CREDIT: (RESELLER_RECEIVABLE, PAYABLE_TO_PARENT),
    Method.BONUS: (PROMOTION, OTHER_INCOME),
    Method.OPENING: (OPENING_EQUITY, OPENING_EQUITY),
}
"""For each method the account beside the fund: in the parent's book and in the child's (`domain.md`, books)."""


def funds_of(world: World) -> dict[str, int]:
    funds = read_limits([world.alpha.tenant_id, world.beta.tenant_id, world.gamma.tenant_id])
    return {tenant_id: fund.balance_minor for tenant_id, fund in funds.items()}


def too_low(refused: "pytest.ExceptionInfo[Conflict]") -> str:
    """The sentence of a `fund-too-low`."""
    assert refused.value.code == "fund-too-low"
    return refused.value.detail


def sink_beta(change: int) -> None:
    """Take from Beta's fund what no use case would: as a limit that was lowered afterwards would leave it."""
    fund = read_fund("beta")
    write(move_fund(fund, change, fund.moved_micros + 1, floor_minor=-(10**9)))
    assert read_fund("beta").balance_minor == fund.balance_minor + change
