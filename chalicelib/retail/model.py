"""How a biller bills, as the rules see it: its terms, and the kinds of what it issues.

A *biller* is a tenant that invoices subscribers in its own book: its own, and those of the percentage tenants directly below
it. So a subscriber is named by its tenant and its number. What a subscriber owes is in `account_model.py`, what was issued
to it in `document_model.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from chalicelib.retail.dues import DuesKind
from chalicelib.retail.numbering import Numbering


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


class Taxed(NamedTuple):
    """Which tax an amount has: its rate, and whether the amount holds it."""

    bps: int
    kind: TaxKind


UNTAXED = Taxed(0, TaxKind.EXCLUSIVE)


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
    def entry_kind(self) -> str:
        """What an entry of the journal `retail` says it is: `retail-receipt`."""
        return f"retail-{self.value.replace('_', '-')}"

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

    @property
    def taxed(self) -> Taxed:
        """The tax of what is invoiced now."""
        return Taxed(self.tax_bps, self.tax) if self.tax_bps else UNTAXED

    def numbering(self, kind: DocumentKind) -> Numbering:
        """How documents of that kind are numbered."""
        return self.numberings.get(kind, DEFAULT_NUMBERINGS[kind])
