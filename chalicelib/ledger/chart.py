"""The chart of accounts: account types, the codes the system posts to, and the default charts.

Control accounts are posted to by the system alone, since a figure outside the book (a fund, a bill) has to agree with them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class AccountType(StrEnum):
    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"


class AccountStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True)
class Account:
    """An account of one book. `parent` groups accounts for reading; `control` refuses manual lines.

    A closed account stays in the chart and takes no line by hand.
    """

    code: str
    name: str
    type: AccountType
    parent: str | None = None
    control: bool = False
    status: AccountStatus = AccountStatus.OPEN

    @property
    def is_open(self) -> bool:
        return self.status is AccountStatus.OPEN


CASH = "1000"
BANK = "1010"
GATEWAY = "1020"
RECEIVABLE = "1100"
RESELLER_RECEIVABLE = "1150"
UNBILLED_RECEIVABLE = "1160"
COMMISSION_RECEIVABLE = "1170"
FUND_WITH_PARENT = "1200"
PREPAID_BANDWIDTH = "1250"
INPUT_TAX = "1260"
PAYABLE_TO_PARENT = "2000"
ACCRUED_PAYABLE = "2010"
COMMISSION_PAYABLE = "2050"
FUNDS_HELD = "2100"
TAX_PAYABLE = "2200"
DEFERRED_REVENUE = "2300"
OWNERS_EQUITY = "3000"
OPENING_EQUITY = "3100"
RETAINED_EARNINGS = "3900"
INTERNET_REVENUE = "4000"
ONE_TIME_REVENUE = "4010"
LATE_FEES = "4050"
WHOLESALE_REVENUE = "4100"
COMMISSION_REVENUE = "4200"
OTHER_INCOME = "4900"
BANDWIDTH_COST = "5000"
COMMISSION_EXPENSE = "5100"
PROMOTION = "5200"
FEE_EXPENSE = "5300"
BAD_DEBTS = "5400"
OTHER_EXPENSE = "5900"

FUND_ACCOUNTS = frozenset({FUND_WITH_PARENT, FUNDS_HELD})
"""F(t) = (fund with parent) - (funds held for children) is the net debit of these two (`domain.md`, invariant 3)."""

FUND = "fund"
EDGE_ACCOUNTS = {
    FUND: (FUNDS_HELD, FUND_WITH_PARENT),
    "billed": (RESELLER_RECEIVABLE, PAYABLE_TO_PARENT),
    "unbilled": (UNBILLED_RECEIVABLE, ACCRUED_PAYABLE),
    "deferred": (DEFERRED_REVENUE, PREPAID_BANDWIDTH),
    "commission": (COMMISSION_PAYABLE, COMMISSION_RECEIVABLE),
}
"""What lies between a parent and its child, by what it tells: the parent's account, in its journal of the child, and the
child's; each is the other's negative (`domain.md`, invariant 2)."""

_BOTH = (
    Account(CASH, "Cash", AccountType.ASSET),
    Account(BANK, "Bank", AccountType.ASSET),
    Account(GATEWAY, "Payment gateway", AccountType.ASSET),
    Account(RECEIVABLE, "Accounts receivable", AccountType.ASSET, control=True),
    Account(RESELLER_RECEIVABLE, "Reseller receivable", AccountType.ASSET, control=True),
    Account(UNBILLED_RECEIVABLE, "Unbilled receivable from resellers", AccountType.ASSET, control=True),
    Account(COMMISSION_PAYABLE, "Commission payable", AccountType.LIABILITY, control=True),
    Account(FUNDS_HELD, "Funds held for resellers", AccountType.LIABILITY, control=True),
    Account(TAX_PAYABLE, "Tax payable", AccountType.LIABILITY),
    Account(DEFERRED_REVENUE, "Deferred revenue", AccountType.LIABILITY, control=True),
    Account(OWNERS_EQUITY, "Owner's equity", AccountType.EQUITY),
    Account(OPENING_EQUITY, "Opening equity", AccountType.EQUITY),
    Account(RETAINED_EARNINGS, "Retained earnings", AccountType.EQUITY),
    Account(INTERNET_REVENUE, "Internet revenue", AccountType.INCOME),
    Account(ONE_TIME_REVENUE, "One-time charges", AccountType.INCOME),
    Account(LATE_FEES, "Late fees", AccountType.INCOME),
    Account(WHOLESALE_REVENUE, "Wholesale revenue", AccountType.INCOME),
    Account(OTHER_INCOME, "Other income", AccountType.INCOME),
    Account(COMMISSION_EXPENSE, "Commission expense", AccountType.EXPENSE),
    Account(PROMOTION, "Promotion", AccountType.EXPENSE),
    Account(BAD_DEBTS, "Bad debts", AccountType.EXPENSE),
    Account(OTHER_EXPENSE, "Other expenses", AccountType.EXPENSE),
)
_RESELLER_ONLY = (
    Account(FUND_WITH_PARENT, "Fund with parent", AccountType.ASSET, control=True),
    Account(COMMISSION_RECEIVABLE, "Commission receivable", AccountType.ASSET, control=True),
    Account(PREPAID_BANDWIDTH, "Prepaid bandwidth", AccountType.ASSET, control=True),
    Account(INPUT_TAX, "Input tax", AccountType.ASSET),
    Account(PAYABLE_TO_PARENT, "Payable to parent", AccountType.LIABILITY, control=True),
    Account(ACCRUED_PAYABLE, "Accrued payable to parent", AccountType.LIABILITY, control=True),
    Account(COMMISSION_REVENUE, "Commission revenue", AccountType.INCOME),
    Account(BANDWIDTH_COST, "Bandwidth cost", AccountType.EXPENSE),
    Account(FEE_EXPENSE, "Fee expense", AccountType.EXPENSE),
)

OPERATOR_CHART = {a.code: a for a in sorted(_BOTH, key=lambda account: account.code)}
RESELLER_CHART = {a.code: a for a in sorted((*_BOTH, *_RESELLER_ONLY), key=lambda account: account.code)}

MONEY_ACCOUNTS = frozenset({CASH, BANK, GATEWAY})
"""Where money lies: these, and whatever a tenant groups under them."""

SYSTEM_ACCOUNTS = frozenset(RESELLER_CHART) - {OWNERS_EQUITY, OTHER_EXPENSE}
"""What the system posts to, or will: none of them is ever closed, nor is its code given to something else."""


def line_of_groups(chart: Mapping[str, Account], code: str) -> Iterator[str]:
    """That account, the group it is in, the group that one is in, and so on up."""
    at: str | None = code
    while at is not None:
        yield at
        at = chart[at].parent


def holds_money(chart: Mapping[str, Account], code: str) -> bool:
    """Whether an account of the chart is cash, bank or gateway, or grouped below one of them."""
    return any(one in MONEY_ACCOUNTS for one in line_of_groups(chart, code))


def default_chart(*, is_operator: bool) -> dict[str, Account]:
    """The accounts every book of that kind has from its first day, by code."""
    return OPERATOR_CHART if is_operator else RESELLER_CHART
