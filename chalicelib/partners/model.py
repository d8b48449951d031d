"""Aggregate mode as the rules see it: the terms, what the child owes its parent, and what was issued. Pure.

Everything here is between one parent and one direct child of mode `aggregate`, and lies under the child.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from chalicelib.partners.cycle import Cycle
from chalicelib.retail.numbering import Numbering

INVOICE, CREDIT_NOTE, PAYMENT = "invoice", "credit_note", "payment"
LETTERS = {INVOICE: "ai", CREDIT_NOTE: "ac", PAYMENT: "ap"}
"""The kinds of document between the two, and the letters in the id of each: retail has one letter."""

DEFAULT_NUMBERINGS = {INVOICE: Numbering(prefix="AI-"), CREDIT_NOTE: Numbering(prefix="AC-")}

ENTRY_KINDS = {INVOICE: "aggregate-invoice", CREDIT_NOTE: "aggregate-credit-note", PAYMENT: "aggregate-payment"}
"""What the entries of each are called in both books."""


@dataclass(frozen=True)
class AggregateTerms:
    """How a child is invoiced. They hold from `since_on`, the day after the last one that was invoiced when they were set.

    `revision` counts the versions; each is kept.
    """

    cycle: Cycle
    due_days: int
    block_when_overdue: bool
    since_on: date
    revision: int


class OpenItem(NamedTuple):
    """What is not paid yet of an invoice, by its serial."""

    serial: int
    due_on: date
    remaining_minor: int


@dataclass(frozen=True)
class Account:
    """Where the invoicing of a child stands.

    `invoiced_through` is the last day that was invoiced, at `invoiced_micros`; credits of invoiced days recorded up to
    `credited_micros` have their notes. `open_items` are in order of issue, `advance_minor` is what was paid ahead of any
    invoice; one of the two is empty. `serials` counts the documents by kind. `revision` is 0 before anything was written.
    """

    child_id: str
    terms: AggregateTerms | None = None
    invoiced_through: date | None = None
    invoiced_micros: int = 0
    credited_micros: int = 0
    open_items: tuple[OpenItem, ...] = ()
    advance_minor: int = 0
    serials: Mapping[str, int] | None = None
    revision: int = 0

    @property
    def balance_minor(self) -> int:
        """What the child owes of invoices; below zero when it has paid ahead."""
        return sum(item.remaining_minor for item in self.open_items) - self.advance_minor

    def serial(self, kind: str) -> int:
        """How many documents of that kind there are."""
        return (self.serials or {}).get(kind, 0)

    @property
    def blocked_after(self) -> date | None:
        """After which day the child connects nobody new, unless something is paid by then."""
        if self.terms is None or not self.terms.block_when_overdue:
            return None
        return min((item.due_on for item in self.open_items), default=None)

    def open_item(self, serial: int) -> OpenItem | None:
        """What is open of that invoice."""
        return next((item for item in self.open_items if item.serial == serial), None)


class Service(NamedTuple):
    """One line of the annex: what a service cost on one plan. `plan` is the parent's plan code."""

    tenant_id: str
    service: int
    subscriber: int
    customer_id: str
    username: str
    plan: str
    days: int
    amount_minor: int


USE, CORRECTION = "use", "correction"
"""What a line of an invoice is: the use of a plan, or what a correction changed."""


class Line(NamedTuple):
    """A line of an invoice or a credit note, without tax. `plan` is the parent's plan code.

    A correction names the tenant, the days it is about, its id, and on a credit note the serial of the invoice that had
    those days (0 where none had).
    """

    kind: str
    amount_minor: int
    plan: str = ""
    services: int = 0
    days: int = 0
    correction: str = ""
    tenant_id: str = ""
    first_on: date | None = None
    last_on: date | None = None
    invoice: int = 0


class Allocation(NamedTuple):
    """How much of a payment or a credit went to which invoice, by its serial."""

    serial: int
    amount_minor: int


@dataclass(frozen=True)
class Issued:
    """A document, once and for good. Amounts are of a credit note what is taken back, positive.

    `total_minor` = `net_minor` + `tax_minor`. An invoice covers what was not invoiced of the days up to `through`;
    `first_on` is the first of them. `allocated` is which invoices a payment or credit note settled, of an invoice what an
    earlier advance paid; `advance_minor` is what a payment or credit was more than was open. `payments_before` counts the
    payments there were when an invoice was issued. The annex of an invoice lies beside it under its hash.
    """

    parent_id: str
    child_id: str
    kind: str
    serial: int
    number: str
    issued_on: date
    recorded_micros: int
    net_minor: int
    tax_minor: int
    entry_id: str
    child_entry_id: str
    first_on: date | None = None
    through: date | None = None
    due_on: date | None = None
    lines: tuple[Line, ...] = ()
    allocated: tuple[Allocation, ...] = ()
    advance_minor: int = 0
    payments_before: int = 0
    credits_before: int = 0
    annex_hash: str = ""
    annex_parts: int = 0
    services: int = 0
    terms_revision: int = 0
    method: str = ""
    reference: str = ""
    note: str = ""
    recorded_by: str = ""
    acting_by: str = ""

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor

    @property
    def document_id(self) -> str:
        return document_id(self.child_id, self.kind, self.serial)


def document_id(child_id: str, kind: str, serial: int) -> str:
    """What clients know a document by."""
    return f"{child_id}.{LETTERS[kind]}{serial}"
