"""The payments a biller has taken, as a list: the newest first; and what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.tables import read_many, read_page
from chalicelib.retail.document_model import Batch, Document
from chalicelib.retail.document_store import BatchRow, DocumentRow, to_batch, to_document
from chalicelib.retail.find import place_of, read_credited, serial_in
from chalicelib.retail.model import DocumentKind
from chalicelib.retail.payments import PaymentMethod

RECEIPT = DocumentKind.RECEIPT
LOOKS = 5
"""How many times one page looks further at most; then it is short and goes on."""
BATCHES_A_LOOK = 100


class TakenPayment(NamedTuple):
    """A receipt, and whether the payment was taken back."""

    document: Document
    is_reversed: bool


@dataclass(frozen=True)
class WantedPayments:
    """Which payments are asked for, None for all: received between these days, by that method."""

    first: date | None = None
    last: date | None = None
    method: PaymentMethod | None = None

    def keeps(self, receipt: Document) -> bool:
        on = receipt.received_on or receipt.issued_on
        if (self.first is not None and on < self.first) or (self.last is not None and on > self.last):
            return False
        return self.method is None or receipt.method == self.method.value


def list_payments(
    biller_id: str, wanted: WantedPayments, *, limit: int, after: str | None
) -> tuple[list[TakenPayment], str | None]:
    """A page of the payments, the newest recorded first, and where to go on. A page that leaves some out may be short."""
    kept: list[Document] = []
    below = serial_in(after)
    for _ in range(LOOKS):
        receipts, is_end = _look(biller_id, wanted, below, min(limit - len(kept) + 1, BATCHES_A_LOOK))
        for at, receipt in enumerate(receipts):
            if wanted.keeps(receipt):
                kept.append(receipt)
                if len(kept) == limit:
                    is_last = is_end and at == len(receipts) - 1
                    return taken(biller_id, kept), None if is_last else place_of(receipt.serial)
        if is_end:
            return taken(biller_id, kept), None
        below = receipts[-1].serial
    return taken(biller_id, kept), place_of(below)


def _look(biller_id: str, wanted: WantedPayments, below: int | None, count: int) -> tuple[list[Document], bool]:
    """The next receipts below that serial, and whether there are no more worth looking at."""
    last = None if below is None else keys.retail_batch(biller_id, RECEIPT.value, below - 1).sk
    page = read_page(BatchRow, keys.retail_batches(biller_id, RECEIPT.value), last=last, limit=count, newest_first=True)
    batches = [to_batch(biller_id, RECEIPT, row) for row in page.rows]
    # No payment is received after the day it was recorded on.
    near = [batch for batch in batches if wanted.first is None or batch.issued_on >= wanted.first]
    wants = [key for batch in near for key in _keys_of(batch)]
    rows = read_many([(DocumentRow, key) for key in wants])
    return [to_document(row) for row in rows if row is not None], page.after is None or len(near) < len(batches)


def _keys_of(batch: Batch) -> list[keys.Key]:
    places = reversed(range(len(batch.issued)))
    return [
        keys.retail_document(
            batch.biller_id, batch.issued[at][0], batch.issued[at][1], batch.recorded_micros, batch.local_id(at)
        )
        for at in places
    ]


def taken(biller_id: str, receipts: Sequence[Document]) -> list[TakenPayment]:
    """These payments with what became of them: one request for each hundred."""
    credited = read_credited(biller_id, [one.local_id for one in receipts])
    return [TakenPayment(one, credited[one.local_id].is_void) for one in receipts]
