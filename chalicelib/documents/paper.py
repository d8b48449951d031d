"""A paper to be printed: what an invoice or a receipt says, before anybody decides how it looks. Pure.

Whoever issues a document makes a `Paper` of it; brand, template and language turn that into pages (`draw.py`). A text is
printed as it stands. What has to read differently in each language is a `Label`, a day, a `Span`, or a number in a
column of its kind: amounts are whole minor units everywhere, rates are hundredths of a percent.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from chalicelib.core.errors import Invalid

MAX_LINES = 5_000
"""Of a paper and its annex together: some hundred sheets."""
MAX_COLUMNS = 8
MAX_PAPER_BYTES = 1_500_000


class PaperKind(StrEnum):
    """Which papers there are; each has a template of its own."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    RECEIPT = "receipt"
    STATEMENT = "statement"
    COMMISSION_STATEMENT = "commission_statement"
    PAYSLIP = "payslip"


class Language(StrEnum):
    """In which languages papers are printed."""

    ENGLISH = "en"
    BANGLA = "bn"


class Label(StrEnum):
    """A text of ours, which `labels.py` has in every language. Who needs another one adds it here and there."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    RECEIPT = "receipt"
    STATEMENT = "statement"
    COMMISSION_STATEMENT = "commission_statement"
    PAYSLIP = "payslip"
    PAYMENT = "payment"
    REFUND = "refund"
    LATE_FEE = "late_fee"
    WRITE_OFF = "write_off"
    ADJUSTMENT = "adjustment"
    DISCOUNT = "discount"
    ONE_TIME_CHARGE = "one_time_charge"
    DAY = "day"
    DESCRIPTION = "description"
    DOCUMENT = "document"
    NUMBER = "number"
    PERIOD = "period"
    PLAN = "plan"
    SUBSCRIBER = "subscriber"
    SUBSCRIBERS = "subscribers"
    DAYS = "days"
    QUANTITY = "quantity"
    PRICE = "price"
    AMOUNT = "amount"
    CHARGED = "charged"
    PAID = "paid"
    BALANCE = "balance"
    BASE = "base"
    RATE = "rate"
    COMMISSION = "commission"
    METHOD = "method"
    REFERENCE = "reference"
    OF_INVOICE = "of_invoice"
    REASON = "reason"
    EMPLOYEE = "employee"
    POSITION = "position"
    EARNINGS = "earnings"
    DEDUCTIONS = "deductions"
    SUBTOTAL = "subtotal"
    TAX = "tax"
    TAX_INCLUDED = "tax_included"
    TOTAL = "total"
    TOTAL_CREDITED = "total_credited"
    TOTAL_RECEIVED = "total_received"
    TOTAL_COMMISSION = "total_commission"
    NET_PAY = "net_pay"
    BALANCE_BEFORE = "balance_before"
    BALANCE_AFTER = "balance_after"
    AMOUNT_DUE = "amount_due"
    ANNEX = "annex"
    CASH = "cash"
    BANK = "bank"
    GATEWAY = "gateway"
    VOID = "void"
    PAID_AHEAD = "paid_ahead"
    PAYMENT_REVERSAL = "payment_reversal"
    ISSUED_ON = "issued_on"
    DUE_ON = "due_on"
    BILL_TO = "bill_to"
    RECEIVED_FROM = "received_from"
    STATEMENT_FOR = "statement_for"
    CUSTOMER_ID = "customer_id"
    ID = "id"
    PHONE = "phone"
    EMAIL = "email"
    TAX_NUMBER = "tax_number"
    AMOUNTS_IN = "amounts_in"
    PAGE = "page"


class ColumnKind(StrEnum):
    """What the cells of a column hold: texts, minor units, days, whole numbers, or hundredths of a percent."""

    TEXT = "text"
    MONEY = "money"
    DAY = "day"
    COUNT = "count"
    RATE = "rate"


@dataclass(frozen=True, slots=True)
class Span:
    """Days from first to last, both included."""

    first_on: date
    last_on: date


Cell = str | Label | int | date | Span | None
"""None where there is nothing. An int is read by its column's kind; a text of a numeric column stands as it is."""


@dataclass(frozen=True, slots=True)
class PaperColumn:
    """A column: its heading, a label or a text of the tenant's own, and what its cells hold."""

    title: Label | str
    kind: ColumnKind = ColumnKind.TEXT


@dataclass(frozen=True, slots=True)
class Line:
    """A cell for each column; the note is printed small under the first cell of text (the days that are charged, say)."""

    cells: tuple[Cell, ...]
    note: Cell = None


@dataclass(frozen=True, slots=True)
class Total:
    """A line under the others: a label or a text, with the rate it was computed by where there is one."""

    label: Label | str
    amount_minor: int
    rate_bps: int | None = None
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is told beside the dates: by what method was paid, which invoice is credited."""

    label: Label | str
    value: Cell


@dataclass(frozen=True, slots=True)
class Buyer:
    """Whom the paper is for: a subscriber, a reseller, somebody who is employed. `id` is the one that they know."""

    name: str
    id: str = ""
    address: tuple[str, ...] = ()
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Annex:
    """Further rows, on pages of their own behind the paper."""

    title: Label | str
    columns: tuple[PaperColumn, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper. `seller_name` is the name of the tenant that issued it, printed where it has no brand.

    `number` may be empty (a statement has none). Totals, balances and lines are printed as they are: nothing is added
    up here. A balance is None where the paper does not tell it; what is owed is positive.
    """

    kind: PaperKind
    number: str
    currency: str
    seller_name: str
    buyer: Buyer
    issued_on: date
    columns: tuple[PaperColumn, ...]
    lines: tuple[Line, ...]
    totals: tuple[Total, ...] = ()
    due_on: date | None = None
    period: Span | None = None
    facts: tuple[Fact, ...] = ()
    balance_before_minor: int | None = None
    balance_after_minor: int | None = None
    notes: tuple[str, ...] = ()
    annex: Annex | None = None
    stamp: Label | None = None
    """A word across the head: `VOID` on an invoice that was taken back."""
    timezone: str = "UTC"
    language: Language | None = None
    """In which language its reader wants it; None where the brand of the seller says."""

    def __post_init__(self) -> None:
        """422 `too-large` for more lines than are printed, `ValueError` for lines that do not fit their columns."""
        parts = [(self.columns, self.lines)] + ([(self.annex.columns, self.annex.lines)] if self.annex else [])
        for columns, lines in parts:
            if not 1 <= len(columns) <= MAX_COLUMNS:
                raise ValueError(f"a paper has 1 to {MAX_COLUMNS} columns")
            if any(len(line.cells) != len(columns) for line in lines):
                raise ValueError("a line has a cell for each column")
        if sum(len(lines) for _, lines in parts) > MAX_LINES:
            raise Invalid("too-large", f"At most {MAX_LINES:,} lines are printed on one paper.")
