"""Funds as the rules see them, and which accounts each way of moving one touches (`domain.md`, funds and books)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from chalicelib.ledger.chart import (
    BANK,
    CASH,
    FUND_WITH_PARENT,
    FUNDS_HELD,
    GATEWAY,
    OPENING_EQUITY,
    OTHER_INCOME,
    PAYABLE_TO_PARENT,
    PROMOTION,
    RESELLER_RECEIVABLE,
)
from chalicelib.ledger.journal import Line, credit, debit


class Method(StrEnum):
    """How a recharge is paid, or a refund given."""

    CASH = "cash"
    BANK = "bank"
    GATEWAY = "gateway"
    CREDIT = "credit"
    BONUS = "bonus"
    OPENING = "opening"

    @property
    def is_money(self) -> bool:
        """Whether money changes hands, outside the fund."""
        return self in _MONEY_ACCOUNTS


_MONEY_ACCOUNTS = {Method.CASH: CASH, Method.BANK: BANK, Method.GATEWAY: GATEWAY}
_PARENT_ACCOUNTS = {
    **_MONEY_ACCOUNTS,
    Method.CREDIT: RESELLER_RECEIVABLE,
    Method.BONUS: PROMOTION,
    Method.OPENING: OPENING_EQUITY,
}
_CHILD_ACCOUNTS = {
    **_MONEY_ACCOUNTS,
    Method.CREDIT: PAYABLE_TO_PARENT,
    Method.BONUS: OTHER_INCOME,
    Method.OPENING: OPENING_EQUITY,
}


@dataclass(frozen=True)
class Fund:
    """A reseller's prepaid balance with its parent. `debt_minor` is unpaid credit; `used_minor` left it on `used_on`.

    `first_charge_minor` is the least that a new connection took on the last settled day (0 before the first).
    `revision` grows with every change, so that what was read is what is changed. It is open while its tenant is prepaid.
    """

    tenant_id: str
    balance_minor: int
    minimum_balance_minor: int
    credit_limit_minor: int
    debt_minor: int
    revision: int
    moved_micros: int
    used_on: date | None
    used_minor: int
    first_charge_minor: int = 0
    is_open: bool = True

    @property
    def floor_minor(self) -> int:
        """No debit takes the fund below this; exactly here is allowed."""
        return -self.credit_limit_minor

    @property
    def spendable_minor(self) -> int:
        """How much more may be debited."""
        return self.balance_minor - self.floor_minor


def recharge_lines(method: Method, amount_minor: int, parent_id: str, child_id: str) -> tuple[tuple[Line, ...], ...]:
    """What a recharge writes: the lines of the parent's entry and of the child's."""
    return (
        (debit(_PARENT_ACCOUNTS[method], amount_minor, child_id), credit(FUNDS_HELD, amount_minor, child_id)),
        (debit(FUND_WITH_PARENT, amount_minor, parent_id), credit(_CHILD_ACCOUNTS[method], amount_minor, parent_id)),
    )


def refund_lines(method: Method, amount_minor: int, parent_id: str, child_id: str) -> tuple[tuple[Line, ...], ...]:
    """What a refund writes: the reverse of a recharge."""
    return (
        (debit(FUNDS_HELD, amount_minor, child_id), credit(_PARENT_ACCOUNTS[method], amount_minor, child_id)),
        (debit(_CHILD_ACCOUNTS[method], amount_minor, parent_id), credit(FUND_WITH_PARENT, amount_minor, parent_id)),
    )


def repayment_lines(method: Method, amount_minor: int, parent_id: str, child_id: str) -> tuple[tuple[Line, ...], ...]:
    """What the repayment of credit writes: money against what the child owed; the fund is not touched."""
    money = _MONEY_ACCOUNTS[method]
    return (
        (debit(money, amount_minor, child_id), credit(RESELLER_RECEIVABLE, amount_minor, child_id)),
        (debit(PAYABLE_TO_PARENT, amount_minor, parent_id), credit(money, amount_minor, parent_id)),
    )


def split_repayment(method: Method, amount_minor: int, debt_minor: int) -> tuple[int, int]:
    """How much of a recharge repays credit first, and how much reaches the fund."""
    repaid = min(amount_minor, debt_minor) if method.is_money else 0
    return repaid, amount_minor - repaid


def refund_floor(method: Method, fund: Fund) -> int:
    """What a refund must leave in the fund: nothing, or, where money goes out, at least the unpaid credit."""
    return fund.debt_minor if method.is_money else 0
