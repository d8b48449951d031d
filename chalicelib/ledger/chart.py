"""The chart of accounts: account types, the codes the system posts to, and the default charts.

Control accounts are posted to by the system alone, since a figure outside the book (a fund, a bill) has to agree with them.
"""

from dataclasses import dataclass
from enum import StrEnum


class AccountType(StrEnum):
    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"


@dataclass(frozen=True)
class Account:
    """An account of one book. `parent` groups accounts for reading; `control` refuses manual lines."""

    code: str
    name: str
    type: AccountType
    parent: str | None = None
    control: bool = False


CASH = "1000"
BANK = "1010"
GATEWAY = "1020"
RECEIVABLE = "1100"
RESELLER_RECEIVABLE = "1150"
FUND_WITH_PARENT = "1200"
INPUT_TAX = "1260"
PAYABLE_TO_PARENT = "2000"
FUNDS_HELD = "2100"
TAX_PAYABLE = "2200"
OWNERS_EQUITY = "3000"
OPENING_EQUITY = "3100"
RETAINED_EARNINGS = "3900"
INTERNET_REVENUE = "4000"
WHOLESALE_REVENUE = "4100"
OTHER_INCOME = "4900"
BANDWIDTH_COST = "5000"
PROMOTION = "5200"
FEE_EXPENSE = "5300"
OTHER_EXPENSE = "5900"

FUND_ACCOUNTS = frozenset({FUND_WITH_PARENT, FUNDS_HELD})
"""F(t) = (fund with parent) - (funds held for children) is the net debit of these two (`domain.md`, invariant 3)."""

_BOTH = (
    Account(CASH, "Cash", AccountType.ASSET),
    Account(BANK, "Bank", AccountType.ASSET),
    Account(GATEWAY, "Payment gateway", AccountType.ASSET),
    Account(RECEIVABLE, "Accounts receivable", AccountType.ASSET, control=True),
    Account(RESELLER_RECEIVABLE, "Reseller receivable", AccountType.ASSET, control=True),
    Account(FUNDS_HELD, "Funds held for resellers", AccountType.LIABILITY, control=True),
    Account(TAX_PAYABLE, "Tax payable", AccountType.LIABILITY),
    Account(OWNERS_EQUITY, "Owner's equity", AccountType.EQUITY),
    Account(OPENING_EQUITY, "Opening equity", AccountType.EQUITY),
    Account(RETAINED_EARNINGS, "Retained earnings", AccountType.EQUITY),
    Account(INTERNET_REVENUE, "Internet revenue", AccountType.INCOME),
    Account(WHOLESALE_REVENUE, "Wholesale revenue", AccountType.INCOME),
    Account(OTHER_INCOME, "Other income", AccountType.INCOME),
    Account(PROMOTION, "Promotion", AccountType.EXPENSE),
    Account(OTHER_EXPENSE, "Other expenses", AccountType.EXPENSE),
)
_RESELLER_ONLY = (
    Account(FUND_WITH_PARENT, "Fund with parent", AccountType.ASSET, control=True),
    Account(INPUT_TAX, "Input tax", AccountType.ASSET),
    Account(PAYABLE_TO_PARENT, "Payable to parent", AccountType.LIABILITY, control=True),
    Account(BANDWIDTH_COST, "Bandwidth cost", AccountType.EXPENSE),
    Account(FEE_EXPENSE, "Fee expense", AccountType.EXPENSE),
)

OPERATOR_CHART = {account.code: account for account in _BOTH}
RESELLER_CHART = {a.code: a for a in sorted((*_BOTH, *_RESELLER_ONLY), key=lambda account: account.code)}


def default_chart(*, is_operator: bool) -> dict[str, Account]:
    """The accounts every book of that kind has from its first day, by code."""
    return OPERATOR_CHART if is_operator else RESELLER_CHART
