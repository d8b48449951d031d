"""Retail billing as the rules see it: a biller's terms, the account of a subscriber, and what was issued to it.

A *biller* is a tenant that invoices subscribers in its own book: its own, and those of the percentage tenants directly below
it. So a subscriber is named by its tenant and its number. What is made for every invoice is a named tuple, which costs
less than half of a frozen dataclass.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from chalicelib.crm.subscriber import subscriber_id
from chalicelib.retail.dues import DuesKind, MonthFigures
from chalicelib.retail.numbering import Numbering

KEPT_PERIODS = 3
"""Billed periods of a service that its account keeps, and so adjusts at the next invoice; what lies before stays."""


class Cycle(StrEnum):
    """On which day of month the billing period of a subscriber begins."""

    START_OF_MONTH = "start_of_month"
    ANNIVERSARY = "anniversary"
    CUSTOM_DAY = "custom_day"


class Timing(StrEnum):
    """Whether a period is invoiced when it begins or when it is over."""

    PREPAID = "prepaid"
    POSTPAID = "postpaid"


class TaxKind(StrEnum):
    """Whether prices hold the tax already, or it is added."""

    INCLUSIVE = "inclusive"
    EXCLUSIVE = "exclusive"


class DocumentKind(StrEnum):
    """What is issued to a subscriber. A receipt stands for a payment."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    RECEIPT = "receipt"
    REFUND = "refund"
    LATE_FEE = "late_fee"
    WRITE_OFF = "write_off"
    PAYMENT_REVERSAL = "payment_reversal"

    @property
    def letter(self) -> str:
        return _LETTERS[self]

    @property
    def sign(self) -> int:
        """1 for what makes the subscriber owe more, -1 for what makes it owe less."""
        return 1 if self in _RAISING else -1


_LETTERS = {
    DocumentKind.INVOICE: "i",
    DocumentKind.CREDIT_NOTE: "c",
    DocumentKind.RECEIPT: "r",
    DocumentKind.REFUND: "f",
    DocumentKind.LATE_FEE: "l",
    DocumentKind.WRITE_OFF: "w",
    DocumentKind.PAYMENT_REVERSAL: "b",
}
KIND_OF_LETTER = {letter: kind for kind, letter in _LETTERS.items()}
_RAISING = frozenset({DocumentKind.INVOICE, DocumentKind.REFUND, DocumentKind.LATE_FEE, DocumentKind.PAYMENT_REVERSAL})

DEFAULT_NUMBERINGS = {
    DocumentKind.INVOICE: Numbering(prefix="INV-"),
    DocumentKind.CREDIT_NOTE: Numbering(prefix="CN-"),
    DocumentKind.RECEIPT: Numbering(prefix="RC-"),
    DocumentKind.REFUND: Numbering(prefix="RF-"),
    DocumentKind.LATE_FEE: Numbering(prefix="LF-"),
    DocumentKind.WRITE_OFF: Numbering(prefix="WO-"),
    DocumentKind.PAYMENT_REVERSAL: Numbering(prefix="PR-"),
}


@dataclass(frozen=True)
class Terms:
    """How a biller bills. `billing_day` (1 to 31) is for the custom day; days before `starts_on` are not billed here.

    A late fee is an amount or a rate of what is overdue, once an invoice; none where both are zero. `revision` is 0 for
    terms that nobody set: then nothing is invoiced by itself.
    """

    biller_id: str
    starts_on: date
    cycle: Cycle = Cycle.START_OF_MONTH
    billing_day: int = 1
    timing: Timing = Timing.PREPAID
    tax_bps: int = 0
    tax: TaxKind = TaxKind.EXCLUSIVE
    due_days: int = 7
    grace_days: int = 0
    late_fee_minor: int = 0
    late_fee_bps: int = 0
    suspend_overdue: bool = False
    dues: DuesKind = DuesKind.CUMULATIVE
    numberings: Mapping[DocumentKind, Numbering] = field(default_factory=lambda: dict(DEFAULT_NUMBERINGS))
    revision: int = 0

    def numbering(self, kind: DocumentKind) -> Numbering:
        """How documents of that kind are numbered."""
        return self.numberings.get(kind, DEFAULT_NUMBERINGS[kind])


class OpenItem(NamedTuple):
    """What is not paid yet of a document that is owed (an invoice, a late fee), by its local id (`i12`).

    `fee_charged`: its late fee is charged, or it takes none.
    """

    local_id: str
    due_on: date
    remaining_minor: int
    fee_charged: bool = False


class PriceUsed(NamedTuple):
    """The price of a plan as a period was billed with it; it stays when the plan's price changes later."""

    plan: str
    price_minor: int
    fixed_30: bool


class BilledPeriod(NamedTuple):
    """Days of one service that were billed, both included: what they were billed in all, and with which prices.

    `starts_on` is the day of month on which the billing period begins that they lie in. The discount they were billed
    with is taken off already: a rate, or what an amount for the whole account came to here.
    """

    first: date
    last: date
    starts_on: int
    amount_minor: int
    prices: tuple[PriceUsed, ...]
    discount_bps: int = 0
    discount_minor: int = 0


class BilledService(NamedTuple):
    """How far a service is billed: its newest periods, oldest first, at most `KEPT_PERIODS`."""

    number: int
    through: date
    periods: tuple[BilledPeriod, ...]


class WaitingCharge(NamedTuple):
    """A one-time charge that waits for the next invoice."""

    text: str
    amount_minor: int
    charged_on: date


class Discount(NamedTuple):
    """What the recurring charges of a period are lowered by: a rate, or an amount for all services together; never more
    than they are. `until` is the last day on which a period that has it may begin."""

    bps: int = 0
    amount_minor: int = 0
    until: date | None = None


class OwnTerms(NamedTuple):
    """Where a subscriber's terms differ from its biller's. `prices_minor` are by service number."""

    billing_day: int | None = None
    discount: Discount | None = None
    prices_minor: tuple[tuple[int, int], ...] = ()
    commission_bps: int | None = None


NO_OWN_TERMS = OwnTerms()


class Account(NamedTuple):
    """What a subscriber owes its biller, and how far it is billed.

    `balance_minor` is what it owes (negative: paid ahead) = what is open less `advance_minor`, money that is allocated to
    nothing yet. `open_items` are in order of issue. `seen` is (revision of the subscriber, revision of the terms) at the
    last invoice: while both stand, nothing is due before `next_invoice_on`. `suspended_for` is the local id of the document
    whose being overdue suspended it, `disabled_services` what billing disabled for it and enables again when that is paid.
    `month` is what was billed, credited and received in the newest month. `revision` is 0 for an account that is not there.
    """

    biller_id: str
    tenant_id: str
    number: int
    balance_minor: int = 0
    advance_minor: int = 0
    open_items: tuple[OpenItem, ...] = ()
    services: tuple[BilledService, ...] = ()
    next_invoice_on: date | None = None
    seen: tuple[int, int] = (0, 0)
    own: OwnTerms = NO_OWN_TERMS
    charges: tuple[WaitingCharge, ...] = ()
    suspended_for: str | None = None
    disabled_services: tuple[int, ...] = ()
    month: MonthFigures | None = None
    last_recorded_micros: int = 0
    revision: int = 0

    @property
    def subscriber_id(self) -> str:
        return subscriber_id(self.tenant_id, self.number)


class LineKind(StrEnum):
    """What a line of a document is about; it says which account of the book the amount goes to."""

    SERVICE = "service"
    ADJUSTMENT = "adjustment"
    DISCOUNT = "discount"
    ONE_TIME = "one_time"
    LATE_FEE = "late_fee"
    OTHER = "other"


class DocumentLine(NamedTuple):
    """A line as it was issued; amounts as the prices are (with tax where the tax is inclusive), and of either sign.

    `plan` is the plan's name as it was, `code` the plan's code; `text` is free text of whoever entered it.
    """

    kind: LineKind
    amount_minor: int
    service: int = 0
    plan: str = ""
    first: date | None = None
    last: date | None = None
    text: str = ""
    code: str = ""


class Document(NamedTuple):
    """What was issued to a subscriber, once and for good.

    `serial` counts the documents of its kind of this biller without a gap; `number` is what people call it by.
    `total_minor` = `net_minor` + `tax_minor`, never negative; lines of a credit note are what is taken back, as positive
    amounts. `about` is the local id of the document that a credit note, late fee or write-off is about. `allocated` is which
    documents it settled (local id, amount), `advance_minor` what is left of a payment. `entry_sequence` is its entry's in
    the journal `retail`, posted at `recorded_micros`; 0 where there was nothing to post.
    """

    biller_id: str
    tenant_id: str
    subscriber: int
    kind: DocumentKind
    serial: int
    number: str
    issued_on: date
    recorded_micros: int
    entry_sequence: int
    customer_id: str
    customer_name: str
    net_minor: int
    tax_minor: int
    total_minor: int
    balance_after_minor: int
    due_on: date | None = None
    tax_bps: int = 0
    tax: TaxKind = TaxKind.EXCLUSIVE
    lines: tuple[DocumentLine, ...] = ()
    about: str = ""
    allocated: tuple[tuple[str, int], ...] = ()
    advance_minor: int = 0
    method: str = ""
    reference: str = ""
    note: str = ""
    received_on: date | None = None
    recorded_by: str = ""
    acting_by: str = ""

    @property
    def local_id(self) -> str:
        """What the biller's other rows name it by: `i12`."""
        return f"{self.kind.letter}{self.serial}"

    @property
    def document_id(self) -> str:
        """What clients know it by."""
        return document_id(self.biller_id, self.local_id)

    @property
    def subscriber_id(self) -> str:
        return subscriber_id(self.tenant_id, self.subscriber)

    @property
    def change_minor(self) -> int:
        """What it did to the balance of its subscriber."""
        return self.kind.sign * self.total_minor


class Counter(NamedTuple):
    """How many documents of a kind a biller issued: for good (the last serial), and the last sequence of every series."""

    biller_id: str
    kind: DocumentKind
    serial: int = 0
    series: Mapping[str, int] = {}


class Batch(NamedTuple):
    """The documents of one kind that one write issued: their serials follow one another, from `first_serial` on.

    `issued` is to whom and over how much: (tenant id, subscriber number, total), in that order; all at one instant and on
    one day, numbered by `numbering` from `first_sequence` on.
    """

    biller_id: str
    kind: DocumentKind
    first_serial: int
    first_sequence: int
    numbering: Numbering
    issued_on: date
    due_on: date | None
    recorded_micros: int
    issued: tuple[tuple[str, int, int], ...]

    def number(self, place: int) -> str:
        """The number of the document at that place of the batch."""
        return self.numbering.number(self.issued_on, self.first_sequence + place)

    def local_id(self, place: int) -> str:
        return f"{self.kind.letter}{self.first_serial + place}"


class Credited(NamedTuple):
    """What became of an invoice beside being paid: credited, void, written off; `late_fee` is the local id of its late fee.

    Of a receipt, `is_void` says that the payment was taken back. `revision` is 0 while none of it happened.
    """

    biller_id: str
    local_id: str
    amount_minor: int = 0
    is_void: bool = False
    written_off_minor: int = 0
    late_fee: str = ""
    revision: int = 0


class Returns(NamedTuple):
    """Accounts (tenant id, subscriber number) that are paid again, and whose services billing has still to enable."""

    waiting: tuple[tuple[str, int], ...] = ()
    revision: int = 0


def document_id(biller_id: str, local_id: str) -> str:
    return f"{biller_id}.{local_id}"
