"""What a biller issued to its subscribers as the rules see it: documents, their numbers, and what became of them.

A document is issued once and for good. What is made for every invoice is a named tuple, which costs less than half of a
frozen dataclass.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from chalicelib.crm.subscriber import subscriber_id
from chalicelib.ledger.journal import RETAIL
from chalicelib.retail.model import DocumentKind, Taxed, TaxKind
from chalicelib.retail.numbering import Numbering


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

    `plan` is the plan's name as it was, `code` the plan's code; `text` is free text of whoever entered it. `taxed` is its
    tax where that is another than the document's: an adjustment has the tax that its days were billed with.
    """

    kind: LineKind
    amount_minor: int
    service: int = 0
    plan: str = ""
    first: date | None = None
    last: date | None = None
    text: str = ""
    code: str = ""
    taxed: Taxed | None = None


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
    def entry_id(self) -> str | None:
        """The id of its entry in the biller's book."""
        if not self.entry_sequence:
            return None
        return f"{self.biller_id}.o{self.recorded_micros:016d}-{RETAIL}-{self.entry_sequence}"

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

    def following(self, numbering: Numbering, day: date) -> tuple[int, int]:
        """The serial and the sequence of the next document of that day."""
        return self.serial + 1, numbering.following(self.series, day)

    def after(self, batch: "Batch") -> "Counter":
        """The counter once these documents are issued."""
        last = len(batch.issued) - 1
        series = batch.numbering.counted(self.series, batch.issued_on, batch.first_sequence + last)
        return self._replace(serial=batch.first_serial + last, series=series)


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


def batch_of(documents: Sequence[Document], numbering: Numbering, first_sequence: int) -> Batch:
    """The batch of documents that one write issues, which are of one kind and follow one another."""
    first = documents[0]
    return Batch(
        first.biller_id,
        first.kind,
        first.serial,
        first_sequence,
        numbering,
        first.issued_on,
        first.due_on,
        first.recorded_micros,
        tuple([(one.tenant_id, one.subscriber, one.total_minor) for one in documents]),
    )


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


def document_id(biller_id: str, local_id: str) -> str:
    return f"{biller_id}.{local_id}"
